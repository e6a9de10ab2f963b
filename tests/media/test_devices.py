"""Where networks run: what is asked for, what the environment says, what is there."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from fpcache.errors import DeviceError  # noqa: E402
from fpcache.media import devices  # noqa: E402
from fpcache.media.devices import Placement, choose_placements, devices_asked  # noqa: E402

pytestmark = pytest.mark.media


def chosen(device=None):
    return [one.device for one in choose_placements(device)]


@pytest.fixture
def cards(monkeypatch):
    """Two cards, as far as PyTorch tells."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.delenv("FPCACHE_DEVICE", raising=False)


@pytest.fixture
def no_cards(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.delenv("FPCACHE_DEVICE", raising=False)


def test_without_a_card_all_runs_on_the_cpu(no_cards):
    assert chosen() == ["cpu"]
    for asked in ("cuda", "cuda:0"):
        with pytest.raises(DeviceError, match="isn't there"):
            chosen(asked)


def test_every_card_is_used_unless_some_are_named(cards):
    assert chosen() == chosen("cuda") == chosen(["cuda"]) == ["cuda:0", "cuda:1"]
    assert chosen("cuda:1") == chosen(torch.device("cuda", 1)) == ["cuda:1"]
    assert chosen("cuda:1, cuda:0") == ["cuda:1", "cuda:0"]
    assert chosen("cpu") == ["cpu"]
    assert {one.dtype for one in choose_placements()} == {"float16"}
    with pytest.raises(DeviceError, match="'cuda:2' isn't there"):
        chosen("cuda:2")


def test_the_device_is_as_asked_then_as_the_environment_says(no_cards, monkeypatch):
    monkeypatch.setenv("FPCACHE_DEVICE", "nonsense")
    assert chosen("cpu") == ["cpu"]
    with pytest.raises(DeviceError, match="nonsense"):
        chosen()
    monkeypatch.setenv("FPCACHE_DEVICE", "cpu:0,cpu:1")
    assert chosen() == ["cpu:0", "cpu:1"]


@pytest.mark.parametrize("asked", ["cpu:x", "tpu", "cuda:-1", "cuda:", 7])
def test_what_is_no_device_is_refused_with_what_can_be_said(cards, asked):
    with pytest.raises(DeviceError, match="there is no device .* use 'cpu', 'cuda'"):
        chosen(asked)


def test_devices_that_cannot_share_work_are_refused(cards):
    with pytest.raises(DeviceError, match="two kinds"):
        chosen(["cuda:0", "cpu"])
    with pytest.raises(DeviceError, match="named twice"):
        chosen(["cuda", "cuda:0"])
    with pytest.raises(DeviceError, match="empty list"):
        devices_asked([])


def test_a_cpu_computes_in_half_precision_only_where_it_has_instructions_for_it(no_cards, monkeypatch):
    for has_it, dtype in ((True, "bfloat16"), (False, "float32")):
        monkeypatch.setattr(devices, "_has_bfloat16", lambda has=has_it: has)
        assert choose_placements("cpu:3") == (Placement("cpu:3", dtype),)


def test_there_is_one_cpu_for_tensors_whatever_its_number():
    assert (Placement("cpu:3", "float32").torch_name, Placement("cuda:3", "float16").torch_name) == (
        "cpu",
        "cuda:3",
    )
