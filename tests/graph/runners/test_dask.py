"""Nodes on a cluster of two worker processes of this machine, which use one store with this process."""

from __future__ import annotations

import logging
import os
import sys

import pytest

from fpcache.errors import FpcacheError
from fpcache.graph import Dask, GraphSchema, GraphTrainer, ModelStorage, OutputCache, SchemaNode
from fpcache.store import LocalStore

distributed = pytest.importorskip("distributed", reason="needs the dask extra")
cloudpickle = pytest.importorskip("cloudpickle")


@pytest.fixture(scope="module")
def client(module_directory):
    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers can't import tests
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as found,
    ):
        found.register_plugin(_Preparing(str(module_directory)))
        yield found


class _Preparing(distributed.WorkerPlugin):
    """Lets workers import the pipeline, also those that are started in place of a dead one."""

    name = "preparing"

    def __init__(self, directory: str) -> None:
        self.directory = directory

    def setup(self, worker) -> None:
        import os

        sys.path.insert(0, self.directory)
        os.environ["PIPELINE_RAN"] = os.path.join(self.directory, "ran")


@pytest.fixture
def trainer(cache, client) -> GraphTrainer:
    return GraphTrainer(cache, runner=Dask(client))


def test_what_one_process_computed_is_a_hit_for_all(pipeline, ran, trainer, in_order) -> None:
    first = trainer.train(pipeline.diamond())
    assert first.outputs == {"total": 15}
    assert sorted(ran()) == ["slowly 1", "slowly 2", "total"]
    assert set(first.executed) == {"source", "left", "right", "total"}
    for other in (trainer, in_order):
        again = other.train(pipeline.diamond())
        assert again.outputs == {"total": 15}
        assert again.executed == ("source",)
    changed = in_order.train(pipeline.diamond(by=(1, 3)))
    assert changed.outputs == {"total": 18}
    assert ran() == ["slowly 3", "total"]
    assert trainer.train(pipeline.diamond(by=(1, 3))).executed == ("source",)
    assert ran() == []


def test_nodes_run_on_the_workers(pipeline, client, trainer) -> None:
    def where(numbers):
        import os

        return os.getpid()

    result = trainer.train(pipeline.single(where))
    addresses = {pid: address for address, pid in client.run(os.getpid).items()}
    places = {outcome.name: outcome.where for outcome in result.outcomes}
    assert places["source"] == ""
    assert places["node"] == addresses[result.outputs["node"]]


def test_a_worker_that_dies_costs_a_second_run_and_nothing_else(pipeline, ran, trainer, tmp_path) -> None:
    result = trainer.train(pipeline.single(pipeline.dies_once, place=str(tmp_path / "died")))
    assert result.outputs == {"node": 3}
    assert ran() == ["slowly 0", "dies_once", "dies_once"]
    assert trainer.train(pipeline.single(pipeline.dies_once, place=str(tmp_path / "died"))).executed == (
        "source",
    )
    assert ran() == []


def test_a_failing_node_is_named_and_the_others_results_are_kept(pipeline, ran, trainer, in_order) -> None:
    with pytest.raises(ZeroDivisionError, match="no such thing") as caught:
        trainer.train(pipeline.single(pipeline.fails))
    assert caught.value.__notes__ == ["in node `node` (fails) of the graph"]
    assert ran() == ["slowly 0", "fails"]
    with pytest.raises(ZeroDivisionError):
        in_order.train(pipeline.single(pipeline.fails))
    assert ran() == ["fails"]


def test_resources_are_written_and_read_on_workers(pipeline, ran, trainer, in_order, tmp_path) -> None:
    first = trainer.train(pipeline.model(), storage=ModelStorage(tmp_path / "models"))
    assert first.outputs["apply"] == 2
    assert first.storage.tree(first.outputs["train"]).files["most"].read_text() == "2"
    ran()
    second = in_order.train(pipeline.model(), storage=ModelStorage(tmp_path / "others"))
    assert second.outputs == first.outputs
    assert second.storage.tree(second.outputs["train"]).files["most"].read_text() == "2"
    assert ran() == []


@pytest.mark.parametrize(
    ("uses", "reason"), [("stream", "can't be sent"), ("spoil", "changes its input `numbers` in place")]
)
def test_what_a_worker_can_not_do_is_done_here(
    pipeline, ran, trainer, in_order, caplog, uses, reason
) -> None:
    with caplog.at_level(logging.INFO, "fpcache"):
        result = trainer.train(pipeline.single(getattr(pipeline, uses)))
    assert "node `node` runs in this process: " in caplog.text
    assert reason in caplog.text
    assert "node" in result.notes
    expected = in_order.train(pipeline.single(getattr(pipeline, uses)), force=True)
    if uses == "stream":
        assert list(result.outputs["node"]) == list(expected.outputs["node"]) == [0, 1, 2]
    else:
        assert result.outputs == expected.outputs == {"node": 4}


def test_code_that_can_not_be_sent_runs_here(pipeline, trainer) -> None:
    class Unsendable:
        def __call__(self, numbers):
            return sum(numbers)

        def __reduce__(self):
            raise TypeError("stays here")

    assert trainer.train(pipeline.single(Unsendable())).outputs == {"node": 3}


