"""The temporary directory in which a notebook's runs take place, each from the same files."""

from __future__ import annotations

import filecmp
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fpcache.session.overview import size_text

from .notebooks import CannotCheckError, Notebook

__all__ = ["LIMIT_BYTES", "Workplace", "prepared"]

LIMIT_BYTES = 256 * 1024**2
_LEFT_OUT = frozenset({"__pycache__", "node_modules"})
_ENVIRONMENT_MARK = "pyvenv.cfg"


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where one notebook is checked.

    Attributes
    ----------
    place : Path
        Holds all of it: the cache, the user's key, kernels' files.
    given : Path
        The files as they lie beside the notebook; never changed.
    directory : Path
        The working directory of each run.
    note : str
        What was copied, for people.
    """

    place: Path
    given: Path
    directory: Path
    note: str

    def lay_out(self) -> None:
        """Bring the working directory back to the given files; what is as given stays untouched."""
        self.directory.mkdir(parents=True, exist_ok=True)
        for path in sorted(self.directory.rglob("*"), reverse=True):
            original = self.given / path.relative_to(self.directory)
            if path.is_symlink() or path.is_file():
                if path.is_symlink() or not original.is_file() or not filecmp.cmp(path, original, False):
                    path.unlink()
            elif not original.is_dir():
                path.rmdir()
        for original in sorted(self.given.rglob("*")):
            path = self.directory / original.relative_to(self.given)
            if original.is_dir():
                path.mkdir(exist_ok=True)
            elif not path.exists():
                shutil.copy2(original, path)


def prepared(notebook: Notebook, place: Path, limit_bytes: int = LIMIT_BYTES) -> Workplace:
    """Copy what lies beside a notebook.

    Where that is larger than the limit, only modules and what the notebook
    names are copied.

    Raises
    ------
    CannotCheckError
        If even those are larger.
    """
    source = notebook.path.resolve().parent
    files = _few_enough(_files(source), limit_bytes)
    note = f"a copy of {source}"
    if files is None:
        text = "\n".join(cell.source for cell in notebook.cells)
        named = (path for path in _files(source) if _is_named(path.relative_to(source), text))
        files = _few_enough(named, limit_bytes)
        note = f"a copy of the modules in {source}, and of the files there that the notebook names"
    if files is None:
        raise CannotCheckError(
            f"the files beside {notebook.path} have more than {size_text(limit_bytes)} to copy;"
            " put the notebook and what it needs into a directory of their own"
        )
    given = place / "given"
    for path in files:
        target = given / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    given.mkdir(parents=True, exist_ok=True)
    return Workplace(place, given, place / "work", f"{note} ({len(files)} files)")


def _files(directory: Path) -> Iterator[Path]:
    """Yield the files below a directory, without hidden ones and virtual environments."""
    for path in sorted(directory.iterdir()):
        if path.name.startswith(".") or path.name in _LEFT_OUT:
            continue
        if path.is_dir() and not path.is_symlink() and not (path / _ENVIRONMENT_MARK).exists():
            yield from _files(path)
        elif path.is_file():
            yield path


def _few_enough(files: Iterator[Path], limit_bytes: int) -> list[Path] | None:
    """Return the files, or None as soon as they exceed the limit."""
    found, size_bytes = [], 0
    for path in files:
        size_bytes += path.stat().st_size
        if size_bytes > limit_bytes:
            return None
        found.append(path)
    return found


def _is_named(path: Path, text: str) -> bool:
    """Say whether a notebook's text names a file or a directory above it; modules always count."""
    return path.suffix == ".py" or any(part in text for part in (*path.parts, path.stem))
