from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from fpcache.graph import FingerprintStatus, drive, run_in_order

HIT = FingerprintStatus("fp", True, "found")
MISS = FingerprintStatus(None, False, "never seen")


@dataclass
class FakeStep:
    name: str
    status: FingerprintStatus
    done: list[str]
    restores: bool = True
    fails: bool = False
    waits: bool = False
    raises: type[BaseException] | None = None
    asked: list[str] = field(default_factory=list)

    def ask(self) -> FingerprintStatus:
        self.asked.append(f"after {self.done}")
        return self.status

    def restore(self, status: FingerprintStatus) -> bool:
        if self.restores:
            self.done.append(f"restored {self.name}")
        return self.restores

    async def execute(self) -> bool:
        if self.waits:
            await asyncio.sleep(0)
        if self.raises:
            raise self.raises(self.name)
        self.done.append(f"executed {self.name}")
        return self.fails


def test_a_hit_is_restored_and_a_miss_is_executed() -> None:
    done: list[str] = []
    outcomes = drive(run_in_order([FakeStep("a", HIT, done), FakeStep("b", MISS, done)]))
    assert done == ["restored a", "executed b"]
    assert [(outcome.name, outcome.was_restored, outcome.failed) for outcome in outcomes] == [
        ("a", True, False),
        ("b", False, False),
    ]


def test_a_hit_that_cannot_be_restored_is_executed() -> None:
    done: list[str] = []
    (outcome,) = drive(run_in_order([FakeStep("a", HIT, done, restores=False)]))
    assert done == ["executed a"]
    assert not outcome.was_restored


def test_a_step_is_asked_only_when_its_turn_has_come() -> None:
    done: list[str] = []
    second = FakeStep("b", MISS, done)
    drive(run_in_order([FakeStep("a", MISS, done), second]))
    assert second.asked == ["after ['executed a']"]


def test_nothing_runs_after_a_failed_step() -> None:
    done: list[str] = []
    outcomes = drive(run_in_order([FakeStep("a", MISS, done, fails=True), FakeStep("b", MISS, done)]))
    assert done == ["executed a"]
    assert [outcome.failed for outcome in outcomes] == [True]


def test_steps_are_drawn_one_at_a_time_so_that_a_plan_may_change_midway() -> None:
    done: list[str] = []

    def plan():
        yield FakeStep("a", MISS, done)
        if "executed a" in done:
            yield FakeStep("joined", MISS, done)

    drive(run_in_order(plan()))
    assert done == ["executed a", "executed joined"]


def test_hooks_hear_status_start_and_finish_in_order(recorder) -> None:
    done: list[str] = []
    drive(run_in_order([FakeStep("a", HIT, done), FakeStep("b", MISS, done)], [recorder]))
    assert recorder.events == [
        ("status", "a", "hit"),
        ("finish", "a", "done"),
        ("status", "b", "miss"),
        ("start", "b"),
        ("finish", "b", "done"),
    ]


def test_hooks_hear_of_a_step_that_is_interrupted(recorder) -> None:
    with pytest.raises(KeyboardInterrupt):
        drive(run_in_order([FakeStep("a", MISS, [], raises=KeyboardInterrupt)], [recorder]))
    assert recorder.events[-1] == ("finish", "a", "failed")


def test_a_step_may_wait_where_a_loop_is_running() -> None:
    done: list[str] = []
    asyncio.run(run_in_order([FakeStep("a", MISS, done, waits=True)]))
    assert done == ["executed a"]


def test_driving_a_step_that_waits_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="await run_in_order"):
        drive(run_in_order([FakeStep("a", MISS, [], waits=True)]))


def test_a_status_names_itself_hit_or_miss_unless_told_otherwise() -> None:
    plain = FingerprintStatus(None, False, "a definition", verdict="plain")
    assert (HIT.verdict, MISS.verdict, plain.verdict) == ("hit", "miss", "plain")
