"""Artifacts are made once: found again, resumed, checked, and made by one of several writers."""

from __future__ import annotations

import functools
import os
import re
import signal
import subprocess
import sys
import threading
import uuid
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fpcache import artifacts
from fpcache.artifacts import ArtifactsWarning, DatasetState, generate
from fpcache.artifacts.chunks import chunk_path
from fpcache.errors import (
    CorruptEntryError,
    StoreUnavailableError,
    UncacheableError,
    UnfingerprintableValueError,
)

STATE = DatasetState("numbers", "fp1-0")


@pytest.fixture(autouse=True)
def base(own_base):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ArtifactsWarning)
        yield own_base


class Maker:
    """Makes numbers from a start on, notes what it made, and fails where it is told to."""

    def __init__(self, count=10, fail_at=None):
        self.count, self.fail_at, self.made = count, fail_at, []

    def __call__(self, start):
        for n in range(start, self.count):
            if n == self.fail_at:
                raise RuntimeError("the machine stopped")
            self.made.append(n)
            yield {"n": n, "square": n * n}


NOT_COUNTING = ["self.made", "self.fail_at"]


def make(maker, **options):
    return generate(STATE, "squares", maker, ignore=NOT_COUNTING, **{"chunk_items": 3, **options})


def test_items_are_generated_once_and_read_again() -> None:
    first, maker = make(Maker()), Maker()
    second = make(maker)
    assert (first.how, first.generated, len(first)) == ("generated", 10, 10)
    assert (second.how, second.generated, len(second), maker.made) == ("reused", 0, 10, [])
    assert list(first) == list(second) == [{"n": n, "square": n * n} for n in range(10)]
    assert list(second) == list(second)
    assert first.size_bytes == second.size_bytes > 0


def test_nothing_to_generate_is_an_artifact_too() -> None:
    assert [make(Maker(0)).how, make(Maker(0)).how] == ["generated", "reused"]
    assert list(make(Maker(0))) == []


def test_code_values_state_dataset_and_module_count() -> None:
    def other(start):
        yield from ()

    base = make(Maker()).directory
    assert make(Maker(11)).directory != base
    assert make(Maker(), state={"model": "small"}).directory != base
    assert (
        make(Maker(), state={"model": "large"}).directory != make(Maker(), state={"model": "small"}).directory
    )
    assert generate(STATE, "squares", other).directory != base
    assert generate(STATE, "cubes", Maker(), ignore=NOT_COUNTING).directory.parent.name == "cubes"
    another = DatasetState("numbers", "fp1-1")
    assert generate(another, "squares", Maker(), ignore=NOT_COUNTING).how == "generated"


def test_after_a_failure_what_was_generated_is_not_generated_again() -> None:
    failing = Maker(fail_at=8)
    with pytest.raises(RuntimeError, match="stopped"):
        make(failing)
    assert failing.made == list(range(8))
    (kept,) = artifacts.list()
    assert (kept.complete, kept.unfinished) == (0, 1)
    going_on = Maker()
    found = make(going_on)
    assert (found.how, found.generated, going_on.made) == ("resumed", 2, [8, 9])
    assert [item["n"] for item in found] == list(range(10))


def test_a_generator_that_can_not_go_on_begins_anew() -> None:
    runs = []

    def whole():
        runs.append(1)
        yield from "abc"
        if len(runs) == 1:
            raise RuntimeError("the machine stopped")

    with pytest.raises(RuntimeError):
        generate(STATE, "letters", whole, ignore=["runs"], chunk_items=2)
    found = generate(STATE, "letters", whole, ignore=["runs"], chunk_items=2)
    assert (found.how, found.generated, list(found)) == ("generated", 3, ["a", "b", "c"])


