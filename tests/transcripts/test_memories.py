"""What `cache_info()` tells of memoised functions, of whose calls hits replaced some."""

from __future__ import annotations

import pytest

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
CACHE = "@functools.cache"
ASKING = "\n    # %%\n    known = fib.cache_info()[:]"
MADE = "`cache_info()` tells of `fib`, so calls were made that hits replaced"
LACKING = "`cache_info()` of `fib` lacks calls that hits replaced"


def notes_of(run):
    return [note for row in run.rows() for note in row.facts["notes"]]


@pytest.mark.parametrize("mode", ["auto", "explicit"])
@pytest.mark.parametrize(
    "asking",
    [
        ASKING,
        "\n    # %%\n    def ask(f): return f.cache_info()[:]\n    # %%\n    known = ask(fib)",
        "\n    # %%\n    fib.cache_info()",
    ],
)
@pytest.mark.parametrize("decorator", [CACHE, "@functools.lru_cache(maxsize=200)"])
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
            {"x = fib": "uncacheable: `cache_info` told how many", "y = fib": "uncacheable", "z =": "hit"},
        )
        assert notes_of(later) == []
        assert_same(plain, later)


@pytest.mark.parametrize("decorator", [CACHE, "@functools.lru_cache(maxsize=200)"])
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


@pytest.mark.parametrize(("decorator", "between"), UNKNOWN.values(), ids=UNKNOWN)
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


@pytest.mark.parametrize("call", ["fib(7)", "again = fib(7)", "for _ in range(3): fib(9)"])
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
