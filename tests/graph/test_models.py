"""What a training left: run, packaged to one file, loaded back, gone on with."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import replace

import pytest

from fpcache.errors import FpcacheError, GraphSchemaError
from fpcache.graph import GraphComponent, GraphSchema, Model, ModelStorage, SchemaNode


def read(count=3):
    return list(range(count))


def ask():
    raise AssertionError("a value stands for this node")


class Mean(GraphComponent):
    """Learns a mean, and tells how far numbers are from it."""

    default_config = {"rate": 1.0}

    @classmethod
    def create(cls, config, context):
        component = cls(config)
        component.context, component.mean = context, None
        return component

    @classmethod
    def load(cls, config, context):
        component = cls.create(config, context)
        with context.read_resource() as directory:
            component.mean = float((directory / "deep" / "mean.txt").read_text())
        return component

    def train(self, numbers):
        mean = sum(numbers) / len(numbers)
        if self.mean is not None:
            mean = self.mean + self.config["rate"] * (mean - self.mean)
        with self.context.write_resource() as written:
            (written.directory / "deep").mkdir()
            (written.directory / "deep" / "mean.txt").write_text(repr(mean))
            (written.directory / "large.bin").write_bytes(bytes(3_000_000))
        return written.resource

    def far(self, numbers):
        return [number - self.mean for number in numbers]


def training(**config) -> GraphSchema:
    return GraphSchema(
        {
            "numbers": SchemaNode(uses=read, config=config, is_input=True),
            "mean": SchemaNode(needs={"numbers": "numbers"}, uses=Mean, fn="train", is_target=True),
        }
    )


FAR = SchemaNode(
    needs={"numbers": "given"}, uses=Mean, fn="far", constructor="load", resource="mean", is_target=True
)
PREDICTION = GraphSchema({"given": SchemaNode(uses=ask, is_input=True), "far": FAR})


@pytest.fixture
def model(trainer, tmp_path) -> Model:
    return trainer.train(training(), storage=ModelStorage(tmp_path / "models")).model.with_schema(PREDICTION)


def test_a_model_runs_with_values_for_its_inputs(model) -> None:
    assert model.run({"given": [1, 3]}) == {"far": [0.0, 2.0]}
    assert model.run({"given": [2]}) == {"far": [1.0]}


def test_its_components_are_made_once(model, monkeypatch) -> None:
    model.run({"given": [1]})
    monkeypatch.setattr(Mean, "load", None)
    assert model.run({"given": [4]}) == {"far": [3.0]}


def test_a_wrong_name_is_told(model) -> None:
    with pytest.raises(GraphSchemaError, match="no node `gven` to stand for; did you mean `given`"):
        model.run({"gven": [1]})
    wrong = GraphSchema({**PREDICTION.nodes, "far": replace(FAR, resource="men")})
    with pytest.raises(GraphSchemaError, match="`men`, which no base model has; did you mean `mean`"):
        model.with_schema(wrong).run({"given": [1]})


def test_one_file_holds_all_of_it(model, tmp_path) -> None:
    packaged = replace(model, metadata={"title": "means"}).package(tmp_path / "model.zip")
    loaded = Model.load(packaged, ModelStorage(tmp_path / "loaded"))
    assert loaded.run({"given": [1, 3]}) == {"far": [0.0, 2.0]}
    assert loaded.resources == model.resources
    assert loaded.metadata["title"] == "means"
    assert loaded.metadata["packaged_s"] > 0
    assert loaded.storage.tree(loaded.resources["mean"]).files.keys() == {"deep/mean.txt", "large.bin"}
    assert Model.load(packaged).run({"given": [1]}) == {"far": [0.0]}


def test_packaging_that_fails_leaves_the_old_file(model, tmp_path) -> None:
    packaged = model.package(tmp_path / "model.zip")
    before = packaged.read_bytes()
    nodes = {**PREDICTION.nodes, "given": SchemaNode(uses=lambda: [1], is_input=True)}
    with pytest.raises(GraphSchemaError, match="given"):
        model.with_schema(GraphSchema(nodes)).package(packaged)
    assert packaged.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if "model.zip" in path.name] == ["model.zip"]


def rewritten(packaged, change):
    """Return a copy of a packaged model in which `change` made something of each member."""
    other = packaged.with_name("other.zip")
    with zipfile.ZipFile(packaged) as source, zipfile.ZipFile(other, "w") as target:
        for name in source.namelist():
            target.writestr(*change(name, source.read(name)))
    return other


def test_what_was_changed_or_leads_elsewhere_is_not_loaded(model, tmp_path) -> None:
    packaged = model.package(tmp_path / "model.zip")

    def other_mean(name, content):
        return name, b"7.0" if name.endswith("mean.txt") else content

    def outside(name, content):
        told = content.replace(b"deep/mean.txt", b"../../mean.txt") if name == "model.json" else content
        return name.replace("deep/mean.txt", "../../mean.txt"), told

    def newer(name, content):
        return name, json.dumps({**json.loads(content), "format": 99}) if name == "model.json" else content

    for change, message in (
        (other_mean, "not what was written"), (outside, "leads elsewhere"), (newer, "another fpcache")
    ):  # fmt: skip
        with pytest.raises(FpcacheError, match=message):
            Model.load(rewritten(packaged, change), ModelStorage(tmp_path / message))
    (tmp_path / "text.zip").write_text("no archive")
    with pytest.raises(FpcacheError, match="is no packaged model, or is damaged"):
        Model.load(tmp_path / "text.zip")
    (tmp_path / "half.zip").write_bytes(packaged.read_bytes()[:-200])
    with pytest.raises(FpcacheError, match="is no packaged model, or is damaged"):
        Model.load(tmp_path / "half.zip")


def mean_of(result) -> str:
    return result.storage.tree(result.outputs["mean"]).files["deep/mean.txt"].read_text()


def test_fine_tuning_goes_on_with_what_was_trained(trainer) -> None:
    first = trainer.train(training())
    tuning = training(count=7).with_config("mean", rate=0.5)
    tuned = trainer.train(tuning, base=first.model, is_finetuning=True)
    assert mean_of(first) == "1.0"
    assert mean_of(tuned) == "2.0"
    again = trainer.train(tuning, base=first.model, is_finetuning=True)
    assert again.executed == ("numbers",)
    assert mean_of(again) == "2.0"


def test_another_base_another_start_and_no_base_are_three_results(trainer) -> None:
    first, other = trainer.train(training()), trainer.train(training(count=9))
    tuning = training(count=7).with_config("mean", rate=0.5)
    means = [
        mean_of(trainer.train(tuning, base=first.model, is_finetuning=True)),
        mean_of(trainer.train(tuning, base=other.model, is_finetuning=True)),
        mean_of(trainer.train(tuning)),
        mean_of(trainer.train(tuning, base=first.model)),
    ]
    assert means == ["2.0", "3.5", "3.0", "3.0"]


def test_the_base_may_lie_in_another_storage(trainer, tmp_path) -> None:
    first = trainer.train(training(), storage=ModelStorage(tmp_path / "first"))
    tuned = trainer.train(
        training(count=7), base=first.model, is_finetuning=True, storage=ModelStorage(tmp_path / "second")
    )
    assert mean_of(tuned) == "3.0"
    assert tuned.storage.directory == tmp_path / "second"


def test_fine_tuning_that_goes_on_with_nothing_is_told(trainer) -> None:
    nodes = dict(training().nodes)
    nodes["again"] = nodes.pop("mean")
    with pytest.raises(GraphSchemaError, match="no node goes on with anything: .* resources `mean`"):
        trainer.train(GraphSchema(nodes), base=trainer.train(training()).model, is_finetuning=True)


def test_files_of_any_age_are_packaged_and_others_may_read_the_package(model, tmp_path) -> None:
    digest = model.resources["mean"].digest
    os.utime(model.storage.directory / digest / "deep" / "mean.txt", (0, 0))
    packaged = model.package(tmp_path / "model.zip")
    (tmp_path / "plain").touch()
    assert packaged.stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert Model.load(packaged, tmp_path / "loaded").run({"given": [1]}) == {"far": [0.0]}


def test_fine_tuning_needs_something_to_go_on_with(trainer) -> None:
    with pytest.raises(GraphSchemaError, match="pass it as base="):
        trainer.train(training(), is_finetuning=True)
    with pytest.raises(GraphSchemaError, match="node `far` loads the resource `mean`, which no base"):
        trainer.train(GraphSchema({"given": SchemaNode(uses=read, is_input=True), "far": FAR}))
    nodes = {"given": SchemaNode(uses=read, is_input=True, is_target=True, resource="mean")}
    with pytest.raises(GraphSchemaError, match="`given` is a plain function, which loads no resource"):
        trainer.train(GraphSchema(nodes), base=trainer.train(training()).model)
