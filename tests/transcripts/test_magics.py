"""The magics as people type them: every option, every action, wrong ones, loading and unloading."""

from __future__ import annotations

import json

import pytest

from fpcache.graph import GraphSchema, SchemaNode
from fpcache.testing.sessions import Do, assert_same, expect

SLOW = "def slow(n):\n    return [n] * 3\n"
OFF = {"mode": "auto", "before": ("%fpcache auto off",)}


def shown(run, index):
    """All text that a cell showed."""
    return "".join(str(o.get("text", "")) + str(o.get("value", "")) for o in run[index].outputs)


def explicit(transcript, *cells, **settings):
    """Run cells as they stand, with automatic mode off."""
    return transcript.run(list(cells), **{**OFF, **settings})


def test_cells_without_the_magic_run_plainly_with_automatic_mode_off(transcript):
    run = explicit(transcript, "a = 1", "%%fpcache\nb = a + 1", "c = b")
    assert [len(cell.rows) for cell in run.cells] == [0, 1, 0]
    assert shown(run, 1).startswith("fpcache: 0 hits, 1 miss (never seen)")


def test_force_runs_everything_and_refreshes_the_entries(transcript):
    cells = ["%%fpcache --force --quiet\na = [1]\nb = a * 2"]
    explicit(transcript, *cells)
    run = explicit(transcript, *cells)
    expect(run, {"a =": "miss: forced", "b =": "miss: forced"})
    assert shown(run, 0) == ""
    expect(explicit(transcript, "%%fpcache\na = [1]\nb = a * 2"), {"a =": "hit", "b =": "hit"})


def test_no_store_looks_up_and_stores_nothing_new(transcript):
    for _ in range(2):
        run = explicit(transcript, "%%fpcache --no-store\na = [1]")
        expect(run, {"a =": "miss: not stored"})
    explicit(transcript, "%%fpcache\na = [1]")
    expect(explicit(transcript, "%%fpcache --no-store\na = [1]\nb = 2"), {"a =": "hit", "b =": "miss"})


def test_whole_makes_the_cell_one_component(transcript):
    cell = "%%fpcache --whole\nimport math\ndef f(n):\n    return math.sqrt(n)\na = f(4)\nb = a + 1\nprint(b)"
    plain = transcript.plain([cell])
    for _ in range(2):
        run = explicit(transcript, cell)
        assert_same(plain, run)
        assert len(run[0].rows) == 1
    assert run[0].rows[0].status in ("hit", "uncacheable")


def test_names_pins_and_numbers_find_entries(transcript):
    run = explicit(
        transcript,
        "%%fpcache --name prices --quiet\na = [1]",
        "%%fpcache --pin --quiet\nb = [2]",
        "%%fpcache --quiet\nc = [3]",
        "%fpcache ls",
        "%fpcache pin prices",
        "%fpcache clear",
        "%fpcache clear --yes",
        "%fpcache ls",
    )
    assert all(text in shown(run, 3) for text in ("a = [1]", "prices", "b = [2]", "pinned", "c = [3]"))
    assert "pinned `a = [1]`" in shown(run, 4)
    assert "forgets 1 entries (2 pinned ones stay)" in shown(run, 5)
    assert "1 entries forgotten" in shown(run, 6)
    assert "c = [3]" not in shown(run, 7)
    warm = explicit(transcript, "%%fpcache\na = [1]\nb = [2]\nc = [3]")
    expect(warm, {"a =": "hit", "b =": "hit", "c =": "miss"})


def test_a_time_to_live_ends_a_recording(transcript):
    cell = "%%fpcache --ttl {}\na = [1]"
    explicit(transcript, cell.format("1s"))
    run = explicit(transcript, Do("import time; time.sleep(1.1)"), cell.format("1h"))
    expect(run, {"a =": "miss"})
    expect(explicit(transcript, cell.format("1h")), {"a =": "hit"})


def test_depends_makes_a_file_an_input(transcript):
    cell = "%%fpcache --depends model.bin --depends assets\nn = [1]\nm = len(n)"
    files = {"model.bin": b"\0\1", "assets/a.txt": "a", "assets/deep/b.txt": "b"}
    explicit(transcript, cell, files=files)
    expect(explicit(transcript, cell, files=files), {"n =": "hit", "m =": "hit"})
    changed = explicit(transcript, cell, files=files | {"model.bin": b"\0\2"})
    expect(changed, {"n =": "miss: `model.bin` changed on disk", "m =": "miss: `model.bin` changed on disk"})
    expect(
        explicit(transcript, cell, files=files | {"assets/deep/b.txt": "c"}),
        {"n =": "miss: `assets` changed"},
    )
    expect(explicit(transcript, cell, files=files | {"assets/c.txt": ""}), {"n =": "miss: `assets` changed"})
    expect(explicit(transcript, cell, files={"assets/a.txt": "a"}), {"n =": "miss: `model.bin` is gone"})
    expect(explicit(transcript, cell, files=files), {"n =": "hit", "m =": "hit"})


