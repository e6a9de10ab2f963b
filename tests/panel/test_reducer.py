"""Folding events into a session's state, without a session."""

from __future__ import annotations

from functools import reduce as fold

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpcache.events import (
    BatchProgress,
    CacheFault,
    CellFinished,
    CellStarted,
    ComponentFinished,
    ComponentStarted,
    PlannedComponent,
)
from fpcache.panel.reducer import reduce
from fpcache.panel.state import CELLS_KEPT, SessionState
from fpcache.panel.views import overview, shown_cell

PARTS = (
    PlannedComponent("a = load()", 1, 1),
    PlannedComponent("b = fit(a)", 2, 4, ((0, "a"),)),
    PlannedComponent("print(b)", 5, 5, ((1, "b"),)),
)


def folded(*events):
    return fold(reduce, events, SessionState())


def statuses(state):
    return [node.status for node in state.cells[-1].nodes]


def ended(index, status, number=1, **more):
    return ComponentFinished(number, index, status, f"because {index}", last_index=index, **more)


def test_a_cell_is_shown_with_all_its_components_before_any_of_them_ran():
    state = folded(CellStarted(1, "a1", PARTS, execution=7))
    assert statuses(state) == ["waiting"] * 3
    assert shown_cell(state.cells[-1])["nodes"][1]["needs"] == [[0, "a"]]
    assert state.cells[-1].phase == "running"


def test_components_go_from_running_to_what_became_of_them():
    begun = [
        CellStarted(1, "a1", PARTS),
        ComponentStarted(1, 0, "hit", "found"),
        ended(0, "hit", saved_s=2.0),
    ]
    state = folded(*begun, ComponentStarted(1, 1, "miss", "`a` changed"))
    assert statuses(state) == ["hit", "running", "waiting"]
    assert state.cells[-1].nodes[1].reason == "`a` changed"
    state = reduce(state, ended(1, "miss", duration_s=0.5, size_bytes=100, was_stored=True))
    assert statuses(state) == ["hit", "miss", "waiting"]
    assert (state.totals.hits, state.totals.misses, state.totals.saved_s) == (1, 1, 2.0)
    assert (state.totals.stored_bytes, state.totals.restored_bytes) == (100, 0)


def test_a_failing_component_leaves_those_below_it_unreached():
    state = folded(
        CellStarted(1, "a1", PARTS),
        ComponentStarted(1, 0, "miss", "never seen"),
        ended(0, "miss", failed=True),
        CellFinished(1, True, 0.1),
    )
    assert statuses(state) == ["failed", "skipped", "skipped"]
    assert state.cells[-1].nodes[0].reason == "it raised an error"
    assert (state.cells[-1].phase, state.totals.overhead_s) == ("failed", 0.1)


def test_what_a_component_took_in_is_shown_as_joined():
    state = folded(
        CellStarted(1, "a1", PARTS), ComponentFinished(1, 0, "miss", "opens a figure", last_index=2)
    )
    assert statuses(state) == ["miss", "joined", "joined"]
    assert "line 1" in state.cells[-1].nodes[2].reason
    assert state.totals.misses == 1


def test_an_interrupted_component_does_not_stay_running():
    state = folded(
        CellStarted(1, "a", PARTS), ComponentStarted(1, 0, "miss", "never seen"), CellFinished(1, True, 0)
    )
    assert statuses(state) == ["skipped"] * 3


def test_the_hit_rate_counts_what_was_asked_and_not_what_runs_by_rule():
    assert folded().totals.hit_rate is None
    statuses = ("hit", "miss", "uncacheable", "hit", "plain")
    events = [ended(index, status) for index, status in enumerate(statuses)]
    assert folded(CellStarted(1, "a", PARTS * 2), *events).totals.hit_rate == 0.5


def test_what_ends_twice_is_counted_as_it_ended_last():
    events = [ended(0, "hit", saved_s=2.0, size_bytes=7), ended(0, "miss"), ended(1, "pruned", saved_s=1.0)]
    totals = folded(CellStarted(1, "a", PARTS), *events, ended(1, "miss")).totals
    assert (totals.hits, totals.misses, totals.saved_s, totals.restored_bytes) == (0, 2, 0.0, 0)


def test_a_running_cell_stays_however_much_begins_after_it():
    events = [CellStarted(1, "a", PARTS)]
    for number in range(2, CELLS_KEPT + 50):
        events += [CellStarted(number, "graph", PARTS[:1], kind="graph"), CellFinished(number, False, 0.0)]
    state = folded(*events)
    assert (state.cells[0].number, len(state.cells)) == (1, CELLS_KEPT)


