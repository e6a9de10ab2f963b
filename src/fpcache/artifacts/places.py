"""Where the artifacts of a dataset and a module lie."""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fpcache.artifacts.marks import mark_if_empty
from fpcache.artifacts.names import below, module_name
from fpcache.artifacts.switches import DIRECTORY, SWITCH, base_directory, is_caching_enabled, warn
from fpcache.artifacts.temporary import temporary_base
from fpcache.errors import FpcacheError, StoreUnavailableError
from fpcache.fingerprints import fingerprint
from fpcache.hf import library
from fpcache.hf.generators import report_of
from fpcache.store.directories import prepare_directory

__all__ = ["DatasetState", "cache_dir_for", "state_of"]

_UNNAMED = "unnamed"
_ADVICE = f"Set {DIRECTORY} to a directory of your own"
_ATTEMPTS, _PAUSE_S = 20, 0.005


@dataclass(frozen=True, slots=True)
class DatasetState:
    """A dataset's configuration and the fingerprint of its present state, both as text.

    For datasets of no library that fpcache knows: give one of these where a
    dataset is asked for.
    """

    config: str
    fingerprint: str

    def __post_init__(self) -> None:
        for name in ("config", "fingerprint"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                raise ValueError(f"DatasetState needs {name} as a text that is not empty, not {value!r}")


def state_of(dataset: Any) -> DatasetState | None:
    """Return configuration and fingerprint of a dataset; None where it has no fingerprint.

    Parameters
    ----------
    dataset : DatasetState, datasets.Dataset, datasets.DatasetDict or object
        Any object with the texts ``config`` and ``fingerprint`` will do.
    """
    if isinstance(dataset, DatasetState):
        return dataset
    if isinstance(dataset, dict) and dataset:
        parts = {str(name): state_of(part) for name, part in dataset.items()}
        known = {name: part for name, part in parts.items() if part is not None}
        if len(known) < len(parts):
            return None
        joint = fingerprint(sorted((name, part.fingerprint) for name, part in known.items()))
        return DatasetState(next(iter(known.values())).config, joint)
    config, found = getattr(dataset, "config", None), getattr(dataset, "fingerprint", None)
    if isinstance(config, str) and isinstance(found, str) and config and found:
        return DatasetState(config, found)
    own = getattr(dataset, "_fingerprint", None) or _reported(dataset)
    return DatasetState(_config_of(dataset), own) if isinstance(own, str) and own else None


def _reported(dataset: Any) -> str | None:
    """Return the fingerprint of a stream that ``fpcache.hf.from_generator`` made."""
    try:
        return report_of(dataset).fingerprint
    except FpcacheError:
        return None


def _config_of(dataset: Any) -> str:
    info = getattr(dataset, "info", None)
    names = (getattr(info, "dataset_name", None), getattr(info, "config_name", None))
    return "-".join(str(name) for name in names if name) or _UNNAMED


def cache_dir_for(
    dataset: Any, module: object, explicit: str | os.PathLike[str] | None = None, *, base: Path | None = None
) -> Path:
    """Return the directory for what a module makes of a dataset; it is there and can be written to.

    Parameters
    ----------
    dataset : datasets.Dataset, DatasetState or object
        See `state_of`.
    module : str, module, class or function
        What makes the artifacts; its name counts.
    explicit : path, optional
        Is the directory, whatever else is set.
    base : Path, optional
        Instead of the base directory that is set.

    Returns
    -------
    Path
        `explicit`; or ``<base>/<dataset config>/<dataset fingerprint>/<module>``
        where artifacts are kept; or else a directory that is deleted when the
        process ends, with an `ArtifactsWarning` that says why.

    Raises
    ------
    StoreUnavailableError
        If `explicit` can't be written to.
    """
    name = module_name(module)
    if explicit is not None:
        chosen = Path(explicit).expanduser().absolute()
        prepare_directory(chosen, "The directory", "Give explicit= another one")
        return chosen
    state = state_of(dataset)
    missing = _missing(dataset, state)
    if state is not None and not missing:
        try:
            return _prepared(base or base_directory(), state, name)
        except StoreUnavailableError as error:
            missing = str(error)
    warn(f"artifacts of {name!r} go to a temporary directory, deleted when this process ends: {missing}")
    return _prepared(temporary_base(dataset), state or DatasetState(_UNNAMED, secrets.token_hex(8)), name)


def _missing(dataset: Any, state: DatasetState | None) -> str:
    """Say what is missing to keep artifacts, and how to have it; empty where nothing is."""
    if not is_caching_enabled():
        return f"keeping artifacts is off; fpcache.artifacts.enable_caching() or {SWITCH}=1 turns it on"
    if _is_of_datasets(dataset) and not library.has_caching_enabled():
        return "caching of `datasets` is off; datasets.enable_caching() turns it on"
    if state is None:
        return (
            f"a {type(dataset).__name__} has no fingerprint; "
            "give fpcache.artifacts.DatasetState(config, fingerprint), or what hf.from_generator made"
        )
    return ""


def _is_of_datasets(dataset: Any) -> bool:
    return library.loaded() is not None and type(dataset).__module__.partition(".")[0] == "datasets"


def _prepared(base: Path, state: DatasetState, module: str) -> Path:
    """Make the directory and mark it; again where it is cleared at the same moment."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return _prepared_once(base, state, module)
        except StoreUnavailableError:
            time.sleep(_PAUSE_S)
    return _prepared_once(base, state, module)


def _prepared_once(base: Path, state: DatasetState, module: str) -> Path:
    prepare_directory(base, "The directory of artifacts", _ADVICE)
    path = below(base, state.config, state.fingerprint, module)
    for directory in (path.parent.parent, path.parent, path):
        prepare_directory(directory, "The directory of artifacts", _ADVICE)
    try:
        mark_if_empty(path)
    except OSError as error:
        raise StoreUnavailableError(f"{path} can't be written to: {error.strerror}.") from error
    return path
