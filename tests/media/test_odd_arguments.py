"""What is no kind, no count, no batch: said at once, in words, as the project's own error."""

from __future__ import annotations

import asyncio
import math
import os
import pickle
import subprocess
import sys

import pytest

from fpcache.errors import DeviceError, FpcacheError, MediaError
from fpcache.media import (
    Failure,
    FingerprintCache,
    MediaFingerprint,
    Parts,
    afingerprint,
    afingerprint_batch,
    fingerprint,
    fingerprint_batch,
    fingerprint_each,
    similarity,
)
from fpcache.media.arguments import checked_count, checked_threshold, each_of
from fpcache.media.words import in_words, without_addresses

from .conftest import TEXT, encoded, np, picture

pytestmark = pytest.mark.media
ODD = [
    3, None, [], {}, object(), -1, math.nan, math.inf, 1.5, True, False, 10**30, "", b"", "x", (), (1, 2),
    {1, 2}, lambda: 1, 0, 1j, np.float64(2), np.int64(2), np.zeros(0), np.array("x"), np.bool_(True),
    "\0", "\ud800",
]  # fmt: skip
ADDRESS = "0x"


def outcome(call):
    """Return what a call gives, or the project's own error; any other error fails the test."""
    try:
        found = call()
    except FpcacheError as error:
        found = error
    assert not (isinstance(found, FpcacheError) and ADDRESS in str(found))
    return found


@pytest.mark.parametrize("odd", ODD, ids=in_words)
def test_every_odd_argument_gives_a_result_or_an_error_of_the_projects_own(odd):
    for call in (
        lambda: fingerprint(odd),
        lambda: fingerprint((np.zeros(2000), odd)),
        lambda: fingerprint((odd, 8000)),
        lambda: fingerprint(TEXT, odd),
        lambda: fingerprint(picture(1), vector=odd),
        lambda: fingerprint(picture(1), device=odd),
        lambda: similarity(odd, TEXT),
        lambda: similarity(TEXT, odd),
        lambda: fingerprint_batch(odd),
        lambda: fingerprint_batch([odd, TEXT]),
        lambda: asyncio.run(afingerprint(odd)),
        lambda: MediaFingerprint.from_bytes(odd),
        lambda: FingerprintCache(odd),
        lambda: FingerprintCache(ttl_s=odd),
        lambda: FingerprintCache(store=odd),
        *(
            lambda name=name: fingerprint_batch([TEXT], **{name: odd})
            for name in ("kind", "workers", "backend", "on_error", "progress", "device", "vector")
        ),
    ):
        outcome(call)


@pytest.mark.parametrize("odd", [3, None, 1.5, object(), "a.png", b"GIF89a", bytearray(3), True])
def test_what_is_no_batch_is_refused_by_all_that_take_one(odd):
    async def collected():
        return [one async for one in afingerprint_batch(odd)]

    for call in (
        lambda: fingerprint_batch(odd),
        lambda: fingerprint_each(odd),
        lambda: asyncio.run(collected()),
    ):
        with pytest.raises(MediaError, match="a batch is a list"):
            call()


