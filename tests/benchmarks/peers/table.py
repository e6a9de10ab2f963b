"""The outcomes as tables, between two markers of a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from .catalogue import Peer
from .judging import ERROR, NEEDLESS, NOT_APPLICABLE, RIGHT, TOLD, VERDICTS, WRONG
from .running import Outcome

__all__ = ["BEGIN", "END", "put_into", "tables"]

BEGIN, END = "<!-- begin: written by tests/benchmarks/compare_peers.py -->", "<!-- end -->"
_SIGNS = {WRONG: "✗", NEEDLESS: "m", ERROR: "e", TOLD: "t", RIGHT: "·", NOT_APPLICABLE: ""}


def tables(
    outcomes: Sequence[Outcome],
    peers: Sequence[Peer],
    groups: Mapping[str, Sequence[str]],
    verdicts: Mapping[str, str],
    versions: Mapping[str, str],
    head: str,
) -> str:
    """Return all tables as Markdown.

    Parameters
    ----------
    outcomes : sequence of Outcome
        One for each trap and cache.
    peers : sequence of Peer
        The columns, in order.
    groups : mapping
        What traps are about, to their names in order.
    verdicts : mapping
        A trap's name to R, H or E.
    versions : mapping
        A distribution to its version.
    head : str
        A line on when and where.
    """
    by_place = {(outcome.trap, outcome.peer): outcome.verdict for outcome in outcomes}
    shown = [peer for peer in peers if any(outcome.peer == peer.name for outcome in outcomes)]
    parts = [
        head,
        _totals(by_place, shown, verdicts, versions),
        _wrong_by_group(by_place, shown, groups),
        *(_one_by_one(by_place, shown, title, names, verdicts) for title, names in groups.items()),
    ]
    return "\n\n".join(parts)


def put_into(page: Path, text: str) -> None:
    """Put the tables between the markers of a page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _totals(
    by_place: Mapping[tuple[str, str], str],
    peers: Sequence[Peer],
    verdicts: Mapping[str, str],
    versions: Mapping[str, str],
) -> str:
    rows = []
    for peer in peers:
        counts = Counter(verdict for (_, name), verdict in by_place.items() if name == peer.name)
        where = Counter(
            verdicts[trap] for (trap, name), v in by_place.items() if (name, v) == (peer.name, WRONG)
        )
        wrong = [f"**{counts[WRONG]}**", str(where["R"]), str(where["E"] + where["H"])]
        rest = [str(counts[verdict]) for verdict in VERDICTS[1:]]
        name = f"[{peer.name}]({peer.page})" if peer.page else peer.name
        rows.append([name, versions.get(peer.package, ""), *wrong, *rest])
    titles = ["cache", "version", "wrong", "of these: stale", "of these: effects", *VERDICTS[1:]]
    return _table(titles, rows)


def _wrong_by_group(
    by_place: Mapping[tuple[str, str], str], peers: Sequence[Peer], groups: Mapping[str, Sequence[str]]
) -> str:
    rows = []
    for peer in peers:
        row = [peer.name]
        for names in groups.values():
            found = [by_place.get((name, peer.name), NOT_APPLICABLE) for name in names]
            row.append(f"{found.count(WRONG)} of {len(found) - found.count(NOT_APPLICABLE)}")
        rows.append(row)
    return "Wrong, by what the scenarios are about:\n\n" + _table(["cache", *groups], rows)


def _one_by_one(
    by_place: Mapping[tuple[str, str], str],
    peers: Sequence[Peer],
    title: str,
    names: Sequence[str],
    verdicts: Mapping[str, str],
) -> str:
    rows = [
        [
            _escaped(name),
            verdicts[name],
            *(_SIGNS[by_place.get((name, peer.name), NOT_APPLICABLE)] for peer in peers),
        ]
        for name in names
    ]
    return f"### {title.capitalize()}\n\n" + _table(["scenario", "", *(peer.name for peer in peers)], rows)


def _escaped(text: str) -> str:
    return (
        text.replace("|", "\\|")
        .replace("_", "\\_")
        .replace("*", "\\*")
        .replace("<", "&lt;")
        .replace("[", "\\[")
    )


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
