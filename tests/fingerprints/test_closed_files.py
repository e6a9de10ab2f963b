"""Closed files have a fingerprint of what they still tell; open ones have none."""

from __future__ import annotations

import pytest

from fpcache import fingerprint
from fpcache.errors import UnfingerprintableValueError


def closed(path, mode="r", **options):
    with open(path, mode, **options) as file:
        if "r" in mode:
            file.read()
    return file


def test_closed_files_of_one_path_are_equal_and_others_are_not(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"a\nb")
    other.write_bytes(b"a\r\nb")
    files = [
        closed(one),
        closed(one, "rb"),
        closed(other),
        closed(one, encoding="latin-1"),
        closed(one, "ab"),
    ]
    assert fingerprint(closed(one)) == fingerprint(files[0])
    assert len({fingerprint(file) for file in files}) == len(files)


def test_an_open_file_has_none(tmp_path):
    with open(tmp_path / "f", "w") as file, pytest.raises(UnfingerprintableValueError, match="open file"):
        fingerprint(file)
