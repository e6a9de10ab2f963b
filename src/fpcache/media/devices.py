"""Where networks run, and in what precision."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from fpcache.errors import DeviceError, MediaError
from fpcache.media.words import in_words

__all__ = [
    "CPU",
    "DEVICE_VARIABLE",
    "Devices",
    "Placement",
    "check_form",
    "choose_placements",
    "devices_asked",
]

DEVICE_VARIABLE = "FPCACHE_DEVICE"
Devices: TypeAlias = str | Sequence[str]
_FORMS = "'cpu', 'cuda', 'cuda:0' or a list such as ['cuda:0', 'cuda:1']"


@dataclass(frozen=True, slots=True)
class Placement:
    """A device and the precision that suits it.

    Attributes
    ----------
    device : str
        As torch names it: ``"cpu"``, ``"cuda:0"``.
    dtype : str
        ``"float32"``, ``"float16"`` or ``"bfloat16"``.
    """

    device: str
    dtype: str

    @property
    def kind(self) -> str:
        """The device without its number: ``"cpu"`` or ``"cuda"``."""
        return self.device.partition(":")[0]

    @property
    def torch_name(self) -> str:
        """The device as tensors are sent there: there is one CPU, whatever its number."""
        return "cpu" if self.kind == "cpu" else self.device


CPU = Placement("cpu", "float32")


def choose_placements(device: Devices | None = None) -> tuple[Placement, ...]:
    """Return where to run: as asked, as ``FPCACHE_DEVICE`` says, else on every CUDA device, else on the CPU.

    CUDA computes in float16; a CPU in bfloat16 where it has instructions for it (AMX or AVX-512 BF16), as
    it is slower elsewhere.

    Parameters
    ----------
    device : str or sequence of str, optional
        ``"cpu"``; ``"cuda"``, which is every card there is; ``"cuda:1"``; or several of one kind, which share
        the work. ``"cpu:0"``, ``"cpu:1"`` ... are all the one CPU, each with a thread of its own: they stand
        in for cards where there are none.

    Raises
    ------
    DeviceError
        If a device asked for isn't there, or those asked for are of two kinds, or one is named twice.
    MediaError
        If PyTorch isn't installed.
    """
    try:
        import torch
    except ImportError as error:
        raise MediaError(
            "feature vectors need PyTorch; install fpcache[media], or compare by hashes alone"
        ) from error
    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    asked = devices_asked(device) or devices_asked(os.environ.get(DEVICE_VARIABLE))
    named = [name for one in asked or ("cuda" if cards else "cpu",) for name in _devices(one, cards)]
    if len(set(named)) < len(named):
        raise DeviceError(f"a device is named twice in {named}; name each once")
    if len({name.partition(":")[0] for name in named}) > 1:
        raise DeviceError(f"{named} are devices of two kinds, which give other vectors; name those of one")
    return tuple(Placement(name, _dtype(name)) for name in named)


def devices_asked(device: object) -> tuple[str, ...]:
    """Return the names of what was asked for, one by one; several in one text are parted by commas.

    Raises
    ------
    DeviceError
        If it is neither a device nor devices.

    Examples
    --------
    >>> devices_asked("cuda:0, cuda:1"), devices_asked(["cpu:0"]), devices_asked(None)
    (('cuda:0', 'cuda:1'), ('cpu:0',), ())
    """
    if device is None:
        return ()
    if isinstance(device, str):
        return tuple(one.strip() for one in device.split(",")) if device else ()
    if isinstance(device, (list, tuple)):
        if not device:
            raise DeviceError(f"device= is an empty list; use {_FORMS}")
        return tuple(name for one in device for name in _names_of(one))
    if type(device).__name__ == "device":  # torch's
        return (str(device),)
    raise DeviceError(f"there is no device {in_words(device)}; use {_FORMS}")


def check_form(device: object) -> None:
    """Make sure that names are those of devices, be they there or not.

    Raises
    ------
    DeviceError
        If one isn't.
    """
    for asked in devices_asked(device):
        kind, colon, number = asked.partition(":")
        if kind not in ("cpu", "cuda") or (colon and not (number.isascii() and number.isdecimal())):
            raise DeviceError(f"there is no device {in_words(asked)}; use {_FORMS}")


def _names_of(one: object) -> tuple[str, ...]:
    if one is None or isinstance(one, (list, tuple)):
        raise DeviceError(f"device= holds {in_words(one)}; use {_FORMS}")
    return (one,) if isinstance(one, str) else devices_asked(one)


def _devices(asked: str, cards: int) -> list[str]:
    """Return what one name stands for, or say why that is not there."""
    check_form([asked])
    kind, _, number = asked.partition(":")
    if kind == "cpu":
        return [asked]
    if not cards or (number and int(number) >= cards):
        raise DeviceError(f"the device {asked!r} isn't there; unset {DEVICE_VARIABLE} or use device='cpu'")
    return [f"cuda:{int(number)}"] if number else [f"cuda:{index}" for index in range(cards)]


def _dtype(device: str) -> str:
    if device.startswith("cuda"):
        return "float16"
    return "bfloat16" if _has_bfloat16() else "float32"


def _has_bfloat16() -> bool:
    import torch

    names = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(getattr(torch.cpu, name, bool)() for name in names)
