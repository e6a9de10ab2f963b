"""Reports as people and programs read them."""

from __future__ import annotations

import json

import pytest

from fpcache.session.report import CellReport, ComponentReport, Stats, duration_text


def report_of(*rows: tuple[str, str, float]) -> CellReport:
    made = [
        ComponentReport(f"line{i}", (i, i), status, reason, duration_s=0.5, saved_s=saved_s)
        for i, (status, reason, saved_s) in enumerate(rows, 1)
    ]
    return CellReport("cell", made)


def test_the_status_line_counts_and_names_the_first_reason():
    report = report_of(
        *[("hit", "same", 2.48)] * 5, ("miss", "`df` changed", 0.0), ("plain", "an import", 0.0)
    )
    assert report.status_line() == "fpcache: 5 hits, 1 miss (`df` changed), saved 12.4 s"


def test_uncacheable_components_are_told_with_their_reason():
    report = report_of(("uncacheable", "reads the calendar", 0.0))
    assert report.status_line() == "fpcache: 0 hits, 1 uncacheable (reads the calendar)"


def test_a_cell_of_plain_statements_says_so():
    assert "1 plain (an import)" in report_of(("plain", "an import", 0.0)).status_line()


def test_an_empty_report_has_a_text():
    assert "nothing to do" in CellReport().status_line()
    assert "no cell has run" in repr(CellReport())


def test_rows_come_out_as_json():
    rows = json.loads(report_of(("hit", "same", 1.0)).to_json())
    assert rows[0]["status"] == "hit"
    assert rows[0]["lines"] == [1, 1]


def test_html_shows_names_as_text_not_as_markup():
    report = CellReport("cell", [ComponentReport("<b>x</b>", (1, 1), "miss", "a < b")])
    assert "<b>" not in report._repr_html_()
    assert "a &lt; b" in report._repr_html_()


def test_plain_components_do_not_count_in_the_totals():
    stats = Stats()
    stats.add(report_of(("hit", "", 2.0), ("plain", "", 0.0), ("miss", "", 0.0), ("uncacheable", "", 0.0)))
    assert (stats.hits, stats.misses, stats.uncacheable, stats.time_saved_s) == (1, 1, 1, 2.0)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 ms"), (0.9999, "1.0 s"), (119.9, "119.9 s"), (3600, "60.0 min")]
)
def test_durations_read_well_at_the_edges(seconds, text):
    assert duration_text(seconds) == text
