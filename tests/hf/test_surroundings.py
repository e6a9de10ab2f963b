"""What code takes of its process unnamed counts: directory, time zone, arguments, data of packages."""

from __future__ import annotations

import argparse
import datetime
import importlib
import importlib.resources
import os
import pkgutil
import sqlite3
import sys
import time
from pathlib import Path

import pytest

from .asking import holding, print_of, report, taken


def by_abspath():
    yield os.path.abspath("words")


def by_resolve():
    yield str(Path().resolve())


@pytest.mark.parametrize("rows", [by_abspath, by_resolve])
def test_the_working_directory_counts_where_paths_are_made_absolute(place, monkeypatch, rows) -> None:
    first = print_of(rows)
    (place / "sub").mkdir()
    monkeypatch.chdir(place / "sub")
    assert print_of(rows) != first


def by_file():
    yield os.path.abspath(__file__)


def test_the_working_directory_does_not_count_for_the_place_of_the_code(place) -> None:
    assert "working directory" not in taken(report(by_file), "environment")


def local_time():
    yield datetime.datetime.fromtimestamp(0).isoformat(), time.localtime(0)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="needs tzset")
def test_the_time_zone_counts_for_local_times(monkeypatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    first = print_of(local_time)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    assert print_of(local_time) != first
    monkeypatch.undo()
    time.tzset()


def parses():
    yield vars(argparse.ArgumentParser().parse_args())


def parses_given():
    yield vars(argparse.ArgumentParser().parse_args([]))


def test_arguments_count_for_code_that_parses_them(monkeypatch) -> None:
    first, given = print_of(parses), print_of(parses_given)
    monkeypatch.setattr(sys, "argv", ["program", "--other"])
    assert print_of(parses) != first
    assert print_of(parses_given) == given


def by_address():
    yield sqlite3.connect("file:words.db?mode=ro", uri=True)


@pytest.mark.parametrize("held", [False, True])
def test_a_file_that_an_address_names_counts(place, held) -> None:
    rows = holding([f"file://{place}/words.db"]) if held else by_address
    (place / "words.db").write_text("one")
    first = print_of(rows)
    (place / "words.db").write_text("two")
    assert print_of(rows) != first


@pytest.mark.parametrize("how", ["resources", "get_data"])
def test_data_of_a_local_package_counts(place, monkeypatch, how) -> None:
    package = place / "fpcache_tests_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "words").write_text("one")
    monkeypatch.syspath_prepend(place)
    held = importlib.import_module("fpcache_tests_package")

    def by_resources():
        yield importlib.resources.files(held).joinpath("words").read_text()

    def by_get_data():
        yield pkgutil.get_data("fpcache_tests_package", "words")

    monkeypatch.setitem(globals(), "held", held)
    rows = by_get_data if how == "get_data" else by_resources
    first = print_of(rows)
    (package / "words").write_text("two")
    assert print_of(rows) != first
    sys.modules.pop("fpcache_tests_package")
