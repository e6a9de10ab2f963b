"""Hand-written graphs beside a dashboard: their nodes are told of like components."""

from __future__ import annotations

import json

import pytest

from fpcache.testing.sessions import Do, expect

OFF = "%fpcache auto off"
OPEN = (OFF, "%fpcache dashboard")  # no automatic mode: a cell that trains would be a hit itself
HUB = "import json, pathlib; from fpcache import active; hub = active.current().hub\n"
MAKE = """
from fpcache import active
from fpcache.graph import GraphComponent, GraphSchema, GraphTrainer, OutputCache, SchemaNode
from fpcache.replay import codec

class Codec:
    def dump(self, value):
        return codec.dump(value, nodes=(), namespace={})
    def load(self, stream, buffers):
        return codec.load(stream, buffers, nodes=(), namespace={})

def numbers():
    return [3, 1, 2]

def shift(numbers, by):
    return [number + by for number in numbers]

class Total(GraphComponent):
    def run(self, shifted):
        return sum(shifted)

def schema(by):
    return GraphSchema({
        "source": SchemaNode(uses=numbers, is_input=True),
        "shift": SchemaNode(needs={"numbers": "source"}, uses=shift, config={"by": by}),
        "total": SchemaNode(needs={"shifted": "shift"}, uses=Total, is_target=True),
    })

def train(by=10, **more):
    cache = OutputCache(active.current().session.services.store, Codec())
    return GraphTrainer(cache).train(schema(by), **more).outputs
"""


def asked(expression):
    """A step beside the notebook that writes down what the hub answers."""
    return Do(f"{HUB}pathlib.Path('said.json').write_text(json.dumps({expression}))")


def trained(transcript, *calls, ask="hub.cell()"):
    """Train in one cell each beside a dashboard; return what the hub answers in the end, and the run."""
    run = transcript.run([MAKE, *calls, asked(ask)], before=OPEN)
    return json.loads((transcript.directory / "said.json").read_text()), run


def statuses(cell):
    return {node["label"]: node["status"] for node in cell["nodes"]}


LAST = "hub.cell(next(line['number'] for line in reversed(hub.overview()['timeline']) if line['kind'] == 'graph'))"
NUMBER = LAST.replace("hub.cell(", "", 1)[:-1]


def test_a_graph_shows_inputs_misses_hits_and_what_was_pruned(transcript):
    cell, _ = trained(transcript, "print(train())", ask=LAST)
    assert statuses(cell) == {"source": "plain", "shift": "miss", "total": "miss"}
    assert (cell["kind"], cell["phase"]) == ("graph", "finished")
    assert [node["needs"] for node in cell["nodes"]] == [[], [[0, "source"]], [[1, "shift"]]]
    cell, run = trained(transcript, "print(train())", ask=LAST)
    assert statuses(cell) == {"source": "plain", "shift": "pruned", "total": "hit"}
    assert cell["nodes"][1]["reason"] == "only nodes whose results are known need it"
    assert "{'total': 36}" in str(run.cells[1].outputs)


def test_a_changed_config_is_told_with_what_it_was(transcript):
    trained(transcript, "print(train())")
    found, _ = trained(
        transcript, "print(train(by=20))", ask=f"hub.answer('component', {{'number': {NUMBER}, 'index': 1}})"
    )
    assert found["reason"] == "config `by` changed"
    inputs = {one["label"]: one for one in found["inputs"]}
    by, numbers = inputs["config `by`"], inputs["`numbers`, from `source`"]
    assert (by["change"], by["before"], by["summary"]) == ("changed", "int 10", "int 20")
    assert (numbers["change"], numbers["head"]) == ("same", "3, 1, 2")
    assert found["outputs"] == [["shift", "list of 3", "23, 21, 22"]]
    assert found["source"].startswith("def shift(numbers, by):")
    assert found["entry"]["label"] == "shift"


