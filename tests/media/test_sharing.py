"""A batch shared by several devices, and what happens when their memory runs out."""

from __future__ import annotations

import threading
import time
import warnings

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from fpcache.media.devices import CPU, Placement  # noqa: E402
from fpcache.media.sharing import run_in_batches  # noqa: E402

pytestmark = pytest.mark.media

CARDS = [Placement(f"cuda:{number}", "float16") for number in range(3)]
ITEMS = list(range(100, 150))


class Device:
    """Begins as a card does: some items are more than the memory of some devices holds."""

    def __init__(self, too_much=lambda items, placement: False, meeting=1):
        self.too_much = too_much
        self.meeting = threading.Barrier(meeting, timeout=30)  # no device computes before all of them do
        self.tried: list[tuple[str, int]] = []
        self.threads: set[str] = set()
        self.here = threading.local()

    def begin(self, items, placement):
        self.tried.append((placement.device, len(items)))
        self.threads.add(threading.current_thread().name)
        if placement.kind == "cuda" and self.too_much(items, placement):
            raise torch.cuda.OutOfMemoryError("full")
        if not hasattr(self.here, "was"):
            self.here.was = True
            self.meeting.wait()
        return lambda: [item * 2 for item in items]


def test_one_device_computes_batch_by_batch_in_the_callers_thread():
    device = Device()
    computed = run_in_batches(device.begin, ITEMS, CARDS[:1], 16)
    assert computed.rows == [item * 2 for item in ITEMS]
    assert device.tried == [("cuda:0", 16)] * 3 + [("cuda:0", 2)]
    assert device.threads == {threading.current_thread().name}


def test_several_devices_share_a_batch_and_the_order_is_as_given():
    device = Device(meeting=3)
    computed = run_in_batches(device.begin, ITEMS, CARDS, 4)
    assert computed.rows == [item * 2 for item in ITEMS]
    assert {one.device for one in computed.placements} == {"cuda:0", "cuda:1", "cuda:2"}
    assert len(computed.placements) == len(ITEMS)


def test_a_batch_smaller_than_one_devices_is_split_among_all():
    device = Device(meeting=3)
    run_in_batches(device.begin, ITEMS[:7], CARDS, 64)
    assert sorted(count for _, count in device.tried) == [1, 3, 3]
    assert len({name for name, _ in device.tried}) == 3


def test_one_item_starts_no_thread():
    device = Device()
    assert run_in_batches(device.begin, [4], CARDS, 64).rows == [8]
    assert device.threads == {threading.current_thread().name}


def test_the_next_batch_is_begun_before_the_last_is_waited_for():
    seen = []

    def begin(items, placement):
        seen.append(f"begin {items[0]}")
        return lambda: seen.append(f"wait {items[0]}") or items

    run_in_batches(begin, [0, 1, 2], CARDS[:1], 1)
    assert seen == ["begin 0", "begin 1", "wait 0", "begin 2", "wait 1", "wait 2"]


def test_a_batch_that_is_too_large_is_halved():
    device = Device(lambda items, _: len(items) > 5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        computed = run_in_batches(device.begin, ITEMS, CARDS[:1], 16)
    assert computed.rows == [item * 2 for item in ITEMS]
    assert set(computed.placements) == {CARDS[0]}
    assert [count for _, count in device.tried[:3]] == [16, 8, 4]


def test_what_is_too_much_alone_is_left_to_the_cpu_with_a_warning():
    device = Device(lambda items, _: 113 in items)
    with pytest.warns(UserWarning, match="going on with the CPU"):
        computed = run_in_batches(device.begin, ITEMS, CARDS[:1], 4)
    assert computed.rows == [item * 2 for item in ITEMS]
    assert computed.placements[12] == CARDS[0]
    assert set(computed.placements[13:]) == {CPU}


def test_a_card_without_memory_leaves_its_share_to_the_others():
    device = Device(lambda _, placement: placement == CARDS[1], meeting=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        computed = run_in_batches(device.begin, ITEMS, CARDS, 4)
    assert computed.rows == [item * 2 for item in ITEMS]
    assert set(computed.placements) == {CARDS[0], CARDS[2]}


def test_when_all_cards_are_full_the_cpu_does_it_all():
    device = Device(lambda *_: True)
    with pytest.warns(UserWarning, match="CPU"):
        computed = run_in_batches(device.begin, ITEMS, CARDS, 16)
    assert computed.rows == [item * 2 for item in ITEMS]
    assert set(computed.placements) == {CPU}


def test_memory_that_a_batch_on_its_way_holds_is_waited_for_before_giving_up():
    on_their_way = []

    def begin(items, placement):
        if on_their_way and placement.kind == "cuda":
            raise torch.cuda.OutOfMemoryError("full")
        on_their_way.append(items)
        return lambda: on_their_way.remove(items) or items

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        computed = run_in_batches(begin, ITEMS, CARDS[:1], 4)
    assert (computed.rows, set(computed.placements)) == (ITEMS, {CARDS[0]})


def test_an_error_on_one_device_ends_all_and_is_raised():
    def begin(items, placement):
        if placement == CARDS[2]:
            raise ValueError("broken card")
        time.sleep(0.01)
        return lambda: items

    with pytest.raises(ValueError, match="broken card"):
        run_in_batches(begin, list(range(10_000)), CARDS, 1)
    assert not [one for one in threading.enumerate() if one.name.startswith("media-cuda")]
