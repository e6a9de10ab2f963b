"""Many items: read and decoded side by side, computed together, given back in order; a failure is a value."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Generator, Iterable, Iterator, Sequence, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from fpcache.errors import FpcacheError
from fpcache.media.arguments import checked_choice, checked_count, checked_flag, checked_kind, each_of
from fpcache.media.batches.backends import THREADS, Backend, backend_of
from fpcache.media.batches.telling import Telling, total_of
from fpcache.media.devices import Devices
from fpcache.media.fingerprinting import Prepared, finished, prepared
from fpcache.media.methods import Options
from fpcache.media.records import Kind, MediaFingerprint
from fpcache.media.words import in_words, without_addresses

__all__ = ["Failure", "afingerprint_batch", "bare", "fingerprint_batch", "fingerprint_each"]

_AHEAD = 2
_FEW = 16
_MOST_WORKERS = 4096


@dataclass(frozen=True, slots=True, repr=False)
class Failure:
    """What stands in the place of a fingerprint that could not be made.

    Attributes
    ----------
    index : int
        The item's place in the batch.
    item : object
        The item, as it was given.
    error : FpcacheError
        What is wrong with it.
    """

    index: int
    item: Any
    error: FpcacheError

    def __bool__(self) -> bool:
        """Be false, so that ``filter(None, results)`` leaves the fingerprints."""
        return False

    def __str__(self) -> str:
        return f"item {self.index}: {self.error}"

    def __repr__(self) -> str:
        return f"Failure(index={self.index}, item={in_words(self.item)}, error={self.error!r})"


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An item on its way through the threads."""

    index: int
    item: Any
    future: Future[Prepared]

    def outcome(self) -> Prepared | Failure:
        """Return what came of it, once it is there."""
        try:
            return self.future.result()
        except FpcacheError as error:
            return Failure(self.index, self.item, bare(error))


def fingerprint_batch(
    items: Iterable[Any],
    kind: Kind | None = None,
    *,
    workers: int | None = None,
    backend: str = THREADS,
    on_error: Literal["collect", "raise"] = "collect",
    progress: bool = False,
    device: Devices | None = None,
    vector: bool | None = None,
) -> list[MediaFingerprint | Failure]:
    """Return the fingerprints of many items, in order.

    Parameters
    ----------
    items : iterable
        Each as `fingerprint` takes it; drawn from as there is room, so that memory doesn't grow with them.
    kind : str, optional
        What all of them are; else each is told by its content.
    workers : int, optional
        How many threads, processes or joblib's jobs decode; as many as there are processors (or workers of a
        cluster) by default.
    backend : str
        Who decodes and hashes. ``"threads"`` of this process; ``"processes"`` of this machine, which pays
        where a decoder holds Python's lock; ``"joblib"``, whatever `joblib.parallel_config` has made active;
        or a backend of joblib by its name, such as ``"loky"`` or ``"dask"``. Results are the same.
    on_error : str
        ``"collect"``: an item that fails gives a `Failure` in its place, and the others go on. ``"raise"``:
        the first failure is raised, and the rest is cancelled.
    progress : bool
        Show a bar (with tqdm, where it is installed).
    device, vector
        As in `fingerprint`.

    Raises
    ------
    MediaError
        With ``on_error="raise"``, for the first item that fails, with a note that names it.
    """
    is_shown = checked_flag("progress=", progress)
    each = fingerprint_each(
        items, kind, workers=workers, backend=backend, on_error=on_error, device=device, vector=vector
    )
    return list(_shown(each, items) if is_shown else each)


def fingerprint_each(
    items: Iterable[Any],
    kind: Kind | None = None,
    *,
    workers: int | None = None,
    backend: str = THREADS,
    on_error: Literal["collect", "raise"] = "collect",
    device: Devices | None = None,
    vector: bool | None = None,
) -> Generator[MediaFingerprint | Failure, None, None]:
    """Yield what `fingerprint_batch` returns, as it comes; closing the iterator cancels the rest."""
    checked_choice("on_error", on_error, ("collect", "raise"))
    drawn = each_of(items, "a batch is a list or another iterable of items")
    if workers is not None:
        workers = checked_count("workers", workers, most=_MOST_WORKERS)
    kind, options = checked_kind(kind), Options(device, vector)
    # Here, not when the first result is asked for: that may be in another thread, where joblib's active
    # backend is another one.
    working = backend_of(backend, workers)
    return _each(drawn, total_of(items), kind, options, working, on_error)