def test_a_node_that_a_worker_ran_is_shown_with_its_address(transcript):
    pytest.importorskip("distributed", reason="needs the dask extra")
    found, _ = trained(
        transcript,
        "from distributed import Client\nfrom fpcache.graph import Dask\n"
        "client = Client(processes=False, n_workers=1, dashboard_address=None)",
        "cache = OutputCache(active.current().session.services.store, Codec())\n"
        "GraphTrainer(cache, runner=Dask(client)).train(schema(10)).outputs",
        "(worker,) = client.scheduler_info()['workers']\nclient.close()",
        ask=f"[shell.user_ns['worker'], *(hub.answer('component', {{'number': {NUMBER}, 'index': n}})['where'] for n in (0, 1))]",
    )
    worker, source, shift = found
    assert (source, shift) == ("", worker)
    assert worker.startswith("inproc://")


def test_an_edited_node_is_compared_line_by_line(transcript):
    trained(transcript, "print(train())")
    edited = "def shift(numbers, by):\n    return [number - by for number in numbers]"
    found, _ = trained(
        transcript,
        edited,
        "print(train())",
        ask=f"hub.answer('component', {{'number': {NUMBER}, 'index': 1}})",
    )
    assert ["+", "    return [number - by for number in numbers]"] in found["difference"]


def test_a_graph_that_fails_says_where_and_what_was_not_reached(transcript):
    broken = "class Total(GraphComponent):\n    def run(self, shifted):\n        return 1 / 0"
    after = "class After(GraphComponent):\n    def run(self, total):\n        return total"
    more = (
        "cache = OutputCache(active.current().session.services.store, Codec())\n"
        "nodes = {**schema(10).nodes, 'after': SchemaNode(needs={'total': 'total'}, uses=After, is_target=True)}\n"
        "GraphTrainer(cache).train(GraphSchema(nodes))"
    )
    cell, _ = trained(transcript, broken, after, more, ask=LAST)
    assert statuses(cell) == {"source": "plain", "shift": "miss", "total": "failed", "after": "skipped"}
    assert cell["phase"] == "failed"


def test_a_hit_or_pruned_node_whose_value_is_lost_is_a_miss_and_saved_nothing(transcript):
    slow = "def shift(numbers, by):\n    import time; time.sleep(0.05)\n    return [number + by for number in numbers]"
    lose = (
        "from fpcache.errors import StoreError\n"
        "def biggest(shifted):\n    return max(shifted)\n"
        "class Lost(Codec):\n"
        "    def load(self, stream, buffers):\n"
        "        raise StoreError('gone')\n"
        "cache = OutputCache(active.current().session.services.store, Lost())\n"
        "edited = {**schema(10).nodes, 'total': SchemaNode(needs={'shifted': 'shift'}, uses=biggest, is_target=True)}\n"
        "print(GraphTrainer(cache).train(GraphSchema(edited)).executed)\n"
        "print(GraphTrainer(cache).train(schema(10)).executed)"
    )
    told = (
        "[hub.cell(n) for n in [l['number'] for l in hub.overview()['timeline'] if l['kind'] == 'graph'][1:]]"
    )
    totals = "[hub.overview()['totals'][name] for name in ('hits', 'misses', 'saved_s')]"
    stats = "[getattr(active.current().session.stats, name) for name in ('hits', 'misses', 'time_saved_s')]"
    (cells, shown, counted), _ = trained(
        transcript, slow, "train()", lose, ask=f"[{told}, {totals}, {stats}]"
    )
    assert [statuses(cell) for cell in cells] == [{"source": "plain", "shift": "miss", "total": "miss"}] * 2
    assert shown == [counted[0], counted[1], pytest.approx(counted[2], abs=0.002)]
    assert shown[2] < 0.01


def test_hundreds_of_graphs_leave_the_cell_that_runs_them_in_sight_and_the_totals_whole(transcript):
    many = "for n in range(120):\n    r = train(n, force=True)"
    ask = (
        "[hub.overview()['totals']['misses'], active.current().session.stats.misses,"
        " [line['kind'] for line in hub.overview()['timeline']].count('cell')]"
    )
    (shown, counted, cells), _ = trained(transcript, f"%%fpcache\n{many}", ask=ask)
    assert shown == counted == 241
    assert cells >= 1


