"""Which parts of an instance count: all of them, unless an encoder says otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fpcache.fingerprints.layout import Slot

__all__ = ["CountsAll"]


class CountsAll:
    """Lets all attributes and slots of instances count."""

    def attributes_of(self, held: dict[str, Any]) -> list[tuple[str, Any]]:
        """Return the attributes of the instance at the present place that count."""
        return list(held.items())

    def slots_of(self, obj: Any, slots: tuple[Slot, ...]) -> Iterable[Slot]:
        """Return the slots of the instance at the present place that count."""
        return slots
