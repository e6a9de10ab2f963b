"""Fingerprints of single items: what is asked for first, and what is cached."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from json import dumps, loads
from pathlib import Path
from typing import Any

from fpcache.errors import DeviceError, FpcacheError, MediaError
from fpcache.media.batches.backends import HERE, Backend
from fpcache.media.caching import Key, cache
from fpcache.media.devices import Devices
from fpcache.media.digests import digest_of_bytes
from fpcache.media.methods import Options, method
from fpcache.media.records import Kind, MediaFingerprint, Parts, Similarity
from fpcache.media.sources import Content, opened
from fpcache.media.words import without_addresses

__all__ = ["Prepared", "afingerprint", "fingerprint", "finished", "prepared", "similarity"]

_TRIES = 3


def fingerprint(
    source: Any, kind: Kind | None = None, *, device: Devices | None = None, vector: bool | None = None
) -> MediaFingerprint:
    """Return what finds an image, a sound, a video or a text again after it was changed.

    Content that was fingerprinted before is not decoded again: what is known is
    kept in memory and in fpcache's store, by the digest of the content.

    Parameters
    ----------
    source
        A path; bytes; an open file; a URL of any scheme that fsspec knows (``https:``, ``s3:``, ``ipfs:``
        with ipfsspec ...); a ``data:`` address; a Pillow image; an array or tensor of pixels, (height,
        width[, channels]) or (channels, height, width), whole numbers or 0 to 1; ``(samples, rate)`` for
        sound, samples of shape (n,) or (channels, n), rate in hertz; or a text.
    kind : str, optional
        ``"image"``, ``"audio"``, ``"video"`` or ``"text"``; else told by the content. ``"audio"`` of a
        video takes its sound track alone, ``"video"`` its pictures and its sound.
    device : str or sequence of str, optional
        Where networks run: ``"cpu"``, ``"cuda"`` (all cards), ``"cuda:1"``, ``["cuda:0", "cuda:1"]``; else as
        ``FPCACHE_DEVICE`` says, else on all cards where there are any.
    vector : bool, optional
        Whether an image's feature vector is made: by default where PyTorch and the weights are at hand;
        True raises where they aren't; False leaves it out, which is faster.

    Raises
    ------
    MediaError
        If the source can't be read, holds nothing, is damaged, or of no known kind; with what to do.
    DeviceError
        If the device asked for isn't there.

    Examples
    --------
    >>> line = "To be, or not to be, that is the question."
    >>> similarity(fingerprint(line), fingerprint(line.upper())).is_match
    True
    """
    options = Options(device, vector)
    return finished([prepared(source, kind, options)], options)[0]


@dataclass(frozen=True, slots=True)
class Prepared:
    """An item that was read: its fingerprint where that is known or made, else what was decoded.

    Attributes
    ----------
    kind, name : str
        Of which kind it is, and what messages call it.
    key : Key
        What it is kept under.
    decoded : object
        What the kind's method makes parts of.
    made : MediaFingerprint or None
        The fingerprint, where nothing is left to do.
    together : int
        How many such items are best computed together.
    """

    kind: Kind
    name: str
    key: Key
    decoded: Any = None
    made: MediaFingerprint | None = None
    together: int = 1


def prepared(source: Any, kind: Kind | None, options: Options, backend: Backend = HERE) -> Prepared:
    """Read and decode an item that isn't known; make it at once where many together gain nothing."""
    with _told_of(f"a {type(source).__name__}"):
        for _ in range(_TRIES):
            with opened(source, kind) as content, _told_of(content.name):
                item = _prepared(content, options, backend)
            if item is not None:
                return item
    raise MediaError(f"{content.name} changes while it is read; fingerprint it when it is written")


