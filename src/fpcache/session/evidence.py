"""What a decision rests on, in words and digests: noted while someone looks; holds no value of the user's."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from fpcache.cells import Component
from fpcache.fingerprints.records import MISSING, Reading
from fpcache.fingerprints.summaries import summary
from fpcache.session.cell_run import CellRun
from fpcache.session.report import ComponentReport

__all__ = ["device_of", "note_inputs", "note_outputs"]

_MOST = 200
_HALF = frozenset({"float16", "bfloat16"})


def note_inputs(run: CellRun, row: ComponentReport, reading: Reading) -> None:
    """Keep what a component reads: the label, kind, summary and digest of each root."""
    if not run.services.bus.is_heard:
        return
    row.evidence.inputs = [
        {
            "key": root.key,
            "label": root.label,
            "kind": root.kind,
            "summary": root.summary,
            "digest": root.digest.hex(),
        }
        for root in reading.roots[:_MOST]
    ]
    row.evidence.device = device_of(root.value for root in reading.roots)


def note_outputs(run: CellRun, component: Component, row: ComponentReport, *, failed: bool) -> None:
    """Keep a few words on what a component bound, and where that is."""
    names = sorted(component.names.binds | component.names.maybe_binds)
    values = [(name, run.namespace.get(name, MISSING)) for name in names[:_MOST]]
    if failed:
        return
    row.evidence.outputs = [(name, summary(value)) for name, value in values if value is not MISSING]
    row.evidence.device = device_of(value for _, value in values) or row.evidence.device


def device_of(values: Iterable[object]) -> str:
    """Say on which devices tensors and models lie, and in what precision where that is half.

    Looks at values themselves and at models' first parameters, not into containers. Empty where is none.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return ""
    tensors = [tensor for value in values for tensor in _tensors(torch, value)]
    devices = dict.fromkeys(str(tensor.device) for tensor in tensors)
    halves = dict.fromkeys(str(tensor.dtype).removeprefix("torch.") for tensor in tensors)
    return " ".join([*devices, *(half for half in halves if half in _HALF)])


def _tensors(torch: Any, value: object) -> Iterator[Any]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, torch.nn.Module):
        yield from islice(value.parameters(), 1)
