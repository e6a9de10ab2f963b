"""What the hooks say and keep, with the real trainer."""

from __future__ import annotations

import logging
import re
import threading
from dataclasses import dataclass

import pytest

from fpcache import fingerprint
from fpcache.graph import (
    Dask,
    FingerprintStatus,
    GraphComponent,
    GraphSchema,
    GraphTrainer,
    LoggingHook,
    SchemaNode,
    Threads,
    TrainingHook,
    drive,
    run_in_order,
)
from fpcache.graph.running import LOST

WORLD = {"numbers": [3, 1, 2]}


def read_world():
    return list(WORLD["numbers"])


class Shift(GraphComponent):
    default_config = {"by": 0}

    def run(self, numbers):
        return [number + self.config["by"] for number in numbers]


def largest(numbers):
    return max(numbers)


def text(largest, numbers):
    return f"{largest} of {len(numbers)}"


def pipeline(**changes: SchemaNode) -> GraphSchema:
    nodes = {
        "source": SchemaNode(uses=read_world, is_input=True),
        "shift": SchemaNode({"numbers": "source"}, Shift, {"by": 10}),
        "largest": SchemaNode({"numbers": "source"}, largest),
        "text": SchemaNode({"largest": "largest", "numbers": "shift"}, text, is_target=True),
    }
    return GraphSchema(nodes | changes)


@pytest.fixture(autouse=True)
def world(monkeypatch):
    monkeypatch.setitem(WORLD, "numbers", [3, 1, 2])


@pytest.fixture
def lines(caplog):
    """Return what was logged since the last call, at INFO, without the seconds."""
    caplog.set_level(logging.INFO, logger="fpcache.graph")

    def take() -> list[str]:
        records = [record for record in caplog.records if record.name == "fpcache.graph"]
        assert all(record.levelno == logging.INFO for record in records)
        messages = [record.getMessage() for record in records]
        caplog.clear()
        return [re.sub(r"\d+\.\d{3} s", "N s", message) for message in messages]

    return take


def hooked(trainer, *hooks) -> GraphTrainer:
    return GraphTrainer(trainer.cache, hooks)


def damage(store_directory) -> None:
    blobs = [path for path in store_directory.rglob("*") if path.is_file() and "blob" in str(path.parent)]
    assert blobs
    for path in blobs:
        path.chmod(0o600)
        path.write_bytes(b"")


def test_a_first_run_is_told_with_reasons_and_seconds(trainer, lines) -> None:
    hooked(trainer, LoggingHook()).train(pipeline())
    assert lines() == [
        "node `source` running: an input node always runs",
        "node `source` finished in N s",
        "node `shift` running: never seen",
        "node `shift` finished in N s",
        "node `largest` running: never seen",
        "node `largest` finished in N s",
        "node `text` running: never seen",
        "node `text` finished in N s",
    ]


def test_a_second_run_tells_the_target_as_restored_and_nothing_of_pruned_nodes(trainer, lines) -> None:
    watched = hooked(trainer, LoggingHook())
    watched.train(pipeline())
    lines()
    watched.train(pipeline())
    assert lines()[2:] == ["node `text` restored in N s"]


def test_a_value_that_is_loaded_for_a_later_node_is_told_as_restored_then(trainer, lines) -> None:
    watched = hooked(trainer, LoggingHook())
    watched.train(pipeline())
    lines()
    watched.train(pipeline().with_config("shift", by=20))
    assert lines()[2:] == [
        "node `shift` running: config `by` changed",
        "node `shift` finished in N s",
        "node `largest` reused: its result is known, and is not loaded",
        "node `text` running: input `numbers` changed",
        "node `largest` restored: a node that runs needs it",
        "node `text` finished in N s",
    ]


