"""A dashboard beside the cells: it tells what is so, and changes nothing."""

from __future__ import annotations

import json

import pytest

from fpcache.testing.sessions import Do, assert_same, expect

OPEN = ("%fpcache auto on", "%fpcache dashboard")
SETUP = "import time\n\ndef work(n):\n    return [n] * 3\n"
CELL = "a = work(2)\nb = a + [1]\nprint(b)"
HUB = "import json, pathlib; from fpcache import active; hub = active.current().hub\n"


def asked(expression):
    """A step beside the notebook that writes down what the hub answers."""
    return Do(f"{HUB}pathlib.Path('said.json').write_text(json.dumps({expression}))")


def said(transcript):
    """What was written down last."""
    return json.loads((transcript.directory / "said.json").read_text())


def with_panel(transcript, *cells, **more):
    return transcript.run([SETUP, *cells], before=OPEN, **more)


def details(index, number=2):
    return f"hub.answer('component', {{'number': {number}, 'index': {index}}})"


def test_cells_give_the_same_beside_a_dashboard(transcript):
    cells = [SETUP, CELL, "a.append(9)\nb = sorted(a)", "{'n': len(b)}"]
    plain = transcript.plain(cells)
    for _ in range(2):
        run = transcript.run(cells, before=OPEN)
        assert_same(plain, run)
    expect(run, {"a = work": "hit", "b = a": "hit", "b = sorted": "hit"})


def test_it_shows_each_component_with_status_reason_and_what_it_needs(transcript):
    with_panel(transcript, CELL)
    with_panel(transcript, CELL.replace("[1]", "[7]"), asked("[hub.cell(2), hub.overview()]"))
    cell, overview = said(transcript)
    nodes = cell["nodes"]
    assert [node["status"] for node in nodes] == ["hit", "miss", "miss"]
    assert nodes[1]["reason"] == "this code was edited"
    assert nodes[1]["needs"] == [[0, "a"]]
    assert (cell["phase"], cell["nodes"][0]["lines"]) == ("finished", [1, 1])
    totals = overview["totals"]
    assert (totals["hits"], totals["misses"]) == (1, 2)
    assert totals["saved_s"] >= 0
    assert overview["facts"]["store"]["entries"] > 0


def test_code_that_opens_one_in_a_roundabout_way_always_runs(transcript):
    other = "from fpcache.panel.widget import Dashboard\nactive.current().open_dashboard().close()"
    by_class = "y = (Dashboard(active.current().hub), 5)[1]"
    by_method = "y = (active.current().open_dashboard(), 5)[1]"
    head = SETUP + "from fpcache import active"
    for cells in ([head, by_method], [head, by_method], [head, other, by_class], [head, other, by_class]):
        run = transcript.run([*cells, asked("len(hub.views)")])
        assert said(transcript) == 1
        expect(run, {"y =": "uncacheable"})
        assert any("opens a dashboard" in row.reason for row in run.rows())


def test_an_edited_component_is_compared_line_by_line(transcript):
    with_panel(transcript, "k = 1\nfor i in range(3):\n    k += i")
    with_panel(transcript, "k = 1\nfor i in range(3):\n    k += 2 * i", asked(details(1)))
    found = said(transcript)
    assert found["difference"] == [[" ", "for i in range(3):"], ["-", "    k += i"], ["+", "    k += 2 * i"]]
    assert found["earlier"]["created_s"] > 0


def test_changed_inputs_are_told_with_what_they_were(transcript):
    with_panel(transcript, "x = [1, 2]\nlabel = 'old'", "y = x + [label]")
    with_panel(transcript, "x = [1, 2, 3]\nlabel = 'old'", "y = x + [label]", asked(details(0, number=3)))
    found = said(transcript)
    inputs = {one["label"].strip("`"): one for one in found["inputs"]}
    assert (inputs["x"]["change"], inputs["x"]["before"], inputs["x"]["summary"]) == (
        "changed", "list of 2", "list of 3"
    )  # fmt: skip
    assert (inputs["label"]["change"], inputs["label"]["summary"]) == ("same", "str 'old'")
    assert len(inputs["x"]["digest"]) == 12
    assert (inputs["x"]["head_before"], inputs["x"]["head"]) == ("1, 2", "1, 2, 3")
    assert found["outputs"] == [["y", "list of 4", "1, 2, 3, 'old'"]]


