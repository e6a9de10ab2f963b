"""Names that code looks up by text: ``df.query("a > @limit")``, SQL over frames, modules by name.

Such a name is in a constant of the code, in one of the code that calls it, or
in a text that it reads. All of these count, as far as the caller's globals
have a name of that spelling: one that is not looked up after all only makes
the code run once more than it had to.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator
from types import FunctionType, ModuleType
from typing import Any

from fpcache.fingerprints.global_reads import global_reads
from fpcache.fingerprints.locality import is_local_module
from fpcache.fingerprints.name_uses import NameUse
from fpcache.fingerprints.records import GlobalRead
from fpcache.text_calls import TEXT_CALLS, identifiers

__all__ = ["LOOKING_UP", "module_lookups", "text_lookups"]

_IMPORTERS = frozenset({"import_module", "__import__", "modules", "reload", "locate", "resolve_name"})
LOOKING_UP = TEXT_CALLS | _IMPORTERS
"""Names of all that looks up others by text."""

_LONGEST = 20_000


def text_lookups(
    names: Collection[str], texts: Iterable[str], scopes: Iterable[dict[str, Any]]
) -> Iterator[GlobalRead]:
    """Yield reads of the globals whose names stand in texts, where the code may look up any.

    Parameters
    ----------
    names : collection of str
        What the code names, as a name, an attribute or a text.
    texts : iterable of str
        All texts that it has.
    scopes : iterable of dict
        The globals of its functions, and the notebook's.
    """
    if TEXT_CALLS.isdisjoint(names):
        return
    words = {word for text in texts if len(text) < _LONGEST for word in identifiers(text)}
    for scope in scopes:
        known = sorted(word for word in words if word in scope and not _is_code(scope[word]))
        yield from global_reads(map(NameUse, known), scope)


def _is_code(value: object) -> bool:
    """Whether a value is nothing that a query would look up by chance."""
    return isinstance(value, (type, FunctionType))


def module_lookups(names: Collection[str], texts: Iterable[str]) -> Iterator[GlobalRead]:
    """Yield reads of the local modules that are named in texts, where the code may look up any."""
    if _IMPORTERS.isdisjoint(names):
        return
    for text in dict.fromkeys(texts):
        module = sys.modules.get(text)
        if text != "__main__" and isinstance(module, ModuleType) and is_local_module(module):
            yield GlobalRead(text, "", module, (), vars(module), path=text)
