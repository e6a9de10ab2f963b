"""Directories that nodes write, such as trained models: found again by what is in them."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blake3 import blake3

from fpcache.errors import StoreError, UncacheableError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["ModelStorage", "Resource", "Tree", "Written", "tree_of", "write_tree"]

_SETTLED_NS = 2_000_000_000  # within a tick of its time stamps a file may change unseen


@dataclass(frozen=True, slots=True)
class Resource:
    """A directory in a `ModelStorage`; what a node returns that trained something.

    Attributes
    ----------
    digest : str
        Of the names and contents of its files. It is the resource's fingerprint:
        a training that ends in the same files lets what lies below it hit.
    """

    digest: str

    def __init_subclass__(cls) -> None:
        raise TypeError("a Resource is its files alone; return what else there is from another node")

    def __fpcache_fingerprint__(self) -> str:
        return self.digest


@dataclass(frozen=True, slots=True)
class Tree:
    """What is in a directory.

    Attributes
    ----------
    files : mapping of str to Path
        Files by their names with ``/``; empty directories by names that end with it. Sorted.
    executable : tuple of str
        Which of the files may be executed.
    """

    files: Mapping[str, Path]
    executable: tuple[str, ...] = ()

    def digest(self) -> str:
        """Return the digest of names, contents, and what may be executed."""
        whole = blake3()
        for name in sorted(self.files):
            marked = b"x" if name in self.executable else b"-"
            for part in (name.encode(), marked, _content_digest(name, self.files[name])):
                whole.update(len(part).to_bytes(8, "little") + part)
        return whole.hexdigest(length=16)


def _content_digest(name: str, path: Path) -> bytes:
    return b"" if name.endswith("/") else blake3(max_threads=blake3.AUTO).update_mmap(path).digest()


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

    A resource lies under its digest, which is checked whenever it is read. Equal ones are kept once,
    and several processes may write at the same time.

    Parameters
    ----------
    directory : path, optional
        Where to keep them; made when it is needed. By default one that is deleted with the storage.

    Examples
    --------
    >>> storage = ModelStorage()
    >>> with storage.write_to() as written:
    ...     _ = (written.directory / "weights.txt").write_text("0.5")
    >>> with storage.read_from(written.resource) as directory:
    ...     (directory / "weights.txt").read_text()
    '0.5'
    """

    def __init__(self, directory: str | os.PathLike[str] | None = None) -> None:
        self._directory = None if directory is None else Path(directory).expanduser().absolute()
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._lock = threading.Lock()
        self._proved: dict[Path, object] = {}

    @property
    def directory(self) -> Path:
        """Where the resources are."""
        with self._lock:
            if self._directory is None:
                self._temporary = tempfile.TemporaryDirectory(prefix="fpcache-models-")
                self._directory = Path(self._temporary.name)
            return self._directory

    def __reduce__(self) -> tuple[Any, ...]:
        return ModelStorage, (str(self.directory),)  # in another process: the same place

    def __repr__(self) -> str:
        return "ModelStorage()" if self._directory is None else f"ModelStorage({str(self._directory)!r})"

    @contextlib.contextmanager
    def write_to(self) -> Iterator[Written]:
        """Lend a new directory; what was written there is ``.resource`` afterwards.

        Raises
        ------
        UncacheableError
            If it holds links or other things than files and directories.
        """
        with self._aside() as aside:
            written = Written(aside)
            yield written
            resource = Resource(tree_of(aside).digest())
            self._settle(aside, resource)
            written._resource = resource

    @contextlib.contextmanager
    def read_from(self, resource: Resource) -> Iterator[Path]:
        """Lend a resource's directory, to read from; a new one is written with `write_to`.

        Raises
        ------
        StoreError
            If it is not there, is no longer what was written, or was written to meanwhile.
        """
        place = self._place(resource)
        if not self.has(resource):
            what = "were changed" if place.is_dir() else "are not there"
            raise StoreError(
                f"the files of a resource in {place} {what}; pass the storage that they were written to, or "
                "run the node that writes them again with force=True"
            )
        yield place
        if not self.has(resource):
            raise StoreError(f"a resource is only read, and {place} was written to; write a new one instead")

    def tree(self, resource: Resource) -> Tree:
        """Return a resource's files.

        Raises
        ------
        StoreError
            If they are not there, or no longer what was written.
        """
        with self.read_from(resource) as place:
            return tree_of(place)

    def has(self, resource: Resource) -> bool:
        """Whether a resource is here, as it was written."""
        place = self._place(resource)
        if not place.is_dir():
            return False
        try:
            tree, stamp = tree_of(place), _stamp(place)
            if self._proved.get(place) == stamp:
                return True
            if tree.digest() != resource.digest:
                return False
        except (OSError, UncacheableError):  # it changes as we look
            return False
        if time.time_ns() - max(times for *_, times in stamp) > _SETTLED_NS:
            self._proved[place] = stamp
        return True

    def take(
        self, resource: Resource, files: Mapping[str, ReadableBuffer | Path], executable: Collection[str] = ()
    ) -> None:
        """Put a resource here that was kept elsewhere.

        Raises
        ------
        StoreError
            If the files are not what the resource's digest says.
        """
        if self.has(resource):
            return
        with self._aside() as aside:
            write_tree(aside, files, executable)
            if tree_of(aside).digest() != resource.digest:
                raise StoreError("the kept files of a resource are not what was written")
            self._settle(aside, resource)

    @contextlib.contextmanager
    def _aside(self) -> Iterator[Path]:
        """Lend a new directory, removed afterwards where it wasn't put in its place."""
        self.directory.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".writing-", dir=self.directory))
        try:
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _place(self, resource: Resource) -> Path:
        if not resource.digest.isalnum():  # nothing that leads elsewhere
            raise StoreError(f"a resource has no digest: {resource.digest[:80]!r}")
        return self.directory / resource.digest

    def _settle(self, aside: Path, resource: Resource) -> None:
        """Put a directory in its place; one that is there stays if it is whole."""
        place = self._place(resource)
        try:
            aside.rename(place)
            return
        except OSError:
            if not place.is_dir():
                raise
        if not self.has(resource):
            damaged = Path(tempfile.mkdtemp(prefix=".damaged-", dir=self.directory))
            place.rename(damaged / "files")
            shutil.rmtree(damaged, ignore_errors=True)
            aside.rename(place)


