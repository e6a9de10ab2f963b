"""The directory for what is not kept: gone when the process ends."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any

from fpcache.hf import library

__all__ = ["temporary_base"]

_FOLDER = "fpcache-artifacts"
_lock = threading.Lock()
_own: dict[int, Path] = {}


def temporary_base(dataset: Any) -> Path:
    """Return the directory of this process for artifacts that are not kept.

    Parameters
    ----------
    dataset : object
        For one of `datasets`, that library's own temporary directory is used.
    """
    if library.loaded() is not None and type(dataset).__module__.partition(".")[0] == "datasets":
        return Path(library.shared_temporary_directory()) / _FOLDER
    with _lock:
        known = _own.get(os.getpid())
        if known is None or not known.is_dir():
            known = _own[os.getpid()] = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}-"))
            atexit.register(_delete, known, os.getpid())
        return known


def _delete(directory: Path, process_id: int) -> None:
    """Delete the directory, but not in a forked child, which inherits this duty."""
    if os.getpid() == process_id:
        shutil.rmtree(directory, ignore_errors=True)