def test_what_was_changed_in_place_is_shown_as_it_was_read(transcript):
    cells = "x = [1, 2]", "x.append(9)"
    with_panel(transcript, *cells)
    with_panel(transcript, "x = [7, 2]", cells[1], asked(details(0, number=3)))
    (x,) = said(transcript)["inputs"]
    assert (x["head_before"], x["head"]) == ("1, 2", "7, 2")


def test_changed_files_are_told(transcript):
    cell = "texts = [open(name).read() for name in ('a.txt', 'b.txt')]"
    transcript.files |= {"a.txt": "one", "b.txt": "one"}
    with_panel(transcript, cell)
    transcript.files["b.txt"] = "two"
    with_panel(transcript, cell, asked(details(0)))
    found = said(transcript)
    files = [(one["name"], one["change"]) for one in found["dependencies"] if one["kind"] == "file"]
    assert [(name.rpartition("/")[2], change) for name, change in files] == [
        ("b.txt", "changed"),
        ("a.txt", "same"),
    ]


def test_a_hit_tells_its_inputs_dependencies_and_entry(transcript):
    cell = "import random\nrandom.seed(3)\nd = [random.random() for _ in range(3)]"
    with_panel(transcript, cell)
    with_panel(transcript, cell, asked(details(2)))
    found = said(transcript)
    assert found["status"] == "hit"
    assert found["entry"]["hits"] == 1
    assert ["random", "random"] in [pair[:2] for pair in found["effects"]]
    assert any(one["kind"] == "random" for one in found["dependencies"])
    assert found["outputs"] == [["d", "list of 3", "0.237965, 0.544229, 0.369955"]]
    assert found["difference"] == []


def test_what_a_component_changed_in_place_is_told(transcript):
    with_panel(transcript, "a = [1]\na.append(work(2))", asked(details(1)))
    assert said(transcript)["mutated"] == ["`a`"]


def test_a_refusal_is_told_with_its_remedy(transcript):
    with_panel(transcript, "g = (n for n in [1])\nh = list(g)", asked(details(1)))
    found = said(transcript)
    assert found["status"] == "uncacheable"
    assert "generator" in found["reason"]
    assert found["remedy"]


def test_what_cannot_be_told_is_said(transcript):
    attempts = Do(
        f"{HUB}def attempt(ask, **given):\n"
        "    try:\n        return hub.answer(ask, given)\n"
        "    except Exception as error:\n        return type(error).__name__ + ': ' + str(error)\n"
        "pathlib.Path('said.json').write_text(json.dumps([attempt('component', number=99, index=0),\n"
        "    attempt('component', number=1, index=50), attempt('component'), attempt('bake'),\n"
        "    attempt('entries', sort='taste'), attempt('pin', entry_id='no', pinned=True), attempt('clear'),\n"
        "    attempt('min_seconds', seconds=-1)]))"
    )
    with_panel(transcript, CELL, attempts)
    found = said(transcript)
    wanted = (
        "too long ago", "not had its turn", "can't be read", "no request 'bake'", "can't be sorted by 'taste'",
        "no longer there", "has to be confirmed", "number of seconds from 0",
    )  # fmt: skip
    assert all(
        text.startswith("FpcacheError: ") and part in text for text, part in zip(found, wanted, strict=True)
    )


def test_changes_made_in_the_dashboard_hold(transcript):
    with_panel(transcript, CELL)
    entries = "hub.answer('entries', {'search': 'a = work', 'limit': 5})"
    changes = Do(
        f"{HUB}first = {entries}['rows'][0]\n"
        "hub.answer('pin', {'entry_id': first['entry_id'], 'pinned': True})\n"
        "hub.answer('clear', {'confirmed': True})\n"
        "hub.answer('force', {'code_digest': first['code_digest']})\n"
    )
    run = with_panel(transcript, changes, asked("hub.answer('entries', {})"), CELL, CELL)
    left = said(transcript)
    assert [(row["label"], row["pinned"]) for row in left["rows"]] == [("a = work(2)", True)]
    assert left["count"] == 1
    forced, after = run.cells[-2], run.cells[-1]
    assert forced.rows[0].reason == "forced"
    assert [row.status for row in after.rows] == ["hit"] * 3


def test_automatic_mode_can_be_switched_there(transcript):
    off = Do("from fpcache import active; active.current().hub.answer('auto', {'on': False})")
    run = with_panel(transcript, CELL, off, CELL)
    assert [len(cell.rows) for cell in run.cells] == [1 + 1, 3, 0]


