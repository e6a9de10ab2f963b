"""Random states as bytes: Python's ``random``, NumPy's global one, torch's on CPU and CUDA."""

from __future__ import annotations

import importlib
import importlib.util
import random
import struct
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from json import dumps, loads
from typing import Any

__all__ = ["Source", "load_lazy_sources", "loaded_sources", "source"]

_TWISTER_WORDS = 624
_TWISTER = struct.Struct(f"<{_TWISTER_WORDS + 1}I?d")
_NUMPY_REST = struct.Struct("<I?d")  # what follows the words in NumPy's: place, and half a pair of normals
_CUDA = "torch.cuda:"


@dataclass(frozen=True, slots=True)
class Source:
    """One random state of the process.

    Attributes
    ----------
    name : str
        ``"random"``, ``"numpy"``, ``"torch"`` or ``"torch.cuda:0"``.
    title : str
        For people, such as ``"NumPy's random state"``.
    read : callable
        Returns the state as bytes.
    write : callable
        Takes such bytes and makes them the state. It imports the library
        where that is not loaded.
    misfit : callable
        Takes such bytes and says why they can't be the state now, or None.
    """

    name: str
    title: str
    read: Callable[[], bytes]
    write: Callable[[bytes], None]
    misfit: Callable[[bytes], str | None]


def load_lazy_sources() -> None:
    """Load ``numpy.random`` where NumPy itself would at its first use: a run that does so draws unseen."""
    numpy = sys.modules.get("numpy")
    spec = getattr(numpy, "__spec__", None)
    if numpy is None or "numpy.random" in sys.modules or getattr(spec, "_initializing", False):
        return
    with suppress(Exception):  # whatever stands in for NumPy is the user's affair
        importlib.import_module("numpy.random")


def loaded_sources() -> tuple[Source, ...]:
    """Return the random states that exist in this process by now."""
    found = [PYTHON]
    if sys.modules.get("numpy.random.mtrand") is not None:
        found.append(NUMPY)
    if _torch_generator() is not None:
        found.append(TORCH)
        found.extend(_cuda_source(index) for index in range(_cuda_count()))
    return tuple(found)


def source(name: str) -> Source:
    """Return the source of a name, whether its library is loaded or not."""
    if name.startswith(_CUDA):
        return _cuda_source(int(name.removeprefix(_CUDA)))
    return {"random": PYTHON, "numpy": NUMPY, "torch": TORCH}[name]


def read_python() -> bytes:
    """Return the state of Python's global generator."""
    _version, words, gauss = _python_generator().getstate()
    return _TWISTER.pack(*words, gauss is not None, gauss or 0.0)


def _write_python(state: bytes) -> None:
    *words, has_gauss, gauss = _TWISTER.unpack(state)
    _python_generator().setstate((3, tuple(words), gauss if has_gauss else None))


def _python_generator() -> random.Random:
    generator: random.Random = random._inst
    return generator


def _twister_misfit(state: bytes) -> str | None:
    return None if len(state) == _TWISTER.size else "the recorded random state has another format"


def numpy_state_bytes(state: Mapping[str, Any]) -> bytes:
    """Return a legacy generator's state dictionary as JSON, keys sorted."""
    return dumps(_plain(state), sort_keys=True).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if hasattr(value, "dtype"):
        return {"dtype": value.dtype.str, "data": value.tolist()} if value.ndim else value.item()
    return value


