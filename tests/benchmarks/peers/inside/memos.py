"""Stores around hashers: a function's results, kept under a hash of the function and its arguments."""

from __future__ import annotations

import functools
import inspect
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any


def by_hash(directory: str, digest: Callable[[Any], str], *, by_source: bool) -> Callable[[Any], Any]:
    """Return a decorator that keeps results in pickles named by a digest.

    ``by_source`` puts the function's source in its place, for hashers that know
    functions by their names alone.
    """

    def remember(function: Any) -> Any:
        @functools.wraps(function)
        def remembered(*arguments: Any, **named: Any) -> Any:
            code = inspect.getsource(function) if by_source else function
            path = Path(directory, digest((code, arguments, named)))
            if path.exists():
                return pickle.loads(path.read_bytes())
            result = function(*arguments, **named)
            content = pickle.dumps(result)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            return result

        return remembered

    return remember


def do_nothing(function: Any) -> Any:
    """Return the function: the form without a cache."""
    return function
