"""Judging sessions: what each component ended as, and that a cached run is a plain run."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from .results import CellResult, Row, Run

__all__ = ["assert_same", "differences", "expect", "first_difference"]


def expect(run: Run, table: Mapping[str, str] | str, *, all_counted: bool = False) -> None:
    """Check a component → status table.

    Parameters
    ----------
    run : Run
        The session.
    table : mapping or str
        Component to status, or to ``"status: part of the reason"``; as text one
        ``component | status`` a line. A component is named by its label or how
        that begins. One that ran several times has its statuses in order,
        between commas.
    all_counted : bool
        Whether components that are not in the table must be plain.
    """
    wanted = _parsed(table) if isinstance(table, str) else table
    rows = list(run.rows())
    problems = []
    told: set[int] = set()
    for name, expected in wanted.items():
        found = _named(rows, name)
        told |= {id(row) for row in found}
        problems += _mismatches(name, expected, found)
    if all_counted:
        problems += [
            f"not in the table: {_line(row)}" for row in rows if id(row) not in told and row.status != "plain"
        ]
    if problems:
        listing = "\n".join(f"  {_line(row)}" for row in rows) or "  (none; was fpcache loaded?)"
        raise AssertionError("\n".join(problems) + f"\nall components:\n{listing}")


def _parsed(table: str) -> dict[str, str]:
    lines = [line.rpartition("|") for line in table.strip().splitlines() if line.strip()]
    return {name.strip(): expected.strip() for name, _, expected in lines}


def _named(rows: list[Row], name: str) -> list[Row]:
    """Return the components with this label, or else those whose label begins so."""
    return [row for row in rows if row.name == name] or [row for row in rows if row.name.startswith(name)]


def _mismatches(name: str, expected: str, found: list[Row]) -> list[str]:
    if not found:
        return [f"no component begins with {name!r}"]
    status, _, reason = expected.partition(":")
    statuses = [part.strip() for part in status.split(",")]
    if [row.status for row in found] != (statuses * len(found) if len(statuses) == 1 else statuses):
        return [f"expected {name!r} to be {expected!r}; got " + "; ".join(map(_line, found))]
    if reason and not any(reason.strip() in row.reason for row in found):
        return [
            f"expected {name!r} with a reason like {reason.strip()!r}; got " + "; ".join(map(_line, found))
        ]
    return []


def _line(row: Row) -> str:
    return f"{row.status:<11} {row.name}  ({row.reason})"


def assert_same(
    plain: Run,
    cached: Run,
    *,
    ignore: Collection[str] = (),
    mask: str = "",
    states: bool = True,
    files: bool = True,
    faults: bool = True,
) -> None:
    """Check that a session can't be told from a plain one, but for time, and that the cache had no fault.

    Parameters
    ----------
    plain, cached : Run
        The two sessions.
    ignore : collection of str
        Names of the namespace whose values may differ.
    mask : str
        A regular expression; what it matches in texts that are shown may differ.
    states, files, faults : bool
        Whether random states, files and faults of the cache count.
    """
    found = differences(plain, cached, ignore=ignore, mask=mask, states=states, files=files)
    if faults:
        found += [f"the cache had a fault: {fault}" for fault in cached.faults]
    if found:
        raise AssertionError("the cached run differs from the plain one:\n" + "\n".join(found))


def differences(
    plain: Run,
    cached: Run,
    *,
    ignore: Collection[str] = (),
    mask: str = "",
    states: bool = True,
    files: bool = True,
) -> list[str]:
    """Return what differs between two sessions, in words."""
    found = _different_outputs(plain, cached, mask)
    found += _different_values(
        "namespace", _without(plain.namespace, ignore), _without(cached.namespace, ignore)
    )
    if states:
        found += _different_values("random state", _touched(plain), _touched(cached))
    if files:
        found += _different_files(plain.files, cached.files)
    for part in ("directory", "path", "environment"):
        found += _different_values(part, {part: plain.surroundings[part]}, {part: cached.surroundings[part]})
    return found


def _touched(run: Run) -> dict[str, str]:
    """Return the random states that mean something: a library may be imported by a run and not by a hit."""
    return {name: state for name, state in run.states.items() if state != "untouched"}


def _without(described: Mapping[str, Any], ignore: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in described.items() if name not in ignore}


def _different_outputs(plain: Run, cached: Run, mask: str) -> list[str]:
    if len(plain.cells) != len(cached.cells):
        return [f"{len(plain.cells)} cells ran plainly, {len(cached.cells)} with the cache"]
    found = []
    views = zip(plain.cells, cached.cells, plain.view(), cached.view(), strict=True)
    for number, (cell, other, shown, other_shown) in enumerate(views, 1):
        found += _different_ends(f"cell {number}", cell, other)
        found += _difference(f"cell {number}'s outputs", _masked(shown, mask), _masked(other_shown, mask))
    return found


def _different_ends(what: str, cell: CellResult, other: CellResult) -> list[str]:
    return _different_values(
        what, {"error": cell.error, "count": cell.count}, {"error": other.error, "count": other.count}
    )


def first_difference(plain: Run, cached: Run) -> tuple[int, list[str]]:
    """Return the first cell, from 1, after which two sessions differ, and in words how; 0 where they don't.

    Both jobs must have asked for ``each_cell``.
    """
    views = zip(plain.cells, cached.cells, plain.view(), cached.view(), strict=True)
    for number, (cell, other, shown, other_shown) in enumerate(views, 1):
        found = _different_ends("the cell", cell, other) + _difference("its output", shown, other_shown)
        for part, left in cell.left.items():
            there = other.left[part]
            if part == "namespace":
                left, there = _with_valid_registry(left, there), _with_valid_registry(there, left)
            if part == "random state":  # one that plain runs leave to chance may be any
                there = {name: state for name, state in there.items() if name in left}
            found += _different_values(part, left, there)
        if found:
            return number, found
    return 0, []


def _with_valid_registry(described: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out of the warnings that count as shown those that don't in the other session.

    Any change of the filters ends that for all that were shown before it, and
    libraries make such changes when they look something up for the first time:
    what is shown again tells.
    """
    there = other.get("__warningregistry__", [])
    return {
        name: [part for part in value if part in there] if name == "__warningregistry__" else value
        for name, value in described.items()
        if there or name != "__warningregistry__"
    }


