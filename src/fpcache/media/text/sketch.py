"""A sample of a set of hashes, small and the same for the same set, by which two sets are compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Overlap", "Sketch", "Sketcher", "overlap"]

_EVERYTHING = (1 << 64) - 1
_PENDING = 1 << 17


@dataclass(frozen=True, slots=True)
class Sketch:
    """All members of a set of hashes that are below a limit.

    Attributes
    ----------
    values : ndarray
        uint64, ascending, each once.
    limit : int
        Every member of the set that is less than it is among `values`.
    """

    values: np.ndarray
    limit: int

    @property
    def is_complete(self) -> bool:
        """Whether it holds the whole set."""
        return self.limit == _EVERYTHING

    @property
    def members(self) -> float:
        """Estimated size of the whole set."""
        return self.values.size * (_EVERYTHING / self.limit)


def _distinct(values: np.ndarray) -> np.ndarray:
    # For hashes sorting is faster than what np.unique does.
    values = np.sort(values)
    return values[np.flatnonzero(np.diff(values, prepend=~values[:1]))]


class Sketcher:
    """Makes a sketch of hashes that come in blocks, in bounded memory.

    Parameters
    ----------
    least : int
        How many of the smallest hashes are kept in any case: a small set is kept whole.
    one_in : int
        Of a large set, one in so many is kept, so that a small part of it can still be recognised ...
    most : int
        ... until that would be more than this many.

    References
    ----------
    Broder 1997 (smallest hashes), Irber et al. 2022 (a fixed fraction of all hashes: FracMinHash).
    """

    def __init__(self, least: int, one_in: int, most: int) -> None:
        self._least, self._most = least, most
        self._fraction = _EVERYTHING // one_in
        self._sketch = Sketch(np.zeros(0, np.uint64), _EVERYTHING)
        self._pending: list[np.ndarray] = []

    def add(self, hashes: np.ndarray) -> None:
        """Take in a block of hashes; repeated ones count once."""
        self._pending.append(hashes[hashes < np.uint64(self._sketch.limit)])
        if sum(block.size for block in self._pending) > _PENDING:
            self._settle()

    def result(self) -> Sketch:
        """Return the sketch of all that was added."""
        self._settle()
        return self._sketch

    def _settle(self) -> None:
        hashes = np.concatenate([self._sketch.values, *self._pending])
        self._pending = []
        guess = self._guess(hashes.size)
        values = _distinct(hashes[hashes < np.uint64(guess)])
        if guess < self._sketch.limit and values.size <= self._least:  # many were repeated
            guess = self._sketch.limit
            values = _distinct(hashes)
        limit = self._limit(values, guess)
        self._sketch = Sketch(values[: np.searchsorted(values, np.uint64(limit))], limit)

    def _guess(self, size: int) -> int:
        """Return a limit below which enough of `size` hashes lie, if few are equal: saves sorting all."""
        share = min(1.0, 4 * self._least / max(size, 1))
        return min(self._sketch.limit, max(int(share * self._sketch.limit), self._fraction))

    def _limit(self, values: np.ndarray, limit: int) -> int:
        if values.size > self._least:
            limit = min(limit, max(int(values[self._least]), self._fraction))
        if values.size > self._most:
            limit = min(limit, int(values[self._most]))
        return limit


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two sketches say of two sets.

    Attributes
    ----------
    shared, in_a, in_b : int
        Sampled members of both sets, of the one and of the other.
    members_a, members_b : float
        Estimated sizes of the whole sets.
    """

    shared: int
    in_a: int
    in_b: int
    members_a: float
    members_b: float

    @property
    def resemblance(self) -> float:
        """Estimated share of the union that is in both (Jaccard)."""
        union = self.in_a + self.in_b - self.shared
        return self.shared / union if union else 0.0

    @property
    def a_in_b(self) -> float:
        """Estimated share of the first set that is in the second."""
        return self.shared / self.in_a if self.in_a else 0.0

    @property
    def b_in_a(self) -> float:
        """Estimated share of the second set that is in the first."""
        return self.shared / self.in_b if self.in_b else 0.0


def overlap(a: Sketch, b: Sketch) -> Overlap:
    """Count what two sketches have in common, below the limit up to which both are complete."""
    limit = np.uint64(min(a.limit, b.limit))
    first, second = (sketch.values[: np.searchsorted(sketch.values, limit)] for sketch in (a, b))
    small, large = (first, second) if first.size <= second.size else (second, first)
    if not small.size:
        return Overlap(0, first.size, second.size, a.members, b.members)
    places = np.searchsorted(large, small)
    places[places == large.size] = 0
    shared = int(np.count_nonzero(large[places] == small))
    return Overlap(shared, first.size, second.size, a.members, b.members)
