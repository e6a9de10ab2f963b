"""Directories that were made for artifacts are marked; others are left alone."""

from __future__ import annotations

import pytest

from fpcache import artifacts
from fpcache.artifacts import DatasetState, cache_dir_for, generate
from fpcache.artifacts.marks import MARK, is_marked, mark_if_empty, preparing

STATE = DatasetState("2024", "summer")


@pytest.fixture(autouse=True)
def base(tmp_path, monkeypatch):
    monkeypatch.setenv("FPCACHE_ARTIFACTS_DIR", str(tmp_path / "photos"))
    monkeypatch.setattr("fpcache.artifacts.switches._chosen", None)
    return tmp_path / "photos"


def letters():
    yield from "abc"


def test_only_an_empty_directory_is_marked(tmp_path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "own.txt").touch()
    (tmp_path / "empty").mkdir()
    for name in ("full", "empty"):
        mark_if_empty(tmp_path / name)
    assert (is_marked(tmp_path / "full"), is_marked(tmp_path / "empty")) == (False, True)


def test_what_was_there_before_is_neither_listed_nor_cleared(base) -> None:
    photo = base / "2024" / "summer" / "italy" / "img.jpg"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"a photo")
    assert (artifacts.list(), artifacts.size(), artifacts.clear()) == ((), 0, 0)
    found = generate(STATE, "italy", letters)
    assert found.directory.parent == cache_dir_for(STATE, "italy") == photo.parent
    generate(STATE, "embeddings", letters)
    assert [one.module for one in artifacts.list()] == ["embeddings"]
    assert artifacts.clear() > 0
    assert photo.read_bytes() == b"a photo"
    assert list(found) == ["a", "b", "c"]
    assert not (base / "2024" / "summer" / "embeddings").exists()


def test_explicit_directories_below_the_base_stay(base) -> None:
    found = generate(STATE, "m", letters, explicit=base / "a" / "b" / "c")
    assert (artifacts.list(), artifacts.clear()) == ((), 0)
    assert list(found) == ["a", "b", "c"]


def test_an_empty_directory_becomes_one_for_artifacts(base) -> None:
    (base / "2024" / "summer" / "m").mkdir(parents=True)
    assert is_marked(cache_dir_for(STATE, "m"))
    assert [one.size_bytes for one in artifacts.list()] == [0]


def test_what_was_cleared_can_not_be_prepared(tmp_path) -> None:
    with pytest.raises(FileNotFoundError):
        preparing(tmp_path / "gone", is_explicit=True)
    (tmp_path / "place").mkdir()
    with pytest.raises(FileNotFoundError):
        preparing(tmp_path / "place", is_explicit=False)
    mark_if_empty(tmp_path / "place")
    held = preparing(tmp_path / "place", is_explicit=False)
    (tmp_path / "place" / MARK).unlink()
    with pytest.raises(FileNotFoundError), held:
        pass
