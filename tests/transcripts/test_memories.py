"""What `cache_info()` tells of memoised functions, of whose calls hits replaced some."""

from __future__ import annotations

import pytest
from daily import daily

from fpcache.testing.sessions import assert_same, expect

BEGIN = """
    import functools
    {decorator}
    def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
    n = 80
    # %%
    x = fib(n)
    # %%
    y = fib(n) + fib(7)
    # %%
    z = x + 1
"""
CACHE, BOUNDED = "@functools.cache", "@functools.lru_cache(maxsize=200)"
ASKING = "\n    # %%\n    known = fib.cache_info()[:]"
MADE = "`cache_info()` tells of `fib`, so calls were made that hits replaced"
LACKING = "`cache_info()` of `fib` lacks calls that hits replaced"


def notes_of(run):
    return [note for row in run.rows() for note in row.facts["notes"]]


ASKINGS = [
    ASKING,
    "\n    # %%\n    def ask(f): return f.cache_info()[:]\n    # %%\n    known = ask(fib)",
    "\n    # %%\n    fib.cache_info()",
]


@pytest.mark.parametrize("mode", daily(["auto", "explicit"], 1))
@pytest.mark.parametrize("asking", daily(ASKINGS, 2))
@pytest.mark.parametrize("decorator", daily([CACHE, BOUNDED], 1))
def test_what_hits_left_out_is_made_up_for_and_runs_from_then_on(transcript, asking, decorator, mode):
    begin = BEGIN.format(decorator=decorator)
    transcript.run(begin, mode=mode)
    cells = begin + asking
    plain = transcript.plain(cells)
    first = transcript.run(cells, mode=mode)
    expect(first, {"x = fib": "hit", "z =": "hit"})
    assert any(MADE in note for note in notes_of(first))
    assert_same(plain, first)
    for _ in range(2):
        later = transcript.run(cells, mode=mode)
        expect(
            later,
            {"x = fib": "uncacheable: `cache_info` tells how many", "y = fib": "uncacheable", "z =": "hit"},
        )
        assert notes_of(later) == []
        assert_same(plain, later)


@pytest.mark.parametrize("decorator", daily([BOUNDED, CACHE], 1))
def test_calls_count_that_only_look_up(transcript, decorator):
    """Asked from the first session on: a call whose result is remembered already fills nothing, and counts."""
    cells = BEGIN.format(decorator=decorator) + ASKING
    plain = transcript.plain(cells)
    for _ in range(3):
        assert_same(plain, transcript.run(cells))


UNKNOWN = {
    "an input that is another now": (CACHE, "n = 5"),
    "a memory that forgets": ("@functools.lru_cache(maxsize=20)", "n"),
    "a memory that was emptied": (CACHE, "fib.cache_clear()"),
    "an input that is gone": (CACHE, "del n"),
}


@pytest.mark.parametrize(("decorator", "between"), daily(UNKNOWN, 3))
def test_what_cannot_be_made_up_for_is_said_and_runs_from_then_on(transcript, decorator, between):
    begin = BEGIN.format(decorator=decorator) + f"\n    # %%\n    {between}"
    transcript.run(begin)
    cells = begin + ASKING
    plain = transcript.plain(cells)
    first = transcript.run(cells)
    expect(first, {"x = fib": "hit"})
    assert any(LACKING in note for note in notes_of(first))
    assert_same(plain, transcript.run(cells))


def test_a_function_that_was_defined_anew_remembers_nothing_of_before(transcript):
    begin = BEGIN.format(decorator=CACHE)
    again = "\n    # %%\n    @functools.cache\n    def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)"
    transcript.run(begin)
    cells = begin + again + ASKING
    plain = transcript.plain(cells)
    for _ in range(2):
        assert_same(plain, transcript.run(cells))


def test_a_run_that_is_made_up_for_leaves_the_names_alone(transcript):
    begin = """
        import functools
        @functools.cache
        def double(n): return 2 * n
        # %%
        x = []; x.append(double(3))
        # %%
        kept = x; x = 5
    """
    transcript.run(begin)
    cells = begin + "\n        # %%\n        known = double.cache_info()[:], x, kept"
    plain = transcript.plain(cells)
    for _ in range(3):
        assert_same(plain, transcript.run(cells))


@pytest.mark.parametrize("call", daily(["fib(7)", "again = fib(7)", "for _ in range(3): fib(9)"], 1))
def test_calls_that_only_look_up_are_inputs_of_who_asks(transcript, call):
    begin = BEGIN.format(decorator=CACHE)
    asking = "\n    # %%\n    def ask(): return fib.cache_info()[:]\n    # %%\n    known = ask()"
    cells, changed = begin + asking, f"{begin}\n    # %%\n    {call}{asking}"
    for text in (cells, cells, changed, changed, cells):
        run = transcript.run(text)
        assert_same(transcript.plain(text), run)
    expect(run, {"known =": "hit"})


def test_cells_that_hit_twice_are_called_twice(transcript):
    begin = BEGIN.format(decorator=CACHE)
    once = transcript.run(begin)
    assert once.cells
    cells = begin + "\n    # %%\n    x = fib(n)" + ASKING
    plain = transcript.plain(cells)
    for _ in range(2):
        assert_same(plain, transcript.run(cells))


