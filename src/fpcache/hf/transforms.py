"""Stable fingerprints for ``Dataset.map`` and ``Dataset.filter``."""

from __future__ import annotations

import importlib
import inspect
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

from fpcache.errors import FpcacheError, UnfingerprintableValueError
from fpcache.hf.generators import remember
from fpcache.hf.library import expect_parameter, library
from fpcache.hf.reports import Report
from fpcache.hf.stable import stable_report
from fpcache.hf.wishes import DependsOn

__all__ = ["Hasher"]

# What changes where, how quickly and with what words rows are made, but no row.
_NO_ROWS = frozenset(
    {
        "cache_file_name", "cache_file_names", "desc", "keep_in_memory", "load_from_cache_file",
        "new_fingerprint", "num_proc", "suffix_template", "writer_batch_size",
        "fingerprint_name", "shard", "self", "function", "fn_kwargs",
    }
)  # fmt: skip
_ONLY_BATCHED = frozenset({"batch_size", "drop_last_batch"})
_PARAMETERS = ["fingerprint", "transform", "transform_args"]
_TRANSFORMS = {
    "datasets.arrow_dataset.Dataset._map_single": "map",
    "datasets.arrow_dataset.Dataset.filter": "filter",
}
_CALLERS = 4  # how far up the dataset is looked for that is being transformed
_installing = threading.Lock()


class Hasher:
    """Fingerprints transforms of datasets by what may change their rows.

    Parameters
    ----------
    ignore : collection of str
        Names that don't count, such as ``"self.run_id"`` or
        ``"tokenizer.calls"``. One that a function doesn't bring along is no
        error here, for one hasher serves many functions.
    depends_on : mapping or iterable of paths, optional
        As for `from_generator`.
    """

    def __init__(self, *, ignore: Collection[str] = (), depends_on: DependsOn = None) -> None:
        if isinstance(ignore, str):
            raise TypeError(f"ignore takes a list of names, such as [{ignore!r}], not one text")
        self._ignore = frozenset(ignore)
        is_plain = depends_on is None or isinstance(depends_on, (Mapping, str))
        self._depends_on: DependsOn = depends_on if is_plain else list(depends_on or ())

    def explain(
        self, dataset: Any, function: Callable[..., Any], transform: str = "map", **kwargs: Any
    ) -> Report:
        """Say which fingerprint a transform of a dataset gets, and what counts for it.

        Parameters
        ----------
        dataset : datasets.Dataset
            Its fingerprint counts.
        function : callable
            What is mapped or filters.
        transform : {"map", "filter"}
            Which transform it is.
        **kwargs
            Its further arguments; those that change no row don't count.
        """
        if transform not in ("map", "filter"):
            raise ValueError(f"transform must be 'map' or 'filter', not {transform!r}")
        if not isinstance(getattr(dataset, "_fingerprint", None), str):
            raise TypeError(f"a {type(dataset).__name__} has no fingerprint; give a datasets.Dataset")
        taken = _that_count(getattr(type(dataset), transform), kwargs)
        return self._report(dataset, transform, function, kwargs.get("fn_kwargs"), taken)

    def _report(
        self, dataset: Any, transform: str, function: Any, fn_kwargs: Any, taken: Mapping[str, object]
    ) -> Report:
        settings = {**taken, "transform": transform, "dataset": dataset._fingerprint}
        return stable_report(
            function,
            fn_kwargs or {},
            settings=settings,
            depends_on=self._depends_on,
            ignore=self._ignore,
            must_match=False,
            datasets=[dataset],
        )

    def map(self, dataset: Any, function: Callable[..., Any], **kwargs: Any) -> Any:
        """Map a function over a dataset, or over each split of a ``DatasetDict``, as ``dataset.map`` does."""
        return self._transformed(dataset, "map", function, kwargs)

    def filter(self, dataset: Any, function: Callable[..., Any], **kwargs: Any) -> Any:
        """Filter a dataset, or each split of a ``DatasetDict``, as ``dataset.filter`` does."""
        return self._transformed(dataset, "filter", function, kwargs)

    def _transformed(self, dataset: Any, transform: str, function: Any, kwargs: dict[str, Any]) -> Any:
        if isinstance(dataset, dict):
            parts = {
                name: self._transformed(part, transform, function, kwargs) for name, part in dataset.items()
            }
            return type(dataset)(parts)
        run = getattr(dataset, transform)
        expect_parameter(run, "new_fingerprint")
        report = self.explain(dataset, function, transform, **kwargs)
        made = run(function, **kwargs, new_fingerprint=report.fingerprint)
        if made is not dataset:  # an empty dataset is handed back as it is
            remember(made, report)
        return made

    @contextmanager
    def installed(self) -> Iterator[Hasher]:
        """Let plain ``dataset.map`` and ``dataset.filter`` calls use this hasher until the end.

        That holds for all threads. Other transforms keep the fingerprints of `datasets`.

        Raises
        ------
        FpcacheError
            If this release of `datasets` makes its fingerprints in another
            way, or a hasher is installed already.
        """
        original, homes = _places()
        if not _installing.acquire(blocking=False):
            raise FpcacheError("a Hasher is installed already; leave its `with` block first")

        def update_fingerprint(fingerprint: str, transform: str, transform_args: dict[str, Any]) -> Any:
            name = _TRANSFORMS.get(transform.partition("@")[0])
            if name is None or transform_args.get("function") is None:
                return original(fingerprint, transform, transform_args)
            if name == "map" and transform_args.get("with_rank"):
                raise UnfingerprintableValueError(
                    "with_rank=True lets rows depend on num_proc, which an installed Hasher is not told; "
                    "call hasher.map(dataset, function, with_rank=True, ...)"
                )
            arguments = transform_args.get("fn_kwargs")
            taken = _plain(transform_args)
            dataset = _transformed_now(fingerprint)
            return self._report(dataset, name, transform_args["function"], arguments, taken).fingerprint

        try:
            for home in homes:
                home.update_fingerprint = update_fingerprint
            yield self
        finally:
            for home in homes:
                home.update_fingerprint = original
            _installing.release()


