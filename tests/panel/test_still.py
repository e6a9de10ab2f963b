"""A dashboard where no browser draws it."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from fpcache.panel.still import still_html, still_text

OVERVIEW = {
    "totals": {
        "hits": 3,
        "misses": 1,
        "uncacheable": 0,
        "hit_rate": 0.75,
        "saved_s": 12.4,
        "overhead_s": 0.12,
    },
    "facts": {"auto": True, "enabled": True},
    "devices": [{"kind": "cpu", "name": "CPU (no CUDA device)"}],
}
NODES = [
    {"label": "a = load('<x>')", "lines": [1, 1], "status": "hit", "reason": "same code", "duration_s": 0.01},
    {"label": "b", "lines": [2, 3], "status": "miss", "reason": "`a` changed & more", "duration_s": 2.0},
]
CELL = {"number": 4, "execution": 7, "kind": "cell", "phase": "finished", "nodes": NODES}


def test_the_text_tells_totals_settings_and_the_last_cell():
    text = still_text(OVERVIEW, CELL)
    assert "saved 12.4 s, 3 hits, 1 misses, 0 uncacheable (75% hits), overhead 120 ms" in text
    assert "automatic mode on; CPU (no CUDA device)" in text
    assert "last cell [7], finished" in text
    assert "● a = load('<x>')  hit" in text
    assert "`a` changed & more" in text


def test_a_graph_is_named_as_one_and_its_nodes_have_no_lines():
    cell = {**CELL, "kind": "graph", "execution": 0, "nodes": [{**NODES[0], "lines": [0, 0]}]}
    assert "last graph, finished" in still_text(OVERVIEW, cell)
    assert "<td></td><td>● hit</td>" in still_html(OVERVIEW, cell)


def test_before_the_first_cell_both_say_so():
    assert "no cached cell has run yet" in still_text(OVERVIEW, {})
    assert "no cached cell has run yet" in still_html(OVERVIEW, {})


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()

    def handle_starttag(self, tag, attrs):
        assert not attrs
        self.seen.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("cell", [{}, CELL])
def test_the_html_is_whole_and_holds_nothing_that_runs_or_loads(cell):
    tags = Tags()
    tags.feed(still_html(OVERVIEW, cell))
    assert tags.open == []
    assert tags.seen <= {"div", "p", "br", "strong", "table", "thead", "tbody", "tr", "th", "td", "code"}
    assert "<x>" not in still_html(OVERVIEW, cell)
