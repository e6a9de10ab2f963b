"""The search for wrong hits finds none in fpcache, and finds those of one that is broken on purpose."""

from __future__ import annotations

import ast
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from IPython.core.inputtransformer2 import TransformerManager

pytest.importorskip("hypothesis")
pytest.importorskip("pandas")

from fpcache.testing.programs import Program, Session, place_for_programs, play
from fpcache.testing.programs.faults import FAULTS
from fpcache.testing.programs.grammar.choosing import without_surprises
from fpcache.testing.programs.grammar.programs import programs
from fpcache.testing.programs.keeping import keep, kept_programs
from fpcache.testing.programs.playing import _HOLD, Stage, is_fickle
from fpcache.testing.programs.pruning import pruned
from fpcache.testing.programs.searching import search
from fpcache.testing.sessions.comparing import first_difference

KEPT = dict(kept_programs(Path(__file__).parent / "regressions"))


@pytest.fixture
def place():
    with place_for_programs() as found:
        yield found


def drawn(count: int, seed: int) -> list[Program]:
    found: list[Program] = []
    without_surprises(found.append, programs(), seed, count)()
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "batch", [*range(4), *(pytest.param(n, marks=pytest.mark.nightly) for n in range(4, 8))]
)
def test_cached_programs_cannot_be_told_from_plain_ones(place, batch):
    tally = search(400, 1, place, first=batch, step=8)
    assert [f"{find.program}\n{find.verdict}" for find in tally.finds] == []
    assert tally.statuses["hit"] > tally.programs  # or nothing was tried
    assert tally.discarded < tally.programs / 10


@pytest.mark.parametrize("name", KEPT)
def test_what_once_failed_does_not_fail_again(place, name):
    verdict = play(KEPT[name], place)
    assert verdict.kind == "same", f"{KEPT[name]}\n{verdict}"


@pytest.mark.parametrize(
    "fault", [pytest.param(f, marks=[pytest.mark.nightly] if n else []) for n, f in enumerate(FAULTS)]
)
def test_a_broken_fpcache_is_found_out(place, fault):
    tally = search(600, 2, place, fault=fault, shrink=False)
    assert tally.finds, f"{tally.programs} programs did not show that {fault}"


def test_every_statement_is_valid_python():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        for program in drawn(150, 3):
            for statement in program.statements():
                text = TransformerManager().transform_cell(statement)
                code = compile(text, "<statement>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
                assert code.co_code


def test_a_seed_decides_the_programs():
    first = drawn(20, 4)
    assert first != drawn(20, 5)
    # Again and again: memory that is used twice must not decide anything.
    assert [number for number in range(10) if drawn(20, 4) != first] == []


def test_a_program_is_the_same_after_being_written_down(tmp_path):
    for number, program in enumerate(drawn(10, 6)):
        (tmp_path / f"{number}.json").write_text(program.to_json())
        assert dict(kept_programs(tmp_path))[str(number)] == program


def test_what_differs_is_told_with_session_and_cell(place):
    cells = (("l = [1]",), ("m = l",), ("m.append(2)", "n = len(l)"))
    program = Program((Session(cells), Session(cells)))
    assert play(program, place).kind == "same"
    verdict = play(program, place, "mutations are not replayed")
    assert (verdict.kind, verdict.session, verdict.cell) == ("different", 2, 3)
    assert any("namespace `l` differs" in line for line in verdict.differences)


def test_a_program_that_differs_without_fpcache_is_discarded(place):
    cells = (("import time", "t = time.perf_counter_ns()"),)
    assert play(Program((Session(cells),)), place).kind == "discarded"


def test_an_order_by_addresses_is_left_to_chance(place):
    cells = (
        ("import pandas",),
        ("l = [(lambda: n) for n in range(4)]",),
        ("m = [l.index(f) for f in sorted(l, key=repr)]",),
    )
    stage = Stage(place)
    session = Session(cells)
    assert is_fickle(stage, session, stage.plain(session))
    session = Session((*cells[:2], ("m = [l.index(f) for f in l]",)))
    assert not is_fickle(stage, session, stage.plain(session))


def test_a_program_whose_plain_result_depends_on_where_freed_memory_lies_is_discarded(place):
    # Of a few dozen places one is taken again, whatever else the process does; of one place that isn't sure.
    first = ("def texts():\n    return {str(f) for f in [lambda: 1 for _ in range(40)]}", "seen = texts()")
    session = Session((first, ("again = not seen.isdisjoint(texts())",)))
    stage = Stage(place)
    plain = stage.run(session, "plain")
    shaken = stage.run(session, "plain", after_each=(_HOLD,))
    assert first_difference(plain, shaken)[1]
    assert is_fickle(stage, session, plain)


def test_what_a_failure_does_not_need_is_taken_out():
    program = Program((Session((("a = 1", "b = 2"), ("c = 3",))), Session((("a = 1", "b = 2"), ("c = 3",)))))
    small = pruned(program, lambda tried: "b = 2" in set(tried.statements()))
    assert small == Program((Session((("b = 2",),)),))


def test_a_find_is_kept_as_a_regression(place, tmp_path, capsys):
    (find,) = search(150, 2, place, fault="outputs are not shown").finds
    path = keep(find, tmp_path)
    assert dict(kept_programs(tmp_path)) == {path.stem: find.program}
    assert str(find.program) in capsys.readouterr().out
    assert len(list(find.program.statements())) < len(list(find.original.statements()))


def test_without_hypothesis_it_says_what_to_install():
    code = "import sys; sys.modules['hypothesis'] = None; import fpcache.testing.programs.searching"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "pip install hypothesis" in done.stderr
