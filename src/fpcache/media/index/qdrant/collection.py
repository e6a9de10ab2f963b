"""The collection of an index on a server: made where there is none, refused where it is something else."""

from __future__ import annotations

import warnings
from typing import Any
from uuid import UUID

from fpcache.errors import MediaError, StoreUnavailableError
from fpcache.media.index.qdrant.connecting import qdrant
from fpcache.media.index.qdrant.points import CODE_BITS, vector_name
from fpcache.media.records import KINDS, Kind, MediaFingerprint

__all__ = ["agreed_kind", "ensure_vectors", "known_sizes", "made_or_found"]

_ABOUT = str(UUID(int=0))
_WHAT = "fpcache media index"
_FORMAT = 1
_INDEXED = ("kind", "algorithm", "digest", "words")


def made_or_found(client: Any, name: str, kind: Kind | None) -> None:
    """Make the collection unless it is there; another program's is left as it is.

    Raises
    ------
    StoreUnavailableError
        If it is no media index, or of a newer fpcache.
    """
    if not client.collection_exists(name):
        try:
            _make(client, name, kind)
        except Exception:
            if not client.collection_exists(name):
                raise
            # Another process was first.
    params = client.get_collection(name).config.params
    codes = params.vectors.get("codes") if isinstance(params.vectors, dict) else None
    if codes is None or "tokens" not in (params.sparse_vectors or {}):
        raise StoreUnavailableError(
            f"the collection {name!r} is no media index; it was left as it is: name another one"
        )
    if codes.size != CODE_BITS:
        raise StoreUnavailableError(
            f"the collection {name!r} keeps codes of {codes.size} bits, and a media index has {CODE_BITS}; "
            "name another one"
        )


def _make(client: Any, name: str, kind: Kind | None) -> None:
    models = qdrant().models
    several = models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM)
    codes = models.VectorParams(
        size=CODE_BITS, distance=models.Distance.MANHATTAN, datatype=models.Datatype.UINT8,
        multivector_config=several,
    )  # fmt: skip
    tokens = models.SparseVectorParams(modifier=models.Modifier.IDF)
    client.create_collection(
        name, vectors_config={"codes": codes}, sparse_vectors_config={"tokens": tokens}, on_disk_payload=True
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # in this process, without a server, they have no effect
        for field in _INDEXED:
            client.create_payload_index(name, field, models.PayloadSchemaType.KEYWORD)
    about = {"about": _WHAT, "format": _FORMAT, "of_kind": kind or ""}
    client.upsert(
        name, [models.PointStruct(id=_ABOUT, vector={}, payload=about)],
        update_mode=models.UpdateMode.INSERT_ONLY,
    )  # fmt: skip


def agreed_kind(client: Any, name: str, kind: Kind | None) -> Kind | None:
    """Return the only kind of the index, fixed when it is made; None where it takes all.

    Raises
    ------
    MediaError
        If another was asked for.
    StoreUnavailableError
        If it is no media index, or of a newer fpcache.
    """
    found = client.retrieve(name, [_ABOUT], with_payload=True)
    about = (found[0].payload or {}) if found else {}
    if about.get("about") != _WHAT or not isinstance(about.get("format"), int):
        raise StoreUnavailableError(
            f"the collection {name!r} is no media index, or was not made to its end; "
            "delete it, or name another one"
        )
    if about["format"] > _FORMAT:
        raise StoreUnavailableError(
            f"the collection {name!r} has format {about['format']}, and this fpcache knows {_FORMAT}; "
            "use a newer fpcache"
        )
    held = str(about.get("of_kind", ""))
    if kind is not None and held != kind:
        raise MediaError(
            f"this media index is for {held or 'all kinds'}, not for {kind} only; "
            "open it without kind=, or name another collection"
        )
    return next((each for each in KINDS if each == held), None)


def known_sizes(client: Any, name: str) -> dict[str, int]:
    """Return how many numbers the vectors of each name have."""
    return {one: vectors.size for one, vectors in client.get_collection(name).config.params.vectors.items()}


def ensure_vectors(client: Any, name: str, sizes: dict[str, int], made: MediaFingerprint) -> None:
    """See to it that the collection takes this one's vector; `sizes` is what is known, and is added to.

    Raises
    ------
    MediaError
        If it keeps vectors of this name that have another size.
    """
    if made.vector is None:
        return
    own = vector_name(made)
    if own not in sizes:
        sizes |= known_sizes(client, name)  # another process may have been first
    if own not in sizes:
        models = qdrant().models
        dense = models.DenseVectorConfig(
            size=made.vector.size, distance=models.Distance.COSINE, datatype=models.Datatype.FLOAT16
        )
        client.create_vector_name(name, own, models.DenseVectorNameConfig(dense=dense))
        sizes[own] = made.vector.size
    if sizes[own] != made.vector.size:
        raise MediaError(
            f"the collection {name!r} keeps vectors of {sizes[own]} numbers for {own}, and this one has "
            f"{made.vector.size}; fingerprint it with the same model, or name another collection"
        )
