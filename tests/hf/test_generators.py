"""Datasets made by a generator: one fingerprint in all processes, another after each change."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import subprocess
import sys
import uuid
from functools import partial

import pytest

from fpcache.errors import FpcacheError, UnfingerprintableValueError
from fpcache.hf import explain, from_generator, report_of

datasets = pytest.importorskip("datasets", reason="needs the hf extra")
pytestmark = pytest.mark.hf

PROGRAM = '''
import json, logging, sys, tempfile, threading, uuid
from pathlib import Path

from datasets import Features, Value
from fpcache import hf

RAN = Path(sys.argv[1])
PREFIX = "row"


def clean(text):
    return text.strip().lower()


class Session:
    def __init__(self):
        self.id, self.lock = uuid.uuid4(), threading.Lock()

    def get(self, n):
        return f" {PREFIX} {n} "


def make(limit):
    session, log, run = Session(), logging.getLogger("rows"), str(uuid.uuid4())
    scratch = Path(tempfile.mkdtemp())

    def rows(first):
        """Yield what a server would give."""
        log.info("run %s in %s", run, scratch)
        with RAN.open("a") as file:
            file.write("ran ")
        for n in range(first, first + limit):
            with session.lock:
                yield {"n": n, "text": clean(session.get(n)), "raw": json.dumps(n)}

    return rows


FEATURES = Features({"n": Value("int64"), "text": Value("string"), "raw": Value("string")})
made = hf.from_generator(
    make(3), FEATURES, gen_kwargs={"first": 5}, split="train", cache_dir=sys.argv[2],
    depends_on=[sys.argv[3]], ignore=["session.id", "run", "scratch", "RAN"],
)
taken = [[one.name, one.how] for one in hf.report_of(made).taken]
ignored = {one.name: one.reason for one in hf.report_of(made).ignored}
print(json.dumps([made._fingerprint, made.cache_files[0]["filename"], made["text"][:], taken, ignored]))
'''
CHANGES = {
    "the generator's code": ("json.dumps(n)", "json.dumps(n + 1)"),
    "a helper's code": ("text.strip().lower()", "text.strip().upper()"),
    "a method of a captured object": ('f" {PREFIX} {n} "', 'f" {PREFIX}: {n} "'),
    "a global that the method reads": ('PREFIX = "row"', 'PREFIX = "line"'),
    "a captured value": ("make(3)", "make(4)"),
    "an argument": ('"first": 5', '"first": 6'),
    "the features": ('"n": Value("int64")', '"n": Value("int32")'),
    "the order of the features": (
        '"n": Value("int64"), "text": Value("string")',
        '"text": Value("string"), "n": Value("int64")',
    ),
    "the split": ('split="train"', 'split="test"'),
}


@pytest.fixture
def place(tmp_path):
    (tmp_path / "words.txt").write_text("one two")
    return tmp_path


def run(place, program=PROGRAM, hash_seed="0"):
    (place / "program.py").write_text(program)
    command = [sys.executable, "program.py", "ran.txt", str(place / "cache"), "words.txt"]
    environment = {
        **os.environ,
        "PYTHONHASHSEED": hash_seed,
        "HF_HOME": str(place / "home"),
        "HF_HUB_OFFLINE": "1",
    }
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_five_processes_with_other_hash_seeds_share_one_dataset(place) -> None:
    found = [run(place, hash_seed=seed) for seed in ("0", "1", "2", "77", "4294967295")]
    assert found == [found[0]] * 5
    assert found[0][2] == ["row 5", "row 6", "row 7"]
    assert (place / "ran.txt").read_text() == "ran "


def test_the_report_names_what_counts_and_what_does_not(place) -> None:
    *_, taken, ignored = run(place)
    assert ["make.<locals>.rows", "code"] in taken
    assert {("limit", "closure"), ("session", "closure"), ("first", "argument")} <= set(map(tuple, taken))
    assert {("clean", "global"), ("words.txt", "depends_on"), ("json", "global")} <= set(map(tuple, taken))
    assert ignored.keys() == {"log", "run", "scratch", "session.id", "session.lock", "RAN"}
    assert "named" in ignored["run"]
    assert "logger" in ignored["log"]
    assert "lock" in ignored["session.lock"]


@pytest.mark.slow
@pytest.mark.parametrize("changed", CHANGES)
def test_each_change_makes_another_dataset(place, changed) -> None:
    before, after = CHANGES[changed]
    assert PROGRAM.count(before) == 1
    first, second = run(place), run(place, PROGRAM.replace(before, after))
    assert first[:2] != second[:2]
    assert first[0] != second[0]
    assert (place / "ran.txt").read_text() == "ran ran "


def test_a_file_it_depends_on_counts_by_its_content(place) -> None:
    first = run(place)
    (place / "words.txt").write_text("one two three")
    second = run(place)
    (place / "words.txt").write_text("one two")
    third = run(place)
    assert first[0] == third[0] != second[0]


def test_comments_and_empty_lines_do_not_count(place) -> None:
    edited = PROGRAM.replace("    def rows(first):", "    # a comment\n\n    def rows(first):")
    assert run(place)[0] == run(place, edited)[0]


# ---------------------------------------------------------------- in this process


def rows(first, limit=2):
    for n in range(first, first + limit):
        yield {"n": n}


def sharded(shards):
    for shard in shards:
        yield {"shard": shard, "together": len(shards)}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return str(tmp_path / "cache")


def test_an_edited_docstring_or_default_is_told(cache) -> None:
    old = explain(rows, gen_kwargs={"first": 1})
    new = explain(partial(rows, limit=3), gen_kwargs={"first": 1})
    assert old.fingerprint != new.fingerprint
    assert any("limit" in change for change in new.changes_from(old))
    assert new.changes_from(new) == []


def test_a_default_that_an_argument_replaces_does_not_count(cache) -> None:
    def other(first, limit=99):
        for n in range(first, first + limit):
            yield {"n": n}

    given = {"first": 1, "limit": 2}
    before = explain(other, gen_kwargs=given).fingerprint
    other.__defaults__ = (98,)
    assert explain(other, gen_kwargs=given).fingerprint == before
    assert explain(other, gen_kwargs={"first": 1}).fingerprint != before


def test_lists_are_shards_and_processes_count_only_where_a_call_can_see_them(cache) -> None:
    given = {"shards": ["a", "b", "c", "d"]}
    one = from_generator(sharded, gen_kwargs=given, cache_dir=cache)
    two = from_generator(sharded, gen_kwargs=given, cache_dir=cache + "-2", num_proc=2)
    assert one["shard"][:] == two["shard"][:] == ["a", "b", "c", "d"]
    # Late releases of the library call the generator for each shard, early ones for all that a process gets.
    assert (one._fingerprint == two._fingerprint) == (one["together"][:] == two["together"][:])
    assert explain(sharded, gen_kwargs=given, num_proc=2).fingerprint == two._fingerprint
    assert explain(sharded, gen_kwargs={"shards": ["a", "b", "d", "c"]}).fingerprint != one._fingerprint
    assert explain(sharded, gen_kwargs={"shards": ("a", "b", "c", "d")}).fingerprint != one._fingerprint


def test_how_the_library_hands_out_shards_counts(monkeypatch) -> None:
    def prints(shards):
        return [explain(sharded, gen_kwargs={"shards": shards}, num_proc=n).fingerprint for n in (None, 2)]

    monkeypatch.setattr("fpcache.hf.generators.gives_single_shards", lambda: True)
    singly = prints(["a", "b"])
    monkeypatch.setattr("fpcache.hf.generators.gives_single_shards", lambda: False)
    together = prints(["a", "b"])
    assert singly[0] == singly[1]
    assert len({singly[0], *together}) == 3
    assert len(set(prints(["a"]))) == 1


def test_two_splits_do_not_take_each_others_files(cache) -> None:
    train = from_generator(rows, gen_kwargs={"first": 1}, cache_dir=cache)
    test = from_generator(rows, gen_kwargs={"first": 1}, cache_dir=cache, split="test")
    assert (str(train.split), str(test.split)) == ("train", "test")
    assert train._fingerprint != test._fingerprint


def test_a_stream_has_a_report_and_writes_nothing(cache, tmp_path) -> None:
    stream = from_generator(rows, gen_kwargs={"first": 1}, streaming=True)
    assert isinstance(stream, datasets.IterableDataset)
    assert list(stream) == [{"n": 1}, {"n": 2}]
    assert report_of(stream).fingerprint == explain(rows, gen_kwargs={"first": 1}).fingerprint
    assert not os.path.exists(cache)
    with pytest.raises(TypeError, match="cache_dir"):
        from_generator(rows, gen_kwargs={"first": 1}, streaming=True, cache_dir=cache)


def test_a_stream_may_capture_what_can_not_be_pickled(cache) -> None:
    client = sqlite3.connect(":memory:")

    def captured():
        yield {"n": client.execute("select 1").fetchone()[0]}

    assert list(from_generator(captured, streaming=True, ignore=["client"])) == [{"n": 1}]


def test_with_caching_disabled_rows_are_made_anew_in_a_temporary_directory(cache, monkeypatch) -> None:
    runs = []

    def counted():
        runs.append(1)
        yield {"n": 1}

    datasets.disable_caching()
    try:
        first = from_generator(counted, ignore=["runs"])
        second = from_generator(counted, ignore=["runs"])
        explicit = [from_generator(counted, ignore=["runs"], cache_dir=cache) for _ in range(2)]
    finally:
        datasets.enable_caching()
    assert first._fingerprint == second._fingerprint
    assert first.cache_files != second.cache_files
    assert explicit[0].cache_files == explicit[1].cache_files
    assert len(runs) == 3
    shared = datasets.fingerprint.get_temporary_cache_files_directory()
    assert all(one.cache_files[0]["filename"].startswith(shared) for one in (first, second))


def test_the_next_transform_starts_from_the_stable_fingerprint(cache) -> None:
    made = from_generator(rows, gen_kwargs={"first": 1}, cache_dir=cache)
    again = from_generator(rows, gen_kwargs={"first": 1}, cache_dir=cache)
    assert made.select_columns("n")._fingerprint == again.select_columns("n")._fingerprint


def test_what_is_new_in_every_process_is_refused_by_name(cache) -> None:
    run_id, client = uuid.uuid4(), sqlite3.connect(":memory:")

    def captured():
        client.commit()
        yield {"run": str(run_id)}

    with pytest.raises(UnfingerprintableValueError, match=r"`run_id` is a UUID.*ignore=\['run_id'\]"):
        from_generator(captured, ignore=["client"], cache_dir=cache)
    with pytest.raises(UnfingerprintableValueError, match=r"`client` can't be fingerprinted"):
        from_generator(captured, cache_dir=cache)
    counted = from_generator(captured, ignore=["client"], depends_on={"run_id": run_id}, cache_dir=cache)
    assert counted["run"][:] == [str(run_id)]
    other = explain(captured, ignore=["client"], depends_on={"run_id": uuid.uuid4()})
    assert other.fingerprint != counted._fingerprint


def test_bad_arguments_are_refused_with_what_to_do() -> None:
    async def asynchronous():
        yield {"n": 1}

    with pytest.raises(TypeError, match="async"):
        from_generator(asynchronous)
    with pytest.raises(TypeError, match="the function itself"):
        from_generator(rows(1))
    with pytest.raises(TypeError, match="leave `fingerprint=` out"):
        from_generator(rows, gen_kwargs={"first": 1}, fingerprint="mine")
    with pytest.raises(TypeError, match="dict of arguments"):
        explain(rows, gen_kwargs=[1])
    with pytest.raises(FpcacheError, match="no report"):
        report_of(datasets.Dataset.from_dict({"n": [1]}))


def test_an_old_release_without_the_parameter_is_told(monkeypatch) -> None:
    def old(generator, features=None, cache_dir=None, **kwargs):
        raise AssertionError("must not be called")

    monkeypatch.setattr(datasets.Dataset, "from_generator", staticmethod(old))
    with pytest.raises(FpcacheError, match="needs datasets"):
        from_generator(rows, gen_kwargs={"first": 1})


def test_the_report_is_logged(cache, caplog) -> None:
    with caplog.at_level(logging.INFO, logger="fpcache.hf"):
        from_generator(rows, gen_kwargs={"first": 1}, cache_dir=cache)
    assert "first" in caplog.text


@pytest.mark.parametrize("depends_on", [lambda place: [place], lambda place: {"data": place}])
def test_rows_made_while_a_file_changed_are_made_again(cache, tmp_path, depends_on) -> None:
    place, runs = tmp_path / "data", []
    place.mkdir()
    (place / "words.txt").write_text("one")

    def changing():
        runs.append(1)
        text = (place / "words.txt").read_text()
        if len(runs) == 1:
            (place / "words.txt").write_text("other")
        yield {"text": text}

    given = {"ignore": ["runs", "place"], "cache_dir": cache}
    with pytest.warns(UserWarning, match="changed while rows were made"):
        first = from_generator(changing, depends_on=depends_on(place), **given)
    (place / "words.txt").write_text("one")
    again = [from_generator(changing, depends_on=depends_on(place), **given) for _ in range(2)]
    assert [one["text"][0] for one in (first, *again)] == ["one", "one", "one"]
    assert len({one._fingerprint for one in (first, *again)}) == 1
    assert len(runs) == 2


def test_rows_that_can_not_be_read_any_more_are_made_anew_with_a_warning(tmp_path) -> None:
    made = from_generator(rows_of_three, cache_dir=str(tmp_path / "damaged"))
    file = made.cache_files[0]["filename"]
    del made
    os.truncate(file, 10)
    with pytest.warns(UserWarning, match="can't be read") as told:
        again = from_generator(rows_of_three, cache_dir=str(tmp_path / "damaged"))
    assert told[0].filename == __file__
    assert again["n"][:] == [0, 1, 2]
    assert from_generator(rows_of_three, cache_dir=str(tmp_path / "damaged"))["n"][:] == [0, 1, 2]


def rows_of_three():
    for n in range(3):
        yield {"n": n}
