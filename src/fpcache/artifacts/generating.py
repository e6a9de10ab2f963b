"""Making an artifact once: resumed after a crash, checked when it is used again."""

from __future__ import annotations

import functools
import inspect
import json
import logging
import os
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fpcache.artifacts.chunks import (
    Chunk,
    chunk_path,
    pickled,
    read_chunk,
    read_signed,
    scan,
    signed_line,
    write_chunk,
    write_file,
)
from fpcache.artifacts.locks import locked
from fpcache.artifacts.marks import preparing, remove_damaged
from fpcache.artifacts.names import module_name, safe_name
from fpcache.artifacts.places import DatasetState, cache_dir_for, state_of
from fpcache.artifacts.switches import warn
from fpcache.errors import CorruptEntryError, FpcacheError
from fpcache.hf.reports import Report
from fpcache.hf.stable import stable_report
from fpcache.hf.unchanged import changed_files, given_again, stamps_of
from fpcache.hf.wishes import DependsOn
from fpcache.store.directories import prepare_directory

__all__ = ["ABOUT", "COMPLETE", "LOCK", "Artifact", "generate"]

ABOUT, COMPLETE, LOCK, STALE = "about.json", "complete.json", "lock", "stale"
_START = "start"

_log = logging.getLogger("fpcache.artifacts")


@dataclass(frozen=True, slots=True)
class Artifact:
    """Items on disk, in their order; iterating reads them chunk by chunk.

    Attributes
    ----------
    directory : Path
        Where they lie.
    how : str
        ``"generated"``, ``"resumed"`` or ``"reused"``.
    generated : int
        How many items this call generated.
    report : Report
        What counts for the artifact's fingerprint.
    """

    directory: Path
    how: str
    generated: int
    report: Report
    _chunks: tuple[Chunk, ...] = field(repr=False)

    def __len__(self) -> int:
        return sum(chunk.items for chunk in self._chunks)

    @property
    def size_bytes(self) -> int:
        """Bytes of all items on disk."""
        return sum(chunk.size_bytes for chunk in self._chunks)

    def __iter__(self) -> Iterator[Any]:
        """Yield the items.

        Raises
        ------
        CorruptEntryError
            If a file was damaged or removed since; to generate again makes it anew.
        """
        for expected in self._chunks:
            try:
                found, items = read_chunk(self.directory, expected.index)
            except (FileNotFoundError, IsADirectoryError):
                found, items = None, []
            if found != expected:
                raise CorruptEntryError(
                    f"{chunk_path(self.directory, expected.index)} was removed or replaced; "
                    "generate the artifact again"
                )
            yield from items


def generate(
    dataset: Any,
    module: object,
    make: Callable[..., Iterable[Any]],
    *,
    explicit: str | os.PathLike[str] | None = None,
    chunk_items: int = 1000,
    **counting: Any,
) -> Artifact:
    """Return what a generator gives for a dataset, generating only what is not there yet.

    Where another process or thread makes the same artifact, this call waits and
    uses what that made. It blocks: in async code call it by ``asyncio.to_thread``.

    Parameters
    ----------
    dataset : datasets.Dataset, DatasetState or object
        See `state_of`; without a fingerprint, nothing is kept.
    module : str, module, class or function
        What the artifact is for, such as ``"embeddings"``.
    make : callable
        Gives the items; with a parameter ``start``, those after so many. Without, a crash loses all.
    explicit : path, optional
        A directory to use in place of the one that is set.
    chunk_items : int
        After how many items a chunk is written.
    **counting
        ``state=``, a dict of further values that count, such as a model's
        name; ``depends_on=`` and ``ignore=`` as for `fpcache.hf.explain`.

    Raises
    ------
    UnfingerprintableValueError, UncacheableError, StoreUnavailableError
        For captured values that can't be judged, items that can't be pickled and loaded, a disk that is full.
    """
    takes_start = _check(make, chunk_items)
    counting["depends_on"] = given_again(counting.get("depends_on"))
    known, name = state_of(dataset), module_name(module)
    report = _report(make, known, name, **counting)
    with _held(lambda: cache_dir_for(dataset, module, explicit), explicit is not None, report) as directory:
        found, is_complete = _found(directory, report.fingerprint)
        if is_complete:
            return Artifact(directory, "reused", 0, report, tuple(found))
        _write_about(directory, name, known, report)
        kept = _resumable(found, report) if takes_start else []
        with _noting_changes(directory, report, counting["depends_on"]):
            return _completed(directory, report, make, kept, chunk_items)


