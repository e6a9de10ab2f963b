"""Environment variables count under the names that code gives, with the files that they name."""

from __future__ import annotations

import os
import sys
import tempfile
from os import environ, getenv
from os import environ as aliased
from pathlib import Path

import pytest

from fpcache.errors import UnfingerprintableValueError

from .asking import holding, print_of, report, taken

COPIED = dict(os.environ)
UNKNOWN = "names that can't be known"


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: "/nowhere-temporary")
    monkeypatch.setenv("APP_LIMIT", "3")
    monkeypatch.setenv("OTHER", "3")
    return tmp_path


def of_app(name):
    return os.environ["APP_" + name]


def by_helper():
    yield of_app("LIMIT")


def by_f_string():
    for name in ("LIMIT",):
        yield os.environ.get(f"APP_{name}", "none")


def by_format():
    yield os.getenv("APP_{}".format("LIMIT"), 1)


def by_loop():
    yield [os.environ["APP_" + name] for name in ["LIMIT"]]


def by_end():
    for name in ("APP",):
        yield os.environ[name + "_LIMIT"]


def by_import():
    from os import getenv as ask

    yield ask("APP_" + str(1) and "APP_LIMIT")


def by_alias():
    held = os.environ
    yield held["APP_" + "limit".upper()]


@pytest.mark.parametrize(
    "rows",
    [by_helper, by_f_string, by_format, by_loop, by_end, by_import, by_alias],
    ids=lambda one: one.__name__,
)
def test_variables_whose_names_are_put_together_count_and_that_is_told(place, monkeypatch, rows) -> None:
    first = report(rows)
    assert any(UNKNOWN in note for note in first.notes)
    assert "APP_LIMIT" in taken(first, "environment")
    monkeypatch.setenv("APP_LIMIT", "4")
    assert print_of(rows) != first.fingerprint
    monkeypatch.setenv("APP_LIMIT", "3")
    monkeypatch.setenv("OTHER", "4")
    assert print_of(rows) == first.fingerprint


def every():
    yield from os.environ


def handed_on():
    yield sorted(os.environ.items())


def by_name(name="A"):
    yield os.environ[name]


@pytest.mark.parametrize("rows", [every, handed_on, by_name], ids=lambda one: one.__name__)
def test_names_that_can_not_be_known_are_told(place, rows) -> None:
    assert any(UNKNOWN in note for note in report(rows).notes)


def plainly():
    yield os.environ["APP_LIMIT"], os.environ.get("APP_A", str(1)), os.getenv("APP_B", os.sep + "x")
    if "APP_C" in os.environ:
        os.environ.setdefault("APP_D", "1")
        yield os.environ.get("APP_E"), getenv("APP_F", default=1)


def by_imported_name():
    yield environ["APP_LIMIT"], environ.get("APP_A"), "APP_B" in environ, getenv("APP_C", 1)


def by_other_name():
    yield aliased["APP_LIMIT"]


@pytest.mark.parametrize("rows", [plainly, by_imported_name, by_other_name], ids=lambda one: one.__name__)
def test_where_all_names_are_constants_nothing_is_told_and_no_other_counts(place, monkeypatch, rows) -> None:
    monkeypatch.setenv("SOME_DIRECTORY", str(place))
    first = report(rows)
    assert not any(UNKNOWN in note or "holds" in note for note in first.notes)
    monkeypatch.setenv("APP_OTHER", "4")
    assert print_of(rows) == first.fingerprint
    monkeypatch.setenv("APP_LIMIT", "4")
    assert print_of(rows) != first.fingerprint


class Settings:
    def __init__(self):
        self.values = os.environ

    def __call__(self):
        yield self.values["OTH" + "ER".upper()]


def all_of_it():
    yield dict(environ)


def by_copy():
    yield COPIED["OTH" + "er".upper()]


@pytest.mark.parametrize("rows", [Settings(), all_of_it], ids=["an attribute", "a name"])
def test_a_held_environment_counts_as_a_whole_where_any_may_be_read(place, monkeypatch, rows) -> None:
    monkeypatch.setenv("SOME_DIRECTORY", str(place))
    first = print_of(rows)
    monkeypatch.setenv("OTHER", "4")
    assert print_of(rows) != first


def test_a_copy_of_the_environment_counts_and_directories_in_it_are_no_refusal(place, monkeypatch) -> None:
    monkeypatch.setitem(globals(), "COPIED", {**os.environ, "DATA": str(place), "CORPUS": "words"})
    monkeypatch.setenv("DATA", str(place))
    monkeypatch.setenv("CORPUS", "words")
    first = print_of(by_copy)
    (place / "words").write_text("one")
    assert print_of(by_copy) != first
    with pytest.raises(UnfingerprintableValueError, match="a directory"):
        report(holding({"DATA": str(place)}))


def opens_variable():
    yield Path(os.environ["APP_CORPUS"]).read_text()


def opens_one_of_many():
    for path in os.environ["APP_PATHS"].split(os.pathsep):
        yield Path(path).read_text()


def opens_below():
    yield Path(os.environ["APP_DATA"] + "/words").read_text(), os.path.join(os.environ["APP_DATA"], "words")


def opens_expanded():
    yield Path(os.path.expandvars("$APP_DATA/words")).read_text()


def opens_with_end():
    yield Path(os.getenv("APP_CORPUS_STEM") + ".txt").read_text()


@pytest.mark.parametrize(
    ("rows", "variable", "value", "file"),
    [
        (opens_variable, "APP_CORPUS", "words", "words"),
        (opens_one_of_many, "APP_PATHS", f"a{os.pathsep}words", "words"),
        (opens_below, "APP_DATA", "sub", "sub/words"),
        (opens_expanded, "APP_DATA", "sub", "sub/words"),
        (opens_with_end, "APP_CORPUS_STEM", "words", "words.txt"),
    ],
)
def test_a_file_that_a_variable_names_counts_by_content(
    place, monkeypatch, rows, variable, value, file
) -> None:
    (place / "sub").mkdir()
    monkeypatch.setenv(variable, value)
    absent = print_of(rows)
    (place / file).write_text("one")
    first = print_of(rows)
    (place / file).write_text("two")
    assert len({absent, first, print_of(rows)}) == 3


def test_a_variable_that_names_a_directory_is_told(place, monkeypatch) -> None:
    monkeypatch.setenv("APP_DATA", str(place))
    assert any("APP_DATA names a directory" in note for note in report(opens_below).notes)


def test_the_environment_is_not_held_by_those_who_only_import_the_module(place) -> None:
    assert "environ" not in str(report(holding(sys.byteorder)))
