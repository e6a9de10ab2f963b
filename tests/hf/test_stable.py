"""What counts for a callable's fingerprint, and what is refused: without the library `datasets`."""

from __future__ import annotations

import logging
import multiprocessing
import os
import sqlite3
import tempfile
import threading
import uuid
from functools import lru_cache, partial, wraps
from pathlib import Path

import pytest

from fpcache.errors import UnfingerprintableValueError
from fpcache.hf.stable import stable_report

from .asking import holding, ignored, print_of, report, taken


def test_captured_values_count() -> None:
    assert print_of(holding([1, 2])) == print_of(holding([1, 2]))
    different = [1, True, 1.0, "1", [1], (1,), {"a": 1}, None, {1}, b"1", len, uuid.UUID]
    assert len({print_of(holding(value)) for value in different}) == len(different)


def test_loggers_count_by_their_name_only() -> None:
    log = logging.getLogger("fpcache.tests.one")
    before = report(holding_logger(log))
    log.setLevel(logging.DEBUG)
    after = report(holding_logger(log))
    log.setLevel(logging.NOTSET)
    assert before.fingerprint == after.fingerprint
    assert "logger" in ignored(before)["log"]
    assert print_of(holding_logger(logging.getLogger("fpcache.tests.two"))) != before.fingerprint


def holding_logger(log):
    def rows():
        log.info("a row")
        yield 1

    return rows


def test_a_loggers_level_counts_for_code_that_asks_for_it() -> None:
    log = logging.getLogger("fpcache.tests.level")

    def rows():
        yield log.isEnabledFor(logging.DEBUG)

    before = print_of(rows)
    log.setLevel(logging.DEBUG)
    assert print_of(rows) != before
    log.setLevel(logging.NOTSET)


