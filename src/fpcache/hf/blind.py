"""Code that can't be followed: it makes code or names as it runs, or imports local modules anew."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator
from types import CodeType, FunctionType

from fpcache.fingerprints import Reading
from fpcache.fingerprints.code_objects import names_in
from fpcache.fingerprints.name_uses import steps_of
from fpcache.fingerprints.unfollowed import IMPORTING, UNFOLLOWED
from fpcache.hf.environment import is_plain

__all__ = ["not_followed"]

_BLIND = {
    **UNFOLLOWED,
    **dict.fromkeys(IMPORTING, "imports by a name that it makes"),
    "builtins.input": "asks the user",
    "inspect.getmodule": "looks up modules as it runs",
    "pickle.loads": "makes objects of code that only their bytes name",
    "_pickle.loads": "makes objects of code that only their bytes name",
}
_MODULES = {"modules": False}


def not_followed(reading: Reading, used: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield a name to ignore and what can't be followed, for each such thing in the code.

    Parameters
    ----------
    reading : Reading
        Of the code.
    used : iterable of str
        Dotted paths of the installed objects that it uses.
    """
    used = tuple(dict.fromkeys(used))
    for path in used:
        if path in _BLIND:
            name = path.removeprefix("builtins.")
            yield name, f"the code {_BLIND[path]} (`{name}`), which can't be followed"
    if any("__globals__" in names_in(function.__code__) for function in reading.functions):
        yield "__globals__", "the code takes globals of a function (`__globals__`), which can't be followed"
    if "sys.modules" in used and not all(map(_asks_plainly, reading.functions)):
        told = "the code looks up modules by names that it makes (`sys.modules`), which can't be followed"
        yield "sys.modules", told
    for root in reading.roots:
        module = root.key.removesuffix(":")
        if root.kind == "missing" and module != root.key and _can_be_found(module):
            yield (
                module,
                f"the code imports `{module}`, which is not loaded yet; import it first, so that it counts",
            )


def _asks_plainly(function: FunctionType) -> bool:
    """Return whether code asks ``sys.modules`` only for constants, of which local modules count."""
    pending: list[CodeType] = [function.__code__]
    while pending:
        code = pending.pop()
        pending.extend(const for const in code.co_consts if isinstance(const, CodeType))
        steps = steps_of(code)
        for place, step in enumerate(steps):
            if step.op == "LOAD_ATTR" and step.value == "modules" and not is_plain(steps, place, _MODULES):
                return False
        if "__main__" in code.co_consts:
            return False
    return True


def _can_be_found(module: str) -> bool:
    try:
        return importlib.util.find_spec(module.partition(".")[0]) is not None
    except (ImportError, ValueError):
        return False
