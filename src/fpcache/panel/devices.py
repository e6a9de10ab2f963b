"""The processors that a session can use: graphics cards with their memory and load, or the plain truth.

Asks NVIDIA's library (``nvidia-ml-py``) where it is installed, which tells of
all processes; else a torch that is loaded and uses CUDA already. Never loads
torch, and never starts CUDA.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

__all__ = ["NO_GPU", "devices"]

NO_GPU = "CPU (no CUDA device)"


def devices() -> list[dict[str, Any]]:
    """Return the graphics cards, or the CPU alone.

    Returns
    -------
    list of dict
        ``kind`` (``"cuda"`` or ``"cpu"``), ``name``; for cards also
        ``used_bytes``, ``total_bytes``, and ``load`` in percent or None.
    """
    found = list(_from_nvml()) or list(_from_torch())
    return found or [{"kind": "cpu", "name": NO_GPU, "detail": _processor()}]


@lru_cache(maxsize=1)
def _processor() -> str:
    return f"{platform.machine()}, {os.cpu_count() or 1} cores"


@lru_cache(maxsize=1)
def _nvml() -> Any:
    """Return NVIDIA's library, ready; None where it or a driver is missing."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # an ImportError, or any of its own errors
        return None
    return pynvml


def _from_nvml() -> Iterator[dict[str, Any]]:
    nvml = _nvml()
    if nvml is None:
        return
    try:
        for index in range(nvml.nvmlDeviceGetCount()):
            yield _card(nvml, nvml.nvmlDeviceGetHandleByIndex(index))
    except nvml.NVMLError:
        return


def _card(nvml: Any, handle: Any) -> dict[str, Any]:
    name, memory = nvml.nvmlDeviceGetName(handle), nvml.nvmlDeviceGetMemoryInfo(handle)
    try:
        load = int(nvml.nvmlDeviceGetUtilizationRates(handle).gpu)
    except nvml.NVMLError:  # not told for a part of a card
        load = None
    return {
        "kind": "cuda",
        "name": name.decode() if isinstance(name, bytes) else str(name),
        "used_bytes": int(memory.used),
        "total_bytes": int(memory.total),
        "load": load,
    }


def _from_torch() -> Iterator[dict[str, Any]]:
    torch = sys.modules.get("torch")
    cuda = getattr(torch, "cuda", None)
    if cuda is None or not cuda.is_available() or not cuda.is_initialized():
        return
    for index in range(cuda.device_count()):
        free, total = cuda.mem_get_info(index)
        yield {
            "kind": "cuda",
            "name": str(cuda.get_device_name(index)),
            "used_bytes": int(total - free),
            "total_bytes": int(total),
            "load": None,
        }