def _each(
    items: Iterator[Any], total: int | None, kind: Kind | None, options: Options, backend: Backend,
    on_error: str,
) -> Generator[MediaFingerprint | Failure, None, None]:  # fmt: skip
    telling = Telling(backend.name, total)
    drawn = enumerate(items)
    waiting: deque[_Waiting] = deque()
    backend.begin()
    pool = ThreadPoolExecutor(backend.at_once, thread_name_prefix="media-fingerprints")
    most = _FEW  # computed together; more where the first items say that a card has room for them
    try:
        while True:
            for index, item in islice(drawn, _AHEAD * backend.at_once + most - len(waiting)):
                waiting.append(_Waiting(index, item, pool.submit(prepared, item, kind, options, backend)))
            if not waiting:
                return
            if (better := _best_together(waiting[0])) > most:
                most = better
                continue
            for result in _together(waiting, options, telling, most):
                telling.given(result)
                if isinstance(result, Failure) and on_error == "raise":
                    result.error.add_note(f"in item {result.index} of the batch")
                    raise result.error
                yield result
    finally:
        telling.end()
        try:
            backend.close()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _best_together(first: _Waiting) -> int:
    found = first.outcome()
    return found.together if isinstance(found, Prepared) else 1


def _together(
    waiting: deque[_Waiting], options: Options, telling: Telling, most: int
) -> Iterator[MediaFingerprint | Failure]:
    """Take the next items that can be computed together off the queue, and yield what comes of them."""
    group: list[tuple[_Waiting, Prepared | Failure]] = []
    kind: Kind | None = None
    while waiting and len(group) < most:
        found = waiting[0].outcome()
        if isinstance(found, Prepared) and found.made is None:
            kind = kind or found.kind
            if found.kind != kind:
                break
        group.append((waiting.popleft(), found))
        if kind is None and not isinstance(found, Failure):
            break  # known already: give it back at once
    ready = [found for _, found in group if isinstance(found, Prepared) and found.made is None]
    computed = _computed(ready, options)
    telling.computed(computed)
    made = iter(computed)
    for place, found in group:
        if isinstance(found, Prepared):
            result = found.made or next(made)
            yield Failure(place.index, place.item, result) if isinstance(result, FpcacheError) else result
        else:
            yield found


def _computed(ready: Sequence[Prepared], options: Options) -> list[MediaFingerprint | FpcacheError]:
    """Compute items together; where that fails, one by one, so that one item spoils no other."""
    if not ready:
        return []
    try:
        return [*finished(ready, options)]
    except FpcacheError as error:
        if len(ready) == 1:
            return [bare(error)]
    return [result for item in ready for result in _computed([item], options)]


def bare(error: FpcacheError) -> FpcacheError:
    """Return an error without what led to it: frames would keep items alive, and can't be cached.

    Nor does it tell of places in memory, which no other process has.
    """
    return type(error)(*(without_addresses(one) if isinstance(one, str) else one for one in error.args))


async def afingerprint_batch(
    items: Iterable[Any],
    kind: Kind | None = None,
    *,
    workers: int | None = None,
    backend: str = THREADS,
    on_error: Literal["collect", "raise"] = "collect",
    device: Devices | None = None,
    vector: bool | None = None,
) -> AsyncIterator[MediaFingerprint | Failure]:
    """Yield what `fingerprint_each` does, while the event loop goes on; cancelling it cancels the rest."""
    each = fingerprint_each(
        items, kind, workers=workers, backend=backend, on_error=on_error, device=device, vector=vector
    )
    alone = threading.Lock()  # a step that was cancelled goes on to its end in its thread

    def step() -> MediaFingerprint | Failure | None:
        with alone:
            return next(each, None)

    def stop() -> None:
        with alone:
            each.close()

    try:
        while (result := await asyncio.to_thread(step)) is not None:
            yield result
    finally:
        await asyncio.shield(asyncio.to_thread(stop))


def _shown(each: Iterator[Any], items: Iterable[Any]) -> Iterator[Any]:
    """Show a bar, where tqdm is there."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return each
    total = len(items) if isinstance(items, Sized) else None
    shown: Iterator[Any] = iter(tqdm(each, total=total, unit="item"))
    return shown
