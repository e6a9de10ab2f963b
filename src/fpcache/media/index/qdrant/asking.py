"""What a server is asked: filters, and the searches that propose candidates, all in one request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from fpcache.media.index.features import asked_features, has_features
from fpcache.media.index.qdrant.connecting import qdrant
from fpcache.media.index.qdrant.filters import pushed_down
from fpcache.media.index.qdrant.points import oriented, sparse, vector_name
from fpcache.media.index.stores import Where
from fpcache.media.records import KINDS, Kind, MediaFingerprint

__all__ = ["item_filter", "proposed_ids", "scrolled"]

_PAGE = 256


def item_filter(
    kind: Kind | None = None,
    algorithm: str | None = None,
    where: Where = None,
    *,
    but_algorithm: str | None = None,
) -> Any:
    """Return the filter of items of a kind and an algorithm, or of all but that, with such metadata."""
    models = qdrant().models

    def is_one_of(field: str, *values: str) -> Any:
        return models.FieldCondition(key=field, match=models.MatchAny(any=list(values)))

    must, must_not = pushed_down(where)
    must.append(is_one_of("kind", *([kind] if kind else KINDS)))
    if algorithm is not None:
        must.append(is_one_of("algorithm", algorithm))
    if but_algorithm is not None:
        must_not.append(is_one_of("algorithm", but_algorithm))
    return models.Filter(must=must, must_not=must_not)


def scrolled(client: Any, name: str, chosen: Any, fields: Any = True) -> Iterator[Any]:
    """Yield all points that a filter chooses, page by page."""
    offset = None
    while True:
        points, offset = client.scroll(
            name, scroll_filter=chosen, limit=_PAGE, offset=offset, with_payload=fields, with_vectors=False
        )
        yield from points
        if offset is None:
            return


def proposed_ids(
    client: Any, name: str, asked: MediaFingerprint, where: Where, count: int, sizes: dict[str, int]
) -> list[str]:
    """Return the names of points worth comparing: all of few, else up to `count` by each feature."""
    chosen = item_filter(asked.kind, asked.algorithm, where)
    few, _ = client.scroll(
        name, scroll_filter=chosen, limit=count + 1, with_payload=False, with_vectors=False
    )
    if len(few) <= count:
        return [point.id for point in few]
    if not has_features(asked.kind):
        return [point.id for point in scrolled(client, name, chosen, fields=False)]
    models = qdrant().models
    same = models.FieldCondition(key="digest", match=models.MatchValue(value=asked.digest))
    equal = models.Filter(must=[same, chosen])
    found, _ = client.scroll(name, scroll_filter=equal, limit=count, with_payload=False, with_vectors=False)
    ids = {point.id: None for point in found}
    requests = _requests(asked, chosen, count, sizes)
    for answer in client.query_batch_points(name, requests) if requests else []:
        ids |= dict.fromkeys(point.id for point in answer.points)
    return list(ids)


def _requests(asked: MediaFingerprint, chosen: Any, count: int, sizes: dict[str, int]) -> list[Any]:
    """Return a search by each feature, and one for each orientation of each code."""
    features, searches = asked_features(asked), []
    if len(features.tokens):
        searches.append(("tokens", sparse(features.tokens)))
    searches += [("codes", [bits.tolist()]) for bits in oriented(features.codes)]
    vector = asked.vector
    if vector is not None and sizes.get(vector_name(asked)) == vector.size:
        searches.append((vector_name(asked), vector.astype(np.float32).tolist()))
    return [
        qdrant().models.QueryRequest(
            query=query, using=using, limit=count, filter=chosen, with_payload=False, with_vector=False
        )
        for using, query in searches
    ]
