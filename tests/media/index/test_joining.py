"""Pairs of near codes are those that comparing each with each finds, as good as all."""

from __future__ import annotations

import pytest

from fpcache.media.index.joining import near_pairs

from ..conftest import np

pytest.importorskip("PIL", reason="needs the media extra")
FLIPS = [[0, 0, 0, 0], [0, 255, 0, 255], [0, 0, 255, 255], [0, 255, 255, 0]]


def by_brute_force(codes, within):
    from fpcache.media.image import hash_distance

    distances = hash_distance(codes[:, None], codes[None])
    lower, higher = np.nonzero(np.triu(distances <= within, 1))
    return {(int(a), int(b)): int(distances[a, b]) for a, b in zip(lower, higher, strict=True)}


def planted(count, bits, turned=True):
    """Codes of which half are copies with so many other bits, in any orientation."""
    from fpcache.media.image.dct import transposed

    random = np.random.default_rng(bits)
    codes = random.integers(0, 256, (count, 32), np.uint8)
    for place in range(count // 2, count):
        one = np.unpackbits(codes[place - count // 2])
        one[random.choice(256, bits, replace=False)] ^= 1
        copy = np.packbits(one) ^ np.repeat(np.array(FLIPS[place % 4], np.uint8), 8)
        codes[place] = transposed(copy[None])[0] if turned and place % 3 == 0 else copy
    return codes


@pytest.mark.parametrize("bits", [0, 3, 11])
def test_in_few_bits_all_pairs_are_found(bits):
    codes = planted(400, bits)
    expected = by_brute_force(codes, 40)
    places, differing = near_pairs(codes, 40)
    assert dict(zip(map(tuple, places.tolist()), differing.tolist(), strict=True)) == expected
    assert len(expected) >= 200


def test_in_more_bits_most_are_found_and_none_is_invented():
    codes = planted(1000, 20)
    expected = by_brute_force(codes, 40)
    places, differing = near_pairs(codes, 40)
    found = dict(zip(map(tuple, places.tolist()), differing.tolist(), strict=True))
    assert found.items() <= expected.items()
    assert len(found) >= 0.85 * len(expected)


def test_very_many_equal_codes_are_linked_without_comparing_all():
    codes = np.zeros((3000, 32), np.uint8)
    places, _ = near_pairs(codes, 0)
    assert len(places) < 40 * 3000
    linked = {0}
    for one, other in sorted(map(tuple, places.tolist())):
        if one in linked or other in linked:
            linked |= {one, other}
    assert len(linked) == 3000


def test_far_codes_that_share_most_pieces_are_left_out():
    random = np.random.default_rng(4)
    # Of each 64 bits one of two: very many share a piece with very many, and few are near.
    words = random.integers(0, 256, (4, 2, 8), np.uint8)
    codes = words[np.arange(4), random.integers(0, 2, (200, 4))].reshape(200, 32)
    codes[100:] ^= np.packbits(random.random((100, 256)) < 0.01, axis=1)
    expected = by_brute_force(codes, 12)
    places, differing = near_pairs(codes, 12)
    assert len(expected) > 200
    found = dict(zip(map(tuple, places.tolist()), differing.tolist(), strict=True))
    assert found.items() <= expected.items()
    assert len(found) == len(places), "each pair once"
    assert places.tolist() == sorted(places.tolist())


@pytest.mark.parametrize("count", [0, 1])
def test_of_none_or_one_there_are_no_pairs(count):
    places, differing = near_pairs(np.zeros((count, 32), np.uint8), 10)
    assert (places.shape, differing.shape) == ((0, 2), (0,))
