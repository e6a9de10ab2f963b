"""torch: tensors, modules, optimizers, generators, storages.

What counts for a tensor: class, dtype, layout, device, shape, strides,
``requires_grad``, ``.grad``, hooks, attributes, and every byte. Of an autograd
graph that backward has gone through, the steps and leaves count; with one that
something can still go through a tensor has no fingerprint: it can't be seen.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

from fpcache.fingerprints.encoder import Encoder
from fpcache.fingerprints.graph_hooks import accumulates_with_hooks
from fpcache.fingerprints.layout import UNSET
from fpcache.fingerprints.registry import dotted_name
from fpcache.fingerprints.used_up_graphs import LiveGraphError, graph_of
from fpcache.fingerprints.view_modes import mode_of

__all__: list[str] = []


def encode_tensor(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode traits, elements, gradient, hooks and attributes, and what is left of its graph."""
    import torch

    with torch._C.DisableTorchFunctionSubclass():
        _feed_traits(enc, obj)
        _feed_content(enc, obj.detach(), obj)
        gradient = obj.grad if obj.is_leaf else None
    if obj.grad_fn is not None:
        yield from _graph(enc, obj)
    elif obj.requires_grad and accumulates_with_hooks(obj):
        enc.refuse(
            "there are hooks on what adds to the tensor's gradient (`AccumulateGrad`); use .register_hook"
        )
    yield ".grad", gradient
    yield "._backward_hooks", obj._backward_hooks or None
    yield "._post_accumulate_grad_hooks", getattr(obj, "_post_accumulate_grad_hooks", None) or None
    for name, value in vars(obj).items():
        enc.feed("attribute", name)
        yield f".{name}", value


def _graph(enc: Encoder, obj: Any) -> Iterator[Any]:
    try:
        graph = graph_of(obj)
    except LiveGraphError as error:
        enc.refuse(f"a tensor with a grad_fn hangs on an autograd graph, which {error}; use .detach()")
    places = {key: place for place, key in enumerate(graph.steps)}
    enc.feed("graph", len(places), obj.output_nr, repr([places[id(step.node)] for step in graph.in_time()]))
    for place, step in enumerate(graph.steps.values()):
        leads = [(places.get(id(edge.step)), edge.output) for edge in step.edges]
        enc.feed("step", step.name, repr(step.saved), repr(leads), repr(step.outputs))
        # Of a step shared with another tensor's graph, the dict that it has for notes is the same.
        yield f".grad_fn[{place}]", step.leaf if step.leaf is not None else step.node.metadata


def refuse_step(enc: Encoder, obj: Any) -> None:
    """Refuse a step of a graph: what it has saved for `backward` can't be seen."""
    enc.refuse(f"a step of an autograd graph (`{type(obj).__name__}`) can't be seen into; keep its tensor")


def _feed_traits(enc: Encoder, obj: Any) -> None:
    own = type(obj).__module__.partition(".")[0] == "torch"
    enc.feed("tensor", dotted_name(type(obj)) if own else "")
    enc.feed(str(obj.dtype), str(obj.layout), str(obj.device))
    enc.feed(obj.requires_grad, obj.is_leaf, obj.is_conj(), obj.is_neg(), obj.is_inference())
    if (mode := mode_of(obj)) is not None:
        enc.feed("view", mode)
    enc.feed("shape", *obj.shape, *(getattr(obj, "names", None) or ()))


def _feed_content(enc: Encoder, tensor: Any, owner: Any) -> None:
    import torch

    if tensor.is_nested:
        enc.refuse("a nested tensor can't be fingerprinted; pass its parts as a list")
    if tensor.layout is not torch.strided:
        _feed_parts(enc, _sparse_parts(enc, tensor))
    elif tensor.is_quantized:
        _feed_quantized(enc, tensor)
    elif tensor.device.type != "meta":
        _feed_strided(enc, tensor, owner)


def _sparse_parts(enc: Encoder, tensor: Any) -> list[Any]:
    import torch

    if tensor.layout is torch.sparse_coo:
        enc.feed("coo", tensor.is_coalesced())
        return [tensor._indices(), tensor._values()]
    if tensor.layout in (torch.sparse_csr, torch.sparse_bsr):
        return [tensor.crow_indices(), tensor.col_indices(), tensor.values()]
    if tensor.layout in (torch.sparse_csc, torch.sparse_bsc):
        return [tensor.ccol_indices(), tensor.row_indices(), tensor.values()]
    return [tensor.to_dense()]


def _feed_parts(enc: Encoder, parts: list[Any]) -> None:
    for part in parts:
        enc.feed("part", str(part.dtype), *part.shape)
        _feed_bytes(enc, part)


