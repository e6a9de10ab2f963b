"""Files count wherever values name them, however deep."""

from __future__ import annotations

import os
from collections import OrderedDict, deque
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from .asking import holding, print_of, report


@dataclass
class Sources:
    files: object


class Reader:
    FILES: ClassVar = [["plain"]]

    def __init__(self, files):
        self.files = files

    def __call__(self):
        yield self.files

    def own(self):
        yield self.FILES


class Slotted:
    __slots__ = ("files",)

    def __init__(self, files):
        self.files = files


def read(path="plain"):
    return Path(path).read_text()


def by_default():
    yield read()


def by_closure():
    paths = ("plain",)

    def inner():
        return paths

    def rows():
        yield inner()

    return rows


def captured():
    names = {"a": ["plain"]}

    def inner():
        return names

    return inner


HELPER = captured()


def by_helper():
    yield HELPER()


def by_bytes():
    with open(b"plain") as file:
        yield file.read()


FUNCTIONS = {
    "a helper's default": by_default,
    "a helper's closure": by_helper,
    "a function within": by_closure(),
    "bytes": by_bytes,
    "an attribute": Reader(["plain"]),
    "a method's object": Reader({"a": ("plain",)}).own,
    "a class attribute": Reader(1).own,
    "a dict's key": holding({"plain": 1}),
    "a deque": holding(deque(["plain"])),
    "an ordered dict": holding(OrderedDict(a=[["plain"]])),
    "a dataclass": holding(Sources(["plain"])),
    "objects in objects": holding([Sources(Slotted({"plain"}))]),
    "an array": holding(np.array(["plain"])),
    "an array of objects": holding(np.array([Path("plain")], dtype=object)),
    "a table": holding(pd.DataFrame({"n": [1], "file": ["plain"]})),
    "a partial in a list": holding([partial(read, "plain")]),
    "a list of bytes": holding([b"plain"]),
}


@pytest.mark.parametrize("how", FUNCTIONS)
def test_a_file_named_anywhere_counts_by_content(place, how) -> None:
    rows = FUNCTIONS[how]
    absent = print_of(rows)
    (place / "plain").write_text("one")
    first = report(rows)
    (place / "plain").write_text("two")
    second = print_of(rows)
    (place / "plain").write_text("one")
    assert first.fingerprint == print_of(rows)
    assert len({absent, first.fingerprint, second}) == 3
    assert [one.name for one in first.taken if one.how == "file"] == ["plain"]


def test_which_of_two_names_a_file_has_counts(place) -> None:
    rows = holding(["one.txt", "two.txt"])
    (place / "one.txt").write_text("content")
    first = print_of(rows)
    os.rename("one.txt", "two.txt")
    assert print_of(rows) != first


def test_files_of_what_is_ignored_do_not_count(place) -> None:
    (place / "other").write_text("one")
    first = report(Reader(["other"]), ignore=["self.files"])
    (place / "other").write_text("two")
    assert print_of(Reader(["other"]), ignore=["self.files"]) == first.fingerprint


@pytest.mark.parametrize("text", ["/", ".", "..", "./", "../.."])
def test_a_separator_is_no_directory_to_refuse(text) -> None:
    assert print_of(holding(text)) != print_of(holding([text]))
