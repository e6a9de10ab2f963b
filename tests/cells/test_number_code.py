"""Code is proved to make nothing but numbers, or it is not."""

from __future__ import annotations

import ast

import pytest

from fpcache.cells.number_code import number_code

HARMLESS = [
    "s = {x for x in t}",
    "s = {(x + dx, y % n) for x, y in t for dx in (-1, 0, 1) if dx or y}",
    "s = {p: {p} for p in t}; u = [*s, *t]",
    "for n in range(10):\n    if n in s: continue\n    s.add(n)\n    total += n",
    "c = Counter((a, b) for a, b in zip(t, u)); best = c.most_common(3)",
    "q = deque([0])\nwhile q:\n    p = q.popleft()\n    q.extend((p, n) for n in t)",
    "d = defaultdict(set)\nfor k, v in e.items(): d[k].add(v)",
    "x = d.get(1, 0) + math.isqrt(n) * math.pi",
    "u = sorted(s, key=lambda p: (p[1], -p[0]), reverse=True)",
    "u = max(s, default=0); v = sum(n for n in s)",
    "print('n =', n, f'{s} of {len(s):>{w}}')",
    "p = set(itertools.product(range(3), t)); q = collections.Counter(p)",
    "a, *b = t; (c, d), e = b; del a, e[0]; e[1:2] = s | {1}",
    "s = {x.real for x in t} | {x.imag for x in t}",
    "u = sorted(t, key=len); v = max(t, key=sum)",
    "u = d.keys() & e.keys(); v = 1 in d.values(); w = d.items() == e.items()",
    "heapq.heappush(h, (1, 2)); x = heapq.heappop(h); heappush(h, x)",
    "u = list(chain(s, t)); v = {a + b for a, b in itertools.pairwise(t)}",
    "assert x >= 0, 'negative'",
    "print(x, y, sep=', ', end='')",
    "u = max(d.values()); v = min(u, 3); w = sum(d.values(), 0)",
    "p = gcd(a, b) + math.prod(range(3))",
]
HARMFUL = [
    "s = {'a'}",
    "s = {b'a'}",
    "s = {None}",
    "s = {...}",
    "s = {f'{x}' for x in t}",
    "s = {x.name for x in t}",
    "x.n = 1",
    "x.real = 1",
    "for x.real in t: pass",
    "'a'",
    "s = {d.get(x) for x in t}",
    "s = {l.append(x) for x in t}",
    "s = {print(x) for x in t}",
    "s = {range(x) for x in t}",
    "s = {(y for y in t) for x in t}",
    "s = {d.values()}",
    "s = {zip(t)}",
    "d = dict(a=1)",
    "d = Counter(a=1)",
    "d.update(a=1)",
    "d = dict(**e)",
    "d = defaultdict(str)",
    "d = defaultdict(lambda: 'a')",
    "s = {math.__name__}",
    "s = {collections.UserString(x) for x in t}",
    "import math",
    "f = lambda x: x",
    "s = {(lambda: 1)}",
    "u = sorted(s, key=lambda p, q='a': q)",
    "u = sorted(s, key=lambda p: str)\nstr = 1\nstr(1)",
    "def f(): pass",
    "class C: pass",
    "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    s = {e}",
    "with x: pass",
    "match x:\n    case 1: pass",
    "global x",
    "x: 'a' = 1",
    "s = {x.to_bytes(2) for x in t}",
    "s = {x.hex() for x in t}",
    "s = {x.__str__() for x in t}",
    "print(x, file=y)",
    "s = {await x for y in t}",
    "s = {x async for x in t}",
    "f = g(1)(2)",
    "s = {t[0](1)}",
    "s = {(yield)}",
    "d = dict(start=1)",
    "d = Counter(key=1)",
    "d.update(start=1)",
    "d.subtract(reverse=1)",
    "z = sorted(t, key=lambda p, *, q=t.extend(w): p)",
    "s = {math.sin, math.cos}",
    "s = {max(zip(t), zip(t), key=lambda p: 1)}",
    "s = {min(*(), zip(t))}",
    "s = {sum([], (x for x in t))}",
    "s = {d.get(x, *()) for x in t}",
    "s = {__w}",
    "s = {__w(1)}",
    "print(x, end=s.add('a'))",
    "s = d.keys()",
    "s = {d.values()}",
    "s = {heapq.heappush(h, 1)}",
    "s = {chain(t, t)}",
    "u = chain.from_iterable(t)",
    "s = {deque(t, d.values())}",
    "assert x, f(x)",
    "x = " + " + ".join(["a"] * 900),
    "type T = int",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_code_that_can_only_make_numbers(text):
    assert number_code(ast.parse(text)) is not None


@pytest.mark.parametrize("text", HARMFUL)
def test_code_that_may_make_something_else(text):
    try:
        tree = ast.parse(text)
    except SyntaxError:
        pytest.skip("another Python's syntax")
    assert number_code(tree) is None


def test_what_has_to_hold_outside_of_the_code():
    code = number_code(
        ast.parse("s = f({n for n in t}, a=1)\nfor m in range(k): s = s | {math.isqrt(m)}; g(s)")
    )
    assert code is not None
    assert (code.values, code.own) == ({"t", "k"}, {"n", "m", "s"})
    assert code.calls == {"f", "g", "range"}
    assert code.results == {"f"}
    assert code.members == {("math", "isqrt")}
    assert code.makes_sets


@pytest.mark.parametrize(
    ("body", "returns"),
    [
        ("return 1", True),
        ("if x:\n    return 1\n  else:\n    return 2", True),
        ("if x:\n    return 1\n  elif y:\n    pass\n  else:\n    return 2", False),
        ("if x:\n    return 1", False),
        ("for n in x:\n    return n", False),
        ("pass", False),
    ],
)
def test_a_function_that_may_end_without_a_value_is_known(body, returns):
    tree = ast.parse(f"def f(x, y=1, *rest):\n  {body}").body[0]
    code = number_code(tree)
    assert code is not None
    assert code.returns is returns


@pytest.mark.parametrize(
    "text",
    [
        "@cache\ndef f(x): return x",
        "def f(**more): return more",
        "def f(x): return None",
        "def f(x): return",
        "def f(x): yield x",
        "async def f(x): return x",
    ],
)
def test_functions_that_may_give_something_else(text):
    tree = ast.parse(text).body[0]
    assert not isinstance(tree, ast.FunctionDef) or number_code(tree) is None


def test_a_function_may_call_itself():
    tree = ast.parse("def f(n): return 1 if n < 2 else n * f(n - 1)").body[0]
    code = number_code(tree)
    assert code is not None
    assert code.calls == {"f"}
