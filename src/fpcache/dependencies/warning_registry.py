"""Which warnings were shown already, so that Python doesn't show them again.

Each module keeps the warnings shown at its lines in ``__warningregistry__``,
valid for one version of the filters. A warning found there passes without a
sign, so the texts in these registries are replaced, during a run, by equal
ones that notice a comparison.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from operator import attrgetter
from typing import Any

__all__ = ["Passed", "filters_version", "forget_shown", "mark_shown", "registry_of", "shown_entries"]

Registry = dict[Any, Any]
_namespace = attrgetter("__dict__")


class _Text(str):
    """A text that notes when it is found equal to another."""

    __slots__ = ("key", "module", "passed")
    key: tuple[Any, ...]
    module: str
    passed: dict[tuple[str, tuple[Any, ...]], None]

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        is_equal = str.__eq__(self, other)
        if is_equal is True:
            self.passed[self.module, self.key] = None
        return bool(is_equal is True)


class Passed:
    """The warnings that a run raised and that had been shown before.

    Attributes
    ----------
    found : dict
        Module name and registry key, in order.
    """

    def __init__(self) -> None:
        self.found: dict[tuple[str, tuple[Any, ...]], None] = {}
        self._replaced: list[tuple[Registry, tuple[Any, ...], tuple[Any, ...]]] = []

    def start(self, version: int) -> None:
        """Replace the texts of all registries that are valid."""
        for name, registry in _registries():
            if registry.get("version") == version:
                for key in [key for key in registry if isinstance(key, tuple) and type(key[0]) is str]:
                    self._replace(name, registry, key)

    def _replace(self, name: str, registry: Registry, key: tuple[Any, ...]) -> None:
        text = _Text(key[0])
        text.key, text.module, text.passed = key, name, {}
        noting = (text, *key[1:])
        value = registry.pop(key)
        registry[noting] = value
        text.passed = self.found
        self._replaced.append((registry, key, noting))

    def stop(self) -> None:
        """Put the plain texts back."""
        seen = dict(self.found)
        for registry, key, noting in self._replaced:
            if noting in registry:
                value = registry.pop(noting)
                registry[key] = value
        self.found = seen
        self._replaced = []


def _registries() -> Iterator[tuple[str, Registry]]:
    try:
        spaces = list(map(_namespace, sys.modules.values()))
    except AttributeError:  # something odd stands among the modules
        spaces = [getattr(module, "__dict__", {}) for module in list(sys.modules.values())]
    for space in spaces:
        if "__warningregistry__" in space:
            registry = space["__warningregistry__"]
            if type(registry) is dict and len(registry) > 1:
                yield str(space.get("__name__")), registry


def registry_of(module: str) -> Registry | None:
    """Return a module's registry of shown warnings, if it has one."""
    registry = getattr(sys.modules.get(module), "__dict__", {}).get("__warningregistry__")
    return registry if isinstance(registry, dict) else None


def shown_entries(text: str, module: str, category: type) -> list[list[int]]:
    """Return the lines, each as a list, at which a warning counts as shown at present."""
    registry = registry_of(module)
    if registry is None or registry.get("version") != filters_version():
        return []
    keys = [key for key in registry if isinstance(key, tuple) and key[0] == text and key[1] is category]
    return sorted(list(key[2:]) for key in keys)


def filters_version() -> int:
    """Return the version of the filters, by which registries are known to be out of date."""
    registry: Registry = {}
    filters: Any = warnings.filters
    filters.insert(0, ("ignore", None, Warning, None, 0))
    try:
        warnings.warn_explicit("fpcache", UserWarning, "fpcache", 1, module="fpcache", registry=registry)
    finally:
        del filters[0]
    return int(registry.get("version", 0))


def forget_shown() -> None:
    """Make all warnings be shown again, as any change of the filters does."""
    for name in ("_filters_mutated", "_filters_mutated_lock_held"):  # as Python's versions call it
        mutated = getattr(warnings, name, None)
        if mutated is not None:
            mutated()
            return


def mark_shown(module: str, text: str, category: type, line: list[int]) -> None:
    """Count a warning as shown at a line of a module that is loaded."""
    owner = sys.modules.get(module)
    if owner is None:
        return
    registry = vars(owner).setdefault("__warningregistry__", {})
    version = filters_version()
    if registry.get("version") != version:
        registry.clear()
        registry["version"] = version
    registry[(text, category, *line)] = True
