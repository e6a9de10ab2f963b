"""The parts of `fpcache check` that need no kernel."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")

from fpcache.cli import main  # noqa: E402
from fpcache.session import steps  # noqa: E402
from fpcache.testing.check import bounds  # noqa: E402
from fpcache.testing.check.bounds import Gain, gain_of  # noqa: E402
from fpcache.testing.check.checking import CachedRun, NotebookCheck  # noqa: E402
from fpcache.testing.check.differences import differing, noise_of, unexpected, widgets_in  # noqa: E402
from fpcache.testing.check.edits import harmful_edits, harmless_edit  # noqa: E402
from fpcache.testing.check.notebooks import (  # noqa: E402
    CannotCheckError,
    Notebook,
    NotebookCell,
    read_notebook,
)
from fpcache.testing.check.parameters import parameter_value, with_parameters  # noqa: E402
from fpcache.testing.check.running import NotebookRun, Statement, by_stream  # noqa: E402
from fpcache.testing.check.verdicts import verdicts  # noqa: E402
from fpcache.testing.check.workplace import prepared  # noqa: E402
from fpcache.testing.sessions import CellResult, Row, Run  # noqa: E402


def cells(*sources: str) -> tuple[NotebookCell, ...]:
    return tuple(NotebookCell(number, source) for number, source in enumerate(sources, 1))


def a_notebook(directory: Path, *sources: str, **metadata) -> Path:
    code = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=code, metadata=metadata), directory / "n.ipynb")
    return directory / "n.ipynb"


# -- reading ---------------------------------------------------------------


def test_fpcaches_own_magics_become_comments_and_empty_cells_go(tmp_path):
    path = a_notebook(tmp_path, "%load_ext fpcache", " \n", "%%fpcache --pin\nx = 1\n%fpcache why", "%time x")
    found = read_notebook(path).cells
    assert [cell.source for cell in found] == [
        "#load_ext fpcache",
        "#%fpcache --pin\nx = 1\n#fpcache why",
        "%time x",
    ]
    assert [cell.number for cell in found] == [1, 2, 3]


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "does not exist"), ("{", "is not a notebook"), ('{"a": 1}', "is not a notebook")],
)
def test_what_is_no_notebook_is_bad_usage(tmp_path, capsys, content, message):
    path = tmp_path / "n.ipynb"
    if content is not None:
        path.write_text(content)
    assert main(["check", str(path)]) == 2
    assert message in capsys.readouterr().err


def test_a_notebook_of_another_language_or_without_code_is_bad_usage(tmp_path):
    other = {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}
    with pytest.raises(CannotCheckError, match="for R"):
        read_notebook(a_notebook(tmp_path, "1", **other))
    with pytest.raises(CannotCheckError, match="no code cell"):
        read_notebook(a_notebook(tmp_path, ""))


# -- parameters ------------------------------------------------------------


def a_notebook_with_parameters(directory: Path, source: str) -> Path:
    path = a_notebook(directory, "import math", source, "print(EPOCHS)")
    document = nbformat.read(path, 4)
    document.cells[1].metadata["tags"] = ["parameters"]
    nbformat.write(document, path)
    return path


def test_parameters_get_their_values_at_the_end_of_the_tagged_cell(tmp_path):
    path = a_notebook_with_parameters(tmp_path, "%matplotlib inline\nEPOCHS: int = 40\nname = 'a'  # whose")
    found = with_parameters(read_notebook(path), {"EPOCHS": 2, "name": "b"})
    assert [cell.source for cell in found.cells] == [
        "import math",
        "%matplotlib inline\nEPOCHS: int = 40\nname = 'a'  # whose\nEPOCHS = 2\nname = 'b'",
        "print(EPOCHS)",
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [("10", 10), ("-1e-3", -0.001), ("None", None), ("[1, 'a']", [1, "a"]), ("red", "red"), ("a b(", "a b(")],
)
def test_a_parameters_text_is_a_literal_or_itself(text, value):
    assert parameter_value(text) == value


def test_a_parameter_that_is_not_there_is_bad_usage(tmp_path, capsys):
    without = a_notebook(tmp_path, "EPOCHS = 40")
    assert main(["check", "-p", "EPOCHS", "2", str(without)]) == 2
    assert "give the cell that assigns them the tag 'parameters'" in capsys.readouterr().err
    path = a_notebook_with_parameters(tmp_path, "EPOCHS = 40\nRATE = 0.1")
    assert main(["check", "-p", "EPOCH", "2", str(path)]) == 2
    assert "no parameter EPOCH: cell 2, which has the tag 'parameters', assigns EPOCHS, RATE" in (
        capsys.readouterr().err
    )


def test_missing_packages_are_named_with_the_command_that_installs_them(tmp_path, capsys, monkeypatch):
    from fpcache.testing import check

    real = importlib.util.find_spec
    monkeypatch.setattr(check, "find_spec", lambda name: None if name == "ipykernel" else real(name))
    assert main(["check", str(a_notebook(tmp_path, "1"))]) == 2
    assert "needs ipykernel: pip install" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["n", "--edits", "some"], ["n", "--timeout", "0"]])
def test_bad_arguments_are_bad_usage(arguments, capsys):
    assert main(["check", *arguments]) == 2
    assert "usage: fpcache check" in capsys.readouterr().err


# -- copying ---------------------------------------------------------------


def test_what_lies_beside_the_notebook_is_copied_and_each_run_starts_from_it(tmp_path):
    source = tmp_path / "source"
    for name in ("data/a.csv", "own.py", ".git/x", "__pycache__/y", "env/pyvenv.cfg", "env/z"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
    place = prepared(Notebook(source / "n.ipynb", cells("1")), tmp_path / "place")
    for _ in range(2):
        place.lay_out()
        found = {str(path.relative_to(place.directory)) for path in place.directory.rglob("*")}
        assert found == {"data", "data/a.csv", "own.py"}
        assert (place.directory / "own.py").read_text() == "own.py"
        (place.directory / "own.py").write_text("OWN.py")  # of the same length
        (place.directory / "new").mkdir()
        (place.directory / "new" / "file").write_text("")
        (place.directory / "data" / "a.csv").unlink()
    assert (source / "own.py").read_text() == "own.py"


def test_of_too_many_files_only_modules_and_those_named_are_copied(tmp_path):
    for name in ("big.bin", "used.csv", "own.py"):
        (tmp_path / name).write_bytes(bytes(100))
    notebook = Notebook(tmp_path / "n.ipynb", cells("open('used.csv')"))
    place = prepared(notebook, tmp_path / "place", limit_bytes=250)
    assert sorted(path.name for path in place.given.iterdir()) == ["own.py", "used.csv"]
    assert "that the notebook names" in place.note
    with pytest.raises(CannotCheckError, match="more than 150 B"):
        prepared(notebook, tmp_path / "place2", limit_bytes=150)


# -- comparing -------------------------------------------------------------


def test_differences_are_found_at_their_deepest_place():
    one = {"namespace": {"x": ["list", 1, 2], "y": 1}, "cell 1": {"outputs": ["a\nb\nc"]}}
    two = {"namespace": {"x": ["list", 1, 3], "z": 1}, "cell 1": {"outputs": ["a\nB\nc"]}}
    found = list(differing(one, two))
    assert [difference.path for difference in found] == [
        ("namespace", "x", 2),
        ("namespace", "y"),
        ("namespace", "z"),
        ("cell 1", "outputs", 0, 1),
    ]
    assert [difference.place for difference in found][-1] == "cell 1: outputs"
    assert "plain 2, cached 3" in str(found[0])


@pytest.mark.parametrize(("one", "other"), [(1, True), (1, 1.0), ([1], [1, 1]), ("a", "a\n"), (b"a", b"b")])
def test_values_of_another_kind_or_length_differ(one, other):
    assert list(differing(one, other))


@pytest.mark.parametrize(
    "text",
    [
        "CPU times: user {} s, sys: 1 s\nWall time: {} s\nx",
        "{} ns ± 2 ns per loop (mean ± std. dev. of 7 runs)",
    ],
)
def test_how_long_something_took_is_no_difference(text):
    assert not list(differing(text.format(1, 2), text.format(3, 4)))


def test_only_what_plain_runs_differ_in_is_excused():
    plain, again, cached = ({"namespace": {"t": ["list", time, 5], "x": 1}} for time in (1, 2, 3))
    noise = noise_of(differing(plain, again))
    assert unexpected(differing(plain, cached), noise) == []
    cached["namespace"]["t"][2] = 6
    assert [one.path for one in unexpected(differing(plain, cached), noise)] == [("namespace", "t", 2)]
    cached["namespace"]["t"].append(7)
    assert [one.path for one in unexpected(differing(plain, cached), noise)] == [("namespace", "t")]


def test_a_list_that_plain_runs_have_in_another_order_is_not_compared():
    plain, again, cached = ({"namespace": {"s": ["list", *order]}} for order in ("abcd", "bcda", "acbd"))
    noise = noise_of(differing(plain, again))
    assert unexpected(differing(plain, cached), noise) == []
    noise = noise_of(differing(plain, {"namespace": {"s": [*"abcx"], "t": 1}}))
    assert ("namespace",) not in noise


def test_streams_have_an_order_to_displays_and_none_to_each_other():
    def output(text):
        name, _, words = text.partition(":")
        return {"kind": "stream", "name": name, "text": words} if words else {"kind": name}

    def joined(*texts):
        return by_stream([output(text) for text in texts])

    assert joined("err:a", "out:b", "err:c") == joined("out:b", "err:ac")
    assert joined("out:a", "display", "out:b") != joined("out:ab", "display")
    assert joined("err:a", "display", "out:b") != joined("out:b", "display", "err:a")


def test_what_stands_in_for_a_widget_is_not_compared():
    widget = {"data": {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "0%"}}
    other = {"data": {"text/plain": "done"}}
    one, two = ({"cell 1": {"outputs": [output, {"text": "a"}]}} for output in (widget, other))
    two["cell 1"]["outputs"][1]["text"] = "b"
    found = unexpected(differing(one, two), widgets_in(one))
    assert [difference.path for difference in found] == [("cell 1", "outputs", 1, "text")]


# -- editing ---------------------------------------------------------------


def test_harmless_edits_leave_the_code_and_other_languages_alone():
    sources = ("x = 1", "%%bash\necho", "%%time\nx = 1", "%%timeit\nx")
    edited = [cell.source for cell in harmless_edit(cells(*sources)).cells]
    assert edited[0] == "# checked by fpcache\n\nx = 1\n\n# checked by fpcache"
    assert edited[1:] == ["%%bash\necho", "%%time\nx = 1\n\n# checked by fpcache", "%%timeit\nx"]


def edits_of(*sources: str, dear) -> list[str]:
    """Return the first alternative of each kind, and check that it changes one place only."""
    given = cells(*sources)
    found = []
    for first, *_ in harmful_edits(given, dear):
        if "run twice" not in first.name:
            changed = [one for one, two in zip(given, first.cells, strict=True) if one != two]
            assert len(changed) == 1
        found.append(first)
    return found


def test_constants_functions_and_earlier_values_are_edited():
    sources = (
        "size = 10_000",
        "def inner(x):\n    return x + x\ndef outer(x):\n    return inner(x)",
        "π = 'é'; y = outer(size) + 12.5",
    )
    found = edits_of(*sources, dear=[(3, 1)])
    assert [edit.name for edit in found] == [
        "a constant: cell 3, line 1: 12.5 → 15.625",
        "the body of `inner`: cell 2, line 2: + → -",
        "an earlier value: cell 1, line 1: 10000 → 10001",
        "cell 3 run twice",
    ]
    assert found[0].cells[2].source == "π = 'é'; y = outer(size) + 15.625"
    assert found[1].cells[1].source.splitlines()[1] == "    return x - x"
    assert found[2].cells[0].source == "size = 10001"
    assert [cell.number for cell in found[3].cells] == [1, 2, 3, 3]


def test_below_time_the_whole_body_is_dear():
    found = edits_of("%%time\na = 1\nb = f(77)", dear=[(1, 1)])
    assert found[0].name == "a constant: cell 1, line 3: 77 → 78"
    assert found[0].cells[0].source == "%%time\na = 1\nb = f(78)"


def test_exponents_indices_and_settings_are_not_edited():
    found = edits_of("%matplotlib inline\ny = f(x[7], 2 ** 9, f'{5}', n_jobs=4) + 3", dear=[(1, 2)])
    assert found[0].name == "a constant: cell 1, line 2: 3 → 4"


def test_cells_that_are_no_python_are_left_alone():
    assert [edit.name for edit in edits_of("%%bash\nsleep 5", dear=[(1, 1)])] == ["cell 1 run twice"]


# -- times -----------------------------------------------------------------


def a_row(status: str, line: int, duration_s: float, reason: str = "") -> Row:
    return Row("x", (line, line), status, reason, {"duration_s": duration_s})


def a_run(duration_s: float, *rows: Row, statements=()) -> NotebookRun:
    cell = CellResult("", [], "", rows, 2, duration_s=duration_s)
    run = Run("auto", (cell,), {}, {}, {}, {}, "", 0.0)
    return NotebookRun(run, cells("x"), tuple(Statement(1, *one) for one in statements))


def test_attainable_is_what_is_dear_and_neither_refused_nor_by_rule_nor_raising():
    plain = a_run(
        3.02,
        statements=[(1, 1.0, False), (2, 0.5, False), (3, 0.5, False), (4, 0.005, False), (5, 1.0, True)],
    )
    slower = a_run(9.0, statements=[(1, 8.0, False)])
    rows = [a_row("plain", 2, 0.5, "an import"), a_row("uncacheable", 3, 0.5, "reads the clock")]
    cold = a_run(3.3, a_row("miss", 1, 1.1), *rows)
    warm = a_run(1.13, a_row("hit", 1, 0.02), *rows)
    gain = gain_of([slower, plain], [cold, warm, None])
    assert [(one.line, one.excluded) for one in gain.statements] == [
        (1, ""),
        (2, "an import"),
        (3, "refused: reads the clock"),
        (5, "raises"),
    ]
    assert (gain.plain_s, gain.attainable_s, gain.cached_s) == (3.02, 1.0, (3.3, 1.13, None))
    assert gain.spent_s[1] == pytest.approx(0.115)  # with the 20 ms of the hit and what else the cache did
    assert gain.spent_s[2] is None
    assert gain.cold_overhead == pytest.approx(3.3 / 3.02 - 1)


def test_what_is_too_dear_to_fingerprint_is_still_attainable():
    plain = a_run(1.0, statements=[(1, 1.0, False)])
    rows = [a_row("plain", 1, 1.0, "fingerprinting its inputs took over 0.05 s; runs unrecorded this time")]
    assert gain_of([plain], [a_run(1.0, *rows)]).attainable_s == 1.0


def test_the_rules_are_those_of_the_session():
    assert set(steps._PLAIN_KINDS.values()) == bounds.BY_RULE


def a_check(plain_s: float, cached_s: tuple[float, ...], spent_s: tuple[float, ...]) -> NotebookCheck:
    runs = tuple(
        CachedRun(name, a_run(one), plain_s)
        for name, one in zip(("cold", "warm", "warm again"), cached_s, strict=True)
    )
    gain = Gain(plain_s, 1.0, cached_s, spent_s, ())
    return NotebookCheck(Notebook(Path("n.ipynb"), ()), "", (a_run(plain_s),), runs, (), (), gain)


@pytest.mark.parametrize(
    ("cached_s", "spent_s", "broken"),
    [
        ((10.9, 5.0, 5.0), (1.0, 0.4, 0.05), []),
        ((11.2, 5.0, 5.0), (1.0, 0.4, 0.05), [0]),
        ((14.0, 5.0, 5.0), (1.0, 0.4, 0.05), [0, 1]),
        ((10.9, 5.0, 5.0), (1.0, 0.6, 0.05), [2]),
        ((10.9, 5.0, 5.0), (1.0, 0.4, 0.2), [3]),
        ((10.9, 11.4, 5.0), (1.0, 0.4, 0.05), [4]),
    ],
)
def test_each_bound_is_judged_by_itself(cached_s, spent_s, broken):
    found = verdicts([a_check(10.0, cached_s, spent_s)])
    assert [number for number, verdict in enumerate(found) if not verdict.is_met] == broken


def test_the_median_over_notebooks_counts():
    checks = [a_check(10.0, (cold_s, 5.0, 5.0), (1.0, 0.4, 0.05)) for cold_s in (10.1, 10.5, 12.0)]
    assert verdicts(checks)[0].is_met
    assert verdicts(checks)[0].found == "5.0%"


SAMPLES = "`pandas` draws from the system's entropy, and unseeded samples are new ones here"


@pytest.mark.parametrize(
    ("row", "excluded"),
    [
        (("miss", 1, 1.0, "NumPy's random state was never seeded"), "NumPy's random state was never seeded"),
        (("miss", 1, 1.0, SAMPLES), SAMPLES),
        (("uncacheable", 1, 1.0, "reads the clock"), "refused: reads the clock"),
    ],
)
def test_what_draws_an_unseeded_sample_or_is_refused_later_is_not_attainable(row, excluded):
    plain = a_run(2.0, statements=[(1, 1.0, False), (2, 1.0, False)])
    other = a_row("miss", 2, 1.0, "never seen")
    cold, warm = a_run(2.0, a_row("miss", 1, 1.0, "never seen"), other), a_run(2.0, a_row(*row), other)
    found = gain_of([plain], [cold, warm, warm])
    assert found.attainable_s == 1.0
    assert [one.excluded for one in found.statements] == [excluded, ""]
