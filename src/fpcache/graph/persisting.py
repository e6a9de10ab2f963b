"""What of a node's output is kept: its bytes by the codec, or the files that it writes itself."""

from __future__ import annotations

import importlib
import mmap
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from json import dumps, loads
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from fpcache.errors import StoreError, UncacheableError, UnfingerprintableValueError
from fpcache.fingerprints import fingerprint
from fpcache.graph.resources import ModelStorage, Resource, Tree, tree_of, write_tree

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["Cacheable", "Codec", "Dumped", "Kept", "is_the_same", "kept", "output_fingerprint", "restored"]

_VALUE, _RESOURCE, _CACHEABLE = "value", "resource", "cacheable"
_MAP_FROM_BYTES = 1 << 20


class Cacheable(ABC):
    """An output that keeps itself as files, instead of being kept as an object.

    Examples
    --------
    >>> class Vocabulary(Cacheable):
    ...     def __init__(self, words):
    ...         self.words = words
    ...
    ...     def to_cache(self, directory):
    ...         (directory / "words.txt").write_text("\\n".join(self.words))
    ...
    ...     @classmethod
    ...     def from_cache(cls, directory):
    ...         return cls((directory / "words.txt").read_text().split("\\n"))
    """

    @abstractmethod
    def to_cache(self, directory: Path) -> None:
        """Write all that `from_cache` needs into an empty directory."""

    @classmethod
    @abstractmethod
    def from_cache(cls, directory: Path) -> Self:
        """Return what `to_cache` wrote; the directory is deleted afterwards."""


class Dumped(Protocol):
    """A value as bytes."""

    @property
    def stream(self) -> bytes:
        """The value without its large buffers."""

    @property
    def buffers(self) -> Sequence[ReadableBuffer]:
        """The large buffers, in the order that loading asks for them."""


class Codec(Protocol):
    """Turns values into bytes and back; passed in, since how that is done is no matter of the graph."""

    def dump(self, value: object) -> Dumped:
        """Return the value as bytes; UncacheableError where it has no such form."""

    def load(self, stream: memoryview, buffers: Sequence[memoryview]) -> object:
        """Return the value, new in memory."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An output as it is stored.

    Attributes
    ----------
    payload : bytes-like
        The value, or what its files belong to.
    buffers : sequence of bytes-like
        Large buffers of the value, or the contents of its files.
    form : mapping of str to object
        Which of the two, and the files' names; goes into the entry as JSON.
    """

    payload: ReadableBuffer
    buffers: Sequence[ReadableBuffer] = ()
    form: Mapping[str, Any] = field(default_factory=dict)


@contextmanager
def kept(value: object, codec: Codec, storage: ModelStorage | None) -> Iterator[Kept]:
    """Lend an output as it is to be stored.

    Raises
    ------
    UncacheableError
        If it has no such form.
    StoreError
        If it is a resource whose files are not there.
    """
    with ExitStack() as opened:
        if isinstance(value, Resource):
            if storage is None:
                raise UncacheableError("it is a resource, and there is no storage to take its files from")
            yield _of_files(_RESOURCE, dumps(value.digest), storage.tree(value))
        elif isinstance(value, Cacheable):
            tree = opened.enter_context(_written(value))
            yield _of_files(_CACHEABLE, dumps(_path_of(type(value))), tree)
        else:
            dumped = codec.dump(value)
            yield Kept(dumped.stream, dumped.buffers, {"form": _VALUE})


def restored(stored: Kept, codec: Codec, storage: ModelStorage | None) -> object:
    """Return an output from what was stored.

    Raises
    ------
    StoreError
        If it can't be made of that.
    """
    form = stored.form.get("form", _VALUE)
    views = [memoryview(buffer) for buffer in stored.buffers]
    if form == _VALUE:
        return codec.load(memoryview(stored.payload), views)
    contents = dict(zip(stored.form["files"], views, strict=True))
    told = loads(bytes(stored.payload))
    if form == _CACHEABLE:
        return _from_files(told, contents, stored.form["executable"])
    if storage is None:
        raise StoreError("a resource needs a storage to put its files into")
    storage.take(Resource(told), contents, stored.form["executable"])
    return Resource(told)


def output_fingerprint(value: object) -> str:
    """Return an output's fingerprint; for a `Cacheable` that has none, that of its class and its files.

    Raises
    ------
    UnfingerprintableValueError
        If it has no fingerprint.
    """
    try:
        return fingerprint(value)
    except UnfingerprintableValueError:
        if not isinstance(value, Cacheable):
            raise
    with _written(value) as tree:
        return f"files {fingerprint(type(value))} {tree.digest()}"


def is_the_same(value: object, expected: str) -> bool:
    """Whether a restored output is what was stored."""
    try:
        return output_fingerprint(value) == expected
    except (UncacheableError, UnfingerprintableValueError):
        return False


def _of_files(form: str, payload: str, tree: Tree) -> Kept:
    contents = [_content(path) for path in tree.files.values()]
    told = {"form": form, "files": list(tree.files), "executable": list(tree.executable)}
    return Kept(payload.encode(), contents, told)


def _content(path: Path) -> ReadableBuffer:
    if path.is_dir():
        return b""
    if path.stat().st_size < _MAP_FROM_BYTES:
        return path.read_bytes()
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


@contextmanager
def _written(value: Cacheable) -> Iterator[Tree]:
    with tempfile.TemporaryDirectory(prefix="fpcache-output-") as directory:
        try:
            value.to_cache(Path(directory))
        except Exception as error:
            raise UncacheableError(f"its to_cache raised {type(error).__name__}: {error}") from error
        yield tree_of(Path(directory))


def _from_files(path: str, contents: Mapping[str, memoryview], executable: Sequence[str]) -> object:
    cls = _class_at(path)
    with tempfile.TemporaryDirectory(prefix="fpcache-output-") as directory:
        write_tree(Path(directory), contents, executable)
        try:
            return cls.from_cache(Path(directory))
        except Exception as error:
            raise StoreError(f"from_cache of `{path}` raised {type(error).__name__}: {error}") from error


def _path_of(cls: type) -> str:
    path = f"{cls.__module__}:{cls.__qualname__}"
    try:
        found = _class_at(path)
    except StoreError:
        found = None
    if found is not cls:
        raise UncacheableError(
            f"class `{cls.__qualname__}` can't be found by its name; define it in a module"
        )
    return path


def _class_at(path: str) -> type[Cacheable]:
    module, _, name = path.partition(":")
    try:
        found: Any = sys.modules.get(module) or importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise StoreError(f"a stored output needs the class `{path}`, which is not there ({error})") from error
    if not (isinstance(found, type) and issubclass(found, Cacheable)):
        raise StoreError(f"a stored output needs the class `{path}`, which is no Cacheable")
    return found
