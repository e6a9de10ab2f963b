"""Items come back as they were when they were yielded; those that would not are refused."""

from __future__ import annotations

import numpy as np
import pytest

from fpcache.artifacts import DatasetState, generate
from fpcache.errors import UncacheableError

STATE = DatasetState("numbers", "fp1-0")


@pytest.fixture(autouse=True)
def base(tmp_path, monkeypatch):
    monkeypatch.setenv("FPCACHE_ARTIFACTS_DIR", str(tmp_path / "base"))
    monkeypatch.setattr("fpcache.artifacts.switches._chosen", None)


def test_items_are_kept_as_they_were_when_they_were_yielded() -> None:
    def reusing(start):
        buffer = np.zeros(2, dtype=np.int64)
        for n in range(start, 3):
            buffer[:] = n
            yield buffer

    found = generate(STATE, "buffers", reusing)
    assert [item.tolist() for item in found] == [[0, 0], [1, 1], [2, 2]]


class Unloadable:
    def __init__(self, text):
        raise AssertionError("must not be made")

    def __reduce__(self):
        return Unloadable, ("text",)


def test_items_that_could_not_be_loaded_again_are_refused() -> None:
    def unloadable(start):
        yield from ["first", object.__new__(Unloadable)][start:]

    for _ in range(2):  # the second call goes on after the first item
        with pytest.raises(UncacheableError, match="item 1, a Unloadable, can't be loaded again"):
            generate(STATE, "unloadable", unloadable)