def test_a_value_that_nothing_needs_is_told_as_reused_and_stays_unloaded(trainer, lines) -> None:
    kept = TrainingHook()
    watched = hooked(trainer, LoggingHook(), kept)
    watched.train(pipeline())
    lines()
    result = watched.train(pipeline().with_config("shift", unused="the output stays the same"))
    assert lines()[2:] == [
        "node `shift` running: config `unused` changed",
        "node `shift` finished in N s",
        "node `largest` reused: its result is known, and is not loaded",
        "node `text` restored in N s",
    ]
    assert set(kept.outputs) == {"source", "shift", "text"}
    assert kept.fingerprints["largest"] == fingerprint(3)
    assert result.outputs == {"text": "3 of 3"}


def test_a_failure_is_told_and_raised(trainer, lines) -> None:
    def fails(numbers):
        raise ZeroDivisionError

    kept = TrainingHook()
    with pytest.raises(ZeroDivisionError):
        hooked(trainer, LoggingHook(), kept).train(pipeline(shift=SchemaNode({"numbers": "source"}, fails)))
    assert lines()[2:] == ["node `shift` running: never seen", "node `shift` failed after N s"]
    assert set(kept.outputs) == set(kept.fingerprints) == {"source"}


def test_why_an_output_was_not_stored_is_told(trainer, lines) -> None:
    def same(numbers):
        return numbers

    hooked(trainer, LoggingHook()).train(pipeline(shift=SchemaNode({"numbers": "source"}, same)))
    assert "node `shift` finished in N s; not stored: its output shares memory" in "\n".join(lines())


def test_nodes_whose_stored_output_is_lost_are_told(trainer, lines, store_directory) -> None:
    kept = TrainingHook()
    watched = hooked(trainer, LoggingHook(), kept)
    watched.train(pipeline())
    damage(store_directory)
    lines()
    result = watched.train(pipeline())
    (status,) = (outcome.status for outcome in result.outcomes if outcome.name == "text")
    assert (status.is_hit, status.verdict, status.reason) == (False, "miss", LOST)
    told = [line for line in lines() if "source" not in line]
    assert told == [
        "node `text` running: its stored output is lost or damaged",
        "node `largest` ran again: its stored output is lost or damaged",
        "node `shift` ran again: its stored output is lost or damaged",
        "node `text` finished in N s",
    ]
    assert kept.outputs == {"source": [3, 1, 2], "shift": [13, 11, 12], "largest": 3, "text": "3 of 3"}


def test_forced_runs_are_told_as_forced(trainer, lines) -> None:
    watched = hooked(trainer, LoggingHook())
    watched.train(pipeline())
    lines()
    watched.train(pipeline(), force=True)
    assert "node `shift` running: forced" in lines()


def test_a_logger_or_an_adapter_can_be_given(trainer, caplog) -> None:
    caplog.set_level(logging.INFO, logger="mine")
    adapter = logging.LoggerAdapter(logging.getLogger("mine.deeper"), {})
    hooked(trainer, LoggingHook(logging.getLogger("mine")), LoggingHook(adapter)).train(pipeline())
    names = [record.name for record in caplog.records]
    assert names.count("mine") == names.count("mine.deeper") == 8


def test_a_logger_that_raises_does_not_reach_the_run(trainer) -> None:
    def refuse(record):
        raise RuntimeError("not this one")

    logger = logging.Logger("broken", logging.INFO)
    logger.addFilter(refuse)
    assert hooked(trainer, LoggingHook(logger)).train(pipeline()).outputs == {"text": "3 of 3"}


def test_outputs_and_fingerprints_are_kept_by_name_as_they_come(trainer) -> None:
    seen = []

    class Peeks:
        def on_status(self, step, status):
            seen.append((step.name, sorted(kept.outputs)))

        def on_start(self, step): ...

        def on_finish(self, step, outcome): ...

    kept = TrainingHook()
    result = hooked(trainer, kept, Peeks()).train(pipeline())
    assert seen == [
        ("source", []),
        ("shift", ["source"]),
        ("largest", ["shift", "source"]),
        ("text", ["largest", "shift", "source"]),
    ]
    assert kept.outputs == {"source": [3, 1, 2], "shift": [13, 11, 12], "largest": 3, "text": "3 of 3"}
    assert kept.outputs["text"] is result.outputs["text"]
    assert dict(kept.fingerprints) == {name: fingerprint(value) for name, value in kept.outputs.items()}
    with pytest.raises(TypeError):
        kept.outputs["text"] = ""


