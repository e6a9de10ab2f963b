"""What is kept can be listed, weighed and deleted, and nothing else with it."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from fpcache import artifacts
from fpcache.artifacts import DatasetState, cache_dir_for, generate
from fpcache.errors import StoreError

ONE, TWO = DatasetState("one", "fp1-1"), DatasetState("two", "fp1-2")


@pytest.fixture(autouse=True)
def base(tmp_path, monkeypatch):
    monkeypatch.setenv("FPCACHE_ARTIFACTS_DIR", str(tmp_path / "base"))
    monkeypatch.setattr("fpcache.artifacts.switches._chosen", None)
    return tmp_path / "base"


def letters():
    yield from "abc"


def fill():
    for state in (ONE, TWO):
        for module in ("m", "n"):
            generate(state, module, letters)


def test_nothing_is_listed_where_nothing_is() -> None:
    assert artifacts.list() == ()
    assert (artifacts.size(), artifacts.clear()) == (0, 0)


def test_what_is_kept_is_listed_by_dataset_and_module() -> None:
    fill()
    kept = artifacts.list()
    assert [(one.dataset_config, one.module) for one in kept] == [
        ("one", "m"),
        ("one", "n"),
        ("two", "m"),
        ("two", "n"),
    ]
    assert {(one.complete, one.unfinished, one.made_by) for one in kept} == {(1, 0, ("letters",))}
    assert artifacts.list(ONE) == kept[:2]
    assert artifacts.list(module="m") == kept[::2]
    assert artifacts.list(TWO, "n") == kept[3:]
    assert (
        artifacts.size()
        == sum(one.size_bytes for one in kept)
        > artifacts.size(ONE)
        > artifacts.size(ONE, "m")
        > 0
    )
    with pytest.raises(StoreError, match="no fingerprint"):
        artifacts.list([1])


def test_files_of_other_makers_are_weighed_and_cleared_too() -> None:
    (cache_dir_for(ONE, "own") / "vectors.bin").write_bytes(b"x" * 100)
    (kept,) = artifacts.list()
    assert (kept.size_bytes, kept.complete, kept.unfinished, kept.made_by) == (100, 0, 0, ())
    assert artifacts.clear() == 100
    assert artifacts.list() == ()


def test_only_what_is_named_is_cleared(base) -> None:
    fill()
    freed = artifacts.clear(ONE, "m")
    assert freed > 0
    assert [(one.dataset_config, one.module) for one in artifacts.list()] == [
        ("one", "n"),
        ("two", "m"),
        ("two", "n"),
    ]
    artifacts.clear(module="n")
    assert [(one.dataset_config, one.module) for one in artifacts.list()] == [("two", "m")]
    artifacts.clear()
    assert list(base.iterdir()) == []


def test_what_is_being_generated_stays() -> None:
    started, goes_on = threading.Event(), threading.Event()

    def slow():
        yield 1
        started.set()
        goes_on.wait(60)
        yield 2

    found = []
    names = ["started", "goes_on"]
    thread = threading.Thread(
        target=lambda: found.append(generate(ONE, "m", slow, ignore=names, chunk_items=1))
    )
    thread.start()
    started.wait(60)
    artifacts.clear()
    goes_on.set()
    thread.join()
    assert list(found[0]) == [1, 2]
    artifacts.clear()
    assert artifacts.list() == ()


def test_links_are_neither_listed_nor_followed(base, tmp_path) -> None:
    outside = tmp_path / "outside" / "state" / "module"
    outside.mkdir(parents=True)
    (outside / "precious.txt").write_text("keep me")
    base.mkdir()
    (base / "link").symlink_to(tmp_path / "outside")
    assert artifacts.list() == ()
    artifacts.clear()
    assert (outside / "precious.txt").read_text() == "keep me"


PROGRAM = """
import sys, time
from fpcache import artifacts
from fpcache.artifacts import DatasetState, generate
from fpcache.errors import CorruptEntryError

def numbers(start):
    yield from range(start, 20)

end = time.monotonic() + 4
while time.monotonic() < end:
    if sys.argv[1] == "clear":
        artifacts.clear()
        continue
    found = generate(DatasetState("one", "fp1-1"), "m", numbers, chunk_items=2)
    assert len(found) == 20
    try:
        assert list(found) == list(range(20))
    except CorruptEntryError as error:
        assert "generate the artifact again" in str(error)
print("done")
"""


@pytest.mark.slow
def test_clearing_and_generating_at_the_same_time(base) -> None:
    tasks = ["generate", "generate", "generate", "clear", "clear"]
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", PROGRAM, task],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for task in tasks
    ]
    assert [process.communicate(timeout=120) for process in processes] == [("done\n", "")] * len(tasks)
    artifacts.clear()
    assert list(base.iterdir()) == []


def test_threads_that_wait_go_on_after_what_they_wait_for_was_cleared() -> None:
    ends = threading.Event()

    def clear():
        while not ends.is_set():
            artifacts.clear()

    def make(_):
        return [len(generate(ONE, "m", letters)) for _ in range(15)]

    clearing = threading.Thread(target=clear)
    clearing.start()
    try:
        with ThreadPoolExecutor(3) as pool:
            assert list(pool.map(make, range(3))) == [[3] * 15] * 3
    finally:
        ends.set()
        clearing.join()
