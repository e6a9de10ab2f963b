"""What is ignored is left out where it stands, and counts where else the same object stands."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .asking import holding, ignored, print_of, report, taken

TEXT = "plain"
LIST = ["plain"]


def as_default(path=(TEXT,), run=TEXT):
    yield Path(path[0]).read_text()


def as_constant(run="plain"):
    yield Path("plain").read_text()


def as_list(paths=LIST, run=LIST):
    yield Path(paths[0]).read_text()


class Reader:
    def __init__(self, path):
        self.path, self.run = [path], path

    def __call__(self):
        yield self.path


class Slotted:
    __slots__ = ("path", "run")

    def __init__(self, path):
        self.path, self.run = [path], path

    def __call__(self):
        yield self.path


def in_closure():
    path, run = [TEXT], TEXT

    def rows():
        yield path, run

    return rows


def in_a_dict():
    return holding({"path": [TEXT], "run": TEXT})


CASES = {
    "a default": (as_default, "run"),
    "a constant": (as_constant, "run"),
    "a list": (as_list, "run"),
    "an attribute": (Reader(TEXT), "self.run"),
    "a list in an attribute": (Reader([TEXT]), "self.run"),
    "a slot": (Slotted(TEXT), "self.run"),
    "a list in a slot": (Slotted([[TEXT]]), "self.run"),
    "a variable": (in_closure(), "run"),
    "an item": (in_a_dict(), "value['run']"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_file_counts_though_the_same_text_is_ignored_elsewhere(place, case) -> None:
    rows, name = CASES[case]
    file = place / "plain"
    file.write_text("one")
    first = report(rows, ignore=[name])
    assert name in ignored(first)
    file.write_text("two")
    assert print_of(rows, ignore=[name]) != first.fingerprint


def reads_variable(name="HOME_OF_WORDS", run="HOME_OF_WORDS"):
    yield os.environ[name]


def test_a_variable_counts_though_the_same_text_is_ignored_elsewhere(monkeypatch) -> None:
    monkeypatch.setenv("HOME_OF_WORDS", "1")
    first = print_of(reads_variable, ignore=["run"])
    monkeypatch.setenv("HOME_OF_WORDS", "2")
    assert print_of(reads_variable, ignore=["run"]) != first


@pytest.mark.parametrize("kind", [Reader, Slotted])
def test_the_files_of_an_attribute_that_is_ignored_do_not_count(place, kind) -> None:
    def made(other):
        found = kind("nothing")
        found.run = [other]
        return found

    (place / "plain").write_text("one")
    found = report(made("plain"), ignore=["self.run"])
    assert not taken(found, "file")
    assert found.fingerprint == print_of(made("other"), ignore=["self.run"])
