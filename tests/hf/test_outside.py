"""What counts beyond values: files, environment variables, random states; what can only be told."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from fpcache.errors import UnfingerprintableValueError
from fpcache.hf.outside import paths_in

from .asking import holding, ignored, print_of, report, taken


@pytest.mark.parametrize("how", ["captured", "a list of paths", "a constant", "an argument"])
def test_files_that_are_named_count_by_content(place, how) -> None:
    def constant():
        yield Path("words.txt").read_text()

    file = place / "words.txt"
    functions = {
        "captured": (holding(file), {}),
        "a list of paths": (holding({"files": ["words.txt"]}), {}),
        "a constant": (constant, {}),
        "an argument": (holding(1), {"shards": ["words.txt"]}),
    }
    file.write_text("one")
    first = report(*functions[how])
    file.write_text("two")
    second = report(*functions[how])
    file.write_text("one")
    assert first.fingerprint == report(*functions[how]).fingerprint != second.fingerprint
    assert taken(first, "file")
    assert any("words.txt" in change for change in second.changes_from(first))


def test_a_directory_that_is_captured_is_refused_or_counts_by_depends_on(place) -> None:
    (place / "data").mkdir()
    (place / "data" / "a.txt").write_text("one")
    with pytest.raises(UnfingerprintableValueError, match="a directory whose files may be read"):
        report(holding(Path("data")))
    before = print_of(holding(Path("data")), depends_on=["data"])
    assert print_of(holding(Path("data")), depends_on=[Path("data")]) == before
    (place / "data" / "b.txt").write_text("")
    assert print_of(holding(Path("data")), depends_on=["data"]) != before
    assert ignored(report(holding(Path("data")), ignore=["data"])).keys() == {"data"}


def test_where_a_directory_lies_does_not_count_by_depends_on(place) -> None:
    for folder in ("one", "two"):
        (place / folder).mkdir()
        (place / folder / "a.txt").write_text("content")
    one, two = (print_of(holding(1), depends_on={"data": place / folder}) for folder in ("one", "two"))
    assert one == two


def test_depends_on_says_what_is_wrong(place) -> None:
    with pytest.raises(UnfingerprintableValueError, match="can't be read"):
        report(holding(1), depends_on=["missing.txt"])
    with pytest.raises(TypeError, match="list of paths"):
        report(holding(1), depends_on="words.txt")
    with pytest.raises(TypeError, match="give values by name"):
        report(holding(1), depends_on=[3])
    with pytest.raises(TypeError, match="list of names"):
        report(holding(1), ignore="value")


def test_environment_variables_that_the_code_names_count(monkeypatch) -> None:
    def rows():
        yield os.environ.get("ROWS_LANGUAGE")

    monkeypatch.setenv("ROWS_LANGUAGE", "de")
    before = report(rows)
    assert "ROWS_LANGUAGE" in taken(before, "environment")
    assert "de" not in str(before).split()
    monkeypatch.setenv("ROWS_LANGUAGE", "fr")
    assert print_of(rows) != before.fingerprint
    monkeypatch.delenv("ROWS_LANGUAGE")
    assert print_of(rows) != before.fingerprint


def test_the_state_of_a_global_random_generator_counts() -> None:
    import random as captured

    def by_closure():
        yield captured.random()

    def by_name():
        yield random.random()

    for rows in (by_closure, by_name):
        _check_that_the_state_counts(rows)


def _check_that_the_state_counts(rows) -> None:
    state = random.getstate()
    try:
        random.seed(1)
        first = report(rows)
        random.seed(2)
        second = print_of(rows)
        random.seed(1)
        assert first.fingerprint == print_of(rows) != second
        assert print_of(rows, ignore=["random state"]) != first.fingerprint
    finally:
        random.setstate(state)
    assert any("seed" in note for note in first.notes)


def test_a_seeded_generator_of_its_own_counts_by_its_state() -> None:
    assert print_of(holding(random.Random(1))) == print_of(holding(random.Random(1)))
    assert print_of(holding(random.Random(1))) != print_of(holding(random.Random(2)))


def test_reading_the_clock_is_told() -> None:
    import datetime
    import time

    def rows():
        yield time.time(), datetime.datetime.now()

    notes = " ".join(report(rows).notes)
    assert "clock" in notes
    assert "calendar" in notes


def test_in_containers_only_texts_with_a_slash_or_a_suffix_may_be_paths() -> None:
    assert list(paths_in("data")) == ["data"]
    assert list(paths_in(["data", "data/a", "a.txt", "Two words.", "a\nb.txt", "", "x" * 5000 + ".txt"])) == [
        "data/a",
        "a.txt",
    ]
    assert list(paths_in({"a": (Path("a/b"), {"c.csv"}), "n": 3})) == ["a/b", "c.csv"]


@pytest.mark.parametrize("wrap", [lambda path: path, lambda path: [path], lambda path: {"a": (path,)}])
def test_paths_in_a_mapping_count_by_content_and_are_no_refusal(place, wrap) -> None:
    (place / "data").mkdir()
    (place / "data" / "a.txt").write_text("one")
    given = {"words": wrap(Path("data"))}
    first = print_of(holding(Path("data")), depends_on=given)
    assert first == print_of(holding(Path("data")), depends_on=given)
    (place / "data" / "a.txt").write_text("two")
    assert print_of(holding(Path("data")), depends_on=given) != first
    assert print_of(holding(1), depends_on={"words": wrap("data")}) != print_of(holding(1), depends_on=given)