PROGRAM = """
import os, signal, sys
from fpcache.artifacts import DatasetState, generate

class Maker:
    stop_at = None
    def __call__(self, start):
        for n in range(start, 10):
            if n == self.stop_at:
                os.kill(os.getpid(), signal.SIGKILL)
            print(n, end=" ", flush=True)
            yield n

maker = Maker()
maker.stop_at = int(sys.argv[1]) if len(sys.argv) > 1 else None
found = generate(DatasetState("a", "b"), "m", maker, ignore=["self.stop_at"], chunk_items=3)
print(found.how, list(found))
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_killed_process_loses_no_chunk_that_was_written() -> None:
    killed = run("8")
    assert killed.returncode == -signal.SIGKILL
    done = run()
    assert done.stdout.split(maxsplit=4)[:5] == ["6", "7", "8", "9", f"resumed {list(range(10))}\n"]
    assert run().stdout == f"reused {list(range(10))}\n"


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, timeout=120
    )


# ---------------------------------------------------------------- damage


def damage_end(path):
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def damage_header(path):
    path.write_bytes(re.sub(rb'"items": \d+', b'"items": 9', path.read_bytes(), count=1))


def truncate(path):
    path.write_bytes(path.read_bytes()[:20])


def remove(path):
    path.unlink()


@pytest.mark.parametrize("damage", [damage_end, damage_header, truncate, remove])
@pytest.mark.parametrize("index", [0, 2, 3])
def test_damaged_chunks_are_generated_again_with_a_warning(damage, index) -> None:
    first = make(Maker())
    damage(chunk_path(first.directory, index))
    maker = Maker()
    with pytest.warns(ArtifactsWarning, match="generated again"):
        found = make(maker)
    assert maker.made == list(range(3 * index, 10))
    assert [item["n"] for item in found] == list(range(10))
    assert make(Maker()).how == "reused"


def test_a_damaged_mark_of_completeness_costs_no_item() -> None:
    first, maker = make(Maker()), Maker()
    damage_end(first.directory / "complete.json")
    with pytest.warns(ArtifactsWarning, match="generated again"):
        found = make(maker)
    assert (maker.made, len(found)) == ([], 10)


@pytest.mark.parametrize(
    ("name", "again"),
    [("chunk-000000.bin", 10), ("chunk-000001.bin", 7), ("complete.json", 0), ("about.json", 7)],
)
def test_a_directory_in_place_of_a_file_is_damage(name, again) -> None:
    first, maker = make(Maker()), Maker()
    if name == "about.json":
        remove(chunk_path(first.directory, 1))
    (first.directory / name).unlink()
    (first.directory / name / "within").mkdir(parents=True)
    with pytest.warns(ArtifactsWarning, match="generated again|written again"):
        found = make(maker)
    assert len(maker.made) == again
    assert [item["n"] for item in found] == list(range(10))
    assert make(Maker()).how == "reused"
    assert all(path.is_file() for path in first.directory.iterdir())


def test_a_directory_where_nothing_was_made_for_artifacts_is_left(tmp_path) -> None:
    first = make(Maker(), explicit=tmp_path / "mine")
    path = first.directory / "complete.json"
    path.unlink()
    (path / "within").mkdir(parents=True)
    with (
        pytest.warns(ArtifactsWarning, match="generated again"),
        pytest.raises(StoreUnavailableError, match="remove it"),
    ):
        make(Maker(), explicit=tmp_path / "mine")
    assert (path / "within").is_dir()


def test_damage_after_opening_is_an_error_that_says_what_to_do() -> None:
    found = make(Maker())
    reading = iter(found)
    next(reading)
    remove(chunk_path(found.directory, 1))
    with pytest.raises(CorruptEntryError, match="generate the artifact again"):
        list(reading)
    chunk_path(found.directory, 1).mkdir()
    with pytest.raises(CorruptEntryError, match="generate the artifact again"):
        list(found)


def test_what_another_key_signed_is_not_loaded(tmp_path, monkeypatch) -> None:
    make(Maker())
    monkeypatch.setenv("FPCACHE_KEY_FILE", str(tmp_path / "other-key"))
    maker = Maker()
    with pytest.warns(ArtifactsWarning, match="not written with your key"):
        make(maker)
    assert maker.made == list(range(10))


def test_chunks_of_two_runs_are_not_mixed() -> None:
    first = make(Maker(10))
    second = make(Maker(11))
    chunk_path(first.directory, 1).write_bytes(chunk_path(second.directory, 1).read_bytes())
    with pytest.warns(ArtifactsWarning, match="does not follow"):
        assert [item["n"] for item in make(Maker(10))] == list(range(10))


def test_items_made_while_a_file_changed_are_made_again(tmp_path) -> None:
    file, runs = tmp_path / "words.txt", []
    file.write_text("one")

    def changing(start):
        runs.append(start)
        if len(runs) == 1:
            file.write_text("other")
        yield from "abc"[start:]

    def call():
        return generate(STATE, "words", changing, ignore=["file", "runs"], depends_on=iter([file]))

    with pytest.warns(ArtifactsWarning, match="changed while items were made"):
        assert list(call()) == ["a", "b", "c"]
    file.write_text("one")
    assert [call().how, call().how] == ["generated", "reused"]
    assert runs == [0, 0]


def test_what_a_killed_writer_left_aside_is_swept() -> None:
    with pytest.raises(RuntimeError):
        make(Maker(fail_at=4))
    (kept,) = artifacts.list()
    (directory,) = (one for one in kept.directory.iterdir() if one.is_dir())
    (directory / ".aside-x").write_text("half a chunk")
    assert make(Maker()).how == "resumed"
    assert not (directory / ".aside-x").exists()


# ---------------------------------------------------------------- several writers


def test_of_several_threads_one_generates_and_the_others_use_it() -> None:
    maker, barrier = Maker(50), threading.Barrier(4)

    def work(_):
        barrier.wait()
        return make(maker)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work, range(4)))
    assert sorted(one.how for one in found) == ["generated", "reused", "reused", "reused"]
    assert maker.made == list(range(50))


@pytest.mark.slow
def test_of_several_processes_one_generates_and_the_others_use_it() -> None:
    command = [sys.executable, "-c", PROGRAM]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    told = sorted(process.communicate(timeout=120)[0].split("[")[0].split()[-1] for process in processes)
    assert told == ["generated", "reused", "reused"]


# ---------------------------------------------------------------- refusals, other places


def test_what_can_not_be_stored_or_fingerprinted_is_refused() -> None:
    run_id = uuid.uuid4()

    def locks(start):
        yield threading.Lock()

    def identified(start):
        yield str(run_id)

    with pytest.raises(UncacheableError, match="item 0, a lock, can't be stored"):
        generate(STATE, "locks", locks)
    with pytest.raises(UnfingerprintableValueError, match="run_id"):
        generate(STATE, "ids", identified)


def test_bad_arguments_are_refused() -> None:
    async def asynchronous(start):
        yield start

    def needing(start, model):
        yield model

    with pytest.raises(TypeError, match="asyncio.to_thread"):
        generate(STATE, "m", asynchronous)
    with pytest.raises(TypeError, match="make needs model"):
        generate(STATE, "m", needing)
    with pytest.raises(TypeError, match="must be a function"):
        generate(STATE, "m", [1, 2])
    with pytest.raises(ValueError, match="chunk_items"):
        make(Maker(), chunk_items=0)


def test_a_start_that_can_not_be_given_is_refused() -> None:
    def by_position(start, /):
        yield start

    def several(*start):
        yield start

    def plain(step, start=0):
        yield from range(start, 10, step)

    for make_items in (by_position, several):
        with pytest.raises(TypeError, match="it is given by its name"):
            generate(STATE, "m", make_items)
    with pytest.raises(TypeError, match="binds start=2"):
        generate(STATE, "m", functools.partial(plain, 5, start=2))
    assert list(generate(STATE, "m", functools.partial(plain, 5))) == [0, 5]


def test_a_full_disk_is_told(monkeypatch) -> None:
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fpcache.artifacts.chunks.os.replace", full)
    with pytest.raises(StoreUnavailableError, match="No space left"):
        make(Maker())


def test_switched_off_items_last_as_long_as_the_process(base) -> None:
    artifacts.enable_caching(False)
    with pytest.warns(ArtifactsWarning, match="temporary"):
        found = make(Maker())
    assert len(list(found)) == 10
    assert not base.exists()


def test_an_explicit_directory_is_used(tmp_path) -> None:
    found = make(Maker(), explicit=tmp_path / "mine")
    assert found.directory.parent == tmp_path / "mine"
    assert make(Maker(), explicit=tmp_path / "mine").how == "reused"
    assert Path(found.directory / "about.json").is_file()
