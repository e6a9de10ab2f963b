"""What ``fpcache doctor`` looks at: versions, the cache directory, the store, the GPU."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from fpcache.errors import StoreError
from fpcache.session.overview import size_text
from fpcache.store import Entry, LocalStore, default_directory

__all__ = ["Finding", "examine"]

_LIBRARIES = (
    "numpy", "pandas", "polars", "pyarrow", "scipy", "scikit-learn", "matplotlib", "torch", "pillow", "h5py",
)  # fmt: skip
_GPU_WAIT_S = 20.0
_NO_GPU = "CPU (no CUDA device)"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report.

    Attributes
    ----------
    name, text : str
        What was looked at, and what was found.
    is_problem : bool
        Whether it keeps fpcache from caching.
    """

    name: str
    text: str
    is_problem: bool = False


def examine() -> Iterator[Finding]:
    """Yield the findings as they are made; nothing in the cache is changed but damaged entries."""
    yield from _versions()
    yield from _environment()
    yield from _directory(default_directory())
    yield Finding("GPU", _gpu())


def _versions() -> Iterator[Finding]:
    """Look up versions without importing what they are of."""
    yield Finding("fpcache", installed_version("fpcache") or "not installed as a package")
    yield Finding("Python", f"{platform.python_version()} ({platform.system()} {platform.machine()})")
    for package in ("ipython", "ipykernel"):
        yield Finding(package, installed_version(package) or "not installed")
    found = [(package, installed_version(package)) for package in _LIBRARIES]
    listed = ", ".join(f"{package} {version}" for package, version in found if version)
    yield Finding("libraries", listed or "none of those that have fingerprints of their own")


def installed_version(package: str) -> str | None:
    """Return a package's version, or None where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _environment() -> Iterator[Finding]:
    """Tell the settings that the environment makes."""
    chosen = {name: value for name, value in os.environ.items() if name.startswith("FPCACHE_")}
    if chosen:
        yield Finding("environment", ", ".join(f"{name}={value}" for name, value in sorted(chosen.items())))


def _directory(directory: Path) -> Iterator[Finding]:
    """Try to use the cache directory as a session would."""
    yield Finding("cache directory", str(directory))
    faults: list[StoreError] = []
    try:
        store = LocalStore(directory, on_fault=faults.append)
        yield Finding("free space", size_text(shutil.disk_usage(directory).free))
        yield Finding("write test", _try_writing(directory))
        yield from _examine_store(store)
        store.close()
    except (StoreError, OSError) as error:
        yield Finding("problem", str(error), is_problem=True)


def _try_writing(directory: Path) -> str:
    """Store and read an entry in a store of its own, in the same place."""
    started_s = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix=".doctor-", dir=directory) as place:
        store = LocalStore(place)
        stored = store.put(Entry(key="doctor", created_s=time.time()), {"payload": bytes(2**20)})
        store.read(store.look_up("doctor")[0].blobs["payload"])
        store.close()
    return (
        f"passed: stored and read {size_text(stored.size_bytes)} in {time.perf_counter() - started_s:.3f} s"
    )


def _examine_store(store: LocalStore) -> Iterator[Finding]:
    """Check all that is stored."""
    totals = store.totals()
    yield Finding("entries", f"{totals.entries} ({totals.pinned} pinned), {size_text(totals.size_bytes)}")
    verification = store.verify()
    if not verification.problems:
        yield Finding("integrity", "index and stored bytes are sound")
    for problem in verification.problems:
        yield Finding("integrity", problem, is_problem=True)


def _gpu() -> str:
    """Name the CUDA devices; torch is imported only to say whether it can use one that is there."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return _NO_GPU
    command = [program, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_GPU_WAIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{_NO_GPU}: nvidia-smi does not answer ({error})"
    devices = "; ".join(line.strip() for line in answer.stdout.splitlines() if line.strip())
    if answer.returncode != 0 or not devices:
        return f"{_NO_GPU}: nvidia-smi finds none"
    return f"{devices} ({_torch_can_use_it()})"


def _torch_can_use_it() -> str:
    """Say whether the installed torch can use a CUDA device."""
    version = installed_version("torch")
    if version is None:
        return "torch is not installed"
    try:
        import torch
    except (ImportError, OSError) as error:
        return f"torch {version} can't be imported: {error}"
    return f"torch {version} {'can' if torch.cuda.is_available() else 'can not'} use it"