@pytest.mark.parametrize("opening", ["fpcache.dashboard()", "panel = fpcache.dashboard()"])
def test_opening_a_dashboard_is_never_a_hit(transcript, opening):
    cells = ["import fpcache", f"{opening}\nn = 3"]
    for _ in range(2):
        run = transcript.run(cells)
        expect(run, {opening: "uncacheable: fpcache.dashboard"})


def test_unloading_closes_the_dashboards(transcript):
    end = Do(
        f"{HUB}import threading\n"
        "shell.run_line_magic('unload_ext', 'fpcache')\n"
        "names = [t.name for t in threading.enumerate()]\n"
        "pathlib.Path('said.json').write_text(json.dumps([len(hub.views), 'fpcache-dashboard' in names]))"
    )
    with_panel(transcript, CELL, end)
    assert said(transcript) == [0, False]


@pytest.mark.kernel
def test_under_an_explicit_cell_a_line_opens_to_the_components(transcript):
    cell = f"%%fpcache\n{SETUP}\n{CELL}"
    plain = transcript.plain([cell.partition("\n")[2]], kernel=True)
    run = transcript.run([cell], kernel=True, mode="chosen")
    assert [out["text"] for out in run[0].outputs if out["kind"] == "stream"] == ["[2, 2, 2, 1]\n"]
    (line,) = (out["data"] for out in run[0].outputs if out["kind"] == "display")
    assert line["text/plain"].startswith("fpcache: 0 hits, 3 misses (never seen)")
    assert line["text/html"].startswith("<details><summary>fpcache: 0 hits")
    assert "<code>a = work(2)</code>" in line["text/html"]
    assert run.view() == plain.view()


@pytest.mark.kernel
def test_automatic_mode_adds_nothing_to_the_outputs(transcript):
    assert transcript.run([SETUP, CELL], kernel=True)[1].outputs == [
        {"kind": "stream", "name": "stdout", "text": "[2, 2, 2, 1]\n"}
    ]


@pytest.mark.kernel
def test_a_notebook_run_without_a_browser_keeps_the_last_state(tmp_path, monkeypatch):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    exporters = pytest.importorskip("nbconvert.exporters")
    monkeypatch.setenv("FPCACHE_DIR", str(tmp_path / "cache"))
    cells = ["%load_ext fpcache\n%fpcache auto on", "import fpcache\nfpcache.dashboard()", SETUP, CELL]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, kernel_name="python3").execute()
    (shown,) = notebook.cells[1].outputs
    for kind in ("text/plain", "text/html"):
        assert "a = work(2)" in shown.data[kind]
    assert "last cell [4], finished" in shown.data["text/plain"]
    html, _ = exporters.HTMLExporter().from_notebook_node(notebook)
    assert "<code>a = work(2)</code>" in html


# Fingerprints of values ask them, too; here none is made.
QUICK = {"config": {"FPCache": {"min_seconds": 30.0}}}
ASKED_CLASS = """
class Told:
    def __getattribute__(self, name):
        counts.append(name)
        return object.__getattribute__(self, name)
counts = []
"""


def test_no_code_of_the_users_runs_to_describe_a_value(transcript):
    cells = [SETUP, ASKED_CLASS, "told = Told()\nboth = [told]", "kept = told", "print(len(counts))"]
    assert_same(transcript.plain(cells), transcript.run(cells, before=OPEN, **QUICK))


TORCH = """
import torch
class Counting(torch.nn.Linear):
    asked = 0
    def parameters(self, recurse=True):
        type(self).asked += 1
        return super().parameters(recurse)
class Loud(torch.Tensor):
    @classmethod
    def __torch_function__(cls, *given, **named):
        Counting.asked += 1
        return super().__torch_function__(*given, **named)
torch.manual_seed(0)
model = Counting(2, 2)
tensor = torch.ones(2).as_subclass(Loud)
"""


def test_models_and_tensors_are_not_asked_through_methods_of_the_users(transcript):
    pytest.importorskip("torch")
    cells = [
        TORCH,
        "a = [model.in_features, len(tensor)]",
        "before = Counting.asked",
        "b = model",
        "print(before)",
    ]
    plain, beside = transcript.plain(cells), transcript.run(cells, before=OPEN, **QUICK)
    assert_same(plain, beside)
    assert {row.status for row in beside.rows()} == {"plain"}


