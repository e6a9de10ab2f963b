"""Which libraries a component can reach, judged by its reading."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping

from fpcache.dependencies.context import Context

__all__ = ["reached", "reaches"]

# A library that plots or makes frames without requiring the other library in its metadata.
_OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "pandas": (
        "scikit-learn", "polars", "pyarrow", "networkx", "dask", "duckdb", "xgboost", "lightgbm",
        "catboost", "datasets", "numpy-financial", "tabulate", "ipython",
    ),
    "numpy": ("torch", "polars", "pyarrow", "sympy", "pillow", "networkx", "tensorflow"),
}  # fmt: skip
_DISTRIBUTIONS: Mapping[str, str] = {"sklearn": "scikit-learn", "PIL": "pillow"}
_PLOTTING = re.compile(r"plot|hist|gradient|Display|draw|imshow|figure|savefig|scatter|heatmap|pyplot")


def reached(context: Context) -> frozenset[str] | None:
    """Return the normalised names of the distributions that a component can reach; None for all.

    They are those of its reading, of its inputs' own types, and what these use
    without requiring it.
    """
    reading = context.reading
    if reading is None:
        return None
    found = {name.lower().replace("_", "-") for name in reading.packages}
    types = {type(root.value) for root in reading.roots} | set(map(type, reading.nodes))
    homes = {kind.__module__.partition(".")[0] for kind in types if isinstance(kind.__module__, str)}
    found |= {_DISTRIBUTIONS.get(home, home) for home in homes} - {"builtins"}
    if "pandas" in found:
        found.add("numpy")
    found |= {name for name, users in _OPTIONAL.items() if not found.isdisjoint(users)}
    if found and _names_plotting(context):
        found.add("matplotlib")
    return frozenset(found)


def reaches(context: Context, distribution: str) -> bool:
    """Whether a component's code can reach a library, by its distribution's name."""
    found = reached(context)
    return found is None or distribution in found


def _names_plotting(context: Context) -> bool:
    """Whether any name in sight may draw: plotting methods come with no requirement on matplotlib."""
    if "matplotlib" not in sys.modules:
        return False
    reading = context.reading
    functions = reading.functions if reading is not None else ()
    names = (name for function in functions for name in function.__code__.co_names)
    return bool(_PLOTTING.search(context.cell_text)) or any(_PLOTTING.search(name) for name in names)
