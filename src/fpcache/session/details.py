"""One component looked at closely: what it read, gave and rests on, and what differs from before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from json import loads
from typing import TYPE_CHECKING, Any

from fpcache.errors import FpcacheError, StoreError
from fpcache.session.report import MISS, UNCACHEABLE, CellReport, ComponentReport
from fpcache.store.entry import Entry

if TYPE_CHECKING:
    from fpcache.session.session import Session

__all__ = ["component_details", "entry_facts", "source_difference"]

_DIGEST_SHOWN = 12
_MOST_COMPARED, _MOST_LINES, _AROUND = 5000, 400, 3
_MOST_INPUTS = 200


def component_details(session: Session, number: int, index: int) -> dict[str, Any]:
    """Return all that is known about a component of one of the last cells, as plain data.

    Parameters
    ----------
    session : Session
        The one that ran the cell.
    number : int
        The cell's number in the session.
    index : int
        The component's index in the cell.

    Raises
    ------
    FpcacheError
        If that cell was too long ago, or the component did not get its turn.
    """
    row = _row(session, number, index)
    evidence = row.evidence
    entry, earlier = _entry(session, evidence.entry_id), _entry(session, evidence.against)
    meta = loads(entry.meta) if entry is not None else {}
    reason, _, remedy = row.reason.partition("; ") if row.status == UNCACHEABLE else (row.reason, "", "")
    return {
        **row.as_dict(),
        "number": number,
        "index": index,
        "reason": reason,
        "remedy": remedy,
        "source": evidence.source,
        "code_digest": evidence.code_digest,
        "device": evidence.device,
        "where": evidence.where,
        "inputs": _inputs(evidence.inputs, evidence.packages, earlier if row.status == MISS else None),
        "outputs": [list(output) for output in evidence.outputs],
        "dependencies": _dependencies(entry, earlier if row.status == MISS else None, evidence.broken),
        "effects": [list(effect) for effect in meta.get("effects", ())],
        "mutated": [str(label) for label in meta.get("mutated", ())],
        "entry_is_gone": bool(evidence.entry_id) and entry is None,
        "entry": entry_facts(entry) if entry is not None else None,
        "earlier": entry_facts(earlier) if earlier is not None else None,
        "difference": source_difference(earlier.source, evidence.source) if earlier is not None else [],
    }


def _row(session: Session, number: int, index: int) -> ComponentReport:
    report: CellReport | None = session.report_of(number)
    if report is None:
        raise FpcacheError("that cell ran too long ago; only the last 100 are kept")
    if not 0 <= index < len(report.rows):
        raise FpcacheError("that component has not had its turn")
    return report.rows[index]


def _entry(session: Session, entry_id: str) -> Entry | None:
    try:
        return session.services.store.entry(entry_id) if entry_id else None
    except StoreError:
        return None


def entry_facts(entry: Entry) -> dict[str, Any]:
    """Return what people want to know of a stored entry, as plain data."""
    return {
        "entry_id": entry.entry_id,
        "created_s": entry.created_s,
        "duration_s": entry.duration_s,
        "size_bytes": entry.size_bytes,
        "hits": entry.hits,
        "saved_s": entry.saved_s,
        "pinned": entry.pinned,
        "label": entry.label,
        "cell": entry.cell,
        "cell_title": loads(entry.meta).get("title", ""),
        "notebook": entry.notebook,
        "name": entry.name,
        "code_digest": entry.code_digest,
        "used_s": entry.used_s,
    }


def _dependencies(entry: Entry | None, earlier: Entry | None, broken: Sequence[str]) -> list[dict[str, str]]:
    """Return what it depends on beyond its inputs, each with whether that changed since an earlier entry.

    ``change`` is as in the inputs. Where the run was not stored, only what the
    look-up came to is known: one thing changed, and what was before it in the entry holds.
    """
    now, old = _expected(entry), _expected(earlier)
    changes: dict[tuple[str, ...], str] = {}
    if earlier is None:
        changes |= dict.fromkeys(now, "")
    elif entry is None:
        changes |= {tuple(broken): "changed"} if tuple(broken) in old else {}
    else:
        changes |= {key: _change(old.get(key), expected) for key, expected in now.items()}
        changes |= dict.fromkeys(sorted(old.keys() - now.keys()), "gone")
    listed = [
        {"kind": kind.replace("_", " "), "name": name, "change": change}
        for (kind, name), change in changes.items()
    ]
    return sorted(listed, key=lambda record: record["change"] in ("", "same"))[:_MOST_INPUTS]


def _change(before: str | None, now: str) -> str:
    if before is None:
        return "new"
    return "same" if before == now else "changed"


def _expected(entry: Entry | None) -> dict[tuple[str, ...], str]:
    """Return what the dependencies of an entry were, by kind and name."""
    if entry is None:
        return {}
    return {(str(kind), str(name)): str(expected) for kind, name, expected in loads(entry.dependencies)}


def _inputs(
    now: Sequence[Mapping[str, str]], packages: Mapping[str, str], earlier: Entry | None
) -> list[dict[str, str]]:
    """Return the inputs, each with what it was in an earlier entry and whether it changed.

    ``change`` is ``"same"``, ``"changed"``, ``"new"`` or ``"gone"``; empty where none is compared.
    """
    if earlier is None:
        return [_input(record, None, "") for record in now[:_MOST_INPUTS]]
    records = [(record["kind"] == "package", record) for record in loads(earlier.meta).get("roots", ())]
    old = {record["key"]: record for is_package, record in records if not is_package}
    known = {record["key"] for record in now}
    gone = [_input(record, record, "gone") for key, record in old.items() if key not in known]
    versions = {record["key"]: record["summary"] for is_package, record in records if is_package}
    everything = [*_compared(now, old), *gone, *_compared_packages(packages, versions)]
    return sorted(everything, key=lambda record: record["change"] == "same")[:_MOST_INPUTS]


def _compared_packages(now: Mapping[str, str], old: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield the packages whose version changed."""
    for name, version in now.items():
        if old.get(name, version) != version:
            label = f"package {name}"
            record = {"label": label, "kind": "package", "summary": version, "digest": ""}
            yield _input(record, {"summary": old[name]}, "changed")


