"""What the caller of a fingerprint says by `depends_on` and `ignore`."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from fpcache.fingerprints import fingerprint
from fpcache.fingerprints.summaries import summary
from fpcache.hf.outside import tree_digest
from fpcache.hf.reports import Taken

__all__ = ["DependsOn", "Wishes", "depended_on", "paths_given", "wishes_of"]

DependsOn = Mapping[str, object] | Iterable[str | os.PathLike[str]] | None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller said about names and paths."""

    ignore: frozenset[str]
    values: Mapping[str, object]
    paths: tuple[Path, ...]

    def counted(self) -> frozenset[str]:
        """Return the absolute paths whose content counts by the caller's word."""
        named = (path for value in self.values.values() for path in _paths(value))
        return frozenset(map(os.path.abspath, (*self.paths, *named)))


def wishes_of(depends_on: DependsOn, ignore: Collection[str]) -> Wishes:
    """Check and return what the caller said.

    Raises
    ------
    TypeError
        For one text in place of a list, and for a value without a name.
    """
    if isinstance(ignore, str):
        raise TypeError(f"ignore takes a list of names, such as [{ignore!r}], not one text")
    if isinstance(depends_on, (str, os.PathLike)):
        raise TypeError(
            f"depends_on takes a list of paths, such as [{os.fspath(depends_on)!r}], or a dict of values"
        )
    if isinstance(depends_on, Mapping):
        return Wishes(frozenset(ignore), dict(depends_on), ())
    paths = []
    for one in depends_on or ():
        if not isinstance(one, (str, os.PathLike)):
            raise TypeError(
                f"depends_on lists a {type(one).__name__}: a list holds paths; "
                "give values by name, as in {'name': value}"
            )
        paths.append(Path(one))
    return Wishes(frozenset(ignore), {}, tuple(paths))


def depended_on(wishes: Wishes) -> list[Taken]:
    """Return the content of all that `depends_on` names."""
    found = []
    for path in wishes.paths:
        shown, digest = tree_digest(path)
        found.append(Taken(str(path), "depends_on", shown, digest))
    for name, value in sorted(wishes.values.items()):
        shown, digest = _content(value)
        found.append(Taken(name, "depends_on", shown, fingerprint((name, digest))))
    return found


def _content(value: object) -> tuple[str, str]:
    """Return a few words on a value, and its digest: of paths in lists and the like that of their content."""
    if isinstance(value, PurePath):
        return tree_digest(Path(value))
    if type(value) in (list, tuple, dict) and any(_paths(value)):
        return summary(value), fingerprint(_with_contents(value))
    return summary(value), fingerprint(value)


def _with_contents(value: Any) -> object:
    if isinstance(value, PurePath):
        return ("content", tree_digest(Path(value))[1])
    if type(value) is dict:
        return {key: _with_contents(item) for key, item in value.items()}
    return type(value)(map(_with_contents, value)) if type(value) in (list, tuple) else value


def _paths(value: Any) -> Iterator[Path]:
    """Yield the paths in a value given by name; in it a text is a value."""
    if isinstance(value, PurePath):
        yield Path(value)
    elif type(value) in (list, tuple, dict):
        for item in value.values() if type(value) is dict else value:
            yield from _paths(item)


def paths_given(depends_on: DependsOn) -> tuple[str, ...]:
    """Return the files and directories whose content `depends_on` lets count."""
    if isinstance(depends_on, Mapping):
        return tuple(str(path) for value in depends_on.values() for path in _paths(value))
    return tuple(str(one) for one in depends_on or () if isinstance(one, (str, PurePath)))