def _stamp(place: Path) -> tuple[tuple[Any, ...], ...]:
    """Return what changes with any file or directory below a place."""
    found = []
    for path in sorted([place, *place.rglob("*")]):
        seen = path.lstat()
        times = max(seen.st_mtime_ns, seen.st_ctime_ns)
        found.append((str(path), seen.st_ino, seen.st_size, seen.st_mode, seen.st_mtime_ns, times))
    return tuple(found)


def tree_of(directory: Path) -> Tree:
    """Return what is in a directory.

    Raises
    ------
    UncacheableError
        If there is something that can't be kept: a link, a device, a name that others can't read.
    """
    found, executable = {}, []
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise UncacheableError(
                f"`{name}` is neither file nor directory; write a copy of what it leads to"
            )
        if "\\" in name or not name.isprintable():
            raise UncacheableError(f"{name!r} is no name that every system can read; give it another one")
        if path.is_file():
            found[name] = path
            executable += [name] if path.stat().st_mode & stat.S_IXUSR else []
        elif not any(path.iterdir()):
            found[f"{name}/"] = path
    return Tree(found, tuple(executable))


def write_tree(
    directory: Path, files: Mapping[str, ReadableBuffer | Path], executable: Collection[str] = ()
) -> None:
    """Write files by their names with ``/``; names that end with it are empty directories.

    Raises
    ------
    StoreError
        If a name leads out of the directory.
    """
    for name, content in files.items():
        place = _below(directory, name.removesuffix("/"))
        if name.endswith("/"):
            place.mkdir(exist_ok=True)
        elif isinstance(content, Path):
            shutil.copyfile(content, place)
        else:
            place.write_bytes(content)
        if name in executable:
            place.chmod(place.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def _below(directory: Path, name: str) -> Path:
    """Return where a file belongs, with its directory made."""
    parts = name.split("/")
    if not all(parts) or not {".", ".."}.isdisjoint(parts) or "\\" in name or "\0" in name:
        raise StoreError(f"a kept file has a name that leads elsewhere: {name[:80]!r}")
    path = directory.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
