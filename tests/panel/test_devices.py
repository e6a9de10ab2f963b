"""Which processors a dashboard names."""

from __future__ import annotations

import sys
import types

import pytest

from fpcache.panel import devices as room
from fpcache.session.evidence import device_of


@pytest.fixture
def nothing_found(monkeypatch):
    monkeypatch.setattr(room, "_nvml", lambda: None)
    monkeypatch.delitem(sys.modules, "torch", raising=False)


def test_without_a_card_it_says_so(nothing_found):
    (only,) = room.devices()
    assert (only["kind"], only["name"]) == ("cpu", "CPU (no CUDA device)")
    assert "cores" in only["detail"]


class FakeNvml(types.SimpleNamespace):
    """NVIDIA's library as far as it is asked, with two cards; the second tells no load."""

    class NVMLError(Exception):
        pass

    def nvmlDeviceGetCount(self):
        return 2

    def nvmlDeviceGetHandleByIndex(self, index):
        return index

    def nvmlDeviceGetName(self, handle):
        return b"Card A" if handle == 0 else "Card B"

    def nvmlDeviceGetMemoryInfo(self, handle):
        return types.SimpleNamespace(used=2**30, total=2**33)

    def nvmlDeviceGetUtilizationRates(self, handle):
        if handle == 1:
            raise self.NVMLError
        return types.SimpleNamespace(gpu=42)


def test_cards_are_named_with_memory_and_load(monkeypatch):
    monkeypatch.setattr(room, "_nvml", FakeNvml)
    first, second = room.devices()
    assert first == {
        "kind": "cuda", "name": "Card A", "used_bytes": 2**30, "total_bytes": 2**33, "load": 42
    }  # fmt: skip
    assert (second["name"], second["load"]) == ("Card B", None)


def test_a_torch_that_has_not_started_cuda_is_not_made_to(monkeypatch, nothing_found):
    def started(*_):
        raise AssertionError("this would start CUDA")

    cuda = types.SimpleNamespace(
        is_available=lambda: True, is_initialized=lambda: False, device_count=started, mem_get_info=started
    )
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(cuda=cuda))
    assert room.devices()[0]["name"] == room.NO_GPU


def test_values_tell_where_they_are_and_in_which_precision():
    torch = pytest.importorskip("torch")
    half = torch.nn.Linear(2, 2).half()
    assert device_of([3, [torch.ones(2)], None]) == ""
    assert device_of([torch.ones(2)]) == "cpu"
    assert device_of([half, torch.ones(1)]) == "cpu float16"
    assert device_of([torch.ones(2, device="meta", dtype=torch.bfloat16)]) == "meta bfloat16"


@pytest.mark.gpu
def test_a_real_card_is_named():
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    assert device_of([torch.ones(2, device="cuda")]).startswith("cuda:0")
    card = room.devices()[0]
    assert card["kind"] == "cuda"
    assert 0 < card["used_bytes"] <= card["total_bytes"]
