"""Matplotlib objects in results: described by structure, since they have no fingerprint.

Figures are restored by matplotlib's own pickling, which is trusted to keep
what is drawn. What is checked is that every restored artist is the same part
of a figure with the same parts.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

__all__ = ["has_matplotlib", "without_artists"]


def has_matplotlib() -> bool:
    """Whether any artist can exist in this process."""
    return "matplotlib.artist" in sys.modules


def without_artists(value: object) -> object:
    """Return `value` with stand-ins for artists; as it is where it is nested too deeply."""
    try:
        return _Describer().described(value)
    except RecursionError:
        return value


@dataclass(slots=True)
class _Describer:
    """Replaces artists in values by what they are in their figures.

    One describer serves all values of one result, so that two artists of one
    figure are told from artists of two.
    """

    _figures: dict[int, tuple[int, Any, dict[int, int]]] = field(default_factory=dict)
    _containers: dict[int, object] = field(default_factory=dict)

    def described(self, value: object) -> object:
        """Return `value` with stand-ins for artists, through plain containers."""
        if isinstance(value, sys.modules["matplotlib.artist"].Artist):
            return self._artist(value)
        if isinstance(value, tuple):
            return (type(value).__qualname__, *(self.described(item) for item in value))
        if isinstance(value, list) or type(value) is dict:
            return self._container(value)
        return self._array(value)

    def _container(self, value: list[Any] | dict[Any, Any]) -> object:
        """Return one stand-in for one container, which may hold itself."""
        if id(value) in self._containers:
            return self._containers[id(value)]
        if isinstance(value, dict):
            table: dict[object, object] = {}
            self._containers[id(value)] = table
            table.update((key, self.described(item)) for key, item in value.items())
            return table
        items: list[object] = []
        self._containers[id(value)] = items
        items.extend(self.described(item) for item in value)
        return items

    def _array(self, value: Any) -> object:
        numpy = sys.modules["numpy"]
        if type(value) is numpy.ndarray and value.dtype == object:
            return (value.shape, [self.described(item) for item in value.ravel().tolist()])
        return value

    def _artist(self, artist: Any) -> object:
        figure = artist.get_figure()
        if figure is None:
            return ("detached artist", type(artist).__qualname__)
        number, parts, ranks = self._figure(figure)
        return ("artist", type(artist).__qualname__, number, ranks.get(id(artist), -1), parts)

    def _figure(self, figure: Any) -> tuple[int, Any, dict[int, int]]:
        if id(figure) not in self._figures:
            found = figure.findobj()
            parts = tuple(type(part).__qualname__ for part in found)
            ranks = {id(part): rank for rank, part in enumerate(found)}
            self._figures[id(figure)] = (len(self._figures), parts, ranks)
        return self._figures[id(figure)]