def _compared(now: Sequence[Mapping[str, str]], old: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for record in now:
        before = old.get(record["key"])
        if before is None:
            yield _input(record, None, "new")
        else:
            yield _input(record, before, _change(before["digest"], record["digest"]))


def _input(record: Mapping[str, str], before: Mapping[str, str] | None, change: str) -> dict[str, str]:
    now: Mapping[str, str] = {} if change == "gone" else record
    then: Mapping[str, str] = before or {}
    return {
        "label": record["label"],
        "kind": record["kind"],
        "summary": now.get("summary", ""),
        "head": now.get("head", ""),
        "digest": now.get("digest", "")[:_DIGEST_SHOWN],
        "before": then.get("summary", ""),
        "head_before": then.get("head", ""),
        "change": change,
    }


def source_difference(before: str, after: str) -> list[list[str]]:
    """Return the lines of two texts, each after ``" "``, ``"-"`` or ``"+"``; none where they are equal.

    Of equal lines only those near a difference are among them; ``"@"`` stands for the others.

    Examples
    --------
    >>> source_difference("a\\nb", "a\\nc")
    [[' ', 'a'], ['-', 'b'], ['+', 'c']]
    """
    old, new = before.splitlines()[:_MOST_COMPARED], after.splitlines()[:_MOST_COMPARED]
    lines: list[list[str]] = []
    end = 0
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(_AROUND):
        lines += [["@", ""]] if group[0][1] > end else []
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                lines += [[" ", line] for line in old[i1:i2]]
            else:
                lines += [["-", line] for line in old[i1:i2]] + [["+", line] for line in new[j1:j2]]
        end = group[-1][2]
    if end < len(old) and lines:
        lines.append(["@", ""])
    return [*lines[:_MOST_LINES], ["@", ""]] if len(lines) > _MOST_LINES else lines
