"""Hooks on steps of gradient graphs: PyTorch doesn't tell of them, so it counts whether there can be any."""

from __future__ import annotations

import sys
import threading
from typing import Any

__all__ = ["accumulates_with_hooks", "can_have_hooks", "look"]


class _Seen:
    """How many hooks PyTorch had numbered at the last look, and the number of the next step then."""

    hooks = 0
    step = 0


def look() -> bool:
    """Note whether hooks were registered since the last look; tell whether there ever were any."""
    torch: Any = sys.modules["torch"]
    count = torch.utils.hooks.RemovableHandle.next_id
    if count != _Seen.hooks:
        is_main = threading.current_thread() is threading.main_thread()  # each thread numbers its own steps
        _Seen.hooks, _Seen.step = count, torch.autograd._get_sequence_nr() if is_main else sys.maxsize
    return bool(count)


def can_have_hooks(step: Any) -> bool:
    """Whether a hook was registered since a step was made."""
    return look() and step._sequence_nr() < _Seen.step


def accumulates_with_hooks(leaf: Any) -> bool:
    """Whether there are hooks on the step that adds to a leaf's gradient.

    The only way to see them is to add some, and take them off again; an empty table of hooks stays.
    """
    if not look():
        return False
    torch: Any = sys.modules["torch"]
    handles = torch.utils.hooks.RemovableHandle
    with torch.inference_mode(False), torch.enable_grad(), torch._C.DisableTorchFunctionSubclass():
        step = leaf.view_as(leaf).grad_fn.next_functions[0][0]
    try:
        own = [step.register_hook(_nothing), step.register_prehook(_nothing)]
        found = any(len(handle.hooks_dict_ref()) > 1 for handle in own)
        for handle in own:
            handle.remove()
    finally:
        handles.next_id = _Seen.hooks
    return found


def _nothing(*_: Any) -> None:
    """Stand for a hook."""
