"""Each trap in new sessions, plain and cached: what must run again does, what should hit does, nothing differs."""

from __future__ import annotations

import contextlib
import functools
import re
from pathlib import Path

import pytest
from scenarios import STORE_TESTS, TRAPS, Trap

from fpcache.testing.sessions import Do, Row, Run, Transcript, assert_same, expect

# What a session has loaded from its start, so that not every session imports it.
LOADED_FIRST = (
    ("torch", ("torch._dynamo",)),
    ("sklearn", ("numpy", "pandas", "sklearn.linear_model")),
    ("matplotlib", ("numpy", "pandas", "matplotlib.pyplot")),
    ("numpy", ("numpy", "pandas")),
)
LABEL_CHARACTERS = 38
# The default settings decide by measured time. Where this machine is too busy for a pause to count as
# worth caching, a longer one is tried.
PAUSES_S = (0.06, 0.5, 3.0)
FOR_ITS_COST = (
    "fingerprinting its inputs took over",
    "looking it up and restoring it would take",
    "enough was spent on storing",
)
HURRY = Do("import time; time.sleep = lambda seconds: None")


class TooBusyError(Exception):
    """The judged statement was not worth caching here and now."""


@pytest.fixture(scope="session")
def plain_sessions(tmp_path_factory):
    """Run plain sessions, each once in one directory of its trap's own."""

    @functools.cache
    def place(name: str):
        return tmp_path_factory.mktemp("trap")

    plain: dict[tuple[str, bool], Run] = {}
    return place, plain


def is_told(row: Row) -> bool:
    """Whether a refusal names a line of its component and what its author can do."""
    what, _, remedy = row.reason.rpartition("; ")
    first, last = row.lines
    lines = [int(number) for number in re.findall(r"\blines? (\d+)", what)]
    return bool(remedy and lines) and all(first <= number <= last for number in lines)


class Scene:
    """The sessions of one trap, run in one way; its statement pauses where ``pause_s`` says so."""

    def __init__(self, trap: Trap, sessions, mode: str, pause_s: float = 0.0) -> None:
        place, self.known = sessions
        self.trap, self.mode, self.pause_s = trap, mode, pause_s
        self.transcript = Transcript(place(trap.name), settings={"ready": True})
        for library in trap.needs:
            pytest.importorskip(library)

    def steps(self, changed: bool):
        steps = self.trap.second() if changed else self.trap.first()
        return self.trap.slowed(steps, self.pause_s) if self.pause_s else steps

    def settings(self, changed: bool, mode: str):
        trap, environment = self.trap, self.trap.environment
        if changed and trap.changed_environment is not None:
            environment = trap.changed_environment
        files = trap.files if not changed or trap.changed_files is None else trap.changed_files
        # The name of the test that runs is in the environment, and would differ.
        cache = {
            "PYTEST_CURRENT_TEST": "",
            "FPCACHE_DIR": str(self.transcript.place / f"cache-{self.mode}-{self.pause_s}"),
        }
        if self.pause_s:
            cache["FPCACHE_MIN_SECONDS"] = "0.01"
        loaded = next((names for library, names in LOADED_FIRST if library in trap.needs), ())
        return {
            "mode": mode,
            "files": files,
            "environment": {**cache, **environment},
            "seed": trap.seeds[changed],
            "preloaded": loaded,
            "before": trap.before,
        }

    def run(self, changed: bool) -> Run:
        """Run a cached session, which must leave what a plain one leaves, and say why it refuses what it does."""
        trap = self.trap
        run = self.transcript.run(self.steps(changed), **self.settings(changed, self.mode))
        assert_same(self.plain(changed), run, ignore=trap.ignore, mask=trap.mask, states=trap.states)
        for row in run.rows():
            assert row.status != "uncacheable" or is_told(row), row
        return run

    def is_too_dear(self, run: Run) -> bool:
        """Whether the judged statement was found not worth its cost, by the clock of a busy machine."""
        judged = [row.reason for row in run.rows() if row.name.startswith(self.name)]
        return bool(self.pause_s) and any(reason.startswith(FOR_ITS_COST) for reason in judged)

    def prepared(self) -> None:
        """Run before the change; once more where code never seen was not fingerprinted in time."""
        if self.is_too_dear(self.run(changed=False)) and self.is_too_dear(self.run(changed=False)):
            raise TooBusyError

    def plain(self, changed: bool) -> Run:
        key = f"{self.trap.name} {self.pause_s}", changed
        if key not in self.known:
            steps = (HURRY, *self.steps(changed)) if self.pause_s else self.steps(changed)
            self.known[key] = self.transcript.run(steps, **self.settings(changed, "plain"))
        return self.known[key]

    @property
    def name(self) -> str:
        return (self.trap.slow_judged() if self.pause_s else self.trap.judged)[:LABEL_CHARACTERS]

    def check(self) -> None:
        """Run before the change, after it, and after it again where that may show more."""
        trap, wanted = self.trap, self.trap.statuses(self.mode)
        self.prepared()
        warm = self.run(changed=True)
        if self.is_too_dear(warm):
            raise TooBusyError
        if wanted:
            expect(warm, {self.name: wanted + (f": {trap.reason}" if "hit" not in wanted else "")})
        if trap.told:
            assert any(trap.told in str(row) + str(row.facts) for row in warm.rows()), warm.rows()
        if trap.verdict == "H" or (
            wanted and wanted == trap.statuses_again(self.mode) and not trap.is_changed
        ):
            return
        again = self.run(changed=True)
        if self.is_too_dear(again):
            raise TooBusyError
        if trap.statuses_again(self.mode):
            expect(again, {self.name: trap.statuses_again(self.mode)})


