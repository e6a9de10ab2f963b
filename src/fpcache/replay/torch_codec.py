"""Torch tensors: storages once, tensors as windows onto them."""

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING, Any

from fpcache.errors import UncacheableError
from fpcache.fingerprints.view_modes import mode_of, set_mode
from fpcache.replay.array_codec import OWNED_BYTES
from fpcache.replay.graph_codec import hung_up
from fpcache.replay.locate import UnstorableError
from fpcache.replay.reducers import put_state

if TYPE_CHECKING:
    from fpcache.replay.writer import Writer

__all__ = ["StoragePart", "reduce_optimizer", "reduce_part", "reduce_storage", "reduce_tensor"]

_PATCHED = "_zero_grad_profile_name"  # what `Optimizer._patch_step_function` sets


class StoragePart:
    """Stands for a storage; one per storage, so that it is written once."""

    __slots__ = ("is_copy", "storage")

    def __init__(self, storage: Any, is_copy: bool = False) -> None:
        self.storage = storage
        self.is_copy = is_copy


def reduce_tensor(writer: Writer, tensor: Any) -> Any:
    """Write a tensor as a window onto its storage, hung up on what is left of its graph."""
    _check_hooks(tensor)
    if not _is_plain(tensor):
        if tensor.grad_fn is not None:
            raise UnstorableError(
                "is a tensor of another kind with a gradient graph (`grad_fn`); use .detach()", tensor
            )
        return NotImplemented
    storage = tensor.untyped_storage()
    if tensor.grad_fn is not None:
        return hung_up(
            writer, tensor, lambda one: _as_window(writer, one, one.untyped_storage(), requires_grad=False)
        )
    return _as_window(writer, tensor, storage, tensor.requires_grad)


def _as_window(writer: Writer, tensor: Any, storage: Any, requires_grad: bool) -> Any:
    mode = mode_of(tensor)
    if mode is not None and tensor.requires_grad:
        raise UnstorableError("is a view made without gradients of a tensor with some; use .detach()", tensor)
    found = _node_with(writer, storage)
    place = (tensor.dtype, tensor.storage_offset(), tuple(tensor.shape), tensor.stride())
    flags = (requires_grad, tensor.is_conj(), tensor.is_neg())
    if found is not None:
        source: Any = found[0]
        expected: Any = _layout(found[1])
        if tensor._base is found[1] and tensor.dtype is found[1].dtype and not any(flags):
            return build_view, (source, expected, *place[1:], mode), *_extras(tensor)
    elif _is_detached(writer, tensor, storage):
        return _alone(writer, tensor, (*flags, mode))
    else:
        parts = writer.lookups.setdefault("storages", {})
        source, expected = parts.setdefault(storage._cdata, StoragePart(storage)), None
    return _builder(tensor), (type(tensor), source, expected, *place, *flags, mode), *_extras(tensor)


def _builder(tensor: Any) -> Any:
    return build_inference_tensor if tensor.is_inference() else build_tensor


def _check_hooks(tensor: Any) -> None:
    if tensor._backward_hooks or getattr(tensor, "_post_accumulate_grad_hooks", None):
        raise UnstorableError("is a tensor with hooks; register them in a statement of its own", tensor)


def _is_plain(tensor: Any) -> bool:
    """Whether a tensor is nothing but a window onto a storage."""
    torch: Any = sys.modules["torch"]
    is_own = type(tensor) in (torch.Tensor, torch.nn.Parameter)
    is_dense = tensor.layout is torch.strided and not (tensor.is_quantized or tensor.is_nested)
    return is_own and is_dense and tensor.device.type != "meta"


def _layout(tensor: Any) -> tuple[Any, ...]:
    return (
        tuple(tensor.shape),
        tensor.stride(),
        tensor.storage_offset(),
        tensor.untyped_storage().nbytes(),
        tensor.device.type,
    )


def _node_with(writer: Writer, storage: Any) -> Any:
    """Return what to write for the input tensor that lay on `storage` before the run, and a tensor that does.

    A replay comes upon the inputs as they were: what the run moved is to be found where it was.
    """
    torch: Any = sys.modules["torch"]
    table = writer.lookups.get("tensors")
    if table is None:
        table = writer.lookups["tensors"] = {}
        for index, node in enumerate(writer.nodes):
            if isinstance(node, torch.Tensor) and node.layout is torch.strided:
                before = writer.moved.get(index)
                source = node if before is None else writer.tensor_before(index)
                tensor = node if before is None else before
                table.setdefault(tensor.untyped_storage()._cdata, (source, tensor))
    return table.get(storage._cdata)


def _is_detached(writer: Writer, tensor: Any, storage: Any) -> bool:
    return writer.ledger.view(storage._cdata, storage.nbytes(), id(tensor), _reached_bytes(tensor))


def _reached_bytes(tensor: Any) -> int:
    if tensor.numel() == 0:
        return 0
    steps = sum((length - 1) * stride for length, stride in zip(tensor.shape, tensor.stride(), strict=True))
    reached: int = (steps + 1) * tensor.element_size()
    return reached


def _alone(writer: Writer, tensor: Any, flags: tuple[Any, ...]) -> Any:
    """Write a tensor with a storage of its own: nothing else needs the rest of the present one."""
    if tensor.device.type == "cpu":
        start = tensor.data_ptr()
        writer.ledger.store((start, start + _reached_bytes(tensor)), tensor)
    copied = tensor.detach().clone()
    part = StoragePart(copied.untyped_storage(), is_copy=True)
    place = (copied.dtype, copied.storage_offset(), tuple(copied.shape), copied.stride())
    return _builder(tensor), (type(tensor), part, None, *place, *flags), *_extras(tensor)