def _masked(shown: Any, mask: str) -> Any:
    """Replace what may differ in texts."""
    if not mask:
        return shown
    if isinstance(shown, str):
        return re.sub(mask, "(masked)", shown)
    if isinstance(shown, list):
        return [_masked(item, mask) for item in shown]
    if isinstance(shown, dict):
        return {key: _masked(item, mask) for key, item in shown.items()}
    return shown


def _different_values(what: str, plain: Mapping[str, Any], cached: Mapping[str, Any]) -> list[str]:
    found = []
    for name in sorted({*plain, *cached}):
        if name not in plain or name not in cached:
            found.append(
                f"{what} `{name}` is there only in the {'cached' if name in cached else 'plain'} run"
            )
        else:
            found += _difference(f"{what} `{name}`", plain[name], cached[name])
    return found


def _difference(what: str, plain: Any, cached: Any) -> list[str]:
    if plain == cached:
        return []
    texts = [
        json.dumps(value, indent=1, default=repr, ensure_ascii=False).splitlines()
        for value in (plain, cached)
    ]
    lines = list(difflib.unified_diff(texts[0], texts[1], "plain", "cached", lineterm="", n=2))
    return [f"{what} differs:", *[f"    {line[:300]}" for line in lines[:60]]]


def _different_files(plain: Mapping[str, bytes], cached: Mapping[str, bytes]) -> list[str]:
    found = []
    for name in sorted({*plain, *cached}):
        if name not in plain or name not in cached:
            found.append(f"file {name} is there only after the {'cached' if name in cached else 'plain'} run")
        elif plain[name] != cached[name]:
            found.append(f"file {name} differs: {plain[name][:100]!r}, cached {cached[name][:100]!r}")
    return found
