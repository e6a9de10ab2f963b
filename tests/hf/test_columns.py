"""Files that the rows of a dataset name count for what is made of the rows."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from fpcache.hf import Hasher, explain
from fpcache.hf.columns import files_in_columns

from .asking import holding, report, taken

datasets = pytest.importorskip("datasets", reason="needs the hf extra")
pytestmark = pytest.mark.hf


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: "/nowhere-temporary")
    (tmp_path / "sub").mkdir()
    return tmp_path


NAMES = ["plain", "sub/plain", "name.txt"]


def columns(name):
    """Yield datasets that hold a name in several ways."""
    yield datasets.Dataset.from_dict({"n": [1, 2], "file": ["a", name]})
    yield datasets.Dataset.from_dict({"files": [["a", name]]})
    yield datasets.Dataset.from_dict({"files": [[{"where": name, "n": 1}]]})
    yield datasets.Dataset.from_dict({"file": [name, None, "a"]}).select([2, 0])
    for kind in ("large_string", "string_view", "binary"):
        yield datasets.Dataset.from_dict(
            {"file": [name.encode() if kind == "binary" else name]},
            features=datasets.Features({"file": datasets.Value(kind)}),
        )
    image = datasets.Features({"image": datasets.Image()})
    yield datasets.Dataset.from_dict({"image": [{"path": name, "bytes": None}]}, features=image)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_a_row_names_counts_by_content(place, name) -> None:
    for number, dataset in enumerate(columns(name)):
        Path(name).unlink(missing_ok=True)
        absent = report(holding(dataset)).fingerprint
        Path(name).write_text("one")
        first = report(holding(dataset))
        Path(name).write_text("two")
        assert taken(first, "file") == {name}, number
        assert len({absent, first.fingerprint, report(holding(dataset)).fingerprint}) == 3
        Path(name).write_text("one")
        assert first.fingerprint == report(holding(dataset)).fingerprint


def read(row):
    return {"text": Path(row["file"]).read_text()}


def is_long(row):
    return len(Path(row["file"]).read_text()) > 3


def rows(data):
    yield from data["train"]


def test_what_is_made_of_rows_follows_the_files_that_they_name(place) -> None:
    made = datasets.Dataset.from_dict({"file": ["plain"]})
    made.save_to_disk("saved")
    dataset = datasets.load_from_disk("saved")
    hasher = Hasher()

    def outcomes():
        yield hasher.map(dataset, read)["text"][:]
        yield hasher.filter(dataset, is_long).num_rows
        with hasher.installed():
            yield dataset.map(read)["text"][:]
            yield dataset.filter(is_long).num_rows
            yield datasets.DatasetDict(a=dataset).map(read)["a"]["text"][:]

    (place / "plain").write_text("one")
    assert list(outcomes()) == list(outcomes()) == [["one"], 0, ["one"], 0, ["one"]]
    (place / "plain").write_text("other")
    assert list(outcomes()) == [["other"], 1, ["other"], 1, ["other"]]


def test_a_dataset_among_the_arguments_counts_with_its_files(place) -> None:
    data = datasets.DatasetDict(train=datasets.Dataset.from_dict({"file": ["plain"]}))
    (place / "plain").write_text("one")
    first = explain(rows, gen_kwargs={"data": data})
    (place / "plain").write_text("two")
    assert explain(rows, gen_kwargs={"data": data}).fingerprint != first.fingerprint
    assert explain(rows, gen_kwargs={"data": data}, ignore=["data"]).fingerprint
    assert not taken(explain(rows, gen_kwargs={"data": data}, ignore=["data"]), "file")


def test_a_column_that_names_no_file_at_its_beginning_is_searched_no_further_and_that_is_told(place) -> None:
    (place / "plain").write_text("one")
    many = datasets.Dataset.from_dict({"text": [f"Text {n}. and/or" for n in range(30)] + ["plain"]})
    paths = datasets.Dataset.from_dict({"text": ["plain"] + ["b"] * 30 + ["sub/a"]})

    def found(dataset, first):
        told = []
        names = set(files_in_columns(dataset, ["plain"], told.append, first))
        return "plain" in names, "sub/a" in names, len(told)

    assert found(many, 10) == (False, False, 1)
    assert found(many, 100) == (True, False, 0)
    assert found(paths, 10) == (True, True, 0)


def test_the_report_tells_of_a_column_that_was_not_searched(place, monkeypatch) -> None:
    monkeypatch.setattr("fpcache.hf.columns._FIRST", 2)
    dataset = datasets.Dataset.from_dict({"text": ["a", "b", "c"], "n": [1, 2, 3]})
    (note,) = report(holding(dataset)).notes
    assert "first 2 texts in column `text`" in note