def _extras(tensor: Any) -> tuple[Any, ...]:
    """Return what to append to a reduce value for gradient and attributes."""
    state = (tensor.grad if tensor.is_leaf else None, dict(tensor.__dict__))
    return (state, None, None, _set_extras) if state[0] is not None or state[1] else ()


def _set_extras(tensor: Any, state: tuple[Any, dict[str, Any]]) -> None:
    gradient, attributes = state
    tensor.grad = gradient
    tensor.__dict__.update(attributes)


def build_tensor(
    cls: Any,
    source: Any,
    expected: Any,
    dtype: Any,
    offset: int,
    shape: tuple[int, ...],
    stride: tuple[int, ...],
    requires_grad: bool,
    is_conjugate: bool,
    is_negative: bool,
    mode: str | None,
) -> Any:
    """Make a tensor on a storage, or on that of an input tensor.

    Raises
    ------
    UncacheableError
        If the input tensor is laid out in another way than when this was stored.
    """
    import torch

    storage = source
    if expected is not None:
        if expected != _layout(source):
            raise UncacheableError("an input tensor lies in memory in another way than when this was stored")
        storage = source.untyped_storage()
    tensor: Any = torch.empty(0, dtype=dtype, device=storage.device).set_(storage, offset, shape, stride)
    if is_conjugate:
        tensor = tensor.conj()
    if is_negative:
        tensor = torch._neg_view(tensor)
    if cls is not torch.Tensor:
        return cls(tensor, requires_grad)
    return set_mode(tensor.requires_grad_(requires_grad), mode)


def build_inference_tensor(*arguments: Any) -> Any:
    """Make a tensor as `torch.inference_mode` does; see `build_tensor`."""
    import torch

    with torch.inference_mode():
        return build_tensor(*arguments)


def build_view(
    source: Any, expected: Any, offset: int, shape: tuple[int, ...], stride: tuple[int, ...], mode: str | None
) -> Any:
    """Make a view of an input tensor: what is written to one then counts as written to the other.

    Raises
    ------
    UncacheableError
        If the input tensor is laid out in another way than when this was stored.
    """
    import torch

    if expected != _layout(source):
        raise UncacheableError("an input tensor lies in memory in another way than when this was stored")
    with torch.set_grad_enabled(not source.requires_grad):
        return set_mode(source.as_strided(shape, stride, offset), mode)


def reduce_part(writer: Writer, part: StoragePart) -> Any:
    """Write the bytes of a storage."""
    storage = part.storage
    if storage.device.type == "cpu" and not part.is_copy:
        start = storage.data_ptr()
        writer.ledger.store((start, start + storage.nbytes()), part)
    return build_storage, (_bytes_of(writer, part), storage.nbytes(), storage.device.type)


def reduce_storage(writer: Writer, storage: Any) -> Any:
    """Write a storage object that is itself part of the payload."""
    writer.ledger.whole(storage._cdata)
    part = writer.lookups.setdefault("storages", {}).setdefault(storage._cdata, StoragePart(storage))
    return _same, (part,)


def _same(obj: Any) -> Any:
    return obj


def _bytes_of(writer: Writer, part: StoragePart) -> Any:
    torch: Any = sys.modules["torch"]
    storage = part.storage
    if storage.nbytes() == 0:
        return b""
    if storage.device.type == "cpu" and not part.is_copy:
        # A NumPy array would do, but torch refuses to resize a storage that there ever was one of.
        memory = (ctypes.c_ubyte * storage.nbytes()).from_address(storage.data_ptr())
        memory.storage = storage  # lives as long
        return writer.outsource(memoryview(memory).cast("B"))
    flat = torch.empty(0, dtype=torch.uint8, device=storage.device).set_(storage)
    return writer.outsource(memoryview(flat.cpu().numpy()))


def build_storage(data: Any, size_bytes: int, device: str) -> Any:
    """Make a storage on the device it was on.

    Raises
    ------
    UncacheableError
        If there is no such device now.
    """
    import torch

    if size_bytes == 0:
        return torch.UntypedStorage(0, device=device)
    if device == "cuda" and not torch.cuda.is_available():
        raise UncacheableError("the stored result is on a GPU, and there is none here")
    view = memoryview(data)
    if device == "cpu" and size_bytes > OWNED_BYTES and not view.readonly:
        return torch.frombuffer(view, dtype=torch.uint8).untyped_storage()
    source = torch.frombuffer(bytearray(view) if view.readonly else view, dtype=torch.uint8)
    return torch.UntypedStorage(size_bytes, device=device).copy_(source.untyped_storage(), False)


def reduce_optimizer(writer: Writer, optimizer: Any) -> Any:
    """Write an optimizer with all its attributes; its own reduction leaves out hooks and schedules."""
    attributes = dict(vars(optimizer))
    is_patched = _PATCHED in attributes
    return make_optimizer, (type(optimizer), is_patched), attributes, None, None, put_state


def make_optimizer(cls: type[Any], is_patched: bool) -> Any:
    """Make an optimizer without attributes, and its class as the first one of it leaves that."""
    optimizer = object.__new__(cls)
    if is_patched:
        optimizer._patch_step_function()  # as `Optimizer.__init__` does, which a class needn't call
        vars(optimizer).clear()
    return optimizer
