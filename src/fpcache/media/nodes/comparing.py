"""Nodes that find what is the same among fingerprints."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from fpcache.errors import MediaError
from fpcache.graph import GraphComponent
from fpcache.media.arguments import each_of
from fpcache.media.index.media_index import MediaIndex
from fpcache.media.nodes.making import algorithms, installed
from fpcache.media.records import KINDS, MediaFingerprint
from fpcache.media.words import in_words

__all__ = ["NearDuplicates", "SimilarityJoin"]

Given = Sequence[MediaFingerprint | None]


class _Comparing(GraphComponent):
    """What nodes that compare have in common."""

    @staticmethod
    def required_packages() -> list[str]:
        """Name what candidates and scores are computed with."""
        return installed(("numpy", "usearch"))

    @classmethod
    def fingerprint_addon(cls, config: Mapping[str, Any]) -> Any:
        """Return the algorithms' versions."""
        return algorithms(KINDS)

    def _given(self, fingerprints: Given) -> Iterator[MediaFingerprint | None]:
        """Yield what was given: a path, which counts by its name only, would give results of another time."""
        name = type(self).__name__
        for place, one in enumerate(each_of(fingerprints, f"{name} takes a list of fingerprints")):
            if one is not None and not isinstance(one, MediaFingerprint):
                raise MediaError(
                    f"{name} takes fingerprints, or None, and item {place} is {in_words(one)}; let a "
                    "MediaFingerprinter make them"
                )
            yield one

    @contextmanager
    def _indexed(self, fingerprints: Given) -> Iterator[MediaIndex]:
        """Put fingerprints into an index for the time being, by their places; what is None is left out."""
        with (
            tempfile.TemporaryDirectory(prefix="fpcache-media-") as folder,
            MediaIndex(Path(folder, "index"), candidates=self.config["candidates"]) as index,
        ):
            index.add_many(
                (str(n), one) for n, one in enumerate(self._given(fingerprints)) if one is not None
            )
            yield index


class NearDuplicates(_Comparing):
    """Gives groups of the same content: takes ``fingerprints``, gives a list of lists of their places.

    Places in a group ascend, and groups are in the order of their first places. What is None is in no group.

    Config
    ------
    threshold : float, optional
        The least score that counts; by default where its kind says that it is the same.
    candidates : int
        How many others each may be compared with, as in `MediaIndex`.
    """

    default_config: ClassVar[Mapping[str, Any]] = {"threshold": None, "candidates": 32}

    def run(self, fingerprints: Given) -> list[list[int]]:
        """Return the groups of two or more."""
        with self._indexed(fingerprints) as index:
            groups = index.find_duplicates(self.config["threshold"])
        return sorted(sorted(int(place) for place in group) for group in groups)


class SimilarityJoin(_Comparing):
    """Gives pairs of the same content: takes ``left`` and ``right``, fingerprints each.

    Config
    ------
    threshold : float, optional
        The least score that counts; by default where its kind says that it is the same.
    limit : int
        How many of the right each of the left is paired with at most, the best first.
    candidates : int
        How many each may be compared with, as in `MediaIndex`.
    """

    default_config: ClassVar[Mapping[str, Any]] = {"threshold": None, "limit": 10, "candidates": 32}

    def run(self, left: Given, right: Given) -> list[tuple[int, int, float]]:
        """Return ``(place in left, place in right, score)``, by the left's place and then the best first."""
        pairs = []
        with self._indexed(right) as index:
            for place, one in enumerate(self._given(left)):
                if one is not None:
                    found = index.search(one, self.config["limit"], self.config["threshold"])
                    pairs += [(place, int(match.id), match.similarity.score) for match in found]
        return pairs
