"""Outputs that keep themselves as files, and resources, through the cache."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from fpcache.errors import StoreError
from fpcache.graph import Cacheable, GraphComponent, GraphSchema, ModelStorage, SchemaNode


class Table(Cacheable):
    def __init__(self, rows):
        self.rows = rows

    def to_cache(self, directory):
        (directory / "deep").mkdir()
        (directory / "deep" / "rows.txt").write_text("\n".join(self.rows))
        (directory / "large.bin").write_bytes(b"x" * 3_000_000)

    @classmethod
    def from_cache(cls, directory):
        assert (directory / "large.bin").stat().st_size == 3_000_000
        return cls((directory / "deep" / "rows.txt").read_text().split("\n"))


class Locked(Table):
    def __init__(self, rows):
        super().__init__(rows)
        self.lock = threading.Lock()


def source(count=2):
    return [f"row {number}" for number in range(count)]


def make(rows, kind="Table"):
    return {"Table": Table, "Locked": Locked}[kind](list(rows))


def make_of_its_input(rows, kind):
    return {"Table": Table, "Locked": Locked}[kind](rows)


def count(table):
    return len(table.rows)


class Train(GraphComponent):
    @classmethod
    def create(cls, config, context):
        component = cls(config)
        component.context = context
        return component

    def run(self, rows):
        with self.context.write_resource() as written:
            (written.directory / "most.txt").write_text(max(rows))
        return written.resource


class Apply(Train):
    def run(self, model, rows):
        with self.context.read_resource(model) as directory:
            return rows.index((directory / "most.txt").read_text())


def table_graph(kind="Table", **config) -> GraphSchema:
    return GraphSchema(
        {
            "source": SchemaNode(uses=source, config=config, is_input=True),
            "make": SchemaNode(needs={"rows": "source"}, uses=make, config={"kind": kind}, is_target=True),
            "count": SchemaNode(needs={"table": "make"}, uses=count, is_target=True),
        }
    )


def model_graph(name="train", **config) -> GraphSchema:
    return GraphSchema(
        {
            "source": SchemaNode(uses=source, config=config, is_input=True),
            name: SchemaNode(needs={"rows": "source"}, uses=Train, is_target=True),
            "apply": SchemaNode(needs={"model": name, "rows": "source"}, uses=Apply, is_target=True),
        }
    )


@pytest.mark.parametrize("kind", ["Table", "Locked"])
def test_an_output_that_keeps_itself_comes_back_as_files(trainer, kind) -> None:
    trainer.train(table_graph(kind))
    second = trainer.train(table_graph(kind))
    assert second.executed == ("source",)
    assert second.outputs["make"].rows == ["row 0", "row 1"]
    assert type(second.outputs["make"]).__name__ == kind
    assert trainer.train(table_graph(kind, count=3)).executed == ("source", "make", "count")


def test_a_class_that_no_name_leads_to_is_not_kept(trainer) -> None:
    class Local(Table):
        pass

    def make_local(rows):
        return Local(list(rows))

    node = SchemaNode(needs={"rows": "source"}, uses=make_local, is_target=True)
    schema = GraphSchema({"source": SchemaNode(uses=source, is_input=True), "make": node})
    assert "can't be found by its name" in trainer.train(schema).notes["make"]
    assert trainer.train(schema).executed == ("source", "make")


def test_a_resource_goes_through_the_cache_into_another_storage(trainer, tmp_path) -> None:
    first = trainer.train(model_graph(), storage=ModelStorage(tmp_path / "first"))
    second = trainer.train(model_graph(), storage=ModelStorage(tmp_path / "second"))
    assert second.executed == ("source",)
    assert first.fingerprints == second.fingerprints
    resource = second.outputs["train"]
    assert resource == first.outputs["train"]
    assert second.storage.tree(resource).files["most.txt"].read_text() == "row 1"


def test_a_training_that_ends_in_the_same_files_cuts_off_what_lies_below(trainer) -> None:
    trainer.train(model_graph())
    changed = model_graph().with_config("train", epochs=3)
    assert trainer.train(changed).executed == ("source", "train")


def test_renaming_the_node_that_trains_does_not_miss(trainer) -> None:
    trainer.train(model_graph())
    assert trainer.train(model_graph("fit")).executed == ("source",)


def test_a_resource_of_a_restored_node_serves_one_that_runs(trainer, tmp_path) -> None:
    trainer.train(model_graph())
    changed = model_graph().with_config("apply", best=True)
    result = trainer.train(changed, targets=["apply"], storage=ModelStorage(tmp_path / "new"))
    assert result.executed == ("source", "apply")
    assert result.outputs == {"apply": 1}


def test_files_that_were_written_to_while_they_are_read_are_told(trainer, tmp_path) -> None:
    class Spoils(Train):
        def run(self, rows):
            resource = super().run(rows)
            with self.context.read_resource(resource) as directory:
                (directory / "most.txt").write_text("spoilt")
            return resource

    node = SchemaNode(needs={"rows": "source"}, uses=Spoils, is_target=True)
    schema = GraphSchema({"source": SchemaNode(uses=source, is_input=True), "train": node})
    with pytest.raises(StoreError, match="a resource is only read"):
        trainer.train(schema)


@pytest.mark.parametrize("kind", ["Table", "Locked"])
def test_one_that_holds_its_input_is_not_kept(trainer, kind) -> None:
    nodes = dict(table_graph(kind).nodes)
    nodes["make"] = replace(nodes["make"], uses=make_of_its_input)
    for _ in range(2):
        result = trainer.train(GraphSchema(nodes))
        assert "make" in result.executed
        assert "shares memory with its input `rows`" in result.notes["make"]


class Slotted(Cacheable):
    __slots__ = ("inside", "lock")

    def __init__(self, rows):
        self.inside, self.lock = {"deep": [rows]}, threading.Lock()

    def to_cache(self, directory):
        (directory / "rows.txt").write_text("\n".join(self.inside["deep"][0]))

    @classmethod
    def from_cache(cls, directory):
        return cls((directory / "rows.txt").read_text().split("\n"))


def test_one_that_holds_its_input_deep_inside_is_not_kept(trainer) -> None:
    nodes = dict(table_graph().nodes)
    nodes["make"] = SchemaNode({"rows": "source"}, lambda rows: Slotted(rows), is_target=True)
    result = trainer.train(GraphSchema(nodes), targets=["make"])
    assert "shares memory with its input `rows`" in result.notes["make"]


@pytest.mark.parametrize("other", ["another class", "an edited method"])
def test_the_class_of_one_without_a_fingerprint_counts(trainer, monkeypatch, other) -> None:
    class Loud(Locked):
        def say(self):
            return "loud"

    def say(table):
        return table.say()

    monkeypatch.setattr(Locked, "say", lambda self: "quiet", raising=False)
    monkeypatch.setitem(globals(), "Loud", Loud)
    Loud.__qualname__ = "Loud"
    nodes = {
        "source": SchemaNode(uses=source, is_input=True),
        "make": SchemaNode({"rows": "source"}, lambda rows: Locked(list(rows))),
        "say": SchemaNode({"table": "make"}, say, is_target=True),
    }
    assert trainer.train(GraphSchema(nodes)).outputs == {"say": "quiet"}
    if other == "another class":
        nodes["make"] = SchemaNode({"rows": "source"}, lambda rows: Loud(list(rows)))
    else:
        monkeypatch.setattr(Locked, "say", lambda self: "loud")
    assert trainer.train(GraphSchema(nodes)).outputs == {"say": "loud"}


def test_a_resource_inside_another_value_is_not_kept(trainer) -> None:
    class Scored(Train):
        def run(self, rows):
            return super().run(rows), 0.5

    nodes = {
        "source": SchemaNode(uses=source, is_input=True),
        "train": SchemaNode({"rows": "source"}, Scored, is_target=True),
    }
    for _ in range(2):
        result = trainer.train(GraphSchema(nodes))
        assert result.executed == ("source", "train")
        assert "holds a resource inside another value" in result.notes["train"]
        assert result.storage.has(result.outputs["train"][0])


def test_a_resource_may_be_passed_on(trainer) -> None:
    nodes = dict(model_graph().nodes)
    nodes["passed"] = SchemaNode({"model": "train"}, lambda model: model, is_target=True)
    trainer.train(GraphSchema(nodes))
    assert trainer.train(GraphSchema(nodes)).executed == ("source",)


@pytest.mark.parametrize("method", ["to_cache", "from_cache"])
def test_what_fails_in_keeping_an_output_costs_no_more_than_a_run(trainer, monkeypatch, method) -> None:
    def fail(*_):
        raise RuntimeError("full")

    if method == "to_cache":
        monkeypatch.setattr(Locked, "to_cache", fail)
    first = trainer.train(table_graph("Locked"), targets=["make"])
    monkeypatch.setattr(Locked, "from_cache", classmethod(fail))
    second = trainer.train(table_graph("Locked"), targets=["make"])
    assert first.outputs["make"].rows == second.outputs["make"].rows
    assert "make" in second.executed
    if method == "to_cache":
        assert "to_cache raised RuntimeError: full" in first.notes["make"]


def test_a_damaged_directory_is_put_right_from_the_cache(trainer, tmp_path) -> None:
    storage = ModelStorage(tmp_path / "models")
    resource = trainer.train(model_graph(), storage=storage).outputs["train"]
    (storage.directory / resource.digest / "most.txt").write_text("row 0")
    changed = model_graph().with_config("apply", best=True)
    assert trainer.train(changed, targets=["apply"], storage=storage).outputs == {"apply": 1}
    (storage.directory / resource.digest / "most.txt").unlink()
    trainer.train(model_graph(), storage=storage, force=True)
    assert storage.has(resource)