@pytest.mark.parametrize("lock", [threading.Lock, threading.RLock, multiprocessing.Lock])
def test_locks_do_not_count_but_for_code_that_asks_them(lock) -> None:
    def locking(lock):
        def rows():
            with lock:
                yield 1

        return rows

    def asking(lock):
        def rows():
            yield lock.locked()

        return rows

    found = report(locking(lock()))
    assert ignored(found).keys() == {"lock"}
    assert found.fingerprint == print_of(locking(lock()))
    with pytest.raises(UnfingerprintableValueError, match="`lock`"):
        report(asking(lock()))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (uuid.uuid4(), "UUID"),
        (uuid.uuid1(), "UUID"),
        (str(uuid.uuid4()), "random UUID"),
        (os.path.join(tempfile.gettempdir(), "x"), "temporary directory"),
        (Path(tempfile.gettempdir()) / "x", "temporary directory"),
        (sqlite3.connect(":memory:"), "sqlite3.Connection"),
        (threading.Thread(target=print), "thread"),
        ((n for n in "ab"), "generator"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_differs_in_every_process_is_refused_unless_it_is_named(value, told) -> None:
    with pytest.raises(UnfingerprintableValueError, match=rf"(?s)`value`.*{told}.*ignore=\['value'\]"):
        report(holding(value))
    found = report(holding(value), ignore=["value"])
    assert ignored(found) == {"value": "named in ignore="}
    assert found.fingerprint == print_of(holding(object), ignore=["value"])
    assert print_of(holding(value), depends_on={"value": 1}) != print_of(
        holding(value), depends_on={"value": 2}
    )


def test_an_event_counts_by_its_flag() -> None:
    one, other = threading.Event(), threading.Event()
    assert print_of(holding(one)) == print_of(holding(other))
    other.set()
    assert print_of(holding(one)) != print_of(holding(other))


def test_an_id_made_from_a_name_counts() -> None:
    one, two = (uuid.uuid5(uuid.NAMESPACE_DNS, name) for name in ("a", "b"))
    assert print_of(holding(one)) == print_of(holding(one)) != print_of(holding(two))


def test_all_that_is_refused_is_told_at_once() -> None:
    run, folder = uuid.uuid4(), Path(tempfile.gettempdir()) / "x"

    def rows():
        yield run, folder

    with pytest.raises(UnfingerprintableValueError, match=r"`(folder|run)`.*; also `(folder|run)`"):
        report(rows)


class Loader:
    def __init__(self, size=3):
        self.size, self.run_id = size, uuid.uuid4()

    def rows(self):
        yield self.size

    def __call__(self):
        return self.rows()


@pytest.mark.parametrize(
    "take", [lambda loader: loader, lambda loader: loader.rows, lambda loader: partial(loader.rows)]
)
def test_attributes_of_the_bound_object_are_named_by_self(take) -> None:
    with pytest.raises(UnfingerprintableValueError, match=r"ignore=\['self.run_id'\]"):
        report(take(Loader()))
    found = report(take(Loader()), ignore=["self.run_id"])
    assert found.fingerprint == print_of(take(Loader()), ignore=["self.run_id"])
    assert found.fingerprint != print_of(take(Loader(4)), ignore=["self.run_id"])
    assert ignored(found).keys() == {"self.run_id"}


def test_an_attribute_that_is_ignored_does_not_count_even_by_being_there() -> None:
    with_memory, without = Loader(), Loader()
    with_memory.memory = {"a": 1}
    names = ["self.run_id", "self.memory"]
    assert print_of(with_memory.rows, ignore=names) == report_leniently(without.rows, names)


def report_leniently(function, names):
    return stable_report(function, {}, settings={}, ignore=names, must_match=False).fingerprint


def test_a_name_that_is_met_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'valeu'.*`value`"):
        report(holding(1), ignore=["valeu"])


LIMIT = 3
RUN = str(uuid.uuid4())


def reads_globals():
    yield LIMIT, RUN


def test_globals_count_and_can_be_ignored_by_name(monkeypatch) -> None:
    with pytest.raises(UnfingerprintableValueError, match="RUN"):
        report(reads_globals)
    before = report(reads_globals, ignore=["RUN"])
    assert "LIMIT" in taken(before, "global")
    assert before.fingerprint == print_of(reads_globals, ignore=[f"{__name__}.RUN"])
    monkeypatch.setitem(globals(), "RUN", str(uuid.uuid4()))
    assert print_of(reads_globals, ignore=["RUN"]) == before.fingerprint
    monkeypatch.setitem(globals(), "LIMIT", 4)
    assert print_of(reads_globals, ignore=["RUN"]) != before.fingerprint


def test_an_ignored_variable_does_not_take_a_global_of_its_name_along(monkeypatch) -> None:
    def make(LIMIT):
        def rows():
            yield LIMIT
            yield from limit_rows()

        return rows

    before = print_of(make(1), ignore=["LIMIT"])
    assert print_of(make(2), ignore=["LIMIT"]) == before
    monkeypatch.setitem(globals(), "LIMIT", 4)
    assert print_of(make(1), ignore=["LIMIT"]) != before


def limit_rows():
    yield LIMIT


def test_a_name_for_which_something_else_counts_is_replaced() -> None:
    client = sqlite3.connect(":memory:")

    def rows():
        yield client.execute("select 1")

    found = report(rows, depends_on={"client": {"database": "a", "version": 2}})
    assert "client" in taken(found, "depends_on")
    assert found.fingerprint != print_of(rows, depends_on={"client": {"database": "a", "version": 3}})


def decorated(function):
    calls = uuid.uuid4()

    @wraps(function)
    def inner(*args):
        str(calls)
        return function(*args)

    return inner


def test_helpers_and_decorators_are_followed_with_what_they_capture() -> None:
    def helper(by):
        @decorated
        def scale(n):
            return n * by

        def rows():
            yield scale(2)

        return rows

    with pytest.raises(UnfingerprintableValueError, match=r"ignore=\['scale.calls'\]"):
        report(helper(2))
    names = ["scale.calls"]
    assert print_of(helper(2), ignore=names) == print_of(helper(2), ignore=names)
    assert print_of(helper(2), ignore=names) != print_of(helper(3), ignore=names)


def test_it_counts_whether_two_functions_share_a_variable() -> None:
    def make():
        count = 0

        def bump():
            nonlocal count
            count += 1

        def rows():
            bump()
            yield count

        return rows, bump

    shared, _ = make()
    apart, _ = make()
    _, other_bump = make()
    apart.__closure__[apart.__code__.co_freevars.index("bump")].cell_contents = other_bump
    assert print_of(make()[0]) == print_of(shared) != print_of(apart)


def test_recursion_and_remembering_functions_end() -> None:
    def rows(depth=2):
        if depth:
            yield from rows(depth - 1)

    @lru_cache
    def remembering():
        return [1]

    assert print_of(rows) == print_of(rows)
    assert print_of(remembering) == print_of(remembering)


def test_the_report_can_be_read() -> None:
    text = str(report(holding(3), depends_on={"model": "small"}))
    assert "holding.<locals>.rows: fp1-" in text
    assert "value" in text
    assert "int 3" in text
    assert "model" in text


def test_items_of_a_captured_dict_are_judged_and_can_be_ignored() -> None:
    def settings():
        return {
            "run": str(uuid.uuid4()),
            "language": "de",
            "folder": os.path.join(tempfile.gettempdir(), "x"),
        }

    with pytest.raises(UnfingerprintableValueError, match=r"(?s)`value\['run'\]`.*`value\['folder'\]`"):
        report(holding(settings()))
    names = ["value['run']", "value['folder']"]
    first = print_of(holding(settings()), ignore=names)
    assert first == print_of(holding(settings()), ignore=names)
    assert first != print_of(holding({**settings(), "language": "fr"}), ignore=names)


def test_paths_in_the_temporary_directory_are_refused_in_lists_too() -> None:
    shards = [os.path.join(tempfile.gettempdir(), name) for name in ("a", "b")]
    with pytest.raises(UnfingerprintableValueError, match="`value` is .* in the temporary directory"):
        report(holding(shards))
    assert print_of(holding(shards), depends_on={"value": shards}) != print_of(
        holding(shards), depends_on={"value": shards[:1]}
    )


def test_a_set_of_texts_is_told() -> None:
    assert any("hash seed" in note for note in report(holding({"a", "b"})).notes)
    assert not any("hash seed" in note for note in report(holding({1, 2})).notes)


class CountingLogger(logging.Logger):
    limit = 3


def test_a_logger_of_an_own_class_counts_in_full(monkeypatch) -> None:
    before = print_of(holding(CountingLogger("x")))
    monkeypatch.setattr(CountingLogger, "limit", 4)
    assert print_of(holding(CountingLogger("x"))) != before
