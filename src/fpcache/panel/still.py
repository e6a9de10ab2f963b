"""The last state of a dashboard without a browser's help: text for terminals, HTML for saved notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

__all__ = ["still_html", "still_text"]

_MARKS = {
    "hit": "●",
    "miss": "▲",
    "uncacheable": "■",
    "plain": "·",
    "failed": "✕",
    "running": "◐",
    "restoring": "◐",
}
_MOST = 100
_NOTHING = "no cached cell has run yet"


def still_text(overview: Mapping[str, Any], cell: Mapping[str, Any]) -> str:
    """Return a dashboard as lines of text."""
    lines = [f"fpcache: {_totals(overview)}", f"  {_settings(overview)}"]
    if not cell:
        return "\n".join([*lines, f"  {_NOTHING}"])
    lines.append(f"  {_cell_title(cell)}")
    width = min(40, max((len(node["label"]) for node in cell["nodes"]), default=0))
    for node in cell["nodes"][:_MOST]:
        mark = _MARKS.get(node["status"], "–")
        lines.append(
            f"    {mark} {node['label'][:width]:<{width}}  {node['status']:<11}  {node['reason']}".rstrip()
        )
    return "\n".join(lines)


def still_html(overview: Mapping[str, Any], cell: Mapping[str, Any]) -> str:
    """Return a dashboard as HTML without scripts, styles or links, as every viewer shows it."""
    parts = [
        f"<p><strong>fpcache</strong>: {escape(_totals(overview))}<br>{escape(_settings(overview))}</p>",
        f"<p>{escape(_cell_title(cell) if cell else _NOTHING)}</p>",
    ]
    if cell:
        rows = "".join(_row(node) for node in cell["nodes"][:_MOST])
        head = "".join(f"<th>{title}</th>" for title in ("component", "line", "status", "time", "reason"))
        parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")
    return f"<div>{''.join(parts)}</div>"


def _row(node: Mapping[str, Any]) -> str:
    cells = (
        f"<code>{escape(node['label'])}</code>",
        str(node["lines"][0] or ""),
        f"{_MARKS.get(node['status'], '–')} {node['status']}",
        _seconds(node["duration_s"]),
        escape(node["reason"]),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _totals(overview: Mapping[str, Any]) -> str:
    totals = overview["totals"]
    rate = "" if totals["hit_rate"] is None else f" ({totals['hit_rate']:.0%} hits)"
    return (
        f"saved {_seconds(totals['saved_s'])}, {totals['hits']} hits, {totals['misses']} misses, "
        f"{totals['uncacheable']} uncacheable{rate}, overhead {_seconds(totals['overhead_s'])}"
    )


def _settings(overview: Mapping[str, Any]) -> str:
    facts = overview["facts"]
    mode = "on" if facts["auto"] else "off"
    state = f"automatic mode {mode}" if facts["enabled"] else "disabled"
    devices = "; ".join(device["name"] for device in overview["devices"])
    return f"{state}; {devices}"


def _cell_title(cell: Mapping[str, Any]) -> str:
    if cell["kind"] == "graph":
        return f"last graph, {cell['phase']}"
    number = f"[{cell['execution']}]" if cell["execution"] else f"number {cell['number']}"
    return f"last cell {number}, {cell['phase']}"


def _seconds(duration_s: float) -> str:
    return f"{duration_s * 1000:.0f} ms" if duration_s < 1 else f"{duration_s:.1f} s"
