"""Closed files come back closed, and tell what they told."""

from __future__ import annotations

import pytest

from fpcache.errors import UncacheableError
from fpcache.replay.codec import dump, load


def again(value):
    dumped = dump(value, nodes=(), namespace={})
    return load(dumped.stream, dumped.buffers, nodes=(), namespace={})


@pytest.mark.parametrize("mode", ["r", "rb", "w", "wb", "a", "r+", "rb+", "w+"])
def test_a_closed_file_comes_back_closed(tmp_path, mode):
    path = tmp_path / "f.txt"
    path.write_bytes(b"" if mode == "r+" else b"one\ntwo\n")
    with open(path, mode, **({} if "b" in mode else {"encoding": "latin-1"})) as file:
        if mode.startswith("r"):
            file.read()
    before = path.read_bytes()
    back = again(file)
    assert (back.closed, repr(back), back.mode, type(back)) == (True, repr(file), file.mode, type(file))
    assert getattr(back, "newlines", "") == getattr(file, "newlines", "")
    assert path.read_bytes() == before


def test_an_open_file_is_not_stored(tmp_path):
    with open(tmp_path / "f", "w") as file, pytest.raises(UncacheableError, match="open file"):
        again(file)