def test_a_depends_path_that_is_missing_is_told_and_counts_once_it_exists(transcript):
    cell = "%%fpcache --depends config.yml\nn = [1]"
    run = explicit(transcript, cell)
    assert "--depends config.yml: there is no such file in " in shown(run, 0)
    expect(run, {"n =": "miss"})
    expect(explicit(transcript, cell), {"n =": "hit"})
    expect(explicit(transcript, cell, files={"config.yml": "x"}), {"n =": "miss: `config.yml` exists now"})


def test_adding_depends_to_a_cell_runs_it_again(transcript):
    explicit(transcript, "%%fpcache\nn = [1]", files={"x.csv": "1"})
    run = explicit(transcript, "%%fpcache --depends x.csv\nn = [1]", files={"x.csv": "1"})
    expect(run, {"n =": "miss: its options changed"})


def test_an_ignored_name_that_the_cell_does_not_use_is_told(transcript):
    run = explicit(transcript, "verbose = 1", "%%fpcache --ignore verbos\na = [verbose]")
    assert "--ignore verbos: this cell does not use that name (did you mean `verbose`?)" in shown(run, 1)
    assert run.value("a") == ["list", 1]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--frce", "unrecognized arguments: --frce"),
        ("--ttl soon", "'soon' is no duration; write 90s, 10m, 1h, 7d or 2w"),
        ("--ttl", "expected one argument"),
        ("extra words", "unrecognized arguments: extra words"),
        ("--name 'open", "No closing quotation"),
    ],
)
def test_wrong_options_are_usage_errors_and_the_cell_does_not_run(transcript, line, message):
    run = explicit(transcript, f"%%fpcache {line}\na = 1", "b = 2")
    assert run[0].error == "UsageError"
    assert message in shown(run, 0)
    assert "Traceback" not in shown(run, 0)
    assert "a" not in run.namespace
    assert run.value("b") == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%fpcache frobnicate", "invalid choice: 'frobnicate'"),
        ("%fpcache auto maybe", "invalid choice: 'maybe'"),
        ("%fpcache auto", "the following arguments are required: mode"),
        ("%fpcache pin nothing", "there is no entry 'nothing'"),
        ("%fpcache why x", "invalid int value: 'x'"),
        ("%fpcache graph --shema", "unrecognized arguments: --shema"),
    ],
)
def test_wrong_actions_are_usage_errors(transcript, line, message):
    run = explicit(transcript, line, "b = 2")
    assert run[0].error == "UsageError"
    assert message in shown(run, 0)
    assert run.value("b") == 2


def test_help_is_shown_and_nothing_runs(transcript):
    run = explicit(transcript, "%%fpcache -h\na = 1", "%%fpcache --help\na = 1")
    for index in (0, 1):
        assert all(option in shown(run, index) for option in ("--dry-run", "--ttl", "--depends PATH"))
    assert "a" not in run.namespace


def test_a_question_mark_shows_the_magics_help(transcript):
    run = explicit(transcript, "%fpcache?", "%%fpcache?")
    for cell in run.cells:
        text = str(cell.outputs)
        assert "--dry-run" in text
        assert "%fpcache why" in text


def test_cells_of_comments_and_broken_cells_are_as_without_the_magic(transcript):
    cells = ["%%fpcache\n# only a comment", "%%fpcache", "%%fpcache\ndef f(:", "%%fpcache --quiet\nx = 1\nx"]
    plain = transcript.plain(cells)
    run = explicit(transcript, *cells)
    assert [cell.error for cell in run.cells] == [cell.error for cell in plain.cells]
    assert run[2].error == "SyntaxError"
    assert run[3].result() == "1"


def test_a_dry_run_of_a_known_cell_forecasts_hits_and_leaves_no_trace(transcript):
    body = (
        SLOW + "data = slow(2)\ndata.append(5)\ntotal = sum(data)\nn = open('out.txt', 'w').write(str(total))"
    )
    explicit(transcript, f"%%fpcache\n{body}")
    run = explicit(transcript, "kept = [0]", f"%%fpcache --dry-run\n{body}")
    expect(run, {"data =": "hit", "data.append": "hit", "total": "hit", "n =": "hit"})
    assert "dry run, nothing was run: 4 hit, 1 plain" in shown(run, 1)
    assert {"data", "total", "n", "slow"}.isdisjoint(run.namespace)
    assert run.files == {}


