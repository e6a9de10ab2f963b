"""Each trap in new sessions, plain and cached: what must run again does, what should hit does, nothing differs."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from scenarios import STORE_TESTS, TRAPS, Trap

from fpcache.testing.sessions import Run, Transcript, assert_same, expect

LOADED_FIRST = (
    ("torch", ("torch",)),
    ("sklearn", ("numpy", "pandas", "sklearn.linear_model")),
    ("matplotlib", ("numpy", "pandas", "matplotlib")),
    ("numpy", ("numpy", "pandas")),
)
LABEL_CHARACTERS = 38


@pytest.fixture(scope="session")
def plain_sessions(tmp_path_factory):
    """Run plain sessions, each once in one directory of its trap's own."""

    @functools.cache
    def place(name: str):
        return tmp_path_factory.mktemp("trap")

    plain: dict[tuple[str, str], Run] = {}
    return place, plain


class Scene:
    """The sessions of one trap, run in one way."""

    def __init__(self, trap: Trap, sessions, mode: str, kind: str, slow: bool) -> None:
        place, self.known = sessions
        self.trap, self.mode, self.kind, self.slow = trap, mode, kind, slow
        self.transcript = Transcript(place(trap.name))
        for library in trap.needs:
            pytest.importorskip(library)

    def steps(self, changed: bool):
        steps = self.trap.second() if changed else self.trap.first()
        return self.trap.slowed(steps) if self.slow else steps

    def settings(self, changed: bool, mode: str):
        trap, environment = self.trap, self.trap.environment
        if changed and trap.changed_environment is not None:
            environment = trap.changed_environment
        files = trap.files if not changed or trap.changed_files is None else trap.changed_files
        # The name of the test that runs is in the environment, and would differ.
        cache = {"PYTEST_CURRENT_TEST": "", "FPCACHE_DIR": str(self.transcript.place / f"cache-{self.mode}-{self.kind}")}
        if self.slow:
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

    def run(self, changed: bool, keep_files: bool = False) -> Run:
        """Run a cached session, which must leave what a plain one leaves."""
        trap = self.trap
        run = self.transcript.run(self.steps(changed), **self.settings(changed, self.mode))
        assert_same(self.plain(changed), run, ignore=trap.ignore, mask=trap.mask, states=trap.states)
        return run

    def plain(self, changed: bool) -> Run:
        key = f"{self.trap.name} {self.slow}", changed
        if key not in self.known:
            self.known[key] = self.transcript.run(self.steps(changed), **self.settings(changed, "plain"))
        return self.known[key]

    def check(self) -> None:
        """Run before the change, after it, and after it again."""
        trap = self.trap
        name = (trap.slow_judged() if self.slow else trap.judged)[:LABEL_CHARACTERS]
        self.run(changed=False)
        warm, again = self.run(changed=True), self.run(changed=True)
        statuses = trap.statuses(self.mode)
        if statuses:
            expect(warm, {name: statuses + (f": {trap.reason}" if "hit" not in statuses else "")})
        if trap.told:
            assert any(trap.told in str(row) + str(row.facts) for row in warm.rows())
        if trap.statuses_again(self.mode):
            expect(again, {name: trap.statuses_again(self.mode)})


@pytest.mark.parametrize("mode", ["auto", "explicit"])
@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_a_trap_ends_as_it_must_and_leaves_what_a_plain_run_leaves(trap, mode, plain_sessions):
    Scene(trap, plain_sessions, mode, "all", slow=False).check()


@pytest.mark.parametrize("trap", [t for t in TRAPS if t.can_be_slow()], ids=lambda trap: trap.name)
def test_a_trap_with_a_slow_statement_ends_so_at_the_default_settings(trap, plain_sessions):
    Scene(trap, plain_sessions, "auto", "slow", slow=True).check()


def test_every_numbered_trap_is_there():
    assert {trap.number for trap in TRAPS} | set(STORE_TESTS) == set(range(1, 138))


@pytest.mark.parametrize("test", [test for tests in STORE_TESTS.values() for test in tests])
def test_a_trap_of_the_store_is_a_test_of_the_store(test):
    page, _, name = test.partition("::")
    assert f"def {name}(" in (Path(__file__).parent.parent / page).read_text(encoding="utf-8")