def _prepared(content: Content, options: Options, backend: Backend) -> Prepared | None:
    """Return what was made of the content; None where it changed since its digest was taken."""
    how = method(content.kind)
    model = how.model(options)
    key = Key(content.digest, how.algorithm, model_key(model))
    found = cache.get(key)
    if found is not None:
        return Prepared(content.kind, content.name, key, made=found)
    if isinstance(content.encoded, Path) and content.is_file_of(backend.most_read):
        data = content.encoded.read_bytes()
        if digest_of_bytes(data) != content.digest:
            return None
        content = replace(content, encoded=data)
    item = Prepared(content.kind, content.name, key, together=how.together(model))
    worked = backend.worked(content, how, model is not None)
    if worked is None:
        worked = how.worked(how.decode(content), model)
    if not content.is_unchanged():
        return None
    return replace(item, made=_kept(item, worked)) if how.partly is None else replace(item, decoded=worked)


def model_key(model: Any) -> str:
    """Say which network takes part and in what precision: others give other vectors."""
    if model is None:
        return ""
    return f"{model.name} {model.placement.kind} {model.placement.dtype}"


def finished(items: Sequence[Prepared], options: Options) -> list[MediaFingerprint]:
    """Return the fingerprints of items of one kind, those that are not made yet made together and kept."""
    new = {item.key: item for item in items if item.made is None}
    made: dict[Key, MediaFingerprint] = {}
    if new:
        how = method(items[0].kind)
        with _told_of(" and ".join(dict.fromkeys(item.name for item in new.values()))):
            parts = how.parts([item.decoded for item in new.values()], how.model(options))
        made = {key: _kept(item, one) for (key, item), one in zip(new.items(), parts, strict=True)}
    return [made[item.key].copy() if item.made is None else item.made for item in items]


def _kept(item: Prepared, parts: Parts) -> MediaFingerprint:
    # As it comes back from the store, to the order of its facts: a later cell is given what it was given. A
    # copy owns its arrays, too: parts may be rows of what was made of a whole batch.
    parts = replace(parts, metadata=loads(dumps(dict(parts.metadata), sort_keys=True)))
    made = MediaFingerprint(item.kind, item.key.digest, item.key.algorithm, parts).copy()
    cache.put(item.key, made, item.name)
    return made


@contextmanager
def _told_of(name: str) -> Iterator[None]:
    """Have errors say which item they are about; decoders raise whatever damage leads to."""
    try:
        yield
    except DeviceError:
        raise
    except FpcacheError as error:
        said = without_addresses(str(error))
        is_named = name in said or name.startswith("a ")
        if is_named and said == str(error):
            raise
        raise MediaError(said if is_named else f"{name}: {said}") from error
    except Exception as error:
        said = without_addresses(f"{type(error).__name__}: {error}")
        raise MediaError(f"{name} can't be fingerprinted ({said})") from error


async def afingerprint(
    source: Any, kind: Kind | None = None, *, device: Devices | None = None, vector: bool | None = None
) -> MediaFingerprint:
    """Do as `fingerprint` does in a thread of its own, while the event loop goes on."""
    return await asyncio.to_thread(fingerprint, source, kind, device=device, vector=vector)


def similarity(a: Any, b: Any) -> Similarity:
    """Return how alike two pieces of media are, and what that rests on.

    Parameters
    ----------
    a, b : MediaFingerprint or source
        Fingerprints, or what `fingerprint` takes.

    Raises
    ------
    MediaError
        If they are of different kinds, or were made by different versions.
    """
    a, b = (one if isinstance(one, MediaFingerprint) else fingerprint(one) for one in (a, b))
    if a.kind != b.kind:
        raise MediaError(
            f"an {a.kind} can't be compared with an {b.kind}; of a video take kind='audio' first"
        )
    if a.algorithm != b.algorithm:
        raise MediaError(
            f"fingerprints of {a.algorithm} and {b.algorithm} can't be compared; make the older one anew"
        )
    told = method(a.kind).compare(a.parts, b.parts)
    if a.digest != b.digest:
        return told
    return Similarity(1.0, told.threshold, {**told.evidence, "same_content": True})
