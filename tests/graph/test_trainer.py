"""Run, edit, run: which nodes run for real, and what comes out."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fpcache.errors import GraphSchemaError
from fpcache.graph import GraphComponent, GraphSchema, GraphTrainer, SchemaNode

WORLD = {"numbers": [3, 1, 2], "digest": "first"}


def read_world():
    return list(WORLD["numbers"])


def helper(number):
    return number + 1


class Shift(GraphComponent):
    default_config = {"by": 0}

    def run(self, numbers):
        return [helper(number) + self.config["by"] for number in numbers]


class Total(GraphComponent):
    def run(self, numbers):
        return sum(numbers)


class Describe(GraphComponent):
    def run(self, total, numbers):
        return f"{total} of {len(numbers)}"


class WithAddon(Shift):
    @classmethod
    def fingerprint_addon(cls, config):
        return WORLD["digest"]


class WithPackage(Shift):
    @staticmethod
    def required_packages():
        return ["pretend-lib"]


def pipeline(**changes: SchemaNode) -> GraphSchema:
    nodes = {
        "source": SchemaNode(uses=read_world, is_input=True),
        "shift": SchemaNode(needs={"numbers": "source"}, uses=Shift, config={"by": 10}),
        "total": SchemaNode(needs={"numbers": "shift"}, uses=Total),
        "side": SchemaNode(needs={"numbers": "source"}, uses=Total, is_target=True),
        "text": SchemaNode(needs={"total": "total", "numbers": "source"}, uses=Describe, is_target=True),
    }
    return GraphSchema(nodes | changes)


def single(node: SchemaNode) -> GraphSchema:
    return GraphSchema({"source": SchemaNode(uses=read_world, is_input=True), "node": node})


def target(uses, **parts) -> SchemaNode:
    return SchemaNode(needs={"numbers": "source"}, uses=uses, is_target=True, **parts)


def reasons(result) -> dict[str, str]:
    return {outcome.name: outcome.status.reason for outcome in result.outcomes}


@pytest.fixture(autouse=True)
def world(monkeypatch):
    monkeypatch.setitem(WORLD, "numbers", [3, 1, 2])
    monkeypatch.setitem(WORLD, "digest", "first")


def test_the_first_run_runs_everything_and_gives_the_targets(trainer) -> None:
    result = trainer.train(pipeline())
    assert result.executed == ("source", "shift", "total", "side", "text")
    assert result.outputs == {"side": 6, "text": "39 of 3"}
    assert reasons(result)["shift"] == "never seen"


def test_when_nothing_changed_only_input_nodes_run(trainer) -> None:
    first = trainer.train(pipeline())
    second = trainer.train(pipeline())
    assert second.executed == ("source",)
    assert second.outputs == first.outputs


def test_what_only_hits_need_is_pruned_away(trainer) -> None:
    trainer.train(pipeline())
    assert [outcome.name for outcome in trainer.train(pipeline()).outcomes] == ["source", "side", "text"]


def test_a_changed_config_runs_that_node_and_what_depends_on_it_and_nothing_else(trainer) -> None:
    trainer.train(pipeline())
    second = trainer.train(pipeline().with_config("shift", by=20))
    assert second.executed == ("source", "shift", "total", "text")
    assert second.outputs == {"side": 6, "text": "69 of 3"}
    assert reasons(second)["shift"] == "config `by` changed"
    assert reasons(second)["total"] == "input `numbers` changed"


def test_defaults_are_merged_so_spelling_one_out_still_hits(trainer) -> None:
    trainer.train(single(target(Shift)))
    assert trainer.train(single(target(Shift, config={"by": 0}))).executed == ("source",)


def test_changed_input_data_runs_what_depends_on_it(trainer) -> None:
    trainer.train(pipeline())
    WORLD["numbers"] = [3, 1, 5]
    second = trainer.train(pipeline())
    assert second.executed == ("source", "shift", "total", "side", "text")
    assert second.outputs == {"side": 9, "text": "42 of 3"}


def test_an_equal_result_cuts_off_what_lies_below(trainer) -> None:
    trainer.train(pipeline())
    WORLD["numbers"] = [2, 3, 1]  # the sums stay
    second = trainer.train(pipeline())
    assert second.executed == ("source", "shift", "total", "side", "text")
    third = trainer.train(pipeline().with_config("shift", unused="no effect"))
    assert third.executed == ("source", "shift")
    assert third.forecast["total"].reason == "`shift` runs first"


def test_an_edited_helper_runs_what_calls_it(trainer, monkeypatch) -> None:
    trainer.train(pipeline())
    monkeypatch.setattr(sys.modules[__name__], "helper", lambda number: number + 2)
    second = trainer.train(pipeline())
    assert second.executed == ("source", "shift", "total", "text")
    assert second.outputs["text"] == "42 of 3"
    assert "helper" in reasons(second)["shift"]


@pytest.mark.parametrize("value", [0, None, [], "", False])
def test_a_falsy_cached_value_is_a_hit(trainer, value) -> None:
    def give(numbers, value):
        return value

    trainer.train(single(target(give, config={"value": value})))
    second = trainer.train(single(target(give, config={"value": value})))
    assert second.executed == ("source",)
    assert second.outputs["node"] == value
    assert type(second.outputs["node"]) is type(value)


def test_renaming_a_node_does_not_miss(trainer) -> None:
    trainer.train(pipeline())
    nodes = dict(pipeline().nodes)
    nodes["moved"] = nodes.pop("shift")
    nodes["total"] = replace(nodes["total"], needs={"numbers": "moved"})
    assert trainer.train(GraphSchema(nodes)).executed == ("source",)


def test_another_method_of_the_same_component_misses(trainer) -> None:
    class Two(GraphComponent):
        def run(self, numbers):
            return max(numbers)

        def least(self, numbers):
            return min(numbers)

    trainer.train(single(target(Two)))
    assert trainer.train(single(target(Two, fn="least"))).outputs == {"node": 1}


def test_a_changed_addon_misses(trainer) -> None:
    trainer.train(single(target(WithAddon)))
    assert trainer.train(single(target(WithAddon))).executed == ("source",)
    WORLD["digest"] = "second"
    second = trainer.train(single(target(WithAddon)))
    assert second.executed == ("source", "node")


def install(directory: Path, version: str) -> None:
    metadata = directory / "pretend_lib.dist-info" / "METADATA"
    metadata.parent.mkdir(exist_ok=True)
    metadata.write_text(f"Metadata-Version: 2.1\nName: pretend-lib\nVersion: {version}\n")


def test_another_version_of_a_required_package_misses(trainer, tmp_path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    install(tmp_path, "1.0")
    trainer.train(single(target(WithPackage)))
    assert trainer.train(single(target(WithPackage))).executed == ("source",)
    install(tmp_path, "2.0")
    second = trainer.train(single(target(WithPackage)))
    assert second.executed == ("source", "node")
    assert reasons(second)["node"] == "package `pretend-lib` is now 2.0"


def test_force_runs_everything_and_refreshes_the_cache(trainer) -> None:
    calls = {"count": 0}

    class Counting(GraphComponent):
        @classmethod
        def fingerprint_addon(cls, config):
            return "the same whatever was counted"

        def run(self, numbers):
            return tally(calls)

    node = target(Counting)
    assert trainer.train(single(node)).outputs == {"node": 1}
    calls["count"] = 0
    trainer.train(single(node))
    forced = trainer.train(single(node), force=True)
    assert forced.executed == ("source", "node")
    assert forced.forecast == {}


def tally(calls):
    calls["count"] += 1
    return calls["count"]


def test_a_failing_node_is_named_and_leaves_the_others_results_cached(trainer) -> None:
    class Fails(GraphComponent):
        def run(self, total, numbers):
            raise ZeroDivisionError("no such thing")

    broken = SchemaNode(needs={"total": "total", "numbers": "source"}, uses=Fails, is_target=True)
    with pytest.raises(ZeroDivisionError, match="no such thing") as caught:
        trainer.train(pipeline(text=broken))
    assert caught.value.__notes__ == ["in node `text` (Fails.run) of the graph"]
    assert trainer.train(pipeline()).executed == ("source", "text")


def test_an_output_that_cannot_be_stored_runs_again_and_says_so(trainer) -> None:
    def sorter(numbers):
        return (number for number in numbers)

    result = trainer.train(single(target(sorter)))
    assert "not stored" in result.notes["node"]
    assert trainer.train(single(target(sorter))).executed == ("source", "node")


def test_what_reads_a_value_without_a_fingerprint_runs_every_time(trainer) -> None:
    def stream(numbers):
        return iter([sum(numbers)])  # counted as it is read

    def first(values):
        return 7

    nodes = {
        "source": SchemaNode(uses=read_world, is_input=True),
        "stream": SchemaNode(needs={"numbers": "source"}, uses=lambda numbers: (n for n in numbers)),
        "first": SchemaNode(needs={"values": "stream"}, uses=first, is_target=True),
    }
    trainer.train(GraphSchema(nodes))
    second = trainer.train(GraphSchema(nodes))
    assert second.executed == ("source", "stream", "first")
    assert "no fingerprint" in reasons(second)["first"]


def test_a_node_that_changes_its_input_in_place_is_never_a_hit(trainer) -> None:
    def spoil(numbers):
        numbers.append(100)
        return len(numbers)

    def count(numbers):
        return len(numbers)

    nodes = {
        "source": SchemaNode(uses=read_world, is_input=True),
        "copy": SchemaNode(needs={"numbers": "source"}, uses=lambda numbers: [*numbers]),
        "spoil": SchemaNode(needs={"numbers": "copy"}, uses=spoil, is_target=True),
        "count": SchemaNode(needs={"numbers": "copy"}, uses=count, is_target=True),
    }
    for _ in range(3):
        result = trainer.train(GraphSchema(nodes))
        assert result.outputs == {"spoil": 4, "count": 4}
        assert "changes its input `numbers`" in result.notes["spoil"]


def test_an_output_that_is_its_input_is_never_a_hit(trainer) -> None:
    def same(numbers):
        return numbers

    for _ in range(2):
        result = trainer.train(single(target(same)))
        assert result.executed == ("source", "node")
        assert "shares memory with its input `numbers`" in result.notes["node"]


def test_a_view_of_an_input_array_is_never_a_hit(trainer) -> None:
    np = pytest.importorskip("numpy")
    nodes = {
        "source": SchemaNode(uses=np.arange, config={"start": 0, "stop": 10}, is_input=True),
        "view": SchemaNode(needs={"array": "source"}, uses=lambda array: array[2:5], is_target=True),
        "copy": SchemaNode(needs={"array": "source"}, uses=lambda array: array[2:5].copy(), is_target=True),
    }
    nodes["source"] = SchemaNode(uses=lambda: np.arange(10), is_input=True)
    trainer.train(GraphSchema(nodes))
    assert trainer.train(GraphSchema(nodes)).executed == ("source", "view")


def test_a_lost_value_is_computed_again_with_all_it_needs(trainer, store_directory) -> None:
    first = trainer.train(pipeline())
    damaged = [path for path in store_directory.rglob("*") if path.is_file() and "blob" in str(path.parent)]
    assert damaged
    for path in damaged:
        path.chmod(0o600)
        path.write_bytes(b"")
    second = trainer.train(pipeline())
    assert second.outputs == first.outputs
    assert {"shift", "total", "text"} <= set(second.executed)


def test_eager_components_are_constructed_before_anything_runs(trainer) -> None:
    ran = []

    def slow(numbers):
        ran.append("slow")
        return sum(numbers)

    class Picky(GraphComponent):
        def __init__(self, config):
            raise LookupError("no such model")

        def run(self, total):
            return total

    nodes = {
        "source": SchemaNode(uses=read_world, is_input=True),
        "slow": SchemaNode(needs={"numbers": "source"}, uses=slow),
        "picky": SchemaNode(needs={"total": "slow"}, uses=Picky, is_target=True, eager=True),
    }
    with pytest.raises(LookupError):
        trainer.train(GraphSchema(nodes))
    assert ran == []


def test_a_component_that_is_loaded_starts_from_what_it_loads(trainer) -> None:
    class Loaded(Shift):
        @classmethod
        def load(cls, config, context):
            return cls({**config, "by": len(context.node_name)})

    assert trainer.train(single(target(Loaded, constructor="load"))).outputs == {"node": [8, 6, 7]}


def test_the_targets_can_be_chosen_for_one_run(trainer) -> None:
    result = trainer.train(pipeline(), targets=["total"])
    assert result.outputs == {"total": 39}
    assert result.executed == ("source", "shift", "total")


def test_nothing_runs_in_a_schema_with_a_fault(trainer, recorder) -> None:
    watched = GraphTrainer(trainer.cache, [recorder])
    with pytest.raises(GraphSchemaError, match="node `text`"):
        watched.train(pipeline(text=target(Describe)))
    assert recorder.events == []


def test_hooks_hear_of_every_node_that_is_left(trainer, recorder) -> None:
    trainer.train(single(target(Total)))
    GraphTrainer(trainer.cache, [recorder]).train(single(target(Total)))
    assert recorder.events == [
        ("status", "source", "plain"),
        ("start", "source"),
        ("finish", "source", "done"),
        ("status", "node", "hit"),
        ("finish", "node", "done"),
    ]


def mutating(**changes) -> GraphSchema:
    def give(start):
        return list(start)

    nodes = {
        "a": SchemaNode(uses=read_world, is_input=True),
        "same": SchemaNode(needs={"a": "a"}, uses=lambda a: a),
        "adds": SchemaNode(needs={"a": "a"}, uses=lambda a: a.append(7), is_target=True),
        "copy": SchemaNode(needs={"start": "a"}, uses=give),
        "total": SchemaNode(needs={"numbers": "copy"}, uses=sum_of, is_target=True),
        "other": SchemaNode(needs={"numbers": "same"}, uses=sum_of, is_target=True),
    }
    return GraphSchema(nodes | changes)


def sum_of(numbers):
    return sum(numbers)


@pytest.mark.parametrize("name", ["total", "other"])
def test_a_change_in_place_is_seen_below_whatever_was_known_before_it(trainer, name) -> None:
    assert trainer.train(mutating(), targets=[name]).outputs == {name: 6}
    for _ in range(3):
        assert trainer.train(mutating(), targets=["adds", name]).outputs == {"adds": None, name: 13}
    assert trainer.train(mutating(), targets=[name]).outputs == {name: 6}


def test_targets_are_a_list(trainer) -> None:
    with pytest.raises(GraphSchemaError, match=r"targets=\['text'\]"):
        trainer.train(pipeline(), targets="text")
