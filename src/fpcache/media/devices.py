"""Where networks run and in what precision, and going on with less when memory runs out."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from fpcache.errors import DeviceError, MediaError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DEVICE_VARIABLE", "Placement", "choose_placement", "run_in_batches"]

DEVICE_VARIABLE = "FPCACHE_DEVICE"
T = TypeVar("T")


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


CPU = Placement("cpu", "float32")


def choose_placement(device: str | None = None) -> Placement:
    """Return where to run: as asked, as ``FPCACHE_DEVICE`` says, else on CUDA if there is one, else the CPU.

    CUDA computes in float16; a CPU in bfloat16 only where it has matrix units for it, as it is slower
    elsewhere.

    Parameters
    ----------
    device : str, optional
        ``"cpu"``, ``"cuda"`` or ``"cuda:1"``.

    Raises
    ------
    DeviceError
        If the device asked for isn't there.
    MediaError
        If PyTorch isn't installed.
    """
    try:
        import torch
    except ImportError as error:
        raise MediaError(
            "feature vectors need PyTorch; install fpcache[media], or compare by hashes alone"
        ) from error
    has_cuda = torch.cuda.is_available()
    asked = device or os.environ.get(DEVICE_VARIABLE) or ("cuda" if has_cuda else "cpu")
    kind, _, number = asked.partition(":")
    if kind == "cpu" and not number:
        return Placement("cpu", "bfloat16" if _has_bfloat16_units() else "float32")
    index = int(number) if number.isdecimal() else 0
    if kind != "cuda" or (number and not number.isdecimal()):
        raise DeviceError(f"there is no device {asked!r}; use 'cpu', 'cuda' or 'cuda:0'")
    if not has_cuda or index >= torch.cuda.device_count():
        raise DeviceError(f"the device {asked!r} isn't there; unset {DEVICE_VARIABLE} or use device='cpu'")
    return Placement(f"cuda:{index}", "float16")


def _has_bfloat16_units() -> bool:
    import torch

    supported = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return bool(supported is not None and supported())


def run_in_batches(
    run: Callable[[Sequence[T], Placement], NDArray[Any]],
    items: Sequence[T],
    placement: Placement,
    batch_size: int,
) -> tuple[NDArray[Any], Placement]:
    """Return the rows that `run` gives for all items, and where the last of them was computed.

    When a graphics card's memory runs out, the batch is halved; when one item alone is too much, the rest is
    computed on the CPU, with a warning.
    """
    import numpy as np
    import torch

    rows: list[NDArray[Any]] = []
    start = 0
    while start < len(items):
        try:
            rows.append(run(items[start : start + batch_size], placement))
            start += batch_size
        except torch.cuda.OutOfMemoryError:
            torch.cuda.empty_cache()
            if batch_size == 1:
                warnings.warn(f"{placement.device} has no memory left; going on with the CPU", stacklevel=2)
                placement = CPU
            batch_size = max(1, batch_size // 2)
    return np.concatenate(rows), placement