def check_at_the_default_settings(trap: Trap, sessions) -> None:
    """Check with a judged statement that pauses: longer where that isn't worth caching on a busy machine."""
    for pause_s in PAUSES_S[:-1]:
        with contextlib.suppress(TooBusyError):
            return Scene(trap, sessions, "auto", pause_s).check()
    return Scene(trap, sessions, "auto", PAUSES_S[-1]).check()


def starts_workers(trap: Trap) -> bool:
    """Whether its sessions start worker processes, which import libraries of their own."""
    return "joblib" in trap.needs or "n_jobs=" in str(trap.cells)


def as_parameter(trap: Trap):
    return pytest.param(trap, id=trap.name, marks=[pytest.mark.slow] if starts_workers(trap) else [])


@pytest.mark.parametrize("mode", ["auto", pytest.param("explicit", marks=pytest.mark.nightly)])
@pytest.mark.parametrize("trap", [as_parameter(trap) for trap in TRAPS])
def test_a_trap_ends_as_it_must_and_leaves_what_a_plain_run_leaves(trap, mode, plain_sessions):
    Scene(trap, plain_sessions, mode).check()


@pytest.mark.nightly
@pytest.mark.parametrize("trap", [t for t in TRAPS if t.can_be_slow()], ids=lambda trap: trap.name)
def test_a_trap_with_a_slow_statement_ends_so_at_the_default_settings(trap, plain_sessions):
    check_at_the_default_settings(trap, plain_sessions)


def test_every_numbered_trap_is_there():
    assert {trap.number for trap in TRAPS} | set(STORE_TESTS) == set(range(1, 138))


@pytest.mark.parametrize("trap", [t for t in TRAPS if t.verdict == "R"], ids=lambda trap: trap.name)
def test_a_trap_that_must_run_again_says_what_the_reason_is(trap):
    assert len(trap.reason.split()) >= 2, "a word alone would fit many causes"


def test_a_run_where_a_hit_would_be_right_is_put_up_with_for_a_reason():
    kept = {trap.name: trap.needless for trap in TRAPS if trap.needless}
    assert all(len(why.split()) > 5 for why in kept.values())
    assert not any(trap.needless for trap in TRAPS if trap.verdict == "R")


@pytest.mark.parametrize("test", [test for tests in STORE_TESTS.values() for test in tests])
def test_a_trap_of_the_store_is_a_test_of_the_store(test):
    page, _, name = test.partition("::")
    assert f"def {name}(" in (Path(__file__).parent.parent / page).read_text(encoding="utf-8")
