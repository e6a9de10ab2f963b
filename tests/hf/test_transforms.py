"""Transforms under a Hasher, on the real library: the known failures of its own hashing, side by side."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid

import pytest

from fpcache.errors import FpcacheError, UnfingerprintableValueError
from fpcache.hf import Hasher, report_of

datasets = pytest.importorskip("datasets", reason="needs the hf extra")
pytestmark = pytest.mark.hf


def on_disk(place):
    """Return a dataset whose transforms are cached in files."""
    return datasets.Dataset.from_generator(numbers, cache_dir=str(place), fingerprint="numbers")


def numbers():
    for n in range(4):
        yield {"n": n}


@pytest.fixture
def data(tmp_path):
    return on_disk(tmp_path)


def doubled(row):
    return {"twice": 2 * row["n"]}


class Step:
    def __init__(self, by=2):
        self.by, self.id = by, uuid.uuid4()

    def __call__(self, row):
        return {"times": row["n"] * self.by}

    def run(self, row):
        return self(row)


class Tokenizer:
    """Counts its calls and remembers what it saw, as many tokenizers do."""

    def __init__(self, lower=True):
        self.lower, self.calls = lower, 0

    def __call__(self, text):
        self.calls += 1
        self.__dict__.setdefault("memory", {})[text] = text
        return len(text.lower() if self.lower else text)


def tokenizing(tokenizer):
    def tokenize(row):
        return {"length": tokenizer(str(row["n"]))}

    return tokenize


# ---------------------------------------------------------------- known failures of the library


def test_a_method_of_an_object_with_a_uuid_hits_where_the_library_misses(data) -> None:
    assert data.map(Step().run)._fingerprint != data.map(Step().run)._fingerprint
    with pytest.raises(UnfingerprintableValueError, match=r"ignore=\['self.id'\]"):
        Hasher().map(data, Step().run)
    hasher = Hasher(ignore=["self.id"])
    first, second = hasher.map(data, Step().run), hasher.map(data, Step().run)
    assert first._fingerprint == second._fingerprint
    assert first.cache_files == second.cache_files
    assert first["times"][:] == [0, 2, 4, 6]
    assert hasher.map(data, Step(3).run)["times"][:] == [0, 3, 6, 9]


def test_a_tokenizer_that_changes_when_called_hits_where_the_library_misses(data) -> None:
    plain = Tokenizer()
    assert data.map(tokenizing(plain))._fingerprint != data.map(tokenizing(plain))._fingerprint
    hasher = Hasher(ignore=["tokenizer.calls", "tokenizer.memory"])
    tokenizer = Tokenizer()
    first = hasher.map(data, tokenizing(tokenizer))
    calls = tokenizer.calls
    second = hasher.map(data, tokenizing(tokenizer))
    assert first._fingerprint == second._fingerprint
    assert calls == 4 == tokenizer.calls
    assert hasher.map(data, tokenizing(Tokenizer(lower=False)))._fingerprint != first._fingerprint


@pytest.mark.parametrize(
    "idle",
    [
        {"batch_size": 7},
        {"writer_batch_size": 2},
        {"desc": "words"},
        {"keep_in_memory": True},
        {"load_from_cache_file": False},
        {"num_proc": 2},
    ],
    ids=str,
)
def test_arguments_that_change_no_row_do_not_count(data, idle) -> None:
    hasher = Hasher()
    plain = hasher.explain(data, doubled).fingerprint
    assert hasher.explain(data, doubled, **idle).fingerprint == plain
    assert hasher.map(data, doubled, **idle)["twice"][:] == [0, 2, 4, 6]


@pytest.mark.parametrize(
    "relevant",
    [
        {"batched": True},
        {"remove_columns": ["n"]},
        {"features": {"n": "int64", "twice": "int32"}},
        {"with_indices": True},
        {"with_rank": True},
        {"fn_kwargs": {"a": 1}},
    ],
    ids=str,
)
def test_arguments_that_may_change_rows_count(data, relevant) -> None:
    if "features" in relevant:
        columns = {name: datasets.Value(kind) for name, kind in relevant["features"].items()}
        relevant = {"features": datasets.Features(columns)}
    hasher = Hasher()
    assert hasher.explain(data, doubled, **relevant).fingerprint != hasher.explain(data, doubled).fingerprint


def test_the_size_of_batches_counts_where_there_are_batches(data) -> None:
    hasher = Hasher()
    one, two = (hasher.explain(data, doubled, batched=True, batch_size=size) for size in (2, 3))
    assert one.fingerprint != two.fingerprint


def test_the_number_of_processes_counts_where_rows_may_hold_ranks(data) -> None:
    hasher = Hasher()
    one, two = (hasher.explain(data, doubled, with_rank=True, num_proc=count) for count in (1, 2))
    assert one.fingerprint != two.fingerprint


def test_an_argument_of_the_function_can_be_ignored(data) -> None:
    def scaled(row, by, run):
        return {"scaled": row["n"] * by}

    hasher = Hasher(ignore=["run"])
    first = hasher.map(data, scaled, fn_kwargs={"by": 2, "run": str(uuid.uuid4())})
    second = hasher.map(data, scaled, fn_kwargs={"by": 2, "run": str(uuid.uuid4())})
    assert first.cache_files == second.cache_files
    assert hasher.map(data, scaled, fn_kwargs={"by": 3, "run": ""})["scaled"][:] == [0, 3, 6, 9]


# ---------------------------------------------------------------- what a Hasher does


def test_filters_splits_and_chains_are_fingerprinted(data) -> None:
    hasher = Hasher(ignore=["self.id"])

    def is_even(row):
        return row["n"] % 2 == 0

    assert hasher.filter(data, is_even)["n"][:] == [0, 2]
    assert report_of(hasher.filter(data, is_even)).label.endswith("is_even")
    both = datasets.DatasetDict({"train": data, "test": data.select([1])})
    made = hasher.map(both, Step())
    assert isinstance(made, datasets.DatasetDict)
    assert made["train"]._fingerprint != made["test"]._fingerprint
    chained = [hasher.map(hasher.map(data, doubled), Step())._fingerprint for _ in range(2)]
    assert chained[0] == chained[1] != made["train"]._fingerprint


def test_installed_it_serves_plain_calls_until_the_block_ends(data) -> None:
    before = data.map(doubled)._fingerprint
    with Hasher(ignore=["self.id"]).installed() as hasher:
        first, second = data.map(Step().run), data.map(Step().run)
        assert first.cache_files == second.cache_files
        assert data.filter(lambda row: row["n"] > 1)["n"][:] == [2, 3]
        assert data.map(doubled)._fingerprint == hasher.explain(data, doubled).fingerprint
        assert data.select([0])._fingerprint
        with pytest.raises(FpcacheError, match="installed already"), Hasher().installed():
            pass
        with pytest.raises(UnfingerprintableValueError, match=r"hasher.map"):
            data.map(lambda row, rank: {"rank": rank}, with_rank=True)
    assert data.map(doubled)._fingerprint == before
    assert data.map(Step().run)._fingerprint != data.map(Step().run)._fingerprint


def test_installed_also_a_failing_block_ends(data) -> None:
    original = datasets.fingerprint.update_fingerprint

    def fail():
        assert datasets.fingerprint.update_fingerprint is not original
        raise KeyError

    with pytest.raises(KeyError), Hasher().installed():
        fail()
    assert datasets.fingerprint.update_fingerprint is original
    with Hasher().installed():
        pass


def test_an_unknown_release_is_told_and_left_alone(monkeypatch) -> None:
    monkeypatch.setattr(datasets.arrow_dataset, "update_fingerprint", lambda fingerprint, other: "x")
    with pytest.raises(FpcacheError, match=r"hasher.map"), Hasher().installed():
        pass


def test_bad_arguments_are_refused(data) -> None:
    with pytest.raises(TypeError, match="takes no sizes"):
        Hasher().map(data, doubled, sizes=3)
    with pytest.raises(TypeError, match="no fingerprint"):
        Hasher().explain([1], doubled)
    with pytest.raises(ValueError, match="'map' or 'filter'"):
        Hasher().explain(data, doubled, "sort")
    with pytest.raises(TypeError, match="list of names"):
        Hasher(ignore="self.id")


PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.hf.test_transforms import Hasher, Step, on_disk
made = Hasher(ignore=["self.id"]).map(on_disk(sys.argv[2]), Step().run)
print(made._fingerprint, made.cache_files[0]["filename"])
"""


def test_processes_with_other_hash_seeds_share_one_file(tmp_path) -> None:
    root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
    command = [sys.executable, "-c", PROGRAM, root, str(tmp_path)]
    found = {
        subprocess.run(
            command,
            env={
                **os.environ,
                "PYTHONHASHSEED": seed,
                "HF_HUB_OFFLINE": "1",
                "HF_HOME": str(tmp_path / "home"),
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()[-1]
        for seed in ("0", "1", "123")
    }
    assert len(found) == 1
