"""What the magics say about a session, as text and pictures."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fpcache.errors import StoreError
from fpcache.session.report import ComponentReport, duration_text
from fpcache.store.entry import Entry
from fpcache.store.protocol import Store

if TYPE_CHECKING:
    from fpcache.config import FPCache
    from fpcache.session.session import Session

__all__ = ["find_entry", "listing", "settings", "size_text", "status", "why"]


def size_text(size_bytes: float) -> str:
    """Return a size as people write it.

    Examples
    --------
    >>> size_text(512), size_text(20_480), size_text(3_400_000_000)
    ('512 B', '20.0 KiB', '3.2 GiB')
    """
    for unit in ("B", "KiB", "MiB"):
        if size_bytes < 1024:
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1024
    return f"{size_bytes:.1f} GiB"


def status(session: Session) -> str:
    """Return the state of a session in a few lines."""
    services, totals = session.services, session.totals()
    mode = "on" if services.settings.auto else "off (%fpcache auto on)"
    lines = [
        f"fpcache: {'enabled' if session.is_enabled else 'disabled'}, automatic mode {mode}",
        f"  this session: {totals.hits} hits, {totals.misses} misses, {totals.uncacheable} uncacheable, "
        f"saved {duration_text(totals.time_saved_s)}, overhead {duration_text(totals.overhead_s)}",
        f"  cache: {_stored(services.store)}",
    ]
    faults = services.faults.messages[-3:]
    return "\n".join([*lines, *(f"  warning: {fault}" for fault in faults)])


def _stored(store: Store) -> str:
    try:
        stored = store.totals()
    except StoreError:
        return "can't be used"
    return f"{stored.entries} entries, {size_text(stored.size_bytes)}"


def why(session: Session, number: int | None) -> str:
    """Return why each component of the last cell, or the `number`-th, ended as it did."""
    rows = list(session.reports[-1]) if session.reports else []
    if not rows:
        return "fpcache: no cached cell has run yet"
    if number is None:
        return "\n".join(f"{index}. {_why_line(row)}" for index, row in enumerate(rows, 1))
    if not 1 <= number <= len(rows):
        return f"fpcache: the last cell has components 1 to {len(rows)}, not {number}"
    row = rows[number - 1]
    details = [f"  key: {row.key or 'none was needed'}", f"  took {duration_text(row.duration_s)}"]
    details += [f"  kept although it {reason}" for reason in row.waived]
    details += [f"  {note}" for note in row.notes]
    return "\n".join([_why_line(row), *details])


def _why_line(row: ComponentReport) -> str:
    return f"{row.name} (line {row.lines[0]}): {row.status}: {row.reason}"


def listing(store: Store, limit: int) -> str:
    """Return the newest entries as a table."""
    entries = store.entries(limit=limit)
    if not entries:
        return "fpcache: the cache is empty"
    lines = [f"{'N':>3}  {'component':<40}  {'size':>9}  {'took':>8}  {'age':>8}  "]
    lines += [f"{index:>3}  {_listed(entry)}" for index, entry in enumerate(entries, 1)]
    return "\n".join(lines)


def _listed(entry: Entry) -> str:
    age = duration_text(max(0.0, time.time() - entry.created_s))
    marks = " ".join(filter(None, (entry.name, "pinned" if entry.pinned else "")))
    return (
        f"{entry.label[:40]:<40}  {size_text(entry.size_bytes):>9}  "
        f"{duration_text(entry.duration_s):>8}  {age:>8}  {marks}"
    ).rstrip()


def find_entry(store: Store, text: str) -> Entry | None:
    """Return the entry with this number in `listing`, this name, or an id that begins so."""
    entries = store.entries()
    if text.isdigit() and 1 <= int(text) <= len(entries):
        return entries[int(text) - 1]
    return next((entry for entry in entries if entry.name == text or entry.entry_id.startswith(text)), None)


def settings(configurable: FPCache) -> str:
    """Return the settings with their values, in the form that changes them."""
    names = sorted(configurable.class_trait_names(config=True))
    lines = {name: f"%config FPCache.{name} = {getattr(configurable, name)!r}" for name in names}
    width = max(map(len, lines.values()))
    return "\n".join(f"{line:<{width}}  # {configurable.traits()[name].help}" for name, line in lines.items())
