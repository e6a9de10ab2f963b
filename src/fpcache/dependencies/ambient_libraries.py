"""Reading and writing the options of each library that shapes results or displays.

Readers return live values; what a library's options are before anything
changed them is told apart, so that a library that isn't loaded counts as one
whose options are its defaults.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from functools import cache
from operator import attrgetter
from typing import Any

from fpcache.dependencies.ambient_ipython import IPYTHON
from fpcache.dependencies.ambient_library import Library, Options
from fpcache.dependencies.ambient_python import PYTHON
from fpcache.dependencies.ambient_torch import TORCH, TORCH_HOOKS

__all__ = ["LIBRARIES", "loaded"]

_MATPLOTLIB_NOISE = (
    "backend",
    "interactive",
    "toolbar",
    "webagg.port",
    "webagg.port_retries",
    "backend_fallback",
)
_LETTER, _LETTERS = "color ", "bgrcmyk"


@cache
def _matplotlib_lists() -> tuple[str, ...]:
    return tuple(name for name, value in _as_they_are("rcParamsDefault").items() if type(value) is list)


def _as_they_are(parameters: str) -> Options:
    """Return Matplotlib's parameters past their own class.

    That would resolve the backend, and make Python forget which warnings it has shown.
    """
    return dict(dict.items(getattr(sys.modules["matplotlib"], parameters)))


def _read_matplotlib() -> Options:
    params = _as_they_are("rcParams")
    for name in _MATPLOTLIB_NOISE:
        params.pop(name, None)
    for name in _matplotlib_lists():  # lists can be changed in place
        params[name] = list(params[name])
    return params | _letter_colors("colorConverter.colors")


def _matplotlib_defaults() -> Mapping[str, Any]:
    return _as_they_are("rcParamsDefault") | _letter_colors("BASE_COLORS")


def _letter_colors(table: str) -> Options:
    """Return the colors that single letters name: seaborn gives them others."""
    colors = sys.modules.get("matplotlib.colors")
    named = {} if colors is None else attrgetter(table)(colors)
    return {f"{_LETTER}{letter}": named[letter] for letter in _LETTERS if letter in named}


def _write_matplotlib(options: Options) -> None:
    letters = {name: value for name, value in options.items() if name.startswith(_LETTER)}
    importlib.import_module("matplotlib").rcParams.update(
        {name: value for name, value in options.items() if name not in letters}
    )
    for name, value in letters.items():
        converter = importlib.import_module("matplotlib.colors").colorConverter
        converter.colors[name.removeprefix(_LETTER)] = value
        converter.cache.pop(name.removeprefix(_LETTER), None)


def _read_pandas() -> Options:
    found: Options = {}
    _flatten(sys.modules["pandas._config.config"]._global_config, "", found)
    return found


def _flatten(tree: Mapping[str, Any], prefix: str, into: Options) -> None:
    for name, value in tree.items():
        if type(value) is dict:
            _flatten(value, f"{prefix}{name}.", into)
        else:
            into[prefix + name] = value


def _pandas_defaults() -> Mapping[str, Any]:
    registered = sys.modules["pandas._config.config"]._registered_options
    return {name: option.defval for name, option in registered.items()}


def _write_pandas(options: Options) -> None:
    pandas = importlib.import_module("pandas")
    for name, value in options.items():
        pandas.set_option(name, value)


_NUMPY_DEFAULTS: Mapping[str, Any] = {
    "edgeitems": 3, "threshold": 1000, "floatmode": "maxprec", "precision": 8, "suppress": False,
    "linewidth": 75,
    "nanstr": "nan", "infstr": "inf", "sign": "-", "formatter": None, "legacy": False, "override_repr": None,
    "errors.divide": "warn", "errors.over": "warn", "errors.under": "ignore", "errors.invalid": "warn",
    "errors.call": None, "bufsize": 8192,
}  # fmt: skip


def _read_numpy() -> Options:
    numpy = sys.modules["numpy"]
    errors = {f"errors.{name}": value for name, value in numpy.geterr().items()}
    return {
        **numpy.get_printoptions(), **errors, "errors.call": numpy.geterrcall(), "bufsize": numpy.getbufsize()
    }  # fmt: skip


def _write_numpy(options: Options) -> None:
    numpy = importlib.import_module("numpy")
    errors = {k.removeprefix("errors."): v for k, v in options.items() if k.startswith("errors.")}
    if "call" in errors:
        numpy.seterrcall(errors.pop("call"))
    numpy.seterr(**errors)
    if "bufsize" in options:
        numpy.setbufsize(options["bufsize"])
    printing = {k: v for k, v in options.items() if not k.startswith("errors.") and k != "bufsize"}
    if printing:
        numpy.set_printoptions(**printing)


_SKLEARN_DEFAULTS: Mapping[str, Any] = {
    "assume_finite": False, "working_memory": 1024, "print_changed_only": True, "display": "diagram",
    "pairwise_dist_chunk_size": 256, "enable_cython_pairwise_dist": True, "array_api_dispatch": False,
    "transform_output": "default", "enable_metadata_routing": False, "skip_parameter_validation": False,
    "sparse_interface": "spmatrix",
}  # fmt: skip


def _write_sklearn(options: Options) -> None:
    importlib.import_module("sklearn").set_config(**options)


def _read_polars() -> Options:
    state = sys.modules["polars"].Config.state(if_set=True)
    return {str(name): value for name, value in state.items()}


def _write_polars(options: Options) -> None:
    polars = importlib.import_module("polars")
    for name, value in options.items():
        if name.startswith("POLARS_"):
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, str(value))
        else:
            getattr(polars.Config, name)(value)


def _write_xarray(options: Options) -> None:
    importlib.import_module("xarray").set_options(**options)


_POLARS_DEFAULTS: Mapping[str, Any] = {
    "set_fmt_float": "mixed", "set_float_precision": None, "set_thousands_separator": "",
    "set_decimal_separator": ".", "set_trim_decimal_zeros": False,
}  # fmt: skip


LIBRARIES: tuple[Library, ...] = (
    *PYTHON,
    IPYTHON,
    Library(
        "matplotlib", "matplotlib's rcParam", "matplotlib", "matplotlib",
        _read_matplotlib, _matplotlib_defaults, _write_matplotlib,
    ),
    Library(
        "pandas", "pandas option", "pandas._config.config", "pandas",
        _read_pandas, _pandas_defaults, _write_pandas,
    ),
    Library("numpy", "NumPy option", "numpy", "numpy", _read_numpy, lambda: _NUMPY_DEFAULTS, _write_numpy),
    TORCH,
    TORCH_HOOKS,
    Library(
        "sklearn", "scikit-learn option", "sklearn", "scikit-learn",
        lambda: dict(sys.modules["sklearn"].get_config()), lambda: _SKLEARN_DEFAULTS, _write_sklearn,
    ),
    Library(
        "polars", "polars option", "polars", "polars",
        _read_polars, lambda: _POLARS_DEFAULTS, _write_polars,
    ),
    Library(
        "xarray", "xarray option", "xarray", "xarray",
        lambda: dict(sys.modules["xarray"].get_options()), dict, _write_xarray,
    ),
)  # fmt: skip


def loaded() -> list[Library]:
    """Return the libraries whose module is loaded."""
    return [library for library in LIBRARIES if sys.modules.get(library.module) is not None]