def test_old_cells_go_and_their_totals_stay():
    events = []
    for number in range(1, CELLS_KEPT + 21):
        events += [CellStarted(number, "a", PARTS[:1]), ended(0, "hit", number, saved_s=1.0)]
    state = folded(*events)
    assert [state.cells[0].number, len(state.cells)] == [21, CELLS_KEPT]
    assert state.totals.saved_s == CELLS_KEPT + 20


def test_faults_are_kept_up_to_a_number():
    state = folded(*(CacheFault(f"fault {number}") for number in range(50)))
    assert (state.faults[-1], len(state.faults)) == ("fault 49", 20)


@pytest.mark.parametrize(
    "event", [ComponentStarted(9, 0, "hit", ""), ended(0, "odd", 9), CellFinished(9, False, 0.0)]
)
def test_news_of_an_unknown_cell_adds_no_cell(event):
    state = folded(CellStarted(1, "a", PARTS))
    assert reduce(state, event).cells == state.cells


def test_an_index_beyond_the_cell_changes_no_component():
    state = folded(CellStarted(1, "a", PARTS))
    for index in (-1, 3, 99):
        started = reduce(state, ComponentStarted(1, index, "miss", ""))
        assert reduce(started, ended(index, "miss")).cells == state.cells


indexes = st.integers(-1, 3)
words = st.sampled_from(["hit", "miss", "uncacheable", "plain", "odd"])
events = st.one_of(
    st.builds(CellStarted, st.integers(1, 3), st.just("a"), st.just(PARTS)),
    st.builds(ComponentStarted, st.integers(1, 3), indexes, words, st.just("why")),
    st.builds(
        ComponentFinished,
        st.integers(1, 3),
        indexes,
        words,
        st.just("why"),
        st.floats(0, 10),
        st.floats(0, 10),
        failed=st.booleans(),
        last_index=indexes,
    ),
    st.builds(CellFinished, st.integers(1, 3), st.booleans(), st.floats(0, 1)),
    st.builds(CacheFault, st.just("broken")),
)


@given(st.lists(events, max_size=30))
def test_any_order_of_events_gives_a_state_that_can_be_shown(happened):
    state = folded(*happened)
    facts = {"enabled": True, "auto": False, "store": {}}
    shown = overview(state, facts, [], 0)
    assert len(shown["timeline"]) == len(state.cells)
    for cell in state.cells:
        assert len(shown_cell(cell)["nodes"]) == len(PARTS)
        if cell.phase != "running" and happened[-1] == CellFinished(
            cell.number, cell.phase == "failed", cell.overhead_s
        ):
            assert not {"waiting", "running", "restoring"} & {node.status for node in cell.nodes}
    asked = state.totals.hits + state.totals.misses + state.totals.uncacheable
    assert (state.totals.hit_rate is None) == (asked == 0)


def batch(done, **more):
    return BatchProgress(done, 40, 1, 12.5, 16, "NVIDIA H100", "float16", "processes", **more)


def works(state):
    return [[node.work.done if node.work else None for node in cell.nodes] for cell in state.cells]


def test_a_batch_is_shown_at_the_component_that_runs_until_it_is_over():
    begun = [CellStarted(1, "a1", PARTS), ended(0, "plain"), ComponentStarted(1, 1, "miss", "never seen")]
    state = folded(*begun, batch(10), batch(20))
    assert works(state) == [[None, 20, None]]
    assert shown_cell(state.cells[-1])["nodes"][1]["work"] == {
        "done": 20, "total": 40, "failures": 1, "per_s": 12.5, "together": 16, "device": "NVIDIA H100",
        "dtype": "float16", "workers": "processes",
    }  # fmt: skip
    assert works(reduce(state, batch(40, is_over=True))) == [[None, None, None]]
    assert works(reduce(state, ended(1, "miss"))) == [[None, None, None]]
    assert works(reduce(state, CellFinished(1, True, 0.0))) == [[None, None, None]]


def test_a_batch_in_a_graph_is_shown_at_the_node_that_runs():
    nodes = (PlannedComponent("files", 0, 0), PlannedComponent("made", 0, 0))
    begun = [CellStarted(1, "a1", PARTS), ComponentStarted(1, 0, "miss", "never seen")]
    graph = [
        CellStarted(2, "graph", nodes, kind="graph"),
        ended(0, "plain", 2),
        ComponentStarted(2, 1, "miss", ""),
    ]
    state = folded(*begun, *graph, batch(5))
    assert works(state) == [[None, None, None], [None, 5]]
    after = folded(*begun, *graph, ended(1, "miss", 2), CellFinished(2, False, 0.0, "graph"), batch(6))
    assert works(after) == [[6, None, None], [None, None]]


def test_a_batch_that_no_component_runs_changes_nothing():
    for events in (
        [],
        [CellStarted(1, "a1", PARTS)],
        [CellStarted(1, "a1", PARTS), CellFinished(1, False, 0.0)],
    ):
        assert reduce(folded(*events), batch(3)) == folded(*events)
