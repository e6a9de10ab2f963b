"""What was found, as text for people and as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from fpcache.session.report import duration_text
from fpcache.testing.sessions.results import Row

from .bounds import DearStatement
from .checking import CachedRun, NotebookCheck
from .verdicts import Verdict

__all__ = ["as_json", "check_text", "verdict_text"]

FORMAT = 1
_STATUSES = ("hit", "miss", "uncacheable", "plain")
_COUNT_HEADS = "   hit  miss  refused  plain"
_MOST_DIFFERENCES = 20
_MOST_STATEMENTS = 15


def check_text(check: NotebookCheck) -> str:
    """Return the account of one notebook."""
    return "\n".join([f"{check.notebook.path}: {_summary(check)}", *_indented(_account(check)), ""])


def _summary(check: NotebookCheck) -> str:
    wrong = [run for run in check.runs if run.is_wrong]
    if wrong:
        return f"DIFFERS from plain runs in {len(wrong)} of {len(check.runs)} cached runs"
    return f"the same as without the cache in {len(check.runs)} cached runs"


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}".rstrip() for line in lines)


def _account(check: NotebookCheck) -> Iterator[str]:
    yield f"ran in {check.copied}"
    if check.notebook.parameters:
        yield f"with {', '.join(f'{name} = {value!r}' for name, value in check.notebook.parameters.items())}"
    if check.plain[-1].stopped:
        yield f"{check.plain[-1].stopped}, so the cells after it were not run (in any run)"
    if check.unstable:
        yield f"not deterministic (plain runs differ there too): {', '.join(check.unstable)}"
    yield from (f"not tried: {skipped}" for skipped in check.skipped)
    yield from _table(check)
    yield from _gain_lines(check)
    yield from _statement_lines(check)
    for run in check.runs:
        yield from _difference_lines(run)
        faults = run.told.faults if run.told else ()
        yield from (f"the cache had a fault, {run.name}: {fault}" for fault in faults)


def _table(check: NotebookCheck) -> Iterator[str]:
    width = max(len(run.name) for run in check.runs)
    yield ""
    yield f"{'run':<{width}}  {'plain':>8}  {'cached':>8}  {'times as fast':>13}{_COUNT_HEADS}"
    for run in check.runs:
        if run.told is None:
            yield f"{run.name:<{width}}  {duration_text(run.plain_s):>8}  {run.fault}"
            continue
        counts = _counts(run)
        speed = run.plain_s / max(run.told.duration_s, 1e-9)
        yield (
            f"{run.name:<{width}}  {duration_text(run.plain_s):>8}  {duration_text(run.told.duration_s):>8}"
            f"  {speed:>13.2f}  {counts['hit']:>4}  {counts['miss']:>4}  {counts['uncacheable']:>7}"
            f"  {counts['plain']:>5}{'  DIFFERS' if run.differences else ''}"
        )


def _counts(run: CachedRun) -> Counter[str]:
    return Counter(row.status for row in run.told.run.rows()) if run.told else Counter()


def _gain_lines(check: NotebookCheck) -> Iterator[str]:
    gain = check.gain
    yield ""
    overhead = gain.cold_overhead
    if overhead is not None:
        yield f"cold overhead {overhead:.1%} of {duration_text(gain.plain_s)}"
    spent = ", ".join(
        f"{name} {duration_text(seconds)}"
        for name, seconds in zip(("cold", "warm", "warm again"), gain.spent_s, strict=False)
        if seconds is not None
    )
    yield f"attainable {duration_text(gain.attainable_s)}, of which were spent: {spent}"


def _statement_lines(check: NotebookCheck) -> Iterator[str]:
    """Tell the dear statements that were not replayed in the last warm run of the unchanged notebook."""
    left = [one for one in check.gain.statements if not _hits(one)]
    if left:
        yield "dear statements that do not hit in the second warm run:"
    for one in sorted(left, key=lambda one: -one.plain_s)[:_MOST_STATEMENTS]:
        row = _last_row(one)
        status, name, reason = (row.status, row.name, row.reason) if row else ("not seen", "", "")
        reason = one.excluded or reason
        took = f"{duration_text(one.plain_s):>7}"
        yield f"  cell {one.cell}, line {one.line}: {took}  {status:<11} {name}  ({reason})"
    if len(left) > _MOST_STATEMENTS:
        yield f"  and {len(left) - _MOST_STATEMENTS} more"


def _last_row(one: DearStatement) -> Row | None:
    return next((row for row in reversed(one.rows) if row is not None), None)


def _hits(one: DearStatement) -> bool:
    row = _last_row(one)
    return row is not None and row.status == "hit"


def _difference_lines(run: CachedRun) -> Iterator[str]:
    if run.is_wrong:
        yield ""
        yield f"DIFFERENT, {run.name}: {run.fault}".rstrip(" :")
    for difference in run.differences[:_MOST_DIFFERENCES]:
        yield f"  {difference}"
    if len(run.differences) > _MOST_DIFFERENCES:
        yield f"  and {len(run.differences) - _MOST_DIFFERENCES} more"


def verdict_text(found: Sequence[Verdict]) -> str:
    """Return the bounds, one a line."""
    lines = [
        f"  {'met   ' if one.is_met else 'BROKEN'}  {one.bound}{f': {one.found}' if one.found else ''}"
        for one in found
    ]
    return "\n".join(["bounds of cost and gain", *lines])


def as_json(checks: Sequence[NotebookCheck], found: Sequence[Verdict]) -> dict[str, Any]:
    """Return everything as plain data; ``docs/checking.md`` has the schema."""
    return {
        "format": FORMAT,
        "is_wrong": any(check.is_wrong for check in checks),
        "notebooks": [_check_data(check) for check in checks],
        "bounds": [{"bound": one.bound, "is_met": one.is_met, "found": one.found} for one in found],
    }


def _check_data(check: NotebookCheck) -> dict[str, Any]:
    gain = check.gain
    return {
        "path": str(check.notebook.path),
        "is_wrong": check.is_wrong,
        "parameters": {name: repr(value) for name, value in check.notebook.parameters.items()},
        "copied": check.copied,
        "stopped": check.plain[-1].stopped,
        "not_deterministic": list(check.unstable),
        "not_tried": list(check.skipped),
        "plain_s": gain.plain_s,
        "cold_overhead": gain.cold_overhead,
        "attainable_s": gain.attainable_s,
        "spent_s": dict(zip(("cold", "warm", "warm again"), gain.spent_s, strict=False)),
        "runs": [_run_data(run) for run in check.runs],
        "statements": [_statement_data(one) for one in gain.statements],
    }


def _run_data(run: CachedRun) -> dict[str, Any]:
    counts, told = _counts(run), run.told
    return {
        "run": run.name,
        "is_wrong": run.is_wrong,
        "fault": run.fault,
        "plain_s": run.plain_s,
        "cached_s": told.duration_s if told else None,
        "overhead_s": told.overhead_s if told else None,
        "counts": {status: counts[status] for status in _STATUSES},
        "cache_faults": list(told.faults) if told else [],
        "differences": [
            {"place": one.place, "path": list(one.path), "plain": one.plain, "cached": one.other}
            for one in run.differences
        ],
        "components": [
            {"cell": number, **_row_data(row)}
            for number, cell in enumerate(told.run.cells if told else (), 1)
            for row in cell.rows
        ],
    }


def _row_data(row: Row) -> dict[str, Any]:
    told = {name: row.facts.get(name) for name in ("duration_s", "saved_s", "size_bytes", "stored")}
    return {"name": row.name, "lines": list(row.lines), "status": row.status, "reason": row.reason, **told}


def _statement_data(one: DearStatement) -> dict[str, Any]:
    rows = [None if row is None else {"status": row.status, "reason": row.reason} for row in one.rows]
    return {
        "cell": one.cell,
        "line": one.line,
        "plain_s": one.plain_s,
        "excluded": one.excluded,
        **dict(zip(("cold", "warm", "warm again"), rows, strict=False)),
    }