def test_a_second_run_starts_anew_and_leaves_what_was_taken_before(trainer) -> None:
    kept = TrainingHook()
    watched = hooked(trainer, kept)
    watched.train(pipeline())
    before = kept.outputs
    watched.train(pipeline())
    assert dict(kept.outputs) == {"source": [3, 1, 2], "text": "3 of 3"}
    assert set(before) == {"source", "shift", "largest", "text"}


def test_the_fingerprint_of_a_value_changed_in_place_is_the_later_one(trainer) -> None:
    def spoil(numbers):
        numbers.append(100)
        return len(numbers)

    kept = TrainingHook()
    hooked(trainer, kept).train(
        pipeline(shift=SchemaNode({"numbers": "source"}, spoil, is_target=True)), targets=["shift"]
    )
    assert kept.outputs["source"] == [3, 1, 2, 100]
    assert kept.fingerprints["source"] == fingerprint([3, 1, 2, 100])


def test_a_value_without_a_fingerprint_is_kept_with_none(trainer) -> None:
    kept = TrainingHook()
    node = SchemaNode({"numbers": "source"}, lambda numbers: (n for n in numbers), is_target=True)
    hooked(trainer, kept).train(GraphSchema({"source": pipeline()["source"], "stream": node}))
    assert kept.fingerprints["stream"] is None
    assert next(kept.outputs["stream"]) == 3


def test_with_threads_each_node_is_told_once_in_its_own_order(trainer, lines) -> None:
    both = threading.Barrier(2, timeout=30)  # neither ends before the other has begun

    def first(numbers):
        both.wait()
        return numbers[0]

    def last(numbers):
        both.wait()
        return numbers[-1]

    def join(a, b):
        return [a, b]

    nodes = {
        "source": SchemaNode(uses=read_world, is_input=True),
        "first": SchemaNode({"numbers": "source"}, first),
        "last": SchemaNode({"numbers": "source"}, last),
        "join": SchemaNode({"a": "first", "b": "last"}, join, is_target=True),
    }
    kept = TrainingHook()
    GraphTrainer(trainer.cache, [LoggingHook(), kept], Threads(2)).train(GraphSchema(nodes))
    told = lines()
    for name in nodes:
        words = [line.split("`")[2].split()[0].strip(":") for line in told if f"`{name}`" in line]
        assert words == ["running", "finished"], told
    assert kept.outputs == {"source": [3, 1, 2], "first": 3, "last": 2, "join": [3, 2]}


def test_on_a_cluster_nodes_are_told_and_kept_alike(trainer, lines) -> None:
    distributed = pytest.importorskip("distributed", reason="needs the dask extra")
    kept = TrainingHook()
    with (
        distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        result = GraphTrainer(trainer.cache, [LoggingHook(), kept], Dask(client)).train(pipeline())
    told = lines()
    assert sorted(line for line in told if "running" in line) == [
        "node `largest` running: never seen",
        "node `shift` running: never seen",
        "node `source` running: an input node always runs",
        "node `text` running: never seen",
    ]
    assert sum("finished in N s" in line for line in told) == 4
    assert result.outputs == {"text": "3 of 3"}
    assert kept.outputs["text"] == "3 of 3"
    assert dict(kept.fingerprints) == {
        name: fingerprint(value)
        for name, value in {
            "source": [3, 1, 2],
            "shift": [13, 11, 12],
            "largest": 3,
            "text": "3 of 3",
        }.items()
    }


@dataclass
class OtherStep:
    name: str = "cell"
    run: object = None

    def ask(self) -> FingerprintStatus:
        return FingerprintStatus(None, False, "never seen")

    def restore(self, status) -> bool:
        return False

    async def execute(self) -> bool:
        return False


def test_steps_of_another_kind_are_passed_over(lines) -> None:
    kept = TrainingHook()
    drive(run_in_order([OtherStep()], [LoggingHook(), kept]))
    assert lines() == []
    assert dict(kept.outputs) == {}
