"""Which rule reduces which type, and the rules for Python's own kinds of objects.

A rule returns what `pickle` calls a reduce value, or ``NotImplemented`` where
the object's own reduction is right. The rules for libraries live beside; they
are imported when a value of theirs is met, so the library is loaded by then.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from fpcache.replay.locate import UnstorableError, describe
from fpcache.replay.references import importable_path, path_in_notebook

if TYPE_CHECKING:
    from fpcache.replay.writer import Writer

__all__ = ["Reducer", "descend", "put_state", "rebuild_method", "reducer_for"]

Reducer = Callable[["Writer", Any], Any]

_HERE = "fpcache.replay."
_REDUCERS = {
    "builtins.module": "reducers:reduce_module",
    "builtins.type": "reducers:reduce_class",
    "builtins.method": "reducers:reduce_method",
    "builtins.object": "reducers:reduce_bare_object",
    "builtins.function": "function_codec:reduce_function",
    "builtins.cell": "function_codec:reduce_cell",
    "builtins.code": "function_codec:reduce_code",
    "weakref.ReferenceType": "weak_codec:reduce_reference",
    "functools._lru_cache_wrapper": "function_codec:reduce_cached_function",
    "numpy.ndarray": "array_codec:reduce_array",
    "fpcache.replay.array_codec.Fresh": "array_codec:reduce_fresh",
    "pandas.Index": "frame_codec:reduce_index",
    "pandas.core.indexes.base.Index": "frame_codec:reduce_index",
    "pandas._libs.internals.Block": "frame_codec:reduce_block",
    "pandas._libs.internals.BlockValuesRefs": "shared_blocks:reduce_references",
    "pandas.core.internals.managers.BaseBlockManager": "frame_codec:reduce_manager",
    "pandas.core.internals.base.DataManager": "frame_codec:reduce_manager",
    "pandas.core.generic.NDFrame": "frame_codec:reduce_frame",
    "torch.Tensor": "torch_codec:reduce_tensor",
    "torch.nn.modules.rnn.RNNBase": "module_states:reduce_recurrent",
    "torch.optim.optimizer.Optimizer": "torch_codec:reduce_optimizer",
    "torch.storage.UntypedStorage": "torch_codec:reduce_storage",
    "fpcache.replay.torch_codec.StoragePart": "torch_codec:reduce_part",
    "fpcache.replay.graph_codec.Graphs": "graph_codec:reduce_graph",
    "matplotlib.figure.Figure": "figure_codec:reduce_figure",
    "_io.TextIOWrapper": "file_codec:reduce_file",
    "_io.BufferedReader": "file_codec:reduce_file",
    "_io.BufferedWriter": "file_codec:reduce_file",
    "_io.BufferedRandom": "file_codec:reduce_file",
    "_io.FileIO": "file_codec:reduce_file",
    "h5py._hl.files.File": "file_codec:reduce_hdf5",
}
_EXACT_ONLY = frozenset({"builtins.object"})
_NAMED_TYPES = {value: name for name, value in vars(types).items() if isinstance(value, type)}
_NATIVE_TYPES = (type(None), type(NotImplemented), type(...))


def reducer_for(kind: type) -> Reducer:
    """Return the rule for instances of `kind`."""
    if isinstance(getattr(kind, "__del__", None), types.FunctionType):
        return _refuse_finalizer
    for base in kind.__mro__:
        key = f"{base.__module__}.{base.__qualname__}"
        target = _REDUCERS.get(key)
        if target is not None and (base is kind or key not in _EXACT_ONLY):
            module, name = target.split(":")
            reducer: Reducer = getattr(import_module(_HERE + module), name)
            return reducer
    return _native


def _refuse_finalizer(writer: Writer, obj: object) -> Any:
    """Refuse an object whose copies would act as they go: what is stored is restored once to be compared."""
    raise UnstorableError(f"is {describe(obj)}, whose `__del__` a copy would run", obj)


def _native(writer: Writer, obj: object) -> Any:
    """Use the object's own reduction; but put back as it is what only a ``__setstate__`` would change."""
    kind: Any = type(obj)
    if not _has_setstate_alone(kind):
        return NotImplemented
    reduced = obj.__reduce_ex__(5)
    if isinstance(reduced, str) or len(reduced) < 3 or reduced[2] is None:
        return NotImplemented
    return (*reduced, *(None,) * (5 - len(reduced)), put_state)


@lru_cache(maxsize=1024)
def _has_setstate_alone(kind: Any) -> bool:
    """Tell whether instances are stored with all their state, and restored in a way of their own.

    Such a ``__setstate__`` is made for older pickles; a ``Bunch`` drops its state there.
    """
    keeps = ("__reduce__", "__reduce_ex__", "__getstate__")
    return hasattr(kind, "__setstate__") and all(getattr(kind, n) is getattr(object, n) for n in keeps)


def put_state(obj: object, state: Any) -> None:
    """Give `obj` the attributes and slots of a default reduction's state."""
    attributes, slots = state if isinstance(state, tuple) else (state, None)
    if attributes:
        obj.__dict__.update(attributes)
    for name, value in (slots or {}).items():
        object.__setattr__(obj, name, value)


def reduce_module(writer: Writer, module: types.ModuleType) -> Any:
    """Write a module by its name, if that gives this very module."""
    if sys.modules.get(module.__name__) is not module:
        raise UnstorableError(f"is a module that `import {module.__name__}` doesn't give", module)
    return import_module, (module.__name__,)


def reduce_class(writer: Writer, cls: type) -> Any:
    """Write a class by the name under which a library or the notebook has it."""
    reference = writer.class_reference(cls)
    if reference is not None:
        return _same, (reference,)
    if cls in _NATIVE_TYPES or importable_path(cls, writer.namespace):
        return NotImplemented
    if cls in _NAMED_TYPES:
        return getattr, (types, _NAMED_TYPES[cls])
    found = path_in_notebook(cls, writer.names)
    if found:
        return descend, found
    name = cls.__qualname__
    if name in writer.names:
        raise UnstorableError(
            f"uses an earlier definition of the class `{name}`; make it anew with the present one", cls
        )
    raise UnstorableError(f"makes a class (`{name}`); define it in a cell or statement of its own", cls)


def _same(obj: object) -> object:
    return obj


def descend(obj: object, path: str) -> Any:
    """Return what `path` (dotted) leads to from `obj`."""
    for name in path.split("."):
        obj = getattr(obj, name)
    return obj


def reduce_method(writer: Writer, method: types.MethodType) -> Any:
    """Write a bound method as exactly its function and its object."""
    return rebuild_method, (method.__func__, method.__self__)


def rebuild_method(function: Callable[..., Any], owner: object) -> types.MethodType:
    """Bind `function` to `owner`."""
    return types.MethodType(function, owner)


def reduce_bare_object(writer: Writer, obj: object) -> Any:
    """Write a sentinel by the name its module gives it; one that nobody names is new."""
    named = writer.lookups.get("sentinels")
    if named is None:
        named = writer.lookups["sentinels"] = dict(_sentinels())
    return (getattr, named[id(obj)]) if id(obj) in named else NotImplemented


def _sentinels() -> Iterator[tuple[int, tuple[types.ModuleType, str]]]:
    """Yield each bare object that a module names; the first module that does comes last."""
    for module_name, module in reversed(list(sys.modules.items())):
        held = dict(getattr(module, "__dict__", {}))
        if object not in set(map(type, held.values())) or module_name == "__main__":
            continue
        for name, value in reversed(held.items()):
            if type(value) is object:
                yield id(value), (module, name)