def test_a_graph_with_a_store_of_its_own_shows_sizes_and_no_entry(transcript):
    own = (
        "import tempfile\nfrom pathlib import Path\nfrom fpcache.store import LocalStore\n"
        "own = OutputCache(LocalStore(Path(tempfile.mkdtemp()), key=b'k' * 32), Codec())\n"
        "print(GraphTrainer(own).train(schema(3)).outputs)"
    )
    found, _ = trained(transcript, own, ask=f"hub.answer('component', {{'number': {NUMBER}, 'index': 1}})")
    assert (found["entry"], found["entry_is_gone"], found["stored"]) == (None, False, True)
    assert found["size_bytes"] > 0


def test_a_forced_run_shows_what_it_stored(transcript):
    found, _ = trained(
        transcript, "train(force=True)", ask=f"hub.answer('component', {{'number': {NUMBER}, 'index': 1}})"
    )
    assert (found["stored"], found["entry"]["label"]) == (True, "shift")


def test_a_component_that_can_not_be_asked_for_its_config_is_shown_as_failed(transcript):
    broken = (
        "asked = []\nclass Total(GraphComponent):\n    @classmethod\n    def get_default_config(cls):\n"
        "        asked.append(1)\n        return {} if len(asked) < 2 else 1 / 0\n"
        "    def run(self, shifted):\n        return sum(shifted)"
    )
    cell, run = trained(transcript, broken, "train()", ask=LAST)
    assert statuses(cell)["total"] == "failed"
    assert "ZeroDivisionError" in str(run.cells[2])


def test_source_that_can_not_be_read_costs_nothing_but_the_text(transcript):
    odd = "def shift(numbers, by):\n    return [number + by for number in numbers]\nshift.__wrapped__ = shift"
    found, _ = trained(
        transcript, odd, "train()", ask=f"hub.answer('component', {{'number': {NUMBER}, 'index': 1}})"
    )
    assert (found["stored"], found["source"]) == (True, "")


def test_describing_nodes_asks_components_for_nothing(transcript):
    counting = (
        "asked = []\nclass Total(GraphComponent):\n    @classmethod\n    def get_default_config(cls):\n"
        "        asked.append(1)\n        return {}\n    def run(self, shifted):\n        return 1 / 0"
    )
    calls = "try:\n    train(force=True)\nexcept ZeroDivisionError:\n    print(len(asked), 'asked')"
    runs = [transcript.run([MAKE, counting, calls], before=before) for before in ((OFF,), OPEN)]
    assert [("2 asked" in str(run.cells[2].outputs)) for run in runs] == [True, True]  # for key and config


@pytest.mark.parametrize("opened", [OPEN, (OFF,)])
def test_a_graph_is_counted_and_found_by_a_dashboard_that_comes_later(transcript, opened):
    count = "session = active.current().session"
    ask = "[session.stats.hits, session.stats.misses, [one['kind'] for one in hub.overview()['timeline']]]"
    later = Do(f"from fpcache import active\nactive.current().open_dashboard()\n{HUB}{count}\n"
               f"pathlib.Path('said.json').write_text(json.dumps({ask}))")  # fmt: skip
    transcript.run([MAKE, "train()", later], before=opened)
    hits, misses, kinds = json.loads((transcript.directory / "said.json").read_text())
    assert (hits, misses) == (0, 2)
    assert kinds.count("graph") == 1


def test_a_graph_trains_the_same_whoever_looks_on(transcript):
    calls = "print(train())", "print(train(by=2))", "print(train(force=True))"
    alone, beside = (transcript.run([MAKE, *calls], before=before) for before in ((OFF,), OPEN))
    assert "{'total': 36}" in str(alone.cells[1].outputs)
    assert [str(cell.outputs) for cell in alone.cells] == [str(cell.outputs) for cell in beside.cells]


def test_a_cell_that_trains_is_a_hit_and_runs_no_graph(transcript):
    transcript.run([MAKE, "result = train()"], before=OPEN[1:])
    run = transcript.run(
        [MAKE, "result = train()", asked("[one['kind'] for one in hub.overview()['timeline']]")],
        before=OPEN[1:],
    )
    expect(run, {"result = train()": "hit"})
    assert "graph" not in json.loads((transcript.directory / "said.json").read_text())
