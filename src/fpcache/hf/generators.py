"""Datasets made by a generator, under an id that is equal in every process."""

from __future__ import annotations

import inspect
import logging
import warnings
import weakref
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from fpcache.errors import FpcacheError
from fpcache.hf.damaged import made_anew_where_damaged
from fpcache.hf.library import (
    expect_parameter,
    gives_single_shards,
    has_caching_enabled,
    library,
    register_temporary,
    stream,
    temporary_directory,
)
from fpcache.hf.reports import Report
from fpcache.hf.stable import stable_report
from fpcache.hf.unchanged import changed_files, given_again, stamps_of
from fpcache.hf.wishes import DependsOn

__all__ = ["explain", "from_generator", "report_of"]

# What changes where and how quickly rows are written, but no row.
_NO_ROWS = frozenset(
    {"cache_dir", "keep_in_memory", "num_proc", "storage_options", "token", "writer_batch_size"}
)

_INFO = "dataset_info.json"  # without it, `datasets` takes a dataset for unfinished

_log = logging.getLogger("fpcache.hf")
_reports: weakref.WeakKeyDictionary[Any, Report] = weakref.WeakKeyDictionary()


def explain(
    generator: Callable[..., Any],
    features: Any = None,
    *,
    gen_kwargs: Mapping[str, object] | None = None,
    num_proc: int | None = None,
    split: str = "train",
    depends_on: DependsOn = None,
    ignore: Collection[str] = (),
    **kwargs: Any,
) -> Report:
    """Say under which fingerprint `from_generator` would make a dataset, and what counts for it.

    Nothing is generated. Loggers and locks don't count; installed modules
    count by name and version.

    Parameters
    ----------
    generator, features, gen_kwargs, num_proc, split, **kwargs
        As for `from_generator`.
    depends_on : mapping or iterable of paths, optional
        Files and directories whose content counts. Or values by name; a name
        of a captured value counts in its place: ``{"client": client.base_url}``.
    ignore : collection of str
        Names of what doesn't count, such as ``"session"`` or ``"self.run_id"``.

    Raises
    ------
    UnfingerprintableValueError
        For a captured value that is another one in every process or has no
        fingerprint; the message names it and says what to do.
    ValueError
        For a name in `ignore` that is captured nowhere.
    """
    _check(generator, gen_kwargs)
    if "fingerprint" in kwargs:
        raise TypeError("fpcache.hf.from_generator makes the fingerprint itself; leave `fingerprint=` out")
    settings: dict[str, object] = {"split": str(split), **_calls(gen_kwargs or {}, num_proc)}
    if features is not None:
        settings["features"] = features.to_dict() if hasattr(features, "to_dict") else features
    settings.update((name, value) for name, value in kwargs.items() if name not in _NO_ROWS)
    return stable_report(generator, gen_kwargs or {}, settings=settings, depends_on=depends_on, ignore=ignore)


def from_generator(
    generator: Callable[..., Any],
    features: Any = None,
    cache_dir: str | None = None,
    keep_in_memory: bool = False,
    gen_kwargs: Mapping[str, object] | None = None,
    num_proc: int | None = None,
    split: str = "train",
    *,
    depends_on: DependsOn = None,
    ignore: Collection[str] = (),
    streaming: bool = False,
    **options: Any,
) -> Any:
    """Make a dataset as ``datasets.Dataset.from_generator`` does, under a stable fingerprint.

    Parameters
    ----------
    generator : callable
        Yields one dict per row. Its code counts, that of all it calls, the
        values it captures, and the files that these and its constants name.
    features, cache_dir, keep_in_memory, gen_kwargs, num_proc, split
        As in `datasets`. With its caching disabled and no `cache_dir`, rows go to a temporary directory.
    depends_on, ignore
        What counts besides, and what doesn't; see `explain`. `report_of` says what did.
    streaming : bool
        Give an ``IterableDataset``, which caches nothing.
    **options
        For ``from_generator`` in `datasets`; they count.

    Raises
    ------
    FpcacheError
        If `datasets` is missing or too old; and what `explain` raises.
    """
    wishes: dict[str, Any] = {"depends_on": given_again(depends_on), "ignore": ignore, **options}
    found = explain(generator, features, gen_kwargs=gen_kwargs, num_proc=num_proc, split=split, **wishes)
    part = library().NamedSplit(str(split))
    rows = {"features": features, "gen_kwargs": dict(gen_kwargs or {}) or None, "split": part}
    if streaming:
        _refuse_for_streams({"cache_dir": cache_dir, "num_proc": num_proc, **options})
        made = stream(generator, found.fingerprint, rows)
    else:
        writing = {"keep_in_memory": keep_in_memory, "num_proc": num_proc, "fingerprint": found.fingerprint}
        before = stamps_of(found, wishes["depends_on"])
        made = _made(generator, cache_dir, {**rows, **writing, **options})
        _forget_if_changed(made, changed_files(before, found, wishes["depends_on"]))
    remember(made, found)
    return made


