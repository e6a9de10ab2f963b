"""What is known of calls by their names alone: which take long on little, which are quick on much."""

from __future__ import annotations

__all__ = ["BUILTINS", "COUNTING", "LINEAR", "PRODUCTS", "SEEDING", "may_take_long", "names"]


def names(text: str) -> frozenset[str]:
    """Return the names in a text."""
    return frozenset(text.split())


BUILTINS = names("""
    abs all any bool bytes callable chr complex dict display divmod enumerate filter float format
    frozenset getattr hasattr hash hex id int isinstance issubclass iter len list map max min next ord
    print range repr reversed round set setattr slice sorted str sum tuple type zip
""")
"""Python's own functions that do nothing but go through their arguments."""

COUNTING = names("callable id isinstance issubclass len type")
"""Functions that take as long on much as on little."""

SEEDING = names("Generator Random RandomState SeedSequence default_rng manual_seed seed")
"""Functions for which a large number is no size."""

LINEAR = names("""
    abs all any arange argmax argmin array asarray astype clip column_stack concatenate copy cos cumsum
    diff empty empty_like exp fill fillna full isna linspace log max mean min notna ones ones_like ravel
    reshape round sin sqrt square stack std sum tensor tolist var where zeros zeros_like
""")
"""Functions that look at each number once."""

PRODUCTS = names("corr corrcoef cov dot einsum kron matmul outer tensordot")
"""Functions that multiply matrices."""

_LONG = names("""
    apply backward boxplot distributed eval explode factorial fit fromfile genfromtxt get_ipython glob
    hist hub iterdir jit linalg load loads loadtxt memmap multiprocessing nn open optim pivot_table plot
    plotting product query rglob save savetxt savez sleep style testing tofile train vectorize walk
""")
_LONG_STARTS = (
    "load",
    "read",
    "save",
    "to_csv",
    "to_excel",
    "to_hdf",
    "to_parquet",
    "to_pickle",
    "to_sql",
    "write",
)


def may_take_long(name: str) -> bool:
    """Whether what is called so, or is in a module of that name, may take long on little.

    Examples
    --------
    >>> may_take_long("read_csv"), may_take_long("linalg"), may_take_long("histogram")
    (True, True, False)
    """
    return name in _LONG or name.startswith(_LONG_STARTS)
