"""Where the nodes of a small graph go on paper: layers from top to bottom.

References
----------
K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of
hierarchical system structures", IEEE Trans. SMC 11(2), 1981: layers, then
barycentres to order each layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Layout", "lay_out"]

SWEEPS = 6
Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Layout:
    """Places on a grid.

    Attributes
    ----------
    places : mapping of str to (int, int)
        Node → (column, layer), both from 0.
    routes : mapping of (str, str) to tuple of (int, int)
        Edge from a node to one that needs it → the places it passes, ends included.
    """

    places: Mapping[str, Point]
    routes: Mapping[tuple[str, str], tuple[Point, ...]]


def lay_out(order: Sequence[str], needs: Mapping[str, Sequence[str]]) -> Layout:
    """Place nodes so that edges go down and cross little.

    Parameters
    ----------
    order : sequence of str
        The nodes, each after what it needs.
    needs : mapping of str to sequence of str
        What each needs.

    Examples
    --------
    >>> lay_out(["a", "b"], {"b": ["a"]}).places
    {'a': (0, 0), 'b': (0, 1)}
    """
    depth: dict[str, int] = {}
    for name in order:
        depth[name] = 1 + max((depth[need] for need in needs.get(name, ())), default=-1)
    edges = [(need, name) for name in order for need in dict.fromkeys(needs.get(name, ()))]
    paths = {(need, name): _stations(need, name, depth) for need, name in edges}
    layers = _layers(depth, paths.values())
    for sweep in range(SWEEPS):
        _reorder(layers, paths.values(), upwards=bool(sweep % 2))
    columns = {station: column for layer in layers for column, station in enumerate(layer)}
    return Layout(
        {name: (columns[name, depth[name]], depth[name]) for name in order},
        {edge: tuple((columns[station], station[1]) for station in path) for edge, path in paths.items()},
    )


Station = tuple[str, int]  # a node in its layer, or an edge that passes through a layer


def _stations(need: str, name: str, depth: Mapping[str, int]) -> list[Station]:
    passing = [(f"{need}\0{name}", layer) for layer in range(depth[need] + 1, depth[name])]
    return [(need, depth[need]), *passing, (name, depth[name])]


def _layers(depth: Mapping[str, int], paths: Iterable[list[Station]]) -> list[list[Station]]:
    stations: dict[Station, None] = dict.fromkeys(depth.items())
    for path in paths:
        stations.update(dict.fromkeys(path))
    layers: list[list[Station]] = [[] for _ in range(1 + max(depth.values(), default=-1))]
    for station in stations:
        layers[station[1]].append(station)
    return layers


def _reorder(layers: list[list[Station]], paths: Iterable[list[Station]], *, upwards: bool) -> None:
    neighbours: dict[Station, list[Station]] = {}
    for path in paths:
        for above, below in pairwise(path):
            station, towards = (above, below) if upwards else (below, above)
            neighbours.setdefault(station, []).append(towards)
    for layer in reversed(layers) if upwards else layers:
        columns = {station: column for other in layers for column, station in enumerate(other)}
        layer.sort(key=lambda station: _barycentre(station, neighbours, columns))


def _barycentre(
    station: Station, neighbours: Mapping[Station, list[Station]], columns: Mapping[Station, int]
) -> float:
    towards = neighbours.get(station)
    if not towards:
        return columns[station]
    return sum(columns[other] for other in towards) / len(towards)