def test_a_dry_run_below_an_edit_says_what_is_not_known_yet(transcript):
    body = SLOW + "data = slow(2)\ntotal = sum(data)\nother = [3]"
    explicit(transcript, f"%%fpcache\n{body}")
    run = explicit(transcript, f"%%fpcache --dry-run\n{body.replace('slow(2)', 'slow(4)')}")
    expect(
        run,
        {
            "data =": "miss: edited",
            "total": "unknown: reads `data`, which line 4 gives first",
            "other": "hit",
        },
    )


def test_a_dry_run_changes_no_object_of_the_users(transcript):
    cells = [
        "data = [1, 2]\ndef scale(): return [v * 10 for v in data]",
        "data.append(3)\nd = scale()\ndata = 0",
    ]
    explicit(transcript, *(f"%%fpcache\n{cell}" for cell in cells))
    run = explicit(transcript, f"%%fpcache\n{cells[0]}\nsame = data", f"%%fpcache --dry-run\n{cells[1]}")
    expect(
        run,
        {"data.append": "hit", "d = scale()": "unknown: reads what line 2 changes first", "data = 0": "hit"},
    )
    assert run.value("data") == ["list", 1, 2]
    assert run.value("same") == ["again", "data"]


def test_status_config_why_and_graph_speak_of_the_session(transcript):
    run = transcript.run(
        [
            "a = [1]",
            "b = a * 2",
            "%fpcache",
            "%fpcache why",
            "%fpcache why 1",
            "%fpcache why 7",
            "%fpcache config",
            "%fpcache graph",
        ]
    )
    assert "automatic mode on" in shown(run, 2)
    assert "2 misses" in shown(run, 2)
    assert shown(run, 3) == "1. b = a * 2 (line 1): miss: never seen\n"
    assert "key: " in shown(run, 4)
    assert "components 1 to 1, not 7" in shown(run, 5)
    assert "%config FPCache.min_seconds = 0.0" in shown(run, 6)
    assert any("b = a * 2" in str(output.get("data", "")) for output in run[7].outputs)


def test_a_cell_is_printed_as_the_document_of_a_graph(transcript):
    cell = "# first\na = [1]; a[0] = 2\n\nfor n in a:\n    b = n\nprint(b); print(b)"
    run = transcript.run(["%fpcache graph --schema", cell, "%fpcache graph --schema", "%fpcache graph"])
    assert shown(run, 0) == "fpcache: no cell has run yet\n"
    schema = GraphSchema.from_json(shown(run, 2))
    assert schema == GraphSchema(
        {
            "2: a = [1]": SchemaNode(config={"source": "a = [1]", "lines": [2, 2]}),
            "2: a[0] = 2": SchemaNode({"a": "2: a = [1]"}, config={"source": "a[0] = 2", "lines": [2, 2]}),
            "4: for n in a: …": SchemaNode(
                {"a": "2: a[0] = 2"}, config={"source": "for n in a:\n    b = n", "lines": [4, 5]}
            ),
            "6: print(b)": SchemaNode(
                {"b": "4: for n in a: …"}, config={"source": "print(b)", "lines": [6, 6]}
            ),
            "6: print(b) (2)": SchemaNode(
                {"b": "4: for n in a: …"}, config={"source": "print(b)", "lines": [6, 6]}
            ),
        }
    )
    assert json.loads(shown(run, 2))["nodes"]["2: a = [1]"]["uses"] is None
    drawn = next(output["data"]["text/plain"] for output in run[3].outputs if "data" in output)
    assert [line.split("  ")[0][2:] for line in drawn.splitlines()] == list(schema)


def test_automatic_mode_is_switched_on_and_off(transcript):
    run = explicit(transcript, "a = [1]", "%fpcache auto on", "b = [2]", "%fpcache auto off", "c = [3]")
    assert "automatic mode is on" in shown(run, 1)
    assert [len(cell.rows) for cell in run.cells][0::2] == [0, 1, 0]