def _feed_quantized(enc: Encoder, tensor: Any) -> None:
    enc.feed("quantized", str(tensor.qscheme()))
    if "channel" in str(tensor.qscheme()):
        enc.feed(tensor.q_per_channel_axis())
        _feed_parts(enc, [tensor.q_per_channel_scales(), tensor.q_per_channel_zero_points()])
    else:
        enc.feed(tensor.q_scale(), tensor.q_zero_point())
    _feed_parts(enc, [tensor.int_repr()])


def _feed_strided(enc: Encoder, tensor: Any, owner: Any) -> None:
    steps = [s if n > 1 else 0 for s, n in zip(tensor.stride(), tensor.shape, strict=True)]
    enc.feed("strides", *(steps if tensor.numel() else []))
    if tensor.numel() == 0:
        return
    last = sum(step * (n - 1) for step, n in zip(steps, tensor.shape, strict=True))
    needed = (tensor.storage_offset() + last + 1) * tensor.element_size()
    if tensor.data_ptr() == 0 or tensor.untyped_storage().nbytes() < needed:
        enc.refuse("a tensor without memory of its own can't be fingerprinted; make it where it is used")
    enc.memory(owner, tensor.data_ptr(), (last + 1) * tensor.element_size())
    for axis, step in enumerate(steps):
        if step == 0:
            tensor = tensor.narrow(axis, 0, 1)
    content = _feed_bytes(enc, tensor)
    enc.contents[id(owner)] = content


def _feed_bytes(enc: Encoder, tensor: Any) -> bytes:
    """Feed the elements' bytes as they lie in memory, brought to the CPU if need be."""
    dense = tensor.detach().resolve_conj().resolve_neg().contiguous().cpu()
    return _feed_memory(enc, dense.data_ptr(), dense.numel() * dense.element_size())


def _feed_memory(enc: Encoder, address: int, size_bytes: int) -> bytes:
    if size_bytes:
        return enc.feed_buffer(memoryview((ctypes.c_ubyte * size_bytes).from_address(address)).cast("B"))
    enc.feed("no bytes")
    return b""


def encode_module(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode a module by its whole ``__dict__``: parameters, buffers, hooks, mode.

    The weak references that recurrent layers keep to their own weights are
    left out, as torch's own pickling does.
    """
    enc.feed("module")
    return _parts(enc, obj, [name for name in vars(obj) if name != "_flat_weight_refs"])


def _parts(enc: Encoder, obj: Any, names: list[str]) -> Iterator[Any]:
    """Take in the class, the slots and the attributes of these names."""
    yield ".__class__", type(obj)
    for slot_name, value in _slot_values(enc, obj):
        enc.feed("slot", slot_name)
        yield f".{slot_name}", value
    for name in names:
        enc.feed("attribute", name)
        yield f".{name}", vars(obj)[name]


def _slot_values(enc: Encoder, obj: Any) -> list[tuple[str, Any]]:
    read = ((slot.name, slot.read(obj)) for slot in enc.layout(type(obj)).slots)
    return [(name, value) for name, value in read if value is not UNSET]


_OPTIMIZER_BOOKKEEPING = frozenset({"_zero_grad_profile_name", "_warned_capturable_if_run_uncaptured"})


def encode_optimizer(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode an optimizer: settings, groups, state, hooks and all else but what only a profiler reads."""
    enc.feed("optimizer")
    return _parts(enc, obj, sorted(vars(obj).keys() - _OPTIMIZER_BOOKKEEPING))


def encode_name(enc: Encoder, obj: Any) -> None:
    """Encode a dtype, device, layout or memory format by its name."""
    enc.feed("torch", type(obj).__name__, str(obj))


def encode_size(enc: Encoder, obj: Any) -> None:
    """Encode a ``torch.Size``."""
    enc.feed("torch size", len(obj), *(int(n) for n in obj))


def encode_generator(enc: Encoder, obj: Any) -> None:
    """Encode device and state."""
    enc.feed("torch generator", str(obj.device))
    _feed_bytes(enc, obj.get_state())


def encode_storage(enc: Encoder, obj: Any) -> None:
    """Encode the bytes; their memory may be shared with tensors."""
    enc.feed("torch storage", str(obj.device), obj.nbytes())
    enc.memory(obj, obj.data_ptr(), obj.nbytes())
    on_cpu = obj.cpu()
    _feed_memory(enc, on_cpu.data_ptr(), on_cpu.nbytes())


def encode_typed_storage(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode dtype and the storage below."""
    enc.feed("torch typed storage", str(obj.dtype))
    yield "._untyped_storage", obj._untyped_storage