@contextmanager
def _held(place: Callable[[], Path], is_explicit: bool, report: Report) -> Iterator[Path]:
    """Prepare the artifact's directory and hold its lock; anew where it is cleared meanwhile."""
    with ExitStack() as held:
        while True:
            directory = place() / safe_name(report.fingerprint)
            try:
                with preparing(directory.parent, is_explicit=is_explicit):
                    prepare_directory(directory)
                    (directory / LOCK).touch(0o600)
                held.enter_context(locked(directory / LOCK, create=False))
                break
            except FileNotFoundError:
                _log.info("%s was cleared; preparing it again", directory)
        yield directory


def _report(
    make: Callable[..., Any],
    known: DatasetState | None,
    name: str,
    *,
    state: Mapping[str, object] | None = None,
    depends_on: DependsOn = None,
    ignore: Collection[str] = (),
) -> Report:
    of_session = {f"state.{key}": value for key, value in (state or {}).items()}
    of_dataset = [known.config, known.fingerprint] if known else "unknown"
    settings = {"module": name, "dataset": of_dataset, **of_session}
    return stable_report(make, {}, settings=settings, depends_on=depends_on, ignore=ignore)


def _resumable(found: list[Chunk], report: Report) -> list[Chunk]:
    """Keep nothing where items depend on what was drawn for those before them: going on draws that anew."""
    if found and report.draws:
        warn(
            f"{sum(chunk.items for chunk in found)} items of an earlier run are generated again, for "
            f"{report.label} draws random numbers ({', '.join(report.draws)}): going on in the middle would "
            'draw those of the beginning. Where no item depends on them, say ignore=["random state"], or '
            "name the captured generator there"
        )
        return []
    return found


def _completed(
    directory: Path, report: Report, make: Callable[..., Iterable[Any]], kept: list[Chunk], chunk_items: int
) -> Artifact:
    """Generate what is missing after the chunks that are kept."""
    _drop_after(directory, len(kept))
    chunks = [*kept]
    start = chunks[-1].first + chunks[-1].items if chunks else 0
    items = _items(make, start, report.label)
    generated = _fill(directory, report.fingerprint, items, chunks, chunk_items)
    write_file(directory / COMPLETE, signed_line(_ending(report.fingerprint, chunks)))
    return Artifact(directory, "resumed" if kept else "generated", generated, report, tuple(chunks))


def _items(make: Callable[..., Iterable[Any]], start: int, label: str) -> Iterator[Any]:
    made = make(**{_START: start}) if _takes_start(make) else make()
    if not isinstance(made, Iterable):
        try:
            return iter(made)  # of what has only `__getitem__`
        except TypeError:
            raise TypeError(
                f"{label} gave a {type(made).__name__}, which can't be gone through; "
                "yield the items, or return a list"
            ) from None
    return iter(made)


@contextmanager
def _noting_changes(directory: Path, report: Report, depends_on: DependsOn) -> Iterator[None]:
    """Where files change while items are made, have the next call make them again."""
    before = stamps_of(report, depends_on)
    try:
        yield
    finally:
        changed = changed_files(before, report, depends_on)
        if changed:
            _mark_stale(directory, changed)


def _mark_stale(directory: Path, changed: list[str]) -> None:
    write_file(directory / STALE, b"")
    warn(f"{', '.join(changed)} changed while items were made; the next call makes them again.")


def _takes_start(make: Callable[..., Any]) -> bool:
    return _START in inspect.signature(make).parameters


