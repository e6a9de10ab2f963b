"""A warnings filter that is asked about every warning and matches none."""

from __future__ import annotations

import re
import threading
from typing import Any

__all__ = ["Raised", "is_spy", "make_spy"]

_NEVER = "(?!)"  # a pattern that matches no text


class Raised:
    """Warnings in the order in which the filters were asked about them.

    Attributes
    ----------
    is_active : bool
        Whether anything is noted still.
    found : dict
        Text, module and class.
    unknown : dict
        Classes of warnings about which only a copy of the filter was asked:
        libraries copy filters into threads, by the source of their patterns.
    """

    def __init__(self) -> None:
        self.is_active = True
        self.found: dict[tuple[str, str, type[Warning]], None] = {}
        self.unknown: dict[type[Warning], None] = {}
        self._parts = threading.local()

    def note_part(self, part: str, text: str) -> None:
        """Take in the text or the module of the warning that this thread asks about."""
        if self.is_active:
            setattr(self._parts, part, text)

    def note(self, category: type) -> None:
        """Take in its class, which comes last."""
        if not self.is_active or not issubclass(category, Warning):
            return
        text, module = getattr(self._parts, "text", None), getattr(self._parts, "module", None)
        self._parts.text = self._parts.module = None
        if text is None or module is None:
            self.unknown[category] = None
        else:
            self.found[text, module, category] = None


class _Texts:
    """Stands where a filter has its pattern for messages, or for modules."""

    pattern = _NEVER
    flags = 0

    def __init__(self, raised: Raised, part: str) -> None:
        self._raised, self._part = raised, part

    def match(self, text: str) -> None:
        self._raised.note_part(self._part, text)


class _Asked(type):
    """The type of a class that is asked, as a filter's category, about each warning's class."""

    raised: Raised

    def __subclasscheck__(cls, category: type) -> bool:
        cls.raised.note(category)
        return False


class _Spy(tuple[Any, ...]):
    """A filter that only listens; a copy sent to another process is an ordinary one that matches nothing."""

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (("default", re.compile(_NEVER), Warning, None, 0),)


def make_spy(raised: Raised) -> Any:
    """Return a filter that notes what it is asked about."""
    category = _Asked("Category", (Warning,), {})
    category.raised = raised
    return _Spy(("default", _Texts(raised, "text"), category, _Texts(raised, "module"), 0))


def is_spy(found: Any) -> bool:
    """Whether a filter is such a one, or a copy of one."""
    return isinstance(found, tuple) and len(found) == 5 and isinstance(found[2], _Asked)
