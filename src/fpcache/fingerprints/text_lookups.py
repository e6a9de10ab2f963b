"""Names that code looks up by text: ``df.query("a > @limit")``, SQL over frames, modules by name.

Such a name is in a constant of the code, in one of the code that calls it, or
in a text that it reads. All of these count, as far as the caller's globals
have a name of that spelling: one that is not looked up after all only makes
the code run once more than it had to.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Iterator
from types import FunctionType, ModuleType
from typing import Any

from fpcache.fingerprints.global_reads import global_reads
from fpcache.fingerprints.locality import is_local_module
from fpcache.fingerprints.name_uses import NameUse
from fpcache.fingerprints.records import GlobalRead

__all__ = ["LOOKING_UP", "TEXT_CALLS", "module_lookups", "text_lookups"]

TEXT_CALLS = frozenset(
    {
        "query", "eval", "evaluate", "re_evaluate", "sql", "sql_expr", "sqldf", "SQLContext", "execute",
        "execute_sql", "from_query", "read_sql", "read_sql_query", "from_formula", "dmatrix", "dmatrices",
        "model_matrix", "aes", "ols",
    }
)  # fmt: skip
"""Functions and methods that look up the variables named in a text."""

_IMPORTERS = frozenset({"import_module", "__import__", "modules", "reload", "locate", "resolve_name"})
LOOKING_UP = TEXT_CALLS | _IMPORTERS
"""Names of all that looks up others by text."""

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
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
    words = {word for text in texts if len(text) < _LONGEST for word in _IDENTIFIER.findall(text)}
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