def test_an_open_file_is_one_item_and_no_batch_of_its_lines(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(encoded(picture(1)))
    with path.open("rb") as file, pytest.raises(MediaError, match=r"alone; write \[\.\.\.\] around it"):
        fingerprint_batch(file)
    with path.open("rb") as file:
        assert fingerprint_batch([file], vector=False)[0].kind == "image"


def test_what_is_iterated_asynchronously_says_so():
    async def items():
        yield TEXT

    with pytest.raises(MediaError, match="async for"):
        fingerprint_batch(items())


@pytest.mark.parametrize(
    ("option", "odd", "said"),
    [
        ("kind", "picture", "there is no kind of media 'picture'; kinds are image, audio, video, text"),
        ("workers", 0, "workers is a whole number from 1 to 4096, not 0"),
        ("workers", 2.0, "not 2.0"),
        ("workers", True, "not True"),
        ("workers", 10**30, "not 1000"),
        ("on_error", np.zeros(0), "on_error is 'collect' or 'raise', not array"),
        ("backend", object(), "not <object object>"),
        ("vector", 1, "vector= is True, False or None, not 1"),
        ("vector", "no", "not 'no'"),
        ("vector", np.bool_(False), "vector= is True, False or None"),
    ],
)
def test_a_batch_refuses_it_before_any_item_also_where_there_is_none(option, odd, said):
    for items in ([], [TEXT]):
        with pytest.raises(MediaError) as caught:
            fingerprint_batch(items, **{option: odd})
        assert said in str(caught.value)


@pytest.mark.parametrize(
    "odd", ["gpu", "cuda:x", "cpu,", ["cpu", None], [[]], 7, {}, True, np.zeros(2), "cuda:²", ["", "cpu"]]
)
def test_what_is_no_device_is_refused_also_for_what_needs_none(odd):
    for call in (lambda: fingerprint(TEXT, device=odd), lambda: fingerprint_batch([TEXT], device=odd)):
        with pytest.raises(DeviceError, match="use 'cpu', 'cuda'"):
            call()


def test_counts_of_numpy_are_counts():
    assert checked_count("n", np.int64(4)) == 4
    assert type(checked_count("n", np.int64(4))) is int
    assert checked_threshold(np.float32(0.5)) == 0.5
    assert len(fingerprint_batch([TEXT], workers=np.int64(2))) == 1


@pytest.mark.parametrize("odd", [-0.1, 1.01, 80, math.nan, math.inf, True, "0.5", [0.5], np.array([0.5]), 1j])
def test_a_threshold_is_a_score(odd):
    with pytest.raises(MediaError, match="from 0 to 1"):
        checked_threshold(odd)


def test_errors_of_the_users_own_iterator_are_the_users_own():
    class Broken:
        def __iter__(self):
            raise OSError("the folder went away")

    with pytest.raises(OSError, match="went away"):
        each_of(Broken(), "it is a list")


class Thing:
    """An object that says where in memory it is, as most do."""


class Unspeakable:
    def __repr__(self):
        raise RuntimeError("not now")


ADDRESSED = """
import io, sys
from fpcache.media import fingerprint_batch
class Thing: pass
class File:
    name = Thing()
    def read(self, size=-1): raise OSError(f"{self} is gone")
sound = [0.0] * 9
items = [Thing(), File(), (Thing(), 8000), (sound, Thing()), lambda: 1, b"GIF89a, then nothing", {Thing}]
for one in fingerprint_batch(items, vector=False):
    print(one, repr(one))
"""


def test_the_text_of_a_failure_is_the_same_in_every_process(tmp_path):
    environment = {**os.environ, "FPCACHE_DIR": str(tmp_path / "cache")}
    told = []
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", f"junk = [object() for _ in range({seed}000)]\n{ADDRESSED}"],
            capture_output=True, text=True, timeout=120, env={**environment, "PYTHONHASHSEED": seed},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        told.append(done.stdout)
    assert told[0] == told[1]
    assert told[0].count("Failure(index=") == 7
    assert ADDRESS not in told[0]


def test_a_failure_says_its_item_in_words_and_keeps_it():
    thing = Thing()
    (found,) = fingerprint_batch([thing])
    assert found.item is thing
    assert repr(found).startswith("Failure(index=0, item=<")
    assert "Thing object>" in repr(found)
    (large,) = fingerprint_batch([bytes(1000)])
    assert "item=1,000 bytes" in repr(large)
    assert repr(pickle.loads(pickle.dumps(large))) == repr(large)


def test_words_are_short_and_hold_no_address():
    assert in_words(Unspeakable()) == "an object of type Unspeakable"
    assert in_words([object()] * 2) == "[<object object>, <object object>]"
    assert in_words(picture(1)).startswith("<PIL.Image.Image image mode=RGB size=320x240")
    assert max(len(in_words(value)) for value in (["x" * 999] * 99, "y" * 9999, 10**999, {1: {2: {}}})) <= 160
    assert without_addresses("dump at 0x7f12c2f3.bin") == "dump at 0x7f12c2f3.bin", "the name of a file"


def test_fingerprints_of_other_versions_and_kinds_are_not_compared():
    made = fingerprint(TEXT)
    old = MediaFingerprint("text", "x", "text-0", made.parts)
    bare = MediaFingerprint("text", "y", made.algorithm, Parts({}))
    for other, said in (
        (old, "text-0"),
        (bare, "not those of a text"),
        (fingerprint(picture(1)), "can't be compared"),
    ):
        for pair in ((made, other), (other, made)):
            with pytest.raises(MediaError, match=said):
                similarity(*pair)


def test_a_failure_given_on_says_what_it_is():
    (failure,) = fingerprint_batch([7])
    with pytest.raises(MediaError, match="type Failure can't be fingerprinted"):
        similarity(failure, TEXT)
    assert isinstance(fingerprint_batch([failure])[0], Failure)
