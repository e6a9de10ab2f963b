"""Calls that look up the variables which a text names, whoever makes them."""

from __future__ import annotations

import re

__all__ = ["TEXT_CALLS", "identifiers"]

TEXT_CALLS = frozenset(
    {
        "query", "eval", "evaluate", "re_evaluate", "sql", "sql_expr", "sqldf", "SQLContext", "execute",
        "execute_sql", "from_query", "read_sql", "read_sql_query", "from_formula", "dmatrix", "dmatrices",
        "model_matrix", "aes", "ols",
    }
)  # fmt: skip
"""Such as ``df.query("a > @limit")``, SQL over frames, and formulas."""

_IDENTIFIER = re.compile(r"[^\W\d]\w*")


def identifiers(text: str) -> list[str]:
    """Return all that is spelled like a name.

    Examples
    --------
    >>> identifiers("select total from sales where year > 2020")
    ['select', 'total', 'from', 'sales', 'where', 'year']
    """
    return _IDENTIFIER.findall(text)
