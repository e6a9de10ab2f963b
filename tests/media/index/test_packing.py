"""Packed fingerprints come back bit for bit; damage is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fpcache.errors import MediaError
from fpcache.media import Parts
from fpcache.media.index.packing import packed, unpacked

from ..conftest import np
from .made_fingerprints import image, text


def of_all_types():
    hashes = {
        "empty": np.zeros((0, 3), np.int16), "big": np.arange(5, dtype=">u4"), "é": np.ones((2, 3, 5)),
        "bits": np.array([True, False, True]), "last": np.arange(7, dtype=np.int64)[::2],
    }  # fmt: skip
    return replace(image(1), parts=Parts(hashes, {"title": "é", "n": [1, None]}, image(1).vector, "m"))


@pytest.mark.parametrize(
    "made",
    [image(1), image(2, has_vector=False), text(3), of_all_types()],
    ids=["vector", "no vector", "text", "all types"],
)
def test_what_is_packed_comes_back(made):
    back = unpacked(packed(made))
    assert back.parts.hashes.keys() == made.parts.hashes.keys()
    for name, array in made.parts.hashes.items():
        own = back.hashes[name]
        assert (own.dtype, own.shape) == (array.dtype.newbyteorder("="), array.shape)
        assert np.array_equal(own, array)
        assert own.flags.writeable
        assert own.flags.aligned
    assert (back.parts.metadata, back.parts.model, back.digest) == (
        made.parts.metadata, made.parts.model, made.digest,
    )  # fmt: skip
    if made.vector is None:
        assert back.vector is None
    else:
        assert np.array_equal(back.vector, made.vector)


def test_bytes_of_older_indexes_are_read():
    assert unpacked(image(4).to_bytes()) == image(4)


@pytest.mark.parametrize("damage", ["cut", "longer", "empty", "mark", "object", "negative"])
def test_damage_is_told(damage):
    data = packed(image(5))
    damaged = {
        "cut": data[:-9], "longer": data + b"\0" * 8, "empty": b"", "mark": b"XX" + data[2:],
        "object": data.replace(b'"|u1"', b'"|O8"', 1), "negative": data.replace(b"[2,32]", b"[-2,3]", 1),
    }[damage]  # fmt: skip
    assert damaged != data
    with pytest.raises(MediaError, match="hold no media fingerprint"):
        unpacked(damaged)
