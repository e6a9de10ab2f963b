"""Directories that nodes write, such as trained models: found again by what is in them."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blake3 import blake3

from fpcache.errors import StoreError, UncacheableError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["ModelStorage", "Resource", "Written", "files_below", "tree_digest", "write_files"]


@dataclass(frozen=True, slots=True)
class Resource:
    """A directory in a `ModelStorage`; what a node returns that trained something.

    Attributes
    ----------
    name : str
        Of the node that wrote it.
    digest : str
        Of the names and contents of its files. It is the resource's fingerprint:
        a training that ends in the same files lets what lies below it hit.
    """

    name: str
    digest: str

    def __fpcache_fingerprint__(self) -> str:
        return self.digest


@dataclass(slots=True)
class Written:
    """A directory while it is written to, and the resource that it is after.

    Attributes
    ----------
    directory : Path
        Where to write; only during the ``with`` statement.
    """

    directory: Path
    _resource: Resource | None = None

    @property
    def resource(self) -> Resource:
        """What was written; there after the ``with`` statement only."""
        if self._resource is None:
            raise ValueError("the resource is there when the `with` statement that writes it has ended")
        return self._resource


class ModelStorage:
    """Resources in one directory.

    A resource lies under its digest and is never changed: equal ones are kept once,
    and several processes may write at the same time.

    Parameters
    ----------
    directory : path, optional
        Where to keep them; made when it is needed. By default one that is deleted with the storage.

    Examples
    --------
    >>> storage = ModelStorage()
    >>> with storage.write_to("train") as written:
    ...     _ = (written.directory / "weights.txt").write_text("0.5")
    >>> with storage.read_from(written.resource) as directory:
    ...     (directory / "weights.txt").read_text()
    '0.5'
    """

    def __init__(self, directory: str | os.PathLike[str] | None = None) -> None:
        self._directory = None if directory is None else Path(directory).expanduser().absolute()
        self._temporary: tempfile.TemporaryDirectory[str] | None = None

    @property
    def directory(self) -> Path:
        """Where the resources are."""
        if self._directory is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="fpcache-models-")
            self._directory = Path(self._temporary.name)
        return self._directory

    def __reduce__(self) -> tuple[Any, ...]:
        return ModelStorage, (str(self.directory),)  # in another process: the same place

    def __repr__(self) -> str:
        return "ModelStorage()" if self._directory is None else f"ModelStorage({str(self._directory)!r})"

    @contextlib.contextmanager
    def write_to(self, name: str) -> Iterator[Written]:
        """Lend a new directory; what was written there is ``.resource`` afterwards.

        Raises
        ------
        UncacheableError
            If it holds links or other things than files and directories.
        """
        with self._aside() as aside:
            written = Written(aside)
            yield written
            resource = Resource(name, tree_digest(files_below(aside)))
            self._settle(aside, self._place(resource))
            written._resource = resource

    @contextlib.contextmanager
    def _aside(self) -> Iterator[Path]:
        """Lend a new directory, removed afterwards where it wasn't put in its place."""
        self.directory.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".writing-", dir=self.directory))
        try:
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    @contextlib.contextmanager
    def read_from(self, resource: Resource) -> Iterator[Path]:
        """Lend a resource's directory, to read from; write a new one with `write_to`.

        Raises
        ------
        StoreError
            If it is not there.
        """
        place = self._place(resource)
        if not place.is_dir():
            raise StoreError(
                f"the files of resource `{resource.name}` are not in {self.directory}; pass the storage that "
                "it was written to, or run the node that writes it again"
            )
        yield place

    def files(self, resource: Resource) -> dict[str, Path]:
        """Return a resource's files by their names inside it.

        Raises
        ------
        StoreError
            If they are not there, or no longer what was written.
        """
        with self.read_from(resource) as place:
            files = files_below(place)
        if tree_digest(files) != resource.digest:
            raise StoreError(
                f"the files of resource `{resource.name}` in {place} were changed; write others with write_to"
            )
        return files

    def has(self, resource: Resource) -> bool:
        """Whether a resource is here."""
        return self._place(resource).is_dir()

    def take(self, resource: Resource, files: Mapping[str, ReadableBuffer]) -> None:
        """Put a resource here that was kept elsewhere.

        Raises
        ------
        StoreError
            If the files are not what the resource's digest says.
        """
        if not self.has(resource):
            self._take(resource, partial(write_files, files=files))

    def take_files(self, resource: Resource, files: Mapping[str, Path]) -> None:
        """Put a resource here whose files lie elsewhere; see `take`."""
        if not self.has(resource):
            self._take(resource, partial(_copy_files, files=files))

    def _take(self, resource: Resource, fill: Callable[[Path], None]) -> None:
        with self._aside() as aside:
            fill(aside)
            if tree_digest(files_below(aside)) != resource.digest:
                raise StoreError(f"the kept files of resource `{resource.name}` are not what was written")
            self._settle(aside, self._place(resource))

    def _place(self, resource: Resource) -> Path:
        if not resource.digest.isalnum():  # nothing that leads elsewhere
            raise StoreError(f"resource `{resource.name}` has no digest: {resource.digest[:80]!r}")
        return self.directory / resource.digest

    @staticmethod
    def _settle(aside: Path, place: Path) -> None:
        try:
            aside.rename(place)
        except OSError:
            if not place.is_dir():  # else there is an equal one already
                raise


def files_below(directory: Path) -> dict[str, Path]:
    """Return the files of a directory and those below it, by their names with ``/``, sorted.

    Raises
    ------
    UncacheableError
        If there is a link or another thing that is neither file nor directory.
    """
    found = {}
    for path in sorted(directory.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            name = path.relative_to(directory).as_posix()
            raise UncacheableError(
                f"`{name}` is neither file nor directory; write a copy of what it leads to"
            )
        if path.is_file():
            found[path.relative_to(directory).as_posix()] = path
    return found


def tree_digest(files: Mapping[str, Path]) -> str:
    """Return the digest of files: names and contents count, in any order; empty directories don't."""
    whole = blake3()
    for name in sorted(files):
        for part in (name.encode(), _content_digest(files[name])):
            whole.update(len(part).to_bytes(8, "little") + part)
    return whole.hexdigest(length=16)


def _content_digest(path: Path) -> bytes:
    return blake3(max_threads=blake3.AUTO).update_mmap(path).digest()


def write_files(directory: Path, files: Mapping[str, ReadableBuffer]) -> None:
    """Write files by their names with ``/``.

    Raises
    ------
    StoreError
        If a name leads out of the directory.
    """
    for name, content in files.items():
        _below(directory, name).write_bytes(content)


def _copy_files(directory: Path, files: Mapping[str, Path]) -> None:
    for name, source in files.items():
        shutil.copyfile(source, _below(directory, name))


def _below(directory: Path, name: str) -> Path:
    """Return where a file belongs, with its directory made."""
    parts = name.split("/")
    if not all(parts) or not {".", ".."}.isdisjoint(parts) or "\\" in name or "\0" in name:
        raise StoreError(f"a kept file has a name that leads elsewhere: {name[:80]!r}")
    path = directory.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
