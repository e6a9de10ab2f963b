"""Numbers that a library gives its displays, one after another.

scikit-learn numbers the HTML of each model, and a page in which two have the
same number mixes up their folds. So a recorded display is shown with the next
numbers that are free, and they are taken then.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from fpcache.errors import UncacheableError
from fpcache.replay.outputs import OutputLog

__all__ = ["marked", "named", "present", "refuse_told"]

_MODULES = ("sklearn.utils._repr_html.estimator", "sklearn.utils._estimator_html_repr")
_COUNTERS = ("_CONTAINER_ID_COUNTER", "_ESTIMATOR_ID_COUNTER")
_MARK = re.compile(r"\0fpcache ([\w-]+) number (\d+)\0")


def present() -> dict[str, int]:
    """Return the last number given, by what is written before it."""
    return {prefix: counter.count for prefix, counter in _counters().items()}


def marked(outputs: OutputLog, before: dict[str, int]) -> OutputLog:
    """Return outputs with marks in place of the numbers that were given since."""
    for prefix, last in _given(before).items():
        outputs = outputs.converted(_marking(prefix, before.get(prefix, 0), last))
    return outputs


def named(outputs: OutputLog) -> OutputLog:
    """Return outputs with the next numbers in place of marks, and take these."""
    counters, before = _counters(), present()

    def number(found: re.Match[str]) -> str:
        prefix, given = found[1], before.get(found[1], 0) + int(found[2])
        if prefix in counters:
            counters[prefix].count = max(counters[prefix].count, given)
        return f"{prefix}-{given}"

    return outputs.converted(lambda text: _MARK.sub(number, text) if "\0" in text else text)


def refuse_told(before: dict[str, int], stream: bytes) -> None:
    """Refuse a value that holds a number given since.

    Raises
    ------
    UncacheableError
        If one does.
    """
    for prefix in _given(before):
        if f"{prefix}-".encode() in stream:
            raise UncacheableError(
                f"its result holds a number that is given to one display after another (`{prefix}-…`); "
                "display the object itself"
            )


def _given(before: dict[str, int]) -> dict[str, int]:
    return {prefix: last for prefix, last in present().items() if last > before.get(prefix, 0)}


def _marking(prefix: str, before: int, last: int) -> Any:
    pattern = re.compile(rf"\b{re.escape(prefix)}-(\d+)\b")

    def mark(found: re.Match[str]) -> str:
        given = int(found[1]) - before
        return f"\0fpcache {prefix} number {given}\0" if 0 < given <= last - before else found[0]

    return lambda text: pattern.sub(mark, text) if prefix in text else text


def _counters() -> dict[str, Any]:
    """Return scikit-learn's counters by their prefix; nothing where it has shown no model yet."""
    modules = [sys.modules[name] for name in _MODULES if name in sys.modules]
    found = [getattr(module, name, None) for module in modules for name in _COUNTERS]
    return {one.prefix: one for one in found if one is not None}
