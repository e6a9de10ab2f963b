"""Rows of `datasets` that were kept and can't be read any more: they are made anew."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fpcache.hf.library import library

__all__ = ["made_anew_where_damaged"]

_INFO = "dataset_info.json"


def made_anew_where_damaged(make: Callable[[], Any], cache_dir: str | None, fingerprint: str) -> Any:
    """Call what makes or finds a dataset; where what it finds can't be read, remove that and call again.

    Parameters
    ----------
    make : callable
        Makes the dataset, or finds it under `cache_dir`.
    cache_dir : str or None
        Where; by default that of `datasets`.
    fingerprint : str
        The dataset's, by which its directory is named.
    """
    kept = _kept(Path(cache_dir or library().config.HF_DATASETS_CACHE), fingerprint)
    if not kept:
        return make()
    try:
        return make()
    except (OSError, ValueError) as error:  # what pyarrow raises is one of these; no row is made here
        for directory in kept:
            shutil.rmtree(directory, ignore_errors=True)
        warnings.warn(
            f"the rows kept in {', '.join(map(str, kept))} can't be read ({error}); they are made anew",
            UserWarning,
            stacklevel=4,
        )
    return make()


def _kept(base: Path, fingerprint: str) -> list[Path]:
    """Return the directories of a dataset that is there as a whole."""
    found = (path.parent for path in base.expanduser().glob(f"generator/*{fingerprint}*/*/{_INFO}"))
    return sorted(path for path in found if any(path.glob("*.arrow")))
