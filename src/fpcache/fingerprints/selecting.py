"""A walk that asks, before each value, whether it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fpcache.fingerprints.encoder import Encoder
from fpcache.fingerprints.layout import Slot
from fpcache.fingerprints.records import Allowance, unlimited

__all__ = ["SelectingEncoder"]


class SelectingEncoder(Encoder):
    """An encoder that leaves out what it is told to.

    Parameters
    ----------
    name : str
        How paths begin.
    allowance : callable
        As for `Encoder`.
    ask : callable
        ``ask(path, value)`` returns None where the value counts, or a text that
        is fed in its place. Members of flat sequences are fed in bulk: for
        them nothing is asked.
    is_left_out : callable
        ``is_left_out(path, value, holder)`` tells of an attribute of an instance
        whether even its being there doesn't count; the holder is the instance's
        dict, or for a slot itself.
    counts_set_order : bool
        As the attribute of `Encoder`.
    """

    def __init__(
        self,
        name: str = "",
        allowance: Allowance = unlimited,
        *,
        ask: Callable[[str, object], str | None],
        is_left_out: Callable[[str, object, object], bool],
        counts_set_order: bool = False,
    ) -> None:
        super().__init__(name, allowance)
        self.counts_set_order = counts_set_order
        self._ask = ask
        self._is_left_out = is_left_out

    def attributes_of(self, held: dict[str, Any]) -> list[tuple[str, Any]]:
        """Return the attributes that count."""
        path = self.path()
        return [
            (key, value) for key, value in held.items() if not self._is_left_out(f"{path}.{key}", value, held)
        ]

    def slots_of(self, obj: Any, slots: tuple[Slot, ...]) -> Iterable[Slot]:
        """Return the slots that count."""
        path = self.path()
        return [slot for slot in slots if not self._is_left_out(f"{path}.{slot.name}", slot.read(obj), obj)]

    def _enter(self, child: Any) -> None:
        standing = self._ask(self.path(), child)
        if standing is None:
            super()._enter(child)
        else:
            self.feed("left out", standing)