def test_cells_before_the_dashboard_are_shown_too(transcript):
    run = transcript.run([SETUP, CELL, "%fpcache dashboard", "c = 3", asked("[hub.overview(), hub.cell(2)]")])
    overview, cell = said(transcript)
    assert [line["number"] for line in overview["timeline"]] == [1, 2, 4]
    assert [node["status"] for node in cell["nodes"]] == ["miss"] * 3
    assert overview["totals"]["misses"] == len([row for row in run.rows() if row.status == "miss"])


def test_a_dry_run_leaves_the_wish_to_run_next_time(transcript):
    with_panel(transcript, "a = work(2)")
    wish = Do(
        f"{HUB}row = hub.answer('entries', {{'search': 'a = work'}})['rows'][0]\n"
        "hub.answer('force', {'code_digest': row['code_digest']})"
    )
    run = with_panel(transcript, wish, "%%fpcache --dry-run\na = work(2)", "a = work(2)", "a = work(2)")
    assert [cell.rows[0].reason for cell in run.cells[2:3]] == ["forced"]
    assert run.cells[3].rows[0].status == "hit"


def test_of_many_inputs_the_changed_one_is_told_and_none_is_told_as_gone(transcript):
    names = [f"v{number}" for number in range(250)]
    cells = ["; ".join(f"{name} = 1" for name in names), f"total = [{', '.join(names)}]"]
    with_panel(transcript, *cells)
    with_panel(transcript, cells[0].replace("v7 = 1", "v7 = 2"), cells[1], asked(details(0, number=3)))
    changes = [one["change"] for one in said(transcript)["inputs"]]
    assert changes[0] == "changed"
    assert set(changes[1:]) == {"same"}


def test_an_edit_far_down_is_shown_without_the_lines_between(transcript):
    body = "\n".join(f"    b.append({number})" for number in range(600))
    cell = f"b = []\nfor i in range(2):\n{body}"
    with_panel(transcript, cell)
    with_panel(transcript, cell.replace("append(550)", "append(-550)"), asked(details(1)))
    lines = said(transcript)["difference"]
    assert ["-", "    b.append(550)"] in lines
    assert lines[0] == ["@", ""]
    assert len(lines) == 10


def test_what_belonged_to_a_removed_entry_is_not_told_as_nothing(transcript):
    end = Do(f"{HUB}hub.answer('clear', {{'confirmed': True}})")
    with_panel(transcript, "a = work(2)", end, asked(details(0)))
    found = said(transcript)
    assert (found["entry"], found["entry_is_gone"]) == (None, True)


def test_a_terminal_shows_the_panel_once(transcript):
    run = with_panel(transcript, CELL, "%fpcache dashboard", "d = work(3)")
    shown = [str(out) for cell in run.cells for out in cell.outputs]
    assert len([text for text in shown if "fpcache: saved" in text]) == 1


BATCH = """
items = [f"text {n}, of a few words" for n in range(12)]
class Slow(list):
    def __iter__(self):
        for item in super().__iter__():
            time.sleep(0.05)
            yield item
# %%
found = [one.digest for one in media.fingerprint_batch(Slow(items), workers=1, backend=BACKEND)]
"""


@pytest.mark.parametrize("backend", ["threads", "processes"])
def test_a_batch_of_media_is_told_while_it_runs_and_leaves_no_trace(transcript, backend):
    pytest.importorskip("joblib", reason="needs the media extra")
    cells = [SETUP + "\nfrom fpcache import media", *BATCH.replace("BACKEND", repr(backend)).split("# %%\n")]
    plain = transcript.plain(cells)
    noting = Do(
        f"{HUB}hub.told = []\nfrom fpcache.events import BatchProgress\n"
        "hub._bus.subscribe(lambda event: hub.told.append(event) if isinstance(event, BatchProgress) else None)"
    )
    written = asked("[event.done for event in hub.told]")
    cold = transcript.run([*cells[:2], noting, cells[2], written], before=OPEN)
    assert said(transcript)[-1] == 12, "the batch was told of"
    assert_same(plain, cold, files=False)  # but for what this test writes down
    expect(cold, {"found =": "miss"})
    warm = transcript.run(cells)
    assert_same(plain, warm, files=False)
    expect(warm, {"found =": "hit"})
    beside = transcript.run([*cells[:2], noting, cells[2], written], before=OPEN)
    assert_same(plain, beside, files=False)
    expect(beside, {"found =": "hit"})
    assert said(transcript) == [], "what is replayed tells of no batch"
