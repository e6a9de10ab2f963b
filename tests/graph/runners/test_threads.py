"""Independent nodes in threads: the same results, no more runs, nothing wrong stored."""

from __future__ import annotations

import contextvars
import threading

import pytest

from fpcache.graph import GraphSchema, GraphTrainer, SchemaNode, Threads

WHO: contextvars.ContextVar[str] = contextvars.ContextVar("WHO", default="nobody")


@pytest.fixture
def trainer(cache) -> GraphTrainer:
    return GraphTrainer(cache, runner=Threads(4))


def test_the_results_and_the_runs_are_those_in_order(pipeline, ran, trainer, in_order) -> None:
    first = trainer.train(pipeline.diamond())
    assert sorted(ran()) == ["slowly 1", "slowly 2", "total"]
    assert first.outputs == {"total": 15}
    for other in (trainer, in_order):
        assert other.train(pipeline.diamond()).outputs == {"total": 15}
        assert ran() == []
    changed = trainer.train(pipeline.diamond(by=(1, 3)))
    assert changed.outputs == {"total": 18}
    assert ran() == ["slowly 3", "total"]


def test_nodes_that_do_not_need_each_other_run_at_the_same_time(trainer) -> None:
    meeting = threading.Barrier(2)

    def meet(numbers):
        meeting.wait(timeout=60)  # passes only where both are there
        return len(numbers)

    nodes = {
        "source": SchemaNode(uses=lambda: [1], is_input=True),
        "one": SchemaNode(needs={"numbers": "source"}, uses=meet, is_target=True),
        "other": SchemaNode(needs={"numbers": "source"}, uses=lambda numbers: meet(numbers), is_target=True),
    }
    assert trainer.train(GraphSchema(nodes)).outputs == {"one": 1, "other": 1}


def test_a_wide_graph_gives_what_it_gives_in_order(trainer, in_order, ran, pipeline) -> None:
    def schema() -> GraphSchema:
        nodes = {"source": SchemaNode(uses=pipeline.read, is_input=True)}
        for number in range(40):
            config = {"by": number % 7}
            nodes[f"n{number}"] = SchemaNode({"numbers": "source"}, pipeline.slowly, config)
            nodes[f"t{number}"] = SchemaNode(
                {"left": f"n{number}", "right": f"n{number // 2}"}, pipeline.total, is_target=True
            )
        return GraphSchema(nodes)

    outputs = trainer.train(schema()).outputs
    ran()
    assert in_order.train(schema()).outputs == outputs
    assert ran() == []
    assert in_order.train(schema(), force=True).outputs == outputs


def test_a_failing_node_is_named_and_the_others_results_are_kept(pipeline, ran, trainer) -> None:
    nodes = dict(pipeline.diamond().nodes)
    nodes["bad"] = SchemaNode({"numbers": "left"}, pipeline.fails, is_target=True)
    with pytest.raises(ZeroDivisionError) as caught:
        trainer.train(GraphSchema(nodes))
    assert caught.value.__notes__ == ["in node `bad` (fails) of the graph"]
    ran()
    assert trainer.train(pipeline.diamond(), targets=["left"]).executed == ("source",)


def test_a_node_that_changes_its_input_in_place_is_never_kept(pipeline, ran, trainer) -> None:
    for _ in range(2):
        result = trainer.train(pipeline.single(pipeline.spoil))
        assert result.outputs == {"node": 4}
        assert "changes its input" in result.notes["node"]


def test_hooks_are_told_by_one_thread_at_a_time(pipeline, cache) -> None:
    inside, told = threading.Lock(), []

    class Watching:
        def _note(self, what, step):
            assert inside.acquire(blocking=False)
            told.append((what, step.name))
            inside.release()

        def on_status(self, step, status):
            self._note("status", step)

        def on_start(self, step):
            self._note("start", step)

        def on_finish(self, step, outcome):
            self._note("finish", step)

    GraphTrainer(cache, [Watching()], Threads(4)).train(pipeline.diamond(seconds=0.05))
    for name in ("left", "right", "total"):
        assert [what for what, node in told if node == name] == ["status", "start", "finish"]


def test_context_variables_reach_the_nodes(trainer) -> None:
    def who(numbers):
        return WHO.get()

    nodes = {
        "source": SchemaNode(uses=lambda: [1], is_input=True),
        "who": SchemaNode(needs={"numbers": "source"}, uses=who, is_target=True),
    }
    token = WHO.set("somebody")
    try:
        assert trainer.train(GraphSchema(nodes), force=True).outputs == {"who": "somebody"}
    finally:
        WHO.reset(token)


def test_at_least_one_worker() -> None:
    with pytest.raises(ValueError, match="workers must be 1 or more, not 0"):
        Threads(0)
