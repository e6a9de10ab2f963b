"""What a decision rests on, in words and digests: noted while someone looks; holds no value of the user's."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from fpcache.cells import Component
from fpcache.fingerprints.heads import head, heads
from fpcache.fingerprints.records import MISSING, Reading
from fpcache.fingerprints.summaries import summary
from fpcache.session.cell_run import CellRun
from fpcache.session.report import ComponentReport

__all__ = ["device_of", "note_inputs", "note_outputs"]

_MOST = 200
_HALF = frozenset({"float16", "bfloat16"})


def note_inputs(run: CellRun, row: ComponentReport, reading: Reading) -> None:
    """Keep what a component reads: the label, kind, summary, first elements and digest of each root."""
    first = heads(reading)
    row.evidence.inputs = [
        {
            "key": root.key,
            "label": root.label,
            "kind": root.kind,
            "summary": root.summary,
            "head": first.get(root.key, ""),
            "digest": root.digest.hex(),
        }
        for root in reading.roots
    ]
    row.evidence.packages = dict(reading.packages)
    row.evidence.device = device_of(root.value for root in reading.roots)


def note_outputs(run: CellRun, component: Component, row: ComponentReport) -> None:
    """Keep a few words on what a component bound, and where that is."""
    names = sorted(component.names.binds | component.names.maybe_binds)
    values = [(name, run.namespace.get(name, MISSING)) for name in names[:_MOST]]
    if row.evidence.failed:
        return
    row.evidence.outputs = [
        (name, summary(value), head(value)) for name, value in values if value is not MISSING
    ]
    row.evidence.device = device_of(value for _, value in values) or row.evidence.device


def device_of(values: Iterable[object]) -> str:
    """Say on which devices tensors and models lie, and in what precision where that is half.

    Looks at values themselves and at models' first parameters, not into containers. Empty where is none.
    Nothing of the user's runs: subclasses of tensors, which may answer in their own way, are left out.
    """
    torch = sys.modules.get("torch")
    if getattr(torch, "nn", None) is None:
        return ""
    tensors = [tensor for value in values for tensor in _tensors(torch, value)]
    devices = dict.fromkeys(str(tensor.device) for tensor in tensors)
    halves = dict.fromkeys(str(tensor.dtype).removeprefix("torch.") for tensor in tensors)
    return " ".join([*devices, *(half for half in halves if half in _HALF)])


def _tensors(torch: Any, value: object) -> Iterator[Any]:
    if type(value) in (torch.Tensor, torch.nn.Parameter):
        yield value
    elif issubclass(type(value), torch.nn.Module):
        yield from islice(_parameters(torch, value), 1)


def _parameters(torch: Any, module: object) -> Iterator[Any]:
    """Yield a model's parameters as its attributes hold them."""
    held = object.__getattribute__(module, "__dict__")
    for parameter in dict(held.get("_parameters") or {}).values():
        if type(parameter) is torch.nn.Parameter:
            yield parameter
    for child in dict(held.get("_modules") or {}).values():
        if issubclass(type(child), torch.nn.Module) and child is not module:
            yield from _parameters(torch, child)
