"""scikit-learn: estimators by parameters and fitted attributes.

Their own ``__getstate__`` adds the library's version, which belongs to the
packages and not to the value.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fpcache.fingerprints.encoder import Encoder
from fpcache.fingerprints.instances import encode_plain

__all__ = ["encode_estimator"]

_TEXTS = "sklearn.feature_extraction.text"
_CHECKED = frozenset({"_stop_words_id"})  # the address of the stop words that were checked


def encode_estimator(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode class and attributes; of a vectorizer not by which address it knows what it checked."""
    of_texts = any(base.__module__ == _TEXTS for base in type(obj).__mro__)
    return encode_plain(enc, obj, _CHECKED) if of_texts else encode_plain(enc, obj)