def _numpy_value(value: Any, numpy: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value.keys() == {"dtype", "data"}:
        return numpy.array(value["data"], dtype=value["dtype"])
    return {key: _numpy_value(item, numpy) for key, item in value.items()}


def _numpy_generator() -> Any:
    return importlib.import_module("numpy.random.mtrand")._rand


def _read_numpy() -> bytes:
    state = _numpy_generator().get_state(legacy=False)
    if state["bit_generator"] != "MT19937":
        return numpy_state_bytes(state)
    words = state["state"]
    return b"".join(
        (
            words["key"].astype("<u4", copy=False).tobytes(),
            _NUMPY_REST.pack(words["pos"], bool(state["has_gauss"]), state["gauss"]),
        )
    )


def _is_numpy_twister(state: bytes) -> bool:
    """Whether these are the words of the usual generator, which may begin like a text of another one's."""
    return len(state) == 4 * _TWISTER_WORDS + _NUMPY_REST.size


def _write_numpy(state: bytes) -> None:
    numpy = importlib.import_module("numpy")
    if not _is_numpy_twister(state):
        _numpy_generator().set_state(_numpy_value(loads(state), numpy))
        return
    size = 4 * _TWISTER_WORDS
    pos, has_gauss, gauss = _NUMPY_REST.unpack(state[size:])
    words = {"key": numpy.frombuffer(state[:size], dtype="<u4").astype("u4"), "pos": pos}
    whole = {"bit_generator": "MT19937", "state": words, "has_gauss": int(has_gauss), "gauss": gauss}
    _numpy_generator().set_state(whole)


def _numpy_misfit(state: bytes) -> str | None:
    if sys.modules.get("numpy.random.mtrand") is None:
        return None if importlib.util.find_spec("numpy") else "NumPy is not installed"
    wanted = "MT19937" if _is_numpy_twister(state) else loads(state)["bit_generator"]
    present = type(_numpy_generator()._bit_generator).__name__
    return None if wanted == present else f"NumPy's random states come from {present} now, not {wanted}"


def numpy_birth() -> bytes | None:
    """Return the state that NumPy's global generator was born with.

    None where it was seeded since: seeding drops the entropy that it was born with.
    """
    module = sys.modules.get("numpy.random.mtrand")
    if module is None:
        return None
    entropy = getattr(module._rand._bit_generator, "_seed_seq", None)
    twister = sys.modules["numpy.random._mt19937"].MT19937
    if entropy is None or type(module._rand._bit_generator) is not twister:
        return None
    words = twister(entropy).state["state"]
    return bytes(words["key"].astype("<u4").tobytes() + _NUMPY_REST.pack(words["pos"], False, 0.0))


def _torch_generator() -> Any:
    core = sys.modules.get("torch._C")
    return None if core is None else getattr(core, "default_generator", None)


def _read_torch() -> bytes:
    return _tensor_bytes(_torch_generator().get_state())


def _tensor_bytes(tensor: Any) -> bytes:
    if "numpy" in sys.modules:
        return bytes(tensor.numpy().tobytes())
    return bytes(tensor.tolist())


def _write_torch(state: bytes) -> None:
    torch = importlib.import_module("torch")
    torch.default_generator.set_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))


def _torch_misfit(state: bytes) -> str | None:
    generator = _torch_generator()
    if generator is None:
        return None if importlib.util.find_spec("torch") else "torch is not installed"
    fits = generator.get_state().numel() == len(state)
    return None if fits else "torch's random state has another format"


def _cuda_count() -> int:
    cuda = sys.modules.get("torch.cuda")
    return len(getattr(cuda, "default_generators", ())) if cuda is not None and cuda.is_initialized() else 0


def _cuda_source(index: int) -> Source:
    def read() -> bytes:
        cuda = importlib.import_module("torch.cuda")
        cuda.init()  # seeds that wait for it count
        return _tensor_bytes(cuda.default_generators[index].get_state())

    def write(state: bytes) -> None:
        torch = importlib.import_module("torch")
        torch.cuda.init()
        generator = torch.cuda.default_generators[index]
        generator.set_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))

    def misfit(state: bytes) -> str | None:
        if importlib.util.find_spec("torch") is None:
            return "torch is not installed"
        present: int = importlib.import_module("torch.cuda").device_count()
        return None if index < present else f"there is no CUDA device {index}"

    return Source(f"{_CUDA}{index}", f"torch's random state on CUDA device {index}", read, write, misfit)


PYTHON = Source("random", "Python's random state", read_python, _write_python, _twister_misfit)
NUMPY = Source("numpy", "NumPy's random state", _read_numpy, _write_numpy, _numpy_misfit)
TORCH = Source("torch", "torch's random state", _read_torch, _write_torch, _torch_misfit)
