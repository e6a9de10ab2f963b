"""A schema as a picture: text for terminals, SVG for notebooks."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fpcache.graph.layout import Layout, Point, lay_out
from fpcache.graph.running import FingerprintStatus
from fpcache.graph.schema import GraphSchema

__all__ = ["Picture", "schema_picture"]

BOX_WIDTH, BOX_HEIGHT = 220, 46
COLUMN_WIDTH, LAYER_HEIGHT, MARGIN = 244, 84, 12
LABEL_CHARACTERS = 27
# Fill and border; each readable in a light and in a dark notebook, since the box brings its own ground.
COLOURS = {
    "hit": ("#d9f2e0", "#2b8a4b"),
    "miss": ("#fdebc8", "#b26a00"),
    "uncacheable": ("#f9d6d5", "#b3261e"),
    "plain": ("#eceff1", "#607d8b"),
    "": ("#e3ebf7", "#3f6fb5"),
}
MARKS = {"hit": "●", "miss": "○", "uncacheable": "×", "plain": "·", "": "–"}


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn graph; shows itself in a notebook and prints as text.

    Attributes
    ----------
    text : str
        One line per node, in order, each naming the nodes it needs.
    svg : str
        A complete SVG document without scripts or links.
    """

    text: str
    svg: str

    def __str__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.text, "image/svg+xml": self.svg}


@dataclass(frozen=True, slots=True)
class _Word:
    status: str
    reason: str


def schema_picture(
    schema: GraphSchema,
    statuses: Mapping[str, FingerprintStatus | str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Picture:
    """Draw a schema, coloured by what became of each node.

    Parameters
    ----------
    schema : GraphSchema
        What to draw; its nodes needn't have anything to run.
    statuses : mapping of str to FingerprintStatus or str, optional
        By node name; a plain string is a status word such as ``"hit"``.
    labels : mapping of str to str, optional
        What to write instead of the node's name.

    Examples
    --------
    >>> from fpcache.graph import GraphSchema, SchemaNode
    >>> schema = GraphSchema({"load": SchemaNode(), "clean": SchemaNode(needs={"table": "load"})})
    >>> print(schema_picture(schema, {"load": "hit", "clean": "miss"}))
    ● load   hit
    ○ clean  miss   ← load
    """
    order = schema.order()
    words = {name: _word((statuses or {}).get(name, "")) for name in order}
    titles = {name: (labels or {}).get(name, name) for name in order}
    return Picture(_text(schema, order, words, titles), _svg(schema, order, words, titles))


def _word(status: FingerprintStatus | str) -> _Word:
    if isinstance(status, str):
        return _Word(status, "")
    return _Word(status.verdict, status.reason)


def _needs(schema: GraphSchema, name: str) -> list[str]:
    return [need for need in dict.fromkeys(schema[name].needs.values()) if need in schema.nodes]


def _text(
    schema: GraphSchema, order: tuple[str, ...], words: Mapping[str, _Word], titles: Mapping[str, str]
) -> str:
    width = max((len(titles[name]) for name in order), default=0)
    status_width = max((len(word.status) for word in words.values()), default=0)
    lines = []
    for name in order:
        word = words[name]
        needs = ", ".join(titles[need] for need in _needs(schema, name))
        line = f"{MARKS.get(word.status, '–')} {titles[name]:<{width}}  {word.status:<{status_width}}"
        line += f"   ← {needs}" if needs else ""
        line += f"   ({word.reason})" if word.reason else ""
        lines.append(line.rstrip())
    return "\n".join(lines)


def _svg(
    schema: GraphSchema, order: tuple[str, ...], words: Mapping[str, _Word], titles: Mapping[str, str]
) -> str:
    layout = lay_out(order, {name: _needs(schema, name) for name in order})
    width, height = _size(layout)
    body = [_edge(route) for route in layout.routes.values()]
    body += [_box(layout.places[name], titles[name], words[name]) for name in order]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">'
        '<defs><marker id="fpcache-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#8a8f98"/></marker></defs>' + "".join(body) + "</svg>"
    )


def _size(layout: Layout) -> tuple[int, int]:
    points = [point for route in layout.routes.values() for point in route] + list(layout.places.values())
    columns = 1 + max((column for column, _ in points), default=0)
    layers = 1 + max((layer for _, layer in points), default=0)
    return (
        2 * MARGIN + (columns - 1) * COLUMN_WIDTH + BOX_WIDTH,
        2 * MARGIN + (layers - 1) * LAYER_HEIGHT + BOX_HEIGHT,
    )


def _corner(point: Point) -> tuple[int, int]:
    return MARGIN + point[0] * COLUMN_WIDTH, MARGIN + point[1] * LAYER_HEIGHT


def _box(point: Point, title: str, word: _Word) -> str:
    x, y = _corner(point)
    fill, border = COLOURS.get(word.status, COLOURS[""])
    short = title if len(title) <= LABEL_CHARACTERS else title[: LABEL_CHARACTERS - 1] + "…"
    tooltip = html.escape(f"{title}: {word.status} {word.reason}".strip(": "))
    line = y + (20 if word.status else 28)
    status = f'<text x="{x + 12}" y="{y + 36}" fill="{border}">{html.escape(word.status)}</text>'
    return (
        f"<g><title>{tooltip}</title>"
        f'<rect x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6" '
        f'fill="{fill}" stroke="{border}"/>'
        f'<text x="{x + 12}" y="{line}" fill="#1b1f24" font-family="monospace">{html.escape(short)}</text>'
        f"{status if word.status else ''}</g>"
    )


def _edge(route: tuple[Point, ...]) -> str:
    x, y = _corner(route[0])
    x, y = x + BOX_WIDTH // 2, y + BOX_HEIGHT
    path = [f"M{x} {y}"]
    for point in route[1:]:
        corner = _corner(point)
        x_next, top = corner[0] + BOX_WIDTH // 2, corner[1]
        middle = (y + top) // 2
        path.append(f"C{x} {middle} {x_next} {middle} {x_next} {top}")
        x, y = x_next, top
        if point != route[-1]:  # passes between boxes, straight down
            y += BOX_HEIGHT
            path.append(f"L{x} {y}")
    return f'<path d="{" ".join(path)}" fill="none" stroke="#8a8f98" marker-end="url(#fpcache-tip)"/>'