def _calls(gen_kwargs: Mapping[str, object], num_proc: int | None) -> dict[str, str]:
    """Say how many shards each call of a generator gets: a generator can see that, and releases differ."""
    if not any(isinstance(value, list) and len(value) > 1 for value in gen_kwargs.values()):
        return {}
    return {
        "each call gets": "one shard"
        if gives_single_shards()
        else f"the shards of 1 of {num_proc or 1} processes"
    }


def _made(generator: Callable[..., Any], cache_dir: str | None, arguments: Mapping[str, Any]) -> Any:
    """Make a dataset that is kept, or one that is gone with the process where `datasets` doesn't cache."""
    make = library().Dataset.from_generator
    expect_parameter(make, "fingerprint")
    if cache_dir is not None or has_caching_enabled():
        made_here = partial(make, generator, cache_dir=cache_dir, **arguments)
        return made_anew_where_damaged(made_here, cache_dir, arguments["fingerprint"])
    made = make(generator, cache_dir=temporary_directory(), **arguments)
    register_temporary(made)
    return made


def _forget_if_changed(made: Any, changed: list[str]) -> None:
    """Where files changed while rows were made, take away what lets `datasets` find the dataset again."""
    if not changed:
        return
    for file in made.cache_files:
        Path(file["filename"]).with_name(_INFO).unlink(missing_ok=True)
    warnings.warn(
        f"{', '.join(changed)} changed while rows were made, so they may belong to neither content; "
        "the next call makes them again",
        UserWarning,
        stacklevel=3,
    )


def report_of(dataset: Any) -> Report:
    """Return what counted for a dataset that `from_generator` or `Hasher` made in this process.

    Raises
    ------
    FpcacheError
        If neither made it.
    """
    try:
        return _reports[dataset]
    except (KeyError, TypeError):
        raise FpcacheError(
            f"there is no report on this {type(dataset).__name__}: "
            "fpcache.hf did not make it in this process; fpcache.hf.explain(...) gives one without generating"
        ) from None


def remember(dataset: Any, report: Report) -> None:
    """Log a report, and keep it for `report_of` as long as the dataset lives."""
    _log.info("%s", report)
    _reports[dataset] = report


def _check(generator: Any, gen_kwargs: Any) -> None:
    if not callable(generator):
        raise TypeError(
            f"generator must be a function that yields rows, not a {type(generator).__name__}; "
            "pass the function itself, not what it returns"
        )
    if inspect.isasyncgenfunction(generator) or inspect.iscoroutinefunction(generator):
        raise TypeError(
            "generator is async, which datasets can't iterate; give a plain function that yields rows"
        )
    if gen_kwargs is not None and not isinstance(gen_kwargs, Mapping):
        raise TypeError(f"gen_kwargs must be a dict of arguments by name, not a {type(gen_kwargs).__name__}")


def _refuse_for_streams(others: Mapping[str, object]) -> None:
    given = sorted(name for name, value in others.items() if value is not None)
    if given:
        raise TypeError(f"with streaming=True nothing is written, so {', '.join(given)} can't be given")