def test_settings_are_changed_by_config_magic_and_take_effect_with_the_next_cell(transcript):
    cells = [
        "a = [1]",
        "%config FPCache.min_seconds = 5",
        "b = (lambda: 2)()",
        "%config FPCache.show_status = 'always'",
        "c = (lambda: 3)()",
    ]
    run = transcript.run([*cells, "%config FPCache.min_seconds = -1", "%config FPCache.unseeded = 'perhaps'"])
    expect(run, {"a =": "miss", "b =": "plain: cheaper to run than to store", "c =": "plain"})
    assert shown(run, 4).startswith("fpcache: 1 plain")
    assert "min_seconds" in shown(run, 5)
    assert "perhaps" in shown(run, 6)


def test_settings_come_from_the_ipython_configuration(transcript):
    config = {"FPCache": {"auto": True, "show_status": "always", "min_seconds": 0.0}}
    run = transcript.run(["a = [1]"], mode="explicit", options="", config=config)
    assert "fpcache: 0 hits, 1 miss" in shown(run, 0)
    run = transcript.run([Do("pass"), "b = [1]"], mode="auto", config={"FPCache": {"enabled": False}})
    assert [*run.rows()] == []


def test_loading_twice_changes_nothing(transcript):
    run = transcript.run(["%load_ext fpcache", "%reload_ext fpcache", "%fpcache auto on", "a = [1]", "a"])
    expect(run, {"a = [1]": "miss", "a": "miss"})
    assert run[3].outputs == []
    assert run[4].result() == "[1]"


def test_unloading_takes_everything_out_again(transcript):
    look = Do("""
left = [t for t in shell.input_transformers_cleanup if 'fpcache' in t.__module__]
hooked = 'run_ast_nodes' in vars(shell)
magics = [kind for kind in ('line', 'cell') if 'fpcache' in shell.magics_manager.magics[kind]]
configurables = [c for c in shell.configurables if type(c).__name__ == 'FPCache']
import sys
finders = [f for f in sys.meta_path if type(f).__module__.startswith('fpcache')]
shell.user_ns['left'] = [left, hooked, magics, configurables, finders]
""")
    cells = [
        "%load_ext fpcache",
        "%fpcache auto on",
        "a = [1]",
        "%unload_ext fpcache",
        look,
        "b = a * 2\nb",
        "%%fpcache\nc = 1",
    ]
    run = transcript.run(cells, mode="loaded by hand")
    assert run.value("left") == ["list", ["list"], ["bool", False], ["list"], ["list"], ["list"]]
    assert run[4].result() == "[1, 1]"
    assert "fpcache" in shown(run, 5)  # IPython's own word on a magic that it doesn't know
    assert "c" not in run.namespace


def test_a_cell_below_another_magic_is_run_and_told(transcript):
    run = explicit(transcript, "%%time\n%%fpcache --pin\na = 1", "b = a")
    assert "%%fpcache has no effect here; it has to be the cell's first line" in shown(run, 0)
    assert run.value("b") == 1


def test_the_programs_own_view(transcript):
    cells = [
        "a = [1]\nb = a * 2",
        "import fpcache\nr = fpcache.report(); s = fpcache.stats(); rows = [x.status for x in r]",
    ]
    run = transcript.run(
        [
            *cells,
            "n = (s.misses, s.hits, len(r), rows)",
            "fpcache.disable()",
            "c = [3]",
            "fpcache.enable()",
            "d = [4]",
        ]
    )
    assert run.value("n") == ["tuple", 2, 0, 2, ["list", "miss", "miss"]]
    assert len(run[4].rows) == 0
    assert len(run[6].rows) == 1


@pytest.mark.kernel
def test_a_real_kernel_loads_from_its_configuration_completes_and_hits(transcript):
    pytest.importorskip("jupyter_client")
    config = {"InteractiveShellApp": {"extensions": ["fpcache"]}, "FPCache": {"auto": True}}
    cells = [
        "data = [n * n for n in range(4)]",
        "total = sum(data)\nprint(total)\ntotal",
        "%%fpcache\nlast = data[-1]",
        "ip = get_ipython()\nfound = sorted(ip.complete('--d', '%%fpcache --d')[1])",
        "actions = sorted(ip.complete('w', '%fpcache w')[1])",
        "%fpcache?",
    ]
    cold = transcript.run(cells, kernel=True, mode="auto", config=config)
    assert cold.value("found") == ["list", "--depends", "--dry-run"]
    assert "why" in str(cold.value("actions"))
    warm = transcript.run(cells, kernel=True, mode="auto", config=config)
    expect(warm, {"data": "hit", "total = ": "hit", "print(": "hit", "last": "hit"})
    assert_same(transcript.plain(cells[:2], kernel=True), transcript.run(cells[:2], kernel=True))