def _places() -> tuple[Callable[..., Any], tuple[Any, Any]]:
    """Return the function by which `datasets` makes fingerprints, and the modules that call it by name."""
    version = library().__version__
    homes = tuple(importlib.import_module(f"datasets.{name}") for name in ("fingerprint", "arrow_dataset"))
    found: list[Any] = [vars(home).get("update_fingerprint") for home in homes]
    is_known = found[0] is not None and found[0] is found[1]
    if not is_known or list(inspect.signature(found[0]).parameters) != _PARAMETERS:
        raise FpcacheError(
            f"datasets {version} makes fingerprints in an unknown way (4.3 and 5.2 are known), "
            "so a Hasher can't be installed; call hasher.map(dataset, function) and hasher.filter(...)"
        )
    return found[0], (homes[0], homes[1])


def _transformed_now(fingerprint: str) -> Any:
    """Return the dataset whose transform asks for a fingerprint, which `datasets` doesn't hand on.

    Raises
    ------
    FpcacheError
        If no caller holds it.
    """
    frame: FrameType | None = sys._getframe(2)
    for _ in range(_CALLERS):
        for name in ("self", "dataset", "shard"):
            held = frame.f_locals.get(name) if frame is not None else None
            if isinstance(held, library().Dataset) and held._fingerprint == fingerprint:
                return held
        frame = frame.f_back if frame is not None else None
    raise FpcacheError(
        f"datasets {library().__version__} doesn't tell an installed Hasher which dataset it transforms; "
        "call hasher.map(dataset, function) and hasher.filter(...)"
    )


def _that_count(run: Callable[..., Any], kwargs: Mapping[str, Any]) -> dict[str, object]:
    """Return the arguments of a transform that may change rows, without those that are the default."""
    parameters = inspect.signature(run).parameters
    unknown = sorted(kwargs.keys() - parameters.keys())
    if unknown:
        raise TypeError(f"{run.__qualname__} takes no {', '.join(unknown)}")
    given = {
        name: value
        for name, value in kwargs.items()
        if not (value is parameters[name].default or value == parameters[name].default)
    }
    kept = _plain(given)
    if kwargs.get("with_rank"):
        kept["num_proc"] = kwargs.get("num_proc")  # it decides which ranks there are
    return kept


def _plain(given: Mapping[str, object]) -> dict[str, object]:
    """Keep what may change rows: columns as lists however they were given, features as plain data."""
    idle = _NO_ROWS if given.get("batched") else _NO_ROWS | _ONLY_BATCHED
    kept = {name: value for name, value in given.items() if name not in idle}
    for name in ("input_columns", "remove_columns"):
        if isinstance(kept.get(name), str):
            kept[name] = [kept[name]]
    features: Any = kept.get("features")
    if hasattr(features, "to_dict"):
        kept["features"] = features.to_dict()
    return kept
