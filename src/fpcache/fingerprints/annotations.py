"""Names in annotations that are texts: what evaluates them later reads these names."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ForwardRef, Literal, get_origin

from fpcache.fingerprints.global_reads import global_reads, namespace_name
from fpcache.fingerprints.installed import installed_path, is_named_code
from fpcache.fingerprints.name_uses import NameUse
from fpcache.fingerprints.records import MISSING, GlobalRead

if TYPE_CHECKING:
    from fpcache.fingerprints.encoder import Encoder

__all__ = ["feed_annotated_class", "feed_annotations"]

_LONGEST, _DEEPEST = 1000, 6


def feed_annotations(enc: Encoder, annotations: object, namespace: dict[str, Any]) -> None:
    """Take in what the names in annotations that are texts stand for.

    Installed code stands for its name; what else is bound is read, as by
    code of a function. A text that is no expression is a remark.

    Parameters
    ----------
    enc : Encoder
        Is fed, and told what is read.
    annotations : object
        A function's or class's; anything but a dict is left alone.
    namespace : dict
        The globals in which they would be evaluated.
    """
    if type(annotations) is not dict:
        return
    pending = [(text, namespace) for value in list(annotations.values()) for text in _texts(value)]
    met: set[tuple[NameUse, int]] = set()
    while pending:
        text, scope = pending.pop()
        for use in _uses(text):
            if (use, id(scope)) not in met:
                met.add((use, id(scope)))
                pending += _follow(enc, use, scope)


def _follow(enc: Encoder, use: NameUse, scope: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Take in what one name stands for; return the texts in it, which are evaluated in their turn."""
    if scope.get(use.head, MISSING) is MISSING:
        enc.feed("annotated", use.head, "builtin" if hasattr(builtins, use.head) else "unbound")
        enc.reach(GlobalRead(namespace_name(scope), use.head, MISSING, (), scope, "named", use.head))
        return []
    found = list(global_reads((use,), scope))
    for read in found:
        _take(enc, read)
    return [(text, read.namespace) for read in found for text in _texts(read.value)]


def feed_annotated_class(enc: Encoder, cls: type) -> None:
    """Take in what the names in a class's annotations stand for in its module."""
    annotations = vars(cls).get("__annotations__")
    module = sys.modules.get(str(type.__dict__["__module__"].__get__(cls)))
    if annotations and module is not None:
        feed_annotations(enc, annotations, vars(module))


def _take(enc: Encoder, read: GlobalRead) -> None:
    value = read.value
    path = installed_path(value) if is_named_code(value) else None
    is_named = path is not None or read.role == "mention"
    enc.feed("annotated", read.path, path or ("of its package" if is_named else "yours"), *read.rest)
    # An annotation with `socket.socket` opens none: what is installed isn't named as code names it.
    enc.reach(replace(read, role="named") if is_named else read)


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the texts in an annotation: itself, or what a type is given as arguments."""
    kind = type(value)
    if kind is str:
        yield value
    elif kind is ForwardRef:
        yield value.__forward_arg__
    elif depth < _DEEPEST and kind.__module__ in ("typing", "types") and get_origin(value) is not Literal:
        arguments = getattr(value, "__args__", ())
        for argument in arguments if type(arguments) is tuple else ():
            yield from _texts(argument, depth + 1)


@lru_cache(maxsize=4096)
def _uses(text: str) -> tuple[NameUse, ...]:
    """Return the names that an annotation uses; none where it is no expression."""
    from fpcache.fingerprints.code_objects import code_facts

    if len(text) > _LONGEST:
        return ()
    try:
        uses = code_facts(compile(text.strip(), "<annotation>", "eval")).uses
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return tuple(dict.fromkeys(NameUse(use.head, use.attributes) for use in uses))
