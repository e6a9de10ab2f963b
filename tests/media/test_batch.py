"""Many items at once: in order, bounded, each failure by itself."""

from __future__ import annotations

import asyncio
import pickle
import threading

import pytest

from fpcache.errors import MediaError
from fpcache.media import Failure, afingerprint_batch, fingerprint, fingerprint_batch, fingerprint_each

from .conftest import TEXT, encoded, picture

CUT_OFF = encoded(picture(7))[:300]
MIXED = [picture(1), b"", TEXT, CUT_OFF, picture(1), 7, picture(2), "no/such/file.png"]


def test_a_batch_gives_what_one_by_one_gives_in_order():
    found = fingerprint_batch(MIXED)
    for index, (item, one) in enumerate(zip(MIXED, found, strict=True)):
        if isinstance(one, Failure):
            assert (one.index, one.item, bool(one)) == (index, item, False)
            with pytest.raises(type(one.error)):
                fingerprint(item)
        else:
            assert one == fingerprint(item)
    assert [bool(one) for one in found] == [True, False, True, False, True, False, True, False]
    assert "item 3" in str(found[3])


@pytest.mark.parametrize("workers", [1, 5])
def test_many_items_with_any_number_of_threads(workers):
    items = [picture(seed, (64, 48)) for seed in range(40)]
    found = fingerprint_batch(items, workers=workers)
    assert [one.digest for one in found] == [fingerprint(item).digest for item in items]


def test_the_first_failure_is_raised_where_asked_for():
    with pytest.raises(MediaError) as caught:
        fingerprint_batch(MIXED, on_error="raise")
    assert "in item 1 of the batch" in caught.value.__notes__
    with pytest.raises(MediaError, match="'collect' or 'raise'"):
        fingerprint_batch([], on_error="ignore")
    with pytest.raises(MediaError, match="'a.png' alone"):
        fingerprint_batch("a.png")
    with pytest.raises(MediaError, match="workers"):
        fingerprint_batch([TEXT], workers=-1)


def test_failures_hold_no_frames_and_can_be_kept():
    (failure,) = fingerprint_batch([CUT_OFF])
    assert (failure.error.__traceback__, failure.error.__cause__) == (None, None)
    assert str(pickle.loads(pickle.dumps(failure))) == str(failure)


def test_items_are_drawn_as_there_is_room():
    drawn = []

    def items():
        for seed in range(1000):
            drawn.append(seed)
            yield picture(seed, (32, 32))

    each = fingerprint_each(items(), workers=2)
    next(each)
    assert len(drawn) < 50
    each.close()
    assert not [one for one in threading.enumerate() if one.name.startswith("media-fingerprints")]


def test_what_the_items_raise_reaches_the_caller_and_ends_the_threads():
    def items():
        yield picture(1)
        raise OSError("the folder went away")

    with pytest.raises(OSError, match="went away"):
        fingerprint_batch(items())
    assert not [one for one in threading.enumerate() if one.name.startswith("media-fingerprints")]


def test_an_empty_batch_is_empty():
    assert fingerprint_batch([]) == []


def test_results_come_while_an_event_loop_goes_on():
    async def collect():
        return [one async for one in afingerprint_batch(MIXED)]

    assert [bool(one) for one in asyncio.run(collect())] == [bool(one) for one in fingerprint_batch(MIXED)]


def test_cancelling_ends_the_rest():
    async def first():
        each = afingerprint_batch(picture(seed) for seed in range(500))
        one = await anext(each)
        await each.aclose()
        return one

    assert asyncio.run(first()).kind == "image"
    assert not [one for one in threading.enumerate() if one.name.startswith("media-fingerprints")]


def test_a_bar_is_shown_where_asked_for(capsys):
    pytest.importorskip("tqdm")
    fingerprint_batch([TEXT], progress=True)
    assert "1/1" in capsys.readouterr().err


@pytest.fixture
def network_on(monkeypatch):
    """Have images taken through a small network, on the devices asked for."""
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    from fpcache.media import methods
    from fpcache.media.devices import choose_placements
    from fpcache.media.image.vectors import ImageModel

    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.AvgPool2d(32), torch.nn.Conv2d(3, 1280, 1)).eval()
    models = {}

    def found(devices, *settings):
        if devices not in models:
            models[devices] = ImageModel(network, *choose_placements(devices or "cpu"))
        return models[devices]

    monkeypatch.setattr(methods, "_network", found)
    return models


def test_devices_share_the_images_of_a_batch(network_on, own_cache):
    items = [picture(seed, (64, 48)) for seed in range(40)]
    alone = fingerprint_batch(items, device="cpu:0")
    own_cache.clear(stored=True)
    shared = fingerprint_batch(items, device=["cpu:0", "cpu:1"])
    for one, other in zip(alone, shared, strict=True):
        assert one.digest == other.digest
        assert all((array == other.hashes[name]).all() for name, array in one.hashes.items())
        assert float(one.vector.astype(float) @ other.vector.astype(float)) > 0.999
    assert {one.parts.device for one in shared} <= {"cpu:0", "cpu:1"}
    assert network_on.keys() == {("cpu:0",), ("cpu:0", "cpu:1")}


def test_more_are_drawn_where_more_are_computed_together(network_on, monkeypatch):
    from fpcache.media.image.vectors import ImageModel

    together = []
    vectors = ImageModel.vectors

    def counting(model, pictures, batch_size=None):
        together.append(len(pictures))
        return vectors(model, pictures, batch_size)

    monkeypatch.setattr(ImageModel, "vectors", counting)
    monkeypatch.setattr(ImageModel, "together", 50)
    found = fingerprint_batch([TEXT, *(picture(seed, (32, 32)) for seed in range(60))], workers=1)
    assert all(found)
    assert together == [50, 10]


def test_a_device_that_is_not_there_is_every_items_error(monkeypatch):
    pytest.importorskip("torch", reason="needs PyTorch")
    from fpcache.errors import DeviceError
    from fpcache.media import methods
    from fpcache.media.image import vectors

    monkeypatch.setattr(methods, "_network", lambda devices, *_: vectors.choose_placements(devices))
    with pytest.raises(DeviceError, match="nowhere"):
        fingerprint_batch([picture(1)], device=["nowhere"], on_error="raise")
