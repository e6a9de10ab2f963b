"""What is used of the `datasets` library, and the checks that it is there as expected."""

from __future__ import annotations

import importlib
import inspect
import sys
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

from fpcache.errors import FpcacheError

__all__ = [
    "expect_parameter",
    "gives_single_shards",
    "has_caching_enabled",
    "library",
    "loaded",
    "register_temporary",
    "shared_temporary_directory",
    "stream",
    "temporary_directory",
]

_NEEDED = "4.3"


def library() -> Any:
    """Import `datasets`.

    Raises
    ------
    FpcacheError
        If it is not installed.
    """
    try:
        return importlib.import_module("datasets")
    except ImportError as error:
        raise FpcacheError(
            f"fpcache.hf needs the library `datasets`, which can't be imported ({error}); "
            "pip install 'fpcache[hf]'"
        ) from error


def loaded() -> Any | None:
    """Return `datasets` where something imported it already, else None."""
    return sys.modules.get("datasets")


def expect_parameter(function: Callable[..., Any], name: str) -> None:
    """Check that a function of `datasets` takes a parameter.

    Raises
    ------
    FpcacheError
        If this release of the library does not have it.
    """
    if name not in inspect.signature(function).parameters:
        raise FpcacheError(
            f"datasets {library().__version__} has no `{name}=` in {function.__qualname__}; "
            f"fpcache.hf needs datasets {_NEEDED} or newer: pip install -U 'datasets>={_NEEDED}'"
        )


def gives_single_shards() -> bool:
    """Return whether a generator is called once for each shard, not once for all that a process gets."""
    library()
    module = importlib.import_module("datasets.packaged_modules.generator.generator")
    names: tuple[str, ...] = module.Generator._generate_examples.__code__.co_names
    return "_split_gen_kwargs" in names


def has_caching_enabled() -> bool:
    """Return what ``datasets.is_caching_enabled()`` says."""
    return bool(library().is_caching_enabled())


def shared_temporary_directory() -> str:
    """Return the directory that `datasets` deletes when the process ends."""
    return str(_of_fingerprint("get_temporary_cache_files_directory")())


def temporary_directory() -> str:
    """Make a new directory in that which `datasets` deletes when the process ends."""
    return tempfile.mkdtemp(prefix="fpcache-", dir=shared_temporary_directory())


def stream(generator: Callable[..., Any], fingerprint: str, rows: Mapping[str, Any]) -> Any:
    """Make an ``IterableDataset``; where possible without `datasets` pickling the generator for an id.

    ``IterableDataset.from_generator`` takes no fingerprint; what it is built on does.
    """
    datasets = library()
    found = getattr(importlib.import_module("datasets.io.generator"), "GeneratorDatasetInputStream", None)
    if found is None or not {"fingerprint", "streaming"} <= inspect.signature(found).parameters.keys():
        return datasets.IterableDataset.from_generator(generator, **rows)
    return found(generator=generator, streaming=True, fingerprint=fingerprint, **rows).read()


def register_temporary(dataset: Any) -> None:
    """Let `datasets` close a dataset's files before it deletes the directory that holds them."""
    _of_fingerprint("maybe_register_dataset_for_temp_dir_deletion")(dataset)


def _of_fingerprint(name: str) -> Any:
    """Return a function of ``datasets.fingerprint`` that is not documented, so may go."""
    version = library().__version__
    found = getattr(importlib.import_module("datasets.fingerprint"), name, None)
    if found is None:
        raise FpcacheError(
            f"datasets {version} has no `datasets.fingerprint.{name}`; "
            f"use a release from {_NEEDED} to 5.2, or name a directory yourself"
        )
    return found
