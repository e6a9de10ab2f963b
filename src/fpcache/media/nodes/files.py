"""Files as inputs of a graph: what is in them, and what they are called, apart from each other."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from fpcache.errors import MediaError
from fpcache.graph import GraphComponent
from fpcache.media.arguments import each_of
from fpcache.media.digests import digest_of_bytes, digest_of_file
from fpcache.media.words import in_words

__all__ = ["MediaFiles", "MediaItem", "MediaNames", "path_of"]


@dataclass(frozen=True, slots=True)
class MediaItem:
    """The content of a file, by its digest.

    Where it may be read is no part of what it is: two items are equal, and
    have one fingerprint, where their contents are equal. `read` gives that
    content or an error, never another.

    Attributes
    ----------
    digest : str
        Hex digest of the exact content.
    """

    digest: str
    _path: str = field(default="", compare=False, repr=False)

    def __fpcache_fingerprint__(self) -> object:
        """Return what stands for the content."""
        return self.digest

    def read(self) -> bytes:
        """Return the content.

        Raises
        ------
        MediaError
            If it can't be read, or something else is there by now.
        """
        try:
            data = Path(self._path).read_bytes()
        except OSError as error:
            raise MediaError(f"{self._path!r} can't be read ({error}); run the graph again") from error
        if digest_of_bytes(data) != self.digest:
            raise MediaError(f"{self._path!r} changed since the graph began; run it again")
        return data


def path_of(item: MediaItem) -> Path:
    """Return where an item's content was, to read it there; what a node gives must not depend on it."""
    return Path(item._path)


class _Listed(GraphComponent):
    """Lists files as its config says.

    Config
    ------
    paths : list of path
        The files, in this order; or
    folder : path
        Where to look; files are sorted by their names relative to it.
    pattern : str
        Which of them, as `pathlib.Path.glob` takes it; by default all, at any depth.
    """

    default_config: ClassVar[Mapping[str, Any]] = {"paths": None, "folder": None, "pattern": "**/*"}

    def _files(self) -> list[tuple[str, str]]:
        """Return names and absolute paths."""
        paths, folder = self.config["paths"], self.config["folder"]
        if (paths is None) == (folder is None):
            raise MediaError(f"{type(self).__name__} takes either paths= or folder= in its config")
        if isinstance(paths, (str, bytes, os.PathLike)):
            raise MediaError(f"{type(self).__name__} takes a list of paths; write paths=[{in_words(paths)}]")
        if paths is not None:
            listed = each_of(paths, f"{type(self).__name__}'s paths= is a list of paths")
            names = [self._name_of(path, "paths=[...]") for path in listed]
            return [(name, os.path.abspath(name)) for name in names]
        name = self._name_of(folder, "folder=")
        root = Path(os.path.abspath(name))
        if "\0" in name or not root.is_dir():
            raise MediaError(f"there is no folder {name!r}; check {type(self).__name__}'s config")
        return sorted((path.relative_to(root).as_posix(), str(path)) for path in self._matching(root))

    def _name_of(self, path: object, option: str) -> str:
        name = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
        if not name:
            raise MediaError(
                f"{type(self).__name__}'s {option} takes the path of what is there, not {in_words(path)}"
            )
        return name

    def _matching(self, root: Path) -> list[Path]:
        pattern = self.config["pattern"]
        try:
            if not isinstance(pattern, str) or not pattern:
                raise ValueError("it is no text, or is empty")
            return [path for path in root.glob(pattern) if path.is_file()]
        except (ValueError, NotImplementedError, IndexError) as error:
            raise MediaError(
                f"{type(self).__name__}'s pattern= can't be {in_words(pattern)} ({error}); write one of "
                "pathlib's, such as '*.jpg' or '**/*'"
            ) from error


class MediaFiles(_Listed):
    """Gives the contents of files, as a list of `MediaItem`; an input node.

    Config
    ------
    paths, folder, pattern
        Which files: a list, or a folder and a pattern of `pathlib.Path.glob` (by default ``**/*``).

    Raises
    ------
    MediaError
        When it runs, if a file can't be read.
    """

    def run(self) -> list[MediaItem]:
        """Return an item for each file; those that did not change are not read again."""
        items = []
        for name, path in self._files():
            if os.path.exists(path) and not os.path.isfile(path):
                raise MediaError(f"{name!r} is no regular file; check the path")
            try:
                with open(path, "rb") as file:
                    items.append(MediaItem(digest_of_file(Path(path), file), path))
            except (OSError, ValueError) as error:
                raise MediaError(f"{name!r} can't be read ({error}); check the path") from error
        return items


class MediaNames(_Listed):
    """Gives the names of the same files in the same order, as a list of str; an input node.

    Apart from `MediaFiles`, so that only what shows names runs when a file is renamed.

    Config
    ------
    paths, folder, pattern
        As for `MediaFiles`; names are relative to the folder.
    """

    def run(self) -> list[str]:
        """Return a name for each file."""
        return [name for name, _ in self._files()]
