"""What became of each component, for people and for programs."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from json import dumps

from fpcache.events import CellStarted

__all__ = ["CellReport", "ComponentReport", "Evidence", "Stats"]

HIT, MISS, UNCACHEABLE, PLAIN, PRUNED = "hit", "miss", "uncacheable", "plain", "pruned"


@dataclass(slots=True)
class Evidence:
    """What a decision rests on; inputs and outputs are noted while a dashboard is open.

    Attributes
    ----------
    source : str
        The component's code.
    code_digest : str
        Hex digest of the code.
    entry_id : str
        The stored entry that was replayed, or made.
    against : str
        The stored entry that a miss was compared with.
    broken : tuple of (str, str)
        Kind and name of the dependency of that entry that did not hold; empty where it was none.
    inputs : list of dict
        Label, kind, summary, first elements and digest of each thing it reads.
    packages : dict
        Versions of the distributions that the code reaches.
    outputs : list of (str, str, str)
        Names that it bound, each with a few words on the value and its first elements.
    device : str
        Where its arrays are.
    where : str
        The address of the worker that ran it; empty for this process.
    failed : bool
        Whether it raised.
    last_index : int
        Index of the last component that it took in; its own where it took in none.
    """

    source: str = ""
    code_digest: str = ""
    entry_id: str = ""
    against: str = ""
    broken: tuple[str, ...] = ()
    inputs: list[dict[str, str]] = field(default_factory=list)
    packages: dict[str, str] = field(default_factory=dict)
    outputs: list[tuple[str, str, str]] = field(default_factory=list)
    device: str = ""
    where: str = ""
    failed: bool = False
    last_index: int = 0


@dataclass(slots=True)
class ComponentReport:
    """One component of one cell.

    Attributes
    ----------
    name : str
        The component in a few words, such as ``model = fit(X)``.
    lines : tuple of int
        First and last line in the cell.
    status : str
        ``hit``, ``miss``, ``uncacheable`` or ``plain``; of a hand-written graph's node also ``pruned``.
    reason : str
        Why, in words.
    key : str
        The fingerprint key; empty where none was computed.
    duration_s, saved_s : float
        Seconds it took; seconds that the hit saved.
    size_bytes : int
        Bytes stored or restored.
    stored : bool
        Whether the run was stored.
    waived : list of str
        What an explicit ``%%fpcache`` keeps although it may be other now.
    evidence : Evidence
        What the decision rests on, for those who look closer.
    """

    name: str
    lines: tuple[int, int]
    status: str = ""
    reason: str = ""
    key: str = ""
    duration_s: float = 0.0
    saved_s: float = 0.0
    size_bytes: int = 0
    stored: bool = False
    notes: list[str] = field(default_factory=list)
    waived: list[str] = field(default_factory=list)
    evidence: Evidence = field(default_factory=Evidence, repr=False)

    def as_dict(self) -> dict[str, object]:
        """Return the row as plain data, without its evidence."""
        fields = asdict(self)
        del fields["evidence"]
        return fields


@dataclass(slots=True)
class CellReport:
    """The components of one cell, in order; iterable, with text and HTML pictures."""

    cell: str = ""
    rows: list[ComponentReport] = field(default_factory=list)
    number: int = 0
    planned: CellStarted | None = field(default=None, repr=False)
    overhead_s: float = 0.0
    faults: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[ComponentReport]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> ComponentReport:
        return self.rows[index]

    def as_dicts(self) -> list[dict[str, object]]:
        """Return all rows as plain data."""
        return [row.as_dict() for row in self.rows]

    def to_json(self) -> str:
        """Return all rows as JSON text."""
        return dumps(self.as_dicts())

    def counts(self) -> Counter[str]:
        """Return how many components ended in each status."""
        return Counter(row.status for row in self.rows)

    @property
    def saved_s(self) -> float:
        """Seconds saved by this cell's hits."""
        return sum(row.saved_s for row in self.rows)

    def forecast(self) -> str:
        """Return what a dry run says: a line of totals, then one line a component."""
        counts = self.counts()
        parts = [
            f"{counts[status]} {status}"
            for status in (HIT, MISS, UNCACHEABLE, PLAIN, "unknown")
            if counts[status]
        ]
        lines = [f"fpcache: dry run, nothing was run: {', '.join(parts) or 'nothing to do'}"]
        width = min(44, max((len(row.name) for row in self.rows), default=0))
        lines += [
            f"  {row.status:<11} {row.name[:width]:<{width}}  line {row.lines[0]:<3} {row.reason}"
            for row in self.rows
        ]
        return "\n".join(lines)

    def status_line(self) -> str:
        """Return one line: ``fpcache: 5 hits, 1 miss (df changed), saved 12.4 s``."""
        counts = self.counts()
        hits, misses, refused = counts[HIT], counts[MISS], counts[UNCACHEABLE]
        parts = [f"{hits} hit{'' if hits == 1 else 's'}"]
        if misses:
            parts.append(f"{misses} miss{'' if misses == 1 else 'es'} ({self._first_reason(MISS)})")
        if refused:
            parts.append(f"{refused} uncacheable ({self._first_reason(UNCACHEABLE)})")
        if not (hits or misses or refused):
            parts = (
                [f"{counts[PLAIN]} plain ({self._first_reason(PLAIN)})"]
                if counts[PLAIN]
                else ["nothing to do"]
            )
        if hits:
            parts.append(f"saved {duration_text(self.saved_s)}")
        return "fpcache: " + ", ".join(parts) + self._waived()

    def badge(self, faults: Sequence[str] = ()) -> tuple[str, str]:
        """Return the status line, with the faults, as text, and as HTML that opens to the components."""
        lines = [self.status_line(), *(f"fpcache: warning: {fault}" for fault in faults)]
        summary = "<br>".join(map(html.escape, lines))
        return "\n".join(lines), f"<details><summary>{summary}</summary>{self._repr_html_()}</details>"

    def _waived(self) -> str:
        """Say that something is kept which may be other now."""
        waived = list(dict.fromkeys(reason for row in self.rows for reason in row.waived))
        if not waived:
            return ""
        more = f" and {len(waived) - 1} more" if len(waived) > 1 else ""
        return f"; keeps what the recorded run saw though it {waived[0]}{more} (--ttl 1h limits for how long)"

    def _first_reason(self, status: str) -> str:
        return next(row.reason for row in self.rows if row.status == status)

    def __repr__(self) -> str:
        if not self.rows:
            return "fpcache: no cell has run yet"
        lines = [self.status_line()]
        width = min(44, max(len(row.name) for row in self.rows))
        for row in self.rows:
            timing = (
                f"saved {duration_text(row.saved_s)}" if row.status == HIT else duration_text(row.duration_s)
            )
            lines.append(
                f"  {row.status:<11} {row.name[:width]:<{width}}  "
                f"line {row.lines[0]:<3} {timing:>13}  {row.reason}"
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(
            f"<th>{title}</th>" for title in ("component", "line", "status", "time", "saved", "reason")
        )
        body = "".join(_html_row(row) for row in self.rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _html_row(row: ComponentReport) -> str:
    cells = (
        f"<code>{html.escape(row.name)}</code>",
        str(row.lines[0]),
        row.status,
        duration_text(row.duration_s),
        duration_text(row.saved_s) if row.saved_s else "",
        html.escape(row.reason),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def duration_text(duration_s: float) -> str:
    """Return a duration as people write it.

    Examples
    --------
    >>> duration_text(0.0031), duration_text(12.44), duration_text(150)
    ('3 ms', '12.4 s', '2.5 min')
    """
    if duration_s < 0.9995:
        return f"{duration_s * 1000:.0f} ms"
    if duration_s < 120:
        return f"{duration_s:.1f} s"
    return f"{duration_s / 60:.1f} min"


@dataclass(slots=True)
class Stats:
    """Totals of this kernel's session.

    Attributes
    ----------
    hits, misses, uncacheable, plain : int
        How many components ended so.
    time_saved_s, overhead_s : float
        Seconds that hits saved, and that the cache itself took.
    size_bytes : int
        What the store holds.
    stored_bytes, restored_bytes : int
        What this session stored, and what it restored.
    """

    hits: int = 0
    misses: int = 0
    uncacheable: int = 0
    time_saved_s: float = 0.0
    overhead_s: float = 0.0
    size_bytes: int = 0
    plain: int = 0
    stored_bytes: int = 0
    restored_bytes: int = 0

    def add(self, report: CellReport) -> None:
        """Count one more cell in."""
        counts = report.counts()
        self.hits += counts[HIT]
        self.misses += counts[MISS]
        self.uncacheable += counts[UNCACHEABLE]
        self.plain += counts[PLAIN]
        self.stored_bytes += sum(row.size_bytes for row in report.rows if row.stored)
        self.restored_bytes += sum(row.size_bytes for row in report.rows if row.status == HIT)
        self.time_saved_s += report.saved_s
        self.overhead_s += report.overhead_s