RAISING = """
    import functools, random, os
    @functools.cache
    def parse(s): return int(s)
    class Warm: seven = parse("7")
    bad, log = {{}}, []
    random.seed(7)
    # %%
    {statement}
    # %%
    {between}
"""
PARSE = "try: parse('x')\n    except ValueError as error: "
MORE = {
    "prints": (PARSE + "print(error)", "0"),
    "changes an input": (PARSE + "bad['x'] = 1", "bad.clear()"),
    "changes an input by what is remembered": ("log.append(parse('7'))", "log.pop()"),
    "sets a variable of the environment": ("os.environ['FP_A'] = str(parse('7'))", "del os.environ['FP_A']"),
    "writes a file": (PARSE + "open('log.txt', 'w').write('bad')", "open('log.txt', 'a').write('; more')"),
    "draws": (
        "random.seed(1)\n    # %%\n    " + PARSE + "v = random.random()",
        "a = random.random()",
    ),
    "is a magic": ("%%capture captured\n    print(parse('7'))", "0"),
}


@pytest.mark.parametrize(("statement", "between"), daily(MORE, 3))
def test_a_run_that_does_more_than_call_is_not_made_up_for(transcript, statement, between):
    begin = RAISING.format(statement=statement, between=between)
    transcript.run(begin)
    asking = begin + "\n    # %%\n    known = parse.cache_info()[:]\n    # %%\n    later = random.random()"
    plain = transcript.plain(asking)
    first = transcript.run(asking)
    assert_same(plain, first, ignore=("known",))
    assert first.cells[-1].outputs == plain.cells[-1].outputs
    for _ in range(2):
        assert_same(plain, transcript.run(asking))


def test_of_two_runs_that_call_the_same_function_one_is_missing(transcript):
    begin = """
        import functools
        @functools.cache
        def parse(s): return int(s)
        def safe(s):
            try: return parse(s)
            except ValueError: return None
        n = "x"
        # %%
        a = safe(n)
        # %%
        n = "z"
        # %%
        b = safe("y")
    """
    transcript.run(begin)
    cells = begin + "\n        # %%\n        known = parse.cache_info()[:]"
    first = transcript.run(cells)
    assert any("`cache_info()` of `parse` lacks calls" in note for note in notes_of(first))
    for _ in range(2):
        assert_same(transcript.plain(cells), transcript.run(cells))


KEPT = {
    "a method under another name": ("ask = fib.cache_info", "known = ask()[:]"),
    "by its name": ("0", "known = getattr(fib, 'cache_info')()[:]"),
    "an operator": (
        "from operator import methodcaller\n    ask = methodcaller('cache_info')",
        "known = ask(fib)[:]",
    ),
}


@pytest.mark.parametrize(("first", "last"), daily(KEPT, 1))
def test_a_memory_may_be_asked_under_another_name(transcript, first, last):
    begin = BEGIN.format(decorator=CACHE).replace("n = 80", f"n = 80\n    # %%\n    {first}")
    asking = f"\n    # %%\n    {last}"
    again = "\n    # %%\n    class Again: a = fib(7)"
    transcript.run(begin)
    for cells in (begin + asking, begin + asking, begin + again + asking, begin + asking):
        assert_same(transcript.plain(cells), transcript.run(cells))


def test_a_memory_may_be_cleared_under_another_name(transcript):
    begin = BEGIN.format(decorator=CACHE).replace("n = 80", "n = 80\n    # %%\n    clear = fib.cache_clear")
    begin += "\n    # %%\n    class Cleared: nothing = clear()"
    transcript.run(begin)
    for _ in range(2):
        first = transcript.run(begin + ASKING)
        if not any(LACKING in note for note in notes_of(first)):
            assert_same(transcript.plain(begin + ASKING), first)
    assert not notes_of(first)


def test_functions_of_libraries_count_as_well(transcript):
    cells = """
        from urllib.parse import urlsplit
        urls = ["http://a.b/%d" % i for i in range(5)]
        # %%
        hosts = [urlsplit(u).path for u in urls]
        # %%
        counted = urlsplit.cache_info()[:]
    """
    changed = cells.replace("range(5)", "range(7)")
    for text in (cells, cells, changed, changed, cells):
        assert_same(transcript.plain(text), transcript.run(text))


def test_what_nobody_asks_about_hits_beside_it(transcript):
    cells = """
        import functools
        @functools.cache
        def f(n): return n + 1
        @functools.cache
        def g(n): return n + 2
        # %%
        x = f(3)
        # %%
        y = g(4)
        # %%
        known = g.cache_info()[:]
    """
    plain = transcript.plain(cells)
    for _ in range(3):
        run = transcript.run(cells)
        assert_same(plain, run)
    expect(run, {"x =": "hit", "y =": "uncacheable"})


@pytest.mark.parametrize(
    "setting",
    daily(
        ["f.label = 'x'", "x = f(3)", "setattr(f, 'label', [1])", "f.calls = f.calls + 1", "del f.calls"], 2
    ),
)
def test_what_is_set_on_a_memoised_function_stays_set(transcript, setting):
    cells = f"""
        import functools
        @functools.cache
        def f(n):
            f.calls += 1
            return n * 2
        f.calls = 0
        # %%
        {setting}
        # %%
        shown = sorted(set(vars(f)) - {{'cache_parameters', '__wrapped__'}}), getattr(f, 'calls', None)
    """
    plain = transcript.plain(cells)
    for _ in range(3):
        assert_same(plain, transcript.run(cells))
