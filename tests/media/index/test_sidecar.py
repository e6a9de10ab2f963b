"""The vector file follows the index, and whatever becomes of it, nothing is lost and nothing invented."""

from __future__ import annotations

import logging
import time

import numpy as np
import pytest

from fpcache.media import MediaIndex

from .made_fingerprints import image

pytest.importorskip("usearch", reason="needs usearch")
pytestmark = pytest.mark.media

COUNT = 400


@pytest.fixture
def filled(tmp_path):
    """An index whose vector file holds all, closed."""
    with MediaIndex(tmp_path / "media.sqlite", numpy_below=50, candidates=4) as index:
        index.add_many((str(seed), image(seed)) for seed in range(COUNT))
        index.rebuild()
    return tmp_path


def files(folder):
    return sorted(folder.glob("media.sqlite.vectors-*.usearch"))


def opened(folder):
    return MediaIndex(folder / "media.sqlite", numpy_below=50, candidates=4)


def graphs(index):
    """The nearest vectors' files in use, and how many vectors are compared one by one."""
    return [(table._graph is not None, table.tail) for table in index.store.proposing.vectors]


def by_vector_only(seed, like):
    """A fingerprint whose hash says nothing."""
    made = image(seed, like=like)
    made.parts.hashes["global"][:] = image(seed + 5000).hashes["global"]
    return made


def found(index, seed):
    matches = index.search(by_vector_only(1000 + seed, seed), limit=1, threshold=0)
    return matches[0].id if matches else None


def test_the_file_finds_what_comparing_all_finds(filled):
    with opened(filled) as index:
        assert [found(index, seed) for seed in range(0, COUNT, 7)] == [str(s) for s in range(0, COUNT, 7)]
        assert graphs(index) == [(True, 0)]


def test_the_follower_makes_the_file_by_itself(tmp_path):
    with opened(tmp_path) as index:
        for seed in range(200):
            index.add(str(seed), image(seed))
        until = time.monotonic() + 60  # closing ends what it is at
        while not files(tmp_path) and time.monotonic() < until:
            time.sleep(0.05)
    assert len(files(tmp_path)) >= 1
    with opened(tmp_path) as index:
        assert [found(index, seed) for seed in (0, 60, 199)] == ["0", "60", "199"]
        assert graphs(index)[0][0]


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "flipped", "another"])
def test_a_damaged_file_is_made_anew(filled, damage, caplog):
    (path,) = files(filled)
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        middle = len(data) // 2
        path.write_bytes({
            "empty": b"", "cut": data[:middle], "another": data[::-1],
            "flipped": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
        }[damage])  # fmt: skip
    with caplog.at_level(logging.WARNING, "fpcache"), opened(filled) as index:
        assert [found(index, seed) for seed in range(0, COUNT, 40)] == [str(s) for s in range(0, COUNT, 40)]
        assert "is made anew" in caplog.text
        index.finish()
    with opened(filled) as index:
        assert found(index, 3) == "3"
        assert graphs(index)[0][0]


def test_what_was_removed_or_replaced_is_not_found(filled):
    with opened(filled) as index:
        assert found(index, 5) == "5"
        for seed in range(0, 100, 2):
            index.remove(str(seed))
        index.update("5", image(9999))
        assert found(index, 4) != "4"
        assert found(index, 5) != "5"
        assert found(index, 9999) == "5"
        assert found(index, 7) == "7"
        assert len(index.search(image(4), limit=400, threshold=0)) == 350
    with opened(filled) as index:
        assert found(index, 4) != "4"
        assert found(index, 9999) == "5"
        index.rebuild()
        assert [found(index, seed) for seed in (7, 9999)] == ["7", "5"]
        assert len(files(filled)) == 1


def test_a_file_of_an_older_state_is_no_more_than_incomplete(filled):
    """As after a kill between the writing of the database and of the file."""
    with opened(filled) as index:
        for seed in range(1000, 1020):
            index.add(str(seed), image(seed))
        for seed in range(20):
            index.remove(str(seed))
        index.store.follower.stop()
        assert [found(index, seed) for seed in (1000, 1019, 20)] == ["1000", "1019", "20"]
    with opened(filled) as index:
        assert [found(index, seed) for seed in (1000, 1019, 20)] == ["1000", "1019", "20"]
        assert found(index, 3) != "3"


def test_filters_hold_in_the_file(filled):
    with opened(filled) as index:
        for seed in range(0, COUNT, 2):
            index.update(str(seed), metadata={"even": True, "n": seed})
        asked = by_vector_only(1008, 8)
        assert index.search(asked, 1, 0, {"even": True})[0].id == "8"
        assert index.search(asked, 1, 0, {"even": None})[0].id != "8"
        assert index.search(asked, 1, 0, {"n": (100, None)})[0].metadata["n"] >= 100


def test_without_usearch_all_are_compared(filled, monkeypatch):
    monkeypatch.setattr("fpcache.media.index.vectors.usearch", lambda: None)
    monkeypatch.setattr("fpcache.media.index.background.usearch", lambda: None)
    with opened(filled) as index:
        assert [found(index, seed) for seed in range(0, COUNT, 40)] == [str(s) for s in range(0, COUNT, 40)]
        assert graphs(index) == [(False, COUNT)]
        index.rebuild()
        assert found(index, 3) == "3"


def test_the_file_and_the_rest_agree_with_exact_nearest(filled):
    random = np.random.default_rng(1)
    with opened(filled) as index:
        for seed in range(2000, 2040):
            index.add(str(seed), image(seed))
        index.store.follower.stop()
        seeds = [*range(COUNT), *range(2000, 2040)]
        held = np.stack([image(seed).vector for seed in seeds]).astype(np.float32)
        found(index, 0)
        (table,) = index.store.proposing.vectors
        hits = 0
        for _ in range(50):
            asked = random.standard_normal(held.shape[1]).astype(np.float32)
            exact = np.argsort(-(held @ asked))[:10] + 1
            rows = table.nearest(index.store.connection, asked / np.linalg.norm(asked), 10, None)
            hits += len(np.intersect1d(rows, exact))
    assert hits >= 480


def test_a_file_that_cannot_be_written_is_told_once_and_harms_nothing(tmp_path, monkeypatch, caplog):
    tried = []

    def fails(*_):
        tried.append(1)
        raise OSError("no room")

    monkeypatch.setattr("fpcache.media.index.background.bring_up_to_date", fails)
    with caplog.at_level(logging.WARNING, "fpcache"), opened(tmp_path) as index:
        for seed in range(200):
            index.add(str(seed), image(seed))
            if (thread := index.store.follower._thread) is not None:
                thread.join()
        assert [found(index, seed) for seed in (0, 60, 199)] == ["0", "60", "199"]
    assert len(tried) == 1
    assert caplog.text.count("no room") == 1
