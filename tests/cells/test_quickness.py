"""Which statements look too quick to be watched."""

from __future__ import annotations

import ast

import pytest

from fpcache.cells.quickness import looks_quick


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "x = y.z[0]",
        "a, b = b, a",
        "print(f'{n:.2f}', len(rows), rows[:5], sep='')",
        "df.head(3)",
        "df.shape, df.columns",
        "assert len(x) == 0, 'empty'",
        "x if y is None else -z",
        "not x and y",
        "del x, y[0]",
        "options = {'a': 1, **others}",
        "n: int = 3",
        "seen.append(x)",
        "f.cache_info()",
    ],
)
def test_naming_picking_and_showing_look_quick(text):
    assert looks_quick(ast.parse(text).body)


@pytest.mark.parametrize(
    "text",
    [
        "f(x)",
        "print(f(x))",
        "print(*map(f, x))",
        "model.fit(x)",
        "x + y",
        "x == y",
        "x in y",
        "x @ y",
        "x += y",
        "[f(a) for a in b]",
        "for a in b: pass",
        "await x",
        "x[f(y)]",
        "lambda: f()",
        "f'{f(x)}'",
        "x[a > 0]",
        "sorted(x)",
        "x()()",
        "with a: pass",
        "x\nf(x)",
    ],
)
def test_what_may_work_does_not(text):
    assert not looks_quick(ast.parse(text).body)
