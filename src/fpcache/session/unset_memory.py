"""Memory that nobody has set: ``np.empty`` leaves there what lay there before, which differs from run to run.

Code that fills such an array reads it in the eyes of fpcache, and would miss
in every process. So once ``x = np.empty(...)`` has run, the memory is set to
zero, which is as good as anything else. PyTorch does the same, with NaN, under
``torch.utils.deterministic.fill_uninitialized_memory``.
"""

from __future__ import annotations

import ast
import ctypes
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from types import BuiltinFunctionType, ModuleType
from typing import Any

from fpcache.dependencies.file_events import kernel_threads

__all__ = ["names_of_unset", "set_to_zero"]

_MOST_BYTES = 64 * 2**20


def names_of_unset(nodes: Sequence[ast.stmt], namespace: Mapping[str, Any]) -> list[str]:
    """Return the names to which a statement gives arrays and tensors of memory that nobody sets.

    None are where a thread of the user's might fill it.

    Parameters
    ----------
    nodes : sequence of ast.stmt
        A component's statements; of more than one, nothing is known.
    namespace : mapping of str to object
        The names before the statement, or after it.
    """
    statement = nodes[0] if len(nodes) == 1 else None
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or statement.value is None:
        return []
    if isinstance(statement, ast.AnnAssign) and _has_call(statement.annotation):
        return []  # which is evaluated after the assignment
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    parts = [_parts(target) for target in targets]
    bound = [part.id for group in parts for part in group if isinstance(part, ast.Name)]
    if len(bound) < sum(map(len, parts)) or len(bound) > len(set(bound)):
        return []  # an item or an attribute, whose assignment may fill the memory; or a name twice
    values = _parts(statement.value) if isinstance(targets[0], (ast.Tuple, ast.List)) else [statement.value]
    if len(values) != len(parts[0]) or any(isinstance(value, ast.Starred) for value in values):
        return []
    names = [name for name, value in zip(bound, values, strict=False) if _is_unset(value, namespace)]
    return names if names and _are_alone() else []


def set_to_zero(names: Iterable[str], namespace: Mapping[str, Any]) -> None:
    """Set what some names stand for to zero, where it is an array or a tensor with memory of its own.

    Nothing is done where it is much in all, which may never be touched as a whole.
    """
    places = dict(filter(None, (_memory(namespace.get(name)) for name in names)))
    if sum(places.values()) <= _MOST_BYTES:
        for address, size in places.items():
            ctypes.memset(address, 0, size)  # PyTorch doesn't count that as a change of the tensor


def _are_alone() -> bool:
    own = kernel_threads()
    return all(t.ident in own for t in threading.enumerate() if t is not threading.main_thread())


def _memory(value: Any) -> tuple[int, int] | None:
    """Return the address and the size of the memory of an array or a tensor; None where it isn't its own."""
    numpy: Any = sys.modules.get("numpy")
    torch: Any = sys.modules.get("torch")
    if type(value) is getattr(numpy, "ndarray", None):
        is_own = value.flags.owndata and not value.dtype.hasobject
        found = (value.ctypes.data, value.nbytes) if is_own else (0, 0)
    elif type(value) is getattr(torch, "Tensor", None) and _is_left_unset(value, torch):
        storage = value.untyped_storage()
        found = storage.data_ptr(), storage.nbytes()
    else:
        return None
    return found if found[1] else None


def _has_call(expression: ast.expr) -> bool:
    return any(isinstance(part, ast.Call) for part in ast.walk(expression))


def _parts(expression: ast.expr) -> list[ast.expr]:
    return expression.elts if isinstance(expression, (ast.Tuple, ast.List)) else [expression]


def _is_unset(value: ast.expr, namespace: Mapping[str, Any]) -> bool:
    """Whether an expression calls NumPy's or PyTorch's own function for memory that isn't set."""
    if not isinstance(value, ast.Call) or any(word.arg in (None, "like", "out") for word in value.keywords):
        return False
    name = _name_of(_held(value.func, namespace))
    return name == "empty" or (name == "empty_like" and _has_plain_model(value, namespace))


def _held(expression: ast.expr, namespace: Mapping[str, Any]) -> object:
    """Return what a name, or a name in a module, stands for; None where it is anything else."""
    if isinstance(expression, ast.Name):
        return namespace.get(expression.id)
    if isinstance(expression, ast.Attribute) and isinstance(expression.value, ast.Name):
        module = namespace.get(expression.value.id)
        return vars(module).get(expression.attr) if type(module) is ModuleType else None
    return None


def _name_of(function: Any) -> str | None:
    """Return how NumPy or PyTorch calls a function for unset memory; None where it isn't theirs."""
    for library in ("numpy", "torch"):
        names = getattr(sys.modules.get(library), "__dict__", {})
        for name in ("empty", "empty_like"):
            if name in names and function is names[name]:
                return name if _is_compiled(function) and function.__name__ == name else None
    return None


def _is_compiled(function: Any) -> bool:
    kind = type(function)
    is_dispatcher = (kind.__module__, kind.__name__) == ("numpy", "_ArrayFunctionDispatcher")
    return is_dispatcher or kind is BuiltinFunctionType


def _has_plain_model(call: ast.Call, namespace: Mapping[str, Any]) -> bool:
    """Whether an array is made like a plain one; a class of the user's may say itself how that is done."""
    if not call.args or not isinstance(call.args[0], ast.Name):
        return False
    kind = type(namespace.get(call.args[0].id))
    return kind.__name__ in ("ndarray", "Tensor") and kind.__module__ in ("numpy", "torch")


def _is_left_unset(tensor: Any, torch: Any) -> bool:
    """Whether a tensor lies in memory that neither PyTorch nor a mode of the user's was told to set."""
    if tensor.device.type != "cpu" or tensor.layout is not torch.strided:
        return False
    if torch._C._len_torch_function_stack() or torch._C._len_torch_dispatch_stack():
        return False
    deterministic = torch.are_deterministic_algorithms_enabled()
    return not (deterministic and torch.utils.deterministic.fill_uninitialized_memory)
