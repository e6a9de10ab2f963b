"""Where a set's iteration order gets out, and where it can't."""

from __future__ import annotations

import ast

import pytest

from fpcache.cells import order_uses
from fpcache.cells.blind_calls import Called


def uses(text: str, *sets: str) -> list[str]:
    return [use.expression for use in order_uses(ast.parse(text), lambda name: name in sets)]


@pytest.mark.parametrize(
    "text",
    [
        "for x in s: f(x)",
        "[x for x in s]",
        "{x: 1 for x in s}",
        "sum(x for x in s)",
        "list(s)",
        "tuple(s | {a})",
        "next(iter(s))",
        "enumerate(s)",
        "dict(zip(s, range(9)))",
        "map(f, s)",
        "', '.join(s)",
        "f(*s)",
        "[*s, 1]",
        "a, b = s",
        "s.pop()",
        "print(s)",
        "str(s)",
        "f'{s}'",
        "'%s' % s",
        "s",
        "max(s, key=len)",
        "sorted(s, key=len)",
        "x += s",
        "x[:] = s",
        "frame.add_nodes_from(s)",
        "Counter(s)",
        "t = set(y); list(t)",
        "t = s - u\nlist(t)",
        "a, b = set(x), 1\nlist(a)",
        "groups = defaultdict(set)\nlist(groups[k])",
        "groups.setdefault(k, set()).add(1)\nfor g in groups: list(groups[g])\ngroups[k] = {1}",
        "for t in [set(a), set(b)]: list(t)",
        "def f(words: set[str]): return list(words)",
        "u = d.keys() & e\nlist(u)",
        "if (t := set(x)): list(t)",
        "async def f():\n    yield [x async for x in s]",
        "def f(): yield from s",
        "list(self.tags)",
        "list(s.copy())",
        "list(set.union(*parts))",
    ],
)
def test_order_gets_out(text: str) -> None:
    assert uses(text, "s", "self.tags")


@pytest.mark.parametrize(
    "text",
    [
        "x in s",
        "len(s)",
        "sorted(s)",
        "sorted(list(s))",
        "sorted(x for x in s)",
        "sorted([f(x) for x in s])",
        "r = set(x for x in s)",
        "r = {x for x in s}",
        "r = s | t",
        "s & t == u",
        "bool(s)",
        "any(x for x in s)",
        "max(s)",
        "min(len(x) for x in s)",
        "s.add(1)",
        "s.update(t)",
        "u = s.union(t)",
        "frame.isin(s)",
        "isinstance(s, set)",
        "t = s",
        "if s: f()",
        "r = {*s, 1}",
        "d[k] = s",
        "Vectorizer(stop_words=s)",
        "for x in y: list(y)",
        "a - b",
    ],
)
def test_order_stays_in(text: str) -> None:
    assert uses(text, "s") == []


@pytest.mark.parametrize(
    "text",
    [
        "sorted = list\nx = sorted(s)",
        "def len(x): return list(x)\nn = len(s)",
        "from mine import sorted\nx = sorted(s)",
        "from mine import ordered as sorted\nx = sorted(s)",
        "for any in checks: any(s)",
        "with tool() as min: min(s)",
        "match tool:\n    case max: max(s)",
        "try: ...\nexcept E as bool: bool(s)",
        "(all := tool)(s); all(s)",
        "list = tool; x = sorted(list(s))",
        "f = lambda sorted: sorted(s)",
        "own(s)",
        "log.add(s)",
        "n = len(first(s))",
    ],
)
def test_a_name_with_another_meaning_is_not_blind(text: str) -> None:
    class Names:
        def function(self, name: str) -> Called | None:
            return None

        def is_own(self, name: str) -> bool:
            return name in ("own", "add")

    assert order_uses(ast.parse(text), lambda name: name == "s", Names())


def test_each_use_is_shown_with_its_line() -> None:
    (use,) = order_uses(ast.parse("x = 1\nlabels = list(set(y))"), lambda _: False)
    assert (use.expression, use.line) == ("list(set(y))", 2)
