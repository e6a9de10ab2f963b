"""torch's defaults: dtype, device, determinism, gradients, precision, threads."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from typing import Any

from fpcache.dependencies.ambient_library import Library, Options

__all__ = ["TORCH", "TORCH_HOOKS"]

_DEFAULTS: Mapping[str, Any] = {
    "default_dtype": "float32", "default_device": "cpu", "deterministic": False,
    "deterministic_warn_only": False,
    "grad_enabled": True, "inference_mode": False, "matmul_precision": "highest", "anomaly": False,
    "cudnn.deterministic": False, "cudnn.benchmark": False, "cudnn.enabled": True,
    "print.precision": 4, "print.threshold": 1000, "print.edgeitems": 3, "print.linewidth": 80,
    "print.sci_mode": None,
}  # fmt: skip


def _read() -> Options:
    torch = sys.modules["torch"]
    found = {
        "default_dtype": str(torch.get_default_dtype()).removeprefix("torch."),
        "default_device": _default_device(torch),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "deterministic_warn_only": torch.is_deterministic_algorithms_warn_only_enabled(),
        "grad_enabled": torch.is_grad_enabled(),
        "inference_mode": torch.is_inference_mode_enabled(),
        "matmul_precision": torch.get_float32_matmul_precision(),
        "anomaly": torch.is_anomaly_enabled(),
        "num_threads": torch.get_num_threads(),
    }
    cudnn = sys.modules.get("torch.backends.cudnn")
    if cudnn is not None:
        found |= {f"cudnn.{name}": getattr(cudnn, name) for name in ("deterministic", "benchmark", "enabled")}
    printing = getattr(sys.modules.get("torch._tensor_str"), "PRINT_OPTS", None)
    names = ("precision", "threshold", "edgeitems", "linewidth", "sci_mode")
    return found | {f"print.{name}": getattr(printing, name) for name in names if printing is not None}


def _default_device(torch: Any) -> str:
    """Return the device without ``torch.get_default_device``, which makes a tensor."""
    held = getattr(torch, "_GLOBAL_DEVICE_CONTEXT", None)
    context = getattr(held, "device_context", None)
    return "cpu" if context is None else str(context.device)


def _write(options: Options) -> None:
    torch = importlib.import_module("torch")
    writers = {
        "default_dtype": lambda value: torch.set_default_dtype(getattr(torch, value)),
        "default_device": torch.set_default_device,
        "grad_enabled": torch.set_grad_enabled,
        "matmul_precision": torch.set_float32_matmul_precision,
        "anomaly": torch.autograd.set_detect_anomaly,
        "num_threads": torch.set_num_threads,
    }
    for name, value in options.items():
        if name in writers:
            writers[name](value)
        elif name.startswith("cudnn."):
            setattr(torch.backends.cudnn, name.removeprefix("cudnn."), value)
        elif name.startswith("print."):
            setattr(torch._tensor_str.PRINT_OPTS, name.removeprefix("print."), value)
    if not {"deterministic", "deterministic_warn_only"}.isdisjoint(options):
        present = _read() | options
        torch.use_deterministic_algorithms(
            present["deterministic"], warn_only=present["deterministic_warn_only"]
        )


TORCH = Library(
    "torch", "torch setting", "torch", "torch", _read, lambda: _DEFAULTS, _write,
    quiet=frozenset({"num_threads"}),
)  # fmt: skip


def _read_hooks() -> Options:
    return {"hooks": _handles().next_id}


def _write_hooks(options: Options) -> None:
    _handles().next_id = options["hooks"]


def _handles() -> Any:
    return importlib.import_module("torch.utils.hooks").RemovableHandle


TORCH_HOOKS = Library(
    "torch hooks", "torch's number of", "torch.utils.hooks", "torch",
    _read_hooks, lambda: {"hooks": 0}, _write_hooks, counts=True,
)  # fmt: skip