def _check(make: Any, chunk_items: int) -> bool:
    """Check the arguments, and say whether `make` takes the number of items that are there."""
    if not callable(make):
        raise TypeError(f"make must be a function that gives the items, not a {type(make).__name__}")
    if inspect.isasyncgenfunction(make) or inspect.iscoroutinefunction(make):
        raise TypeError("make is async; give a plain function, and call generate by asyncio.to_thread")
    if chunk_items < 1:
        raise ValueError(f"chunk_items must be 1 or more, not {chunk_items}")
    _check_start(make)
    parameters = inspect.signature(make).parameters
    needed = [
        name
        for name, one in parameters.items()
        if one.default is one.empty
        and name != _START
        and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    ]
    if needed:
        raise TypeError(
            f"make needs {', '.join(needed)}; only `start` is given: bind the others by functools.partial"
        )
    return _takes_start(make)


def _check_start(make: Callable[..., Any]) -> None:
    """Refuse a parameter `start` that can't be given by its name, or that already has a value."""
    parameter = inspect.signature(make).parameters.get(_START)
    if parameter and parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
        raise TypeError(
            f"make takes `start` as {parameter.kind.description}, but it is given by its name; "
            "make it a plain parameter"
        )
    if isinstance(make, functools.partial) and _START in make.keywords:
        raise TypeError(
            f"make binds start={make.keywords[_START]!r}, but generate gives `start`; "
            "don't bind it, or name the parameter otherwise"
        )


def _found(directory: Path, artifact: str) -> tuple[list[Chunk], bool]:
    """Return the chunks that are whole, and whether they are all."""
    chunks: list[Chunk] = []
    if (directory / STALE).exists():
        return chunks, False
    try:
        for chunk in scan(directory, artifact):
            chunks.append(chunk)
        ending = read_signed(directory / COMPLETE)
    except FileNotFoundError:
        return chunks, False
    except CorruptEntryError as error:
        warn(f"{error} What comes from there on is generated again.")
        return chunks, False
    except OSError as error:
        warn(f"{directory / COMPLETE} can't be read: {error.strerror}. It is generated again.")
        return chunks, False
    if ending != _ending(artifact, chunks):
        warn(f"The last chunks of {directory} are missing; they are generated again.")
        return chunks, False
    return chunks, True


def _ending(artifact: str, chunks: list[Chunk]) -> dict[str, object]:
    """Return what tells that an artifact is complete: how many chunks and what the last one is."""
    return {"artifact": artifact, "chunks": len(chunks), "last": chunks[-1].digest if chunks else ""}


def _drop_after(directory: Path, kept: int) -> None:
    """Remove the mark of completeness and the chunks from a place on, whether whole or not."""
    for name in (COMPLETE, STALE):
        remove_damaged(directory / name)
    last = chunk_path(directory, kept).name
    for path in sorted(directory.glob("chunk-*.bin"), reverse=True):
        if path.name >= last:
            remove_damaged(path)
    for path in directory.glob(".aside-*"):  # of writers that were killed
        remove_damaged(path)


def _fill(directory: Path, artifact: str, items: Iterator[Any], chunks: list[Chunk], chunk_items: int) -> int:
    """Write items as chunks after those that are there; return how many items that were."""
    pending: list[bytes] = []
    start = chunks[-1].first + chunks[-1].items if chunks else 0
    generated = 0

    def flush() -> None:
        if pending:
            chunks.append(write_chunk(directory, chunks[-1] if chunks else None, artifact, pending))
            pending.clear()

    with closing(items) if isinstance(items, Generator) else nullcontext():
        try:
            for item in items:
                pending.append(pickled(item, start + generated))  # now: it may be a buffer used again
                generated += 1
                if len(pending) >= chunk_items:
                    flush()
        except BaseException:
            with suppress(FpcacheError):  # what was generated before the failure is not lost
                flush()
            raise
        flush()
    return generated


def _write_about(directory: Path, module: str, known: DatasetState | None, report: Report) -> None:
    """Write for people what lies here; nothing is decided by it."""
    about = {
        "module": module,
        "dataset_config": known.config if known else "",
        "dataset_fingerprint": known.fingerprint if known else "",
        "made_by": report.label,
        "fingerprint": report.fingerprint,
    }
    if (directory / ABOUT).is_dir():
        warn(f"{directory / ABOUT} is a directory; it is written again.")
        remove_damaged(directory / ABOUT)
    write_file(directory / ABOUT, json.dumps(about, indent=1).encode())