def test_workers_without_the_store_are_sent_the_values(pipeline, ran, client, cache, tmp_path) -> None:
    class Here(LocalStore):
        """A store that the workers don't see."""

        def __reduce__(self):
            return LocalStore, (str(tmp_path / "elsewhere"),)

    hidden = OutputCache(Here(tmp_path / "cache", key=b"k" * 32), cache.codec)
    trainer = GraphTrainer(hidden, runner=Dask(client))
    assert trainer.train(pipeline.diamond()).outputs == {"total": 15}
    assert sorted(ran()) == ["slowly 1", "slowly 2", "total"]
    assert trainer.train(pipeline.diamond()).executed == ("source",)
    assert trainer.train(pipeline.model()).outputs["apply"] == 2
    assert ran()[-1] == "apply"


def test_a_value_that_does_not_arrive_as_it_is_runs_here(pipeline, trainer, in_order) -> None:
    def odd(numbers):
        class Odd:
            def __init__(self, numbers):
                self.numbers = numbers

            def __reduce__(self):
                return list, ((),)

        return Odd(list(numbers))

    def measure(value):
        return len(value.numbers)

    nodes = {
        "source": SchemaNode(uses=pipeline.read, is_input=True),
        "odd": SchemaNode(needs={"numbers": "source"}, uses=odd),
        "measure": SchemaNode(needs={"value": "odd"}, uses=measure, is_target=True),
    }
    assert trainer.train(GraphSchema(nodes)).outputs == {"measure": 3}
    assert in_order.train(GraphSchema(nodes)).outputs == {"measure": 3}


def test_the_address_in_use_is_told(client, cache, pipeline, caplog) -> None:
    runner = Dask(client.scheduler.address)
    assert runner.address == client.scheduler.address
    with caplog.at_level(logging.INFO, "fpcache"):
        assert GraphTrainer(cache, runner=runner).train(pipeline.diamond()).outputs == {"total": 15}
    assert f"the graph runs on Dask at {client.scheduler.address}" in caplog.text


def test_a_cluster_that_does_not_answer_is_told(pipeline, cache) -> None:
    with pytest.raises(FpcacheError, match="no Dask cluster at tcp://127.0.0.1:9"):
        GraphTrainer(cache, runner=Dask("tcp://127.0.0.1:9", timeout_s=1)).train(pipeline.diamond())
    with pytest.raises(FpcacheError, match="no Dask client is in use"):
        GraphTrainer(cache, runner=Dask()).train(pipeline.diamond())


def test_a_worker_with_other_code_does_not_run_it(pipeline, client, trainer, in_order, monkeypatch) -> None:
    before = trainer.train(pipeline.single(pipeline.slowly, by=1))  # the workers load it
    assert before.outputs == {"node": [1, 2, 3]}
    monkeypatch.setattr(pipeline, "slowly", lambda numbers, by: [number * 10 for number in numbers])
    monkeypatch.setattr(pipeline.Train, "run", lambda self, numbers: len(numbers))
    for trained in (trainer, in_order):
        assert trained.train(pipeline.single(pipeline.slowly, by=1)).outputs == {"node": [0, 100, 200]}
        assert trained.train(pipeline.model(), targets=["train"]).outputs == {"train": 3}


def test_an_input_without_a_fingerprint_is_not_sent(pipeline, trainer) -> None:
    def make(numbers):
        import threading

        class Forgetful:
            def __init__(self):
                self.kept, self.lock = 7, threading.Lock()

            def __getstate__(self):
                return {"kept": 0}

        return Forgetful()

    nodes = {
        "source": SchemaNode(uses=pipeline.read, is_input=True),
        "make": SchemaNode(needs={"numbers": "source"}, uses=make),
        "look": SchemaNode(needs={"made": "make"}, uses=lambda made: made.kept, is_target=True),
    }
    assert trainer.train(GraphSchema(nodes)).outputs == {"look": 7}


def test_what_can_not_be_raised_elsewhere_is_raised_here(pipeline, trainer) -> None:
    class Odd(Exception):
        def __init__(self, one, two):
            super().__init__(one)

    def fail(numbers):
        raise Odd("one", "two")

    def leave(numbers):
        raise SystemExit(3)

    with pytest.raises(Odd, match="one"):
        trainer.train(pipeline.single(fail))
    with pytest.raises(SystemExit):
        trainer.train(pipeline.single(leave))


def test_a_graph_in_a_node_of_a_graph(pipeline, client, trainer, tmp_path) -> None:
    directory = str(tmp_path / "inner")

    def inner(numbers):
        from fpcache import outputs
        from fpcache.graph import Dask, GraphSchema, GraphTrainer, SchemaNode

        nodes = {
            "source": SchemaNode(uses=lambda: [1, 2], is_input=True),
            "total": SchemaNode(needs={"numbers": "source"}, uses=sum_of, is_target=True),
        }
        trained = GraphTrainer(outputs.open_cache(directory), runner=Dask()).train(GraphSchema(nodes))
        return trained.outputs["total"]

    def sum_of(numbers):
        return sum(numbers)

    assert trainer.train(pipeline.single(inner)).outputs == {"node": 3}


def test_a_client_that_was_closed_is_told(pipeline, client, cache) -> None:
    other = distributed.Client(client.scheduler.address, set_as_default=False)
    other.close()
    with pytest.raises(FpcacheError, match="the Dask client is closed"):
        GraphTrainer(cache, runner=Dask(other)).train(pipeline.diamond())
