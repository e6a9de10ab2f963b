"""What an index asks of whatever keeps its items: a file, or a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from fpcache.errors import FpcacheError
from fpcache.media.index.items import Item
from fpcache.media.index.rows import Prepared
from fpcache.media.records import Kind, MediaFingerprint

__all__ = ["IndexStore", "Outcome", "Where"]

Outcome = tuple[Prepared, str] | FpcacheError
"""What is written of an item, its fingerprint and its metadata as JSON; or what is wrong with it."""

Where = Mapping[str, Any] | None


class IndexStore(Protocol):
    """Keeps items, and proposes those worth comparing; deciding is the index's part.

    Attributes
    ----------
    place : str
        Where the items are, in words for messages.
    kind : str or None
        The only kind that it takes.
    """

    place: str
    kind: Kind | None

    def insert(self, items: Sequence[tuple[Any, Outcome]], is_strict: bool) -> dict[int, FpcacheError]:
        """Write new items, and return by their places those that can't be; if strict, all or none."""

    def update(self, item_id: str, item: Prepared | None, metadata: str | None) -> None:
        """Replace what is given of an item; MediaError where there is none."""

    def delete(self, item_id: str) -> None:
        """Take an item out; MediaError where there is none."""

    def get(self, item_id: str) -> Item | None:
        """Return an item."""

    def has(self, item_id: str) -> bool:
        """Say whether there is such an item."""

    def count(self) -> int:
        """Return how many there are."""

    def candidates(self, asked: MediaFingerprint, where: Where, count: int) -> list[Item]:
        """Return what may be the same: all of few, else up to `count` by each feature.

        Raises
        ------
        MediaError
            If items of this kind are of another algorithm, which can't be compared.
        """

    def groups(self, where: Where, count: int, threshold: float | None) -> list[list[str]]:
        """Return the ids of what is the same, in groups, each in the order in which they were added."""

    def outdated(self) -> list[str]:
        """Return the ids of items of another algorithm than this version's."""

    def rebuild(self) -> None:
        """Make all that searching needs anew."""

    def finish(self) -> None:
        """Make now what would otherwise be made in the background."""

    def close(self) -> None:
        """Let go of files and connections."""
