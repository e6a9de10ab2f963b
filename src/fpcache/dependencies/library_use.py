"""Which libraries a component can reach, judged by its reading."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping

from fpcache.dependencies.context import Context

__all__ = ["reaches"]

# A library that plots or makes frames without requiring the other library in its metadata.
_OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "pandas": (
        "scikit-learn", "polars", "pyarrow", "networkx", "dask", "duckdb", "xgboost", "lightgbm",
        "catboost", "datasets", "numpy-financial", "tabulate", "ipython",
    ),
    "numpy": ("torch", "polars", "pyarrow", "sympy", "pillow", "networkx", "tensorflow"),
}  # fmt: skip
_PLOTTING = re.compile(r"plot|hist|gradient|Display|draw|imshow|figure|savefig|scatter|heatmap|pyplot")


def reaches(context: Context, distribution: str) -> bool:
    """Whether the component's code can reach a library.

    Parameters
    ----------
    context : Context
        What is known of the component. Without a reading, all is reached.
    distribution : str
        The library's normalised distribution name, such as ``"scikit-learn"``.
    """
    reading = context.reading
    if reading is None:
        return True
    packages = {name.lower().replace("_", "-") for name in reading.packages}
    if distribution in packages or not packages.isdisjoint(_OPTIONAL.get(distribution, ())):
        return True
    return distribution == "matplotlib" and bool(packages) and _names_plotting(context)


def _names_plotting(context: Context) -> bool:
    """Whether any name in sight may draw: plotting methods come with no requirement on matplotlib."""
    if "matplotlib" not in sys.modules:
        return False
    reading = context.reading
    functions = reading.functions if reading is not None else ()
    names = (name for function in functions for name in function.__code__.co_names)
    return bool(_PLOTTING.search(context.cell_text)) or any(_PLOTTING.search(name) for name in names)
