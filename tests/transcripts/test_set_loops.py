"""Sets that code makes on its way: of numbers they are the same in every process, of texts they are not."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import assert_same, expect

LIFE = """
    from collections import Counter
    def step(alive):
        around = Counter((x + dx, y + dy) for x, y in alive for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy)
        return {cell for cell, n in around.items() if n == 3 or (n == 2 and cell in alive)}
    # %%
    alive, seen = {(0, 1), (1, 3), (2, 0), (2, 1), (2, 4), (2, 5), (2, 6)}, []
    # %%
    for generation in range(40):
        seen.append(list(alive)[0])
        alive = step(alive)
    # %%
    first = list(alive)[:5]
"""
HITS = {
    "the game of life": (LIFE, "for generation"),
    "a function with sets of its own": (
        """
        def waves(start, n, steps=((1, 2), (2, 1), (-1, 2), (-2, 1), (1, -2), (2, -1), (-1, -2), (-2, -1))):
            seen, border, order = {start}, {start}, []
            for _ in range(n):
                border = {(x + dx, y + dy) for x, y in border for dx, dy in steps} - seen
                seen |= border
                for place in border:
                    order.append(place)
            return order
        # %%
        order = waves((0, 0), 6)
        """,
        "order =",
    ),
    "sets in a dict": (
        """
        from collections import defaultdict
        pairs = [(n % 7, n * n % 101) for n in range(200)]
        # %%
        groups = defaultdict(set)
        for k, v in pairs:
            groups[k].add(v)
        flat = [v for k in groups for v in groups[k]]
        # %%
        kinds = len(flat)
        """,
        "flat =",
    ),
    "paths on a complex plane": (
        """
        from itertools import chain
        def near(z):
            return {z + 1, z - 1, z + 1j, z - 1j}
        # %%
        border, told = {0j}, []
        for _ in range(6):
            border = {w for z in chain(border, [2j]) for w in near(z)}
            told.extend((z.real, z.imag) for z in border)
        # %%
        n = len(told)
        """,
        "for _ in range(6)",
    ),
    "functions that call each other": (
        """
        import math
        def is_prime(n):
            return n > 1 and all(n % k for k in range(2, math.isqrt(n) + 1))
        def primes(n):
            return {k for k in range(n) if is_prime(k)}
        def sums(n):
            found = primes(n)
            return [a + b for a in found for b in found if a < b]
        # %%
        s = sums(60)
        """,
        "s =",
    ),
}
MISSES = {
    "texts among the inputs": ("t = ['a', 'b', 'c', 'd', 'e']", "out = [x for x in {(y, 1) for y in t}]"),
    "texts within tuples": ("t = [(1, ('a',)), (2, ('b',)), (3, ('c',))]", "out = [x for x in {y for y in t}]"),
    "texts as keys": ("t = {'a': 1, 'b': 2, 'c': 3, 'd': 4}", "out = [x for x in {y for y in t.keys()}]"),
    "texts made by a function": ("def f(n): return str(n)", "out = [x for x in {f(n) for n in range(9)}]"),
    "texts out of a global name": ("w = 'abcdefgh'\ndef f(n): return w[n]", "out = [x for x in {f(n) for n in range(8)}]"),
    "texts out of a default": ("def f(n, w='abcdefgh'): return w[n]", "out = [x for x in {f(n) for n in range(8)}]"),
    "texts out of a closure": (
        "def make(w):\n    def f(n): return w[n]\n    return f\nf = make('abcdefgh')",
        "out = [x for x in {f(n) for n in range(8)}]",
    ),
    "texts by another meaning of a name": ("abs = str", "out = [x for x in {abs(n) for n in range(9)}]"),
    "texts by another meaning of what a module has": (
        "import math\nmath.isqrt = str",
        "out = [x for x in {math.isqrt(n) for n in range(9)}]",
    ),
    "texts out of a table's gaps": (
        "from collections import defaultdict\nt = defaultdict(lambda: 'abcdefgh')",
        "out = [x for x in {t[n][n] for n in range(8)}]",
    ),
    "texts out of what a number class gives": (
        "class N(int):\n    def __add__(self, other): return str(int(self) + other)\nt = [N(n) for n in range(9)]",
        "out = [x for x in {y + 1 for y in t}]",
    ),
    "texts that are gone after the run": (
        "t = list('abcdefgh')",
        "out = []\nwhile t:\n    for x in {(y, 1) for y in t}: out.append(len(t) * (x[0] == 'a'))\n    t.clear()",
    ),
    "a global name that a comprehension has, too": (
        "w = 'abcdefgh'\ndef f(n):\n    z = [w for w in range(3)]\n    return w[n]",
        "out = [x for x in {f(n) for n in range(8)}]",
    ),
    "a global name that a lambda has, too": (
        "w = 'abcdefgh'\ndef f(n):\n    z = sorted([3, 1], key=lambda w: -w)\n    return w[n]",
        "out = [x for x in {f(n) for n in range(8)}]",
    ),
    "a global name that is read by a comprehension": (
        "w = 'abcdefgh'\ndef f(n): return [w for x in [w[n] for y in (1,)] for w in (x,)][0]",
        "out = [x for x in {f(n) for n in range(8)}]",
    ),
    "another meaning of what a class has": (
        "from collections import Counter\nCounter.most_common = lambda self, n=None: list('abcdefgh')",
        "out = [x for x in {y for y in Counter().most_common(8)}]",
    ),
    "another meaning of what a class lacked": (
        "from collections import Counter\nCounter.__mod__ = lambda self, n: 'abcdefgh'[n]",
        "out = [x for x in {Counter() % n for n in range(8)}]",
    ),
    "a factory that is like all others": (
        "from collections import defaultdict\nclass F:\n    def __call__(self): return 'abcdefgh'\n    def __eq__(self, o): return True\n"
        "    __hash__ = None\nt = defaultdict(F())",
        "out = [x for x in {t[n][n] for n in range(8)}]",
    ),
    "a name that has another meaning in a class": (
        "__w = (1, 2, 3)\n_C__w = 'abcdefgh'\nclass C:\n    def f(n): return __w[n]\nf = C.f",
        "out = [x for x in {f(n) for n in range(8)}]",
    ),
    "keys out of named arguments": (
        "n = 1",
        "out = [x for x in {y for y in dict(start=1, key=2, repeat=3, reverse=4, default=5, strict=6)}]",
    ),
    "a name that was a text before": ("a = 'abcdefgh'", "out = []\nfor n in range(2):\n    for x in {y for y in a}: out.append(x)\n    a = (n,)"),
}  # fmt: skip


def test_a_shown_text_is_what_the_last_result_is(transcript):
    config = {"InteractiveShell": {"ast_node_interactivity": "all"}}
    cells = "5\n# %%\nif 1:\n    'abcdefgh'\n    out = [x for x in {_[n] for n in range(8)}]"
    for seed in (1, 2):
        run = transcript.run(cells, seed=seed, config=config)
        assert list(run.rows())[-1].status != "hit"
        assert_same(transcript.plain(cells, seed=seed, config=config), run)


def test_code_too_deep_to_be_judged_is_cached(transcript):
    cells = "a = 1\n# %%\nx = " + "+".join("a" * 900)
    transcript.run(cells)
    warm = transcript.run(cells)
    expect(warm, {"x =": "hit"})
    assert warm.faults == ()


@pytest.mark.parametrize(("cells", "judged"), HITS.values(), ids=list(HITS))
def test_loops_over_sets_of_numbers_hit_under_every_hash_seed(transcript, cells, judged):
    assert_same(transcript.plain(cells, seed=1), transcript.run(cells, seed=1))
    for seed in (2, 3):
        warm = transcript.run(cells, seed=seed)
        expect(warm, {judged: "hit"})
        assert_same(transcript.plain(cells, seed=seed), warm)


@pytest.mark.parametrize(("before", "judged"), MISSES.values(), ids=list(MISSES))
def test_loops_over_sets_of_texts_run_under_another_hash_seed(transcript, before, judged):
    cells = f"{before}\n# %%\n{judged}"
    assert_same(transcript.plain(cells, seed=1), transcript.run(cells, seed=1))
    warm = transcript.run(cells, seed=2)
    assert list(warm.rows())[-1].status in {"miss", "uncacheable"}
    assert_same(transcript.plain(cells, seed=2), warm)
