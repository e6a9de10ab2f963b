"""Installed distributions: which one a module is of, and what versions it needs."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType

from fpcache.fingerprints.locality import is_local_code, is_local_module, is_stdlib_name

__all__ = ["distributions_of", "is_local_code", "is_local_module", "package_versions"]

_FOLDER = re.compile(r"^(?P<name>[^-]+)-(?P<version>[^-]+?)(?:-py\d.*)?\.(?:dist-info|egg-info)$")
_OF_EXTRA = re.compile(r"; *extra *== *['\"][^'\"]+['\"] *$")  # as most lines of many packages
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class _Installed:
    """One distribution on disk."""

    name: str
    version: str
    folder: str


_Folders = tuple[tuple[str, int], ...]


@dataclass(slots=True)
class _Knowledge:
    """What was found while the import folders stayed as they are."""

    folders: _Folders = ()
    search_path: tuple[str, ...] = ()
    installed: dict[str, _Installed] = field(default_factory=dict)
    by_module: dict[str, tuple[str, ...]] | None = None
    versions: dict[frozenset[str], Mapping[str, str]] = field(default_factory=dict)


_known = _Knowledge()
_seen_loaded: dict[str, tuple[ModuleType, str]] = {}


def package_versions(modules: Collection[str]) -> Mapping[str, str]:
    """Return the versions of the distributions that installed modules need.

    Parameters
    ----------
    modules : collection of str
        Top-level module names, such as ``"sklearn"``. Standard-library names
        add nothing: the Python version counts elsewhere.

    Returns
    -------
    mapping of str to str
        Normalised distribution name to version, with all that they require
        without extras, sorted. The version that is loaded wins over the one
        on disk.
    """
    known = _refreshed()
    wanted = frozenset(modules)
    found = known.versions.get(wanted)
    if found is None:
        found = known.versions[wanted] = dict(sorted(_closure(wanted)))
    return found


def distributions_of(module: str) -> tuple[str, ...]:
    """Return the normalised names of the distributions of a top-level module."""
    return _distributions(_refreshed(), module)


# ---------------------------------------------------------------- what is on disk


def _refreshed() -> _Knowledge:
    global _known
    search_path = tuple(sys.path)
    if search_path != _known.search_path or _known.folders != _modified(_known.folders):
        _known = _Knowledge(search_path=search_path)
        _known.folders, _known.installed = _list_installed(search_path)
    return _known


def _modified(folders: _Folders) -> _Folders:
    return tuple((folder, _modified_ns(folder)) for folder, _ in folders)


def _modified_ns(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return -1


def _list_installed(search_path: tuple[str, ...]) -> tuple[_Folders, dict[str, _Installed]]:
    folders: list[tuple[str, int]] = []
    installed: dict[str, _Installed] = {}
    for folder in search_path:
        modified_ns = _modified_ns(folder)
        found = list(_installed_in(folder))
        if found:
            folders.append((folder, modified_ns))
        for distribution in found:
            installed.setdefault(distribution.name, distribution)
    return tuple(folders), installed


def _installed_in(folder: str) -> Iterator[_Installed]:
    try:
        names = sorted(os.listdir(folder or "."))
    except OSError:
        return
    for name in names:
        match = _FOLDER.match(name)
        if match:
            yield _Installed(_normalised(match["name"]), match["version"], os.path.join(folder, name))


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


# ---------------------------------------------------------------- from modules to distributions


def _distributions(known: _Knowledge, module: str) -> tuple[str, ...]:
    name = _normalised(module)
    if name in known.installed:
        return (name,)
    if known.by_module is None:
        known.by_module = _modules_of_all(known)
    return known.by_module.get(module, ())


def _modules_of_all(known: _Knowledge) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for distribution in known.installed.values():
        for module in sorted(_modules_of(Path(distribution.folder))):
            found[module] = (*found.get(module, ()), distribution.name)
    return found


def _modules_of(folder: Path) -> set[str]:
    """Return the top-level modules of one distribution, as its metadata lists them."""
    listed = _text(folder / "top_level.txt").split()
    if listed:
        return set(listed)
    paths = (line.partition(",")[0] for line in _text(folder / "RECORD").splitlines())
    heads = {path.split("/", 1)[0] if "/" in path else path.split(".", 1)[0] for path in paths}
    return {head for head in heads if head.isidentifier()}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


# ---------------------------------------------------------------- versions


def _closure(modules: frozenset[str]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    pending: list[str] = []
    for module in sorted(modules):
        if is_stdlib_name(module):
            continue
        names = _distributions(_known, module)
        pending.extend(names)
        if not names:
            yield module, _version_without_metadata(module)
    while pending:
        name = pending.pop()
        if name not in seen and name in _known.installed:
            seen.add(name)
            yield name, _version(_known.installed[name])
            pending.extend(_requirements(_known.installed[name].folder))


def _version_without_metadata(module: str) -> str:
    loaded = sys.modules.get(module)
    return str(vars(loaded).get("__version__", _UNKNOWN)) if loaded is not None else _UNKNOWN


@cache
def _requirements(folder: str) -> tuple[str, ...]:
    """Return what a distribution requires without extras; its folder's name has its version."""
    return tuple(_read_requirements(Path(folder)))


def _read_requirements(folder: Path) -> Iterator[str]:
    from packaging.requirements import InvalidRequirement, Requirement

    for line in _text(folder / "METADATA").splitlines():
        if not line:
            return  # the description follows
        if line.startswith("Requires-Dist:") and not _OF_EXTRA.search(line):
            try:
                requirement = Requirement(line.partition(":")[2].strip())
            except InvalidRequirement:
                continue
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                yield _normalised(requirement.name)


def _version(distribution: _Installed) -> str:
    """Return the version in use: what was loaded keeps its version when the disk changes."""
    module = sys.modules.get(distribution.name.replace("-", "_"))
    if module is None:
        return distribution.version
    seen = _seen_loaded.get(distribution.name)
    if seen is not None and seen[0] is module:
        return seen[1]
    version = _loaded_version(module, distribution.version)
    _seen_loaded[distribution.name] = (module, version)
    return version


def _loaded_version(module: ModuleType, on_disk: str) -> str:
    loaded = vars(module).get("__version__")
    if not isinstance(loaded, str) or loaded == on_disk:
        return on_disk
    from packaging.version import InvalidVersion, Version

    try:
        return on_disk if Version(loaded) == Version(on_disk) else loaded
    except InvalidVersion:
        return on_disk
