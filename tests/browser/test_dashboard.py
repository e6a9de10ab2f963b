"""The dashboard as people use it: in JupyterLab and Notebook, light and dark, around a kernel restart."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from jupyter_app import wait_until, write_notebook

pytestmark = pytest.mark.browser

SETUP = "%load_ext fpcache\n%fpcache auto on"
OPEN = "%fpcache dashboard"
WORK = """
import time

def slow(n):
    time.sleep(0.05)
    return [n] * 1000

table = slow(3)
total = sum(slow(2)) + len(table)
print(total)
"""
ODD = "numbers = (n for n in range(3))\nfirsts = [time.sleep(0.02) or n for n in numbers]"
CELLS = [SETUP, OPEN, WORK, ODD]
# Puts a source into the last cell and runs it, without waiting.
RUN_LAST = """source => {
    const notebook = jupyterapp.shell.currentWidget.content;
    const last = notebook.model.cells.length - 1;
    notebook.model.cells.get(last).sharedModel.setSource(source);
    notebook.activeCellIndex = last;
    notebook.deselectAll();
    jupyterapp.commands.execute("notebook:run-cell");
}"""


# Read at once: rows may go while they are asked for one by one.
ROWS = """rows => rows.map(row => ({
    label: row.querySelector(".what code").innerText,
    status: row.querySelector(".word").innerText,
    why: row.querySelector(".why").innerText,
}))"""


class Panel:
    """One dashboard on a page, found as assistive technology finds it."""

    def __init__(self, page, place=0):
        self.notebook = page
        self.root = page.locator(".fpcache").nth(place)

    def tab(self, name):
        self.root.get_by_role("tab", name=name).click()

    def pin(self, label):
        return self.root.get_by_role("button", name=f"Pin {label}")

    def is_on(self, name):
        return self.root.get_by_role("tab", name=name).get_attribute("aria-selected") == "true"

    def rows(self):
        return self.root.locator(".row").evaluate_all(ROWS)

    def statuses(self):
        return {row["label"]: row["status"] for row in self.rows()}

    def show_cell(self, execution):
        """Choose the newest cell of this number in the time line."""
        self.root.locator(f'.bar[aria-label^="In [{execution}]"]').last.click()

    def wait_for_status(self, execution, label, status):
        """Wait until the cell of this number shows a component with this status, though it isn't the last.

        Chooses the cell as often as it takes: after a restart the dashboard of
        the old kernel may still be there, and take the first click with it; and
        what is chosen as the last cell gives way to the next one.
        """

        def is_shown():
            bar = self.root.locator(f'.bar[aria-label^="In [{execution}]"]').last
            if bar.count() and not self.root.get_by_role("button", name="Back to the latest cell").count():
                bar.click()
                return False
            return self.statuses().get(label) == status

        wait_until(is_shown, f"{label} of cell {execution} to be a {status}")

    def open_row(self, label):
        row = self.root.locator(".row").filter(has_text=label).first
        row.click()
        details = self.root.locator(".details")
        details.locator(".numbers").wait_for()
        return details


@pytest.fixture(params=["lab light", pytest.param("notebook dark", marks=pytest.mark.nightly)])
def opened(request, chromium, server, tmp_path):
    """A page with the notebook, not yet run."""
    app, theme = request.param.split()
    host = server(app, theme=theme, env={"FPCACHE_DIR": str(tmp_path / "cache")})
    write_notebook(tmp_path / "work" / "shop.ipynb", CELLS)
    page = host.open(chromium, "shop.ipynb", width=1100, height=1400)
    page.label = request.param.replace(" ", "-")
    return page


def test_a_session_from_first_run_to_cleared_cache(opened, artifacts):
    """One server for all: to start one takes longer than each of these."""
    a_notebook_run_twice_around_a_restart(opened, artifacts)
    it_is_used_by_keyboard_alone_and_fits_a_narrow_place(opened, artifacts)
    an_edit_is_compared_line_by_line(opened, artifacts)
    it_answers_while_a_cell_is_busy_and_shows_what_runs(opened, artifacts)
    an_update_leaves_the_focus_where_it_is(opened)
    switches_reach_the_kernel_and_every_other_dashboard(opened, artifacts)
    entries_are_searched_pinned_forgotten_and_cleared(opened, artifacts)
    a_saved_notebook_holds_the_last_state_once_the_page_is_left(opened)
    a_restarted_kernel_is_told(opened)
    assert opened.foreign_requests() == []
    assert [error for error in opened.errors if "Comm not found" not in error] == []


def a_notebook_run_twice_around_a_restart(opened, artifacts):
    opened.run_all()
    panel = Panel(opened)
    panel.wait_for_status(3, "table = slow(3)", "miss")
    opened.screenshot(artifacts / f"{opened.label}-first.png")

    opened.restart_kernel()
    opened.run_all()
    panel.wait_for_status(3, "table = slow(3)", "hit")
    assert panel.statuses()["total = sum(slow(2)) + len(table)"] == "hit"
    details = panel.open_row("table = slow(3)")
    assert "function slow" in details.inner_text()
    assert "list of 1000" in details.inner_text()
    opened.screenshot(artifacts / f"{opened.label}-reason.png")

    panel.show_cell(4)
    wait_until(lambda: "uncacheable" in panel.statuses().values(), "the refusal")
    panel.open_row("firsts =")
    assert "What to do" in panel.root.locator(".details").inner_text()


def an_edit_is_compared_line_by_line(opened, artifacts):
    loop = "edited = []\nfor n in range(30):\n    time.sleep(0.001)\n    edited.append(n * {})"
    opened.insert_and_run(loop.format(2))
    opened.page.evaluate(RUN_LAST, loop.format(3))
    panel = Panel(opened)
    wait_until(lambda: "this code was edited" in str(panel.rows()), "the edited loop")
    panel.open_row("for n in range")
    lines = panel.root.locator(".difference > span")
    assert [line.locator(".sign").inner_text().strip() for line in lines.all()] == ["", "", "-", "+"]
    boxes = [line.bounding_box() for line in lines.all()]
    assert len({box["x"] for box in boxes}) == 1
    assert all(above["y"] + above["height"] <= below["y"] + 1 for above, below in pairwise(boxes))
    opened.screenshot(artifacts / f"{opened.label}-edited.png")
    panel.root.locator(".is-open .row").click()


def an_update_leaves_the_focus_where_it_is(opened):
    panel = Panel(opened)
    panel.tab("Cache")
    panel.root.get_by_role("button", name="Forget all …").click()
    search = panel.root.get_by_label("Search the entries")
    search.focus()
    before = panel.root.locator(".totals").inner_text()
    opened.page.evaluate(RUN_LAST, "import time; time.sleep(0.1); updated = 1")
    wait_until(lambda: panel.root.locator(".totals").inner_text() != before, "an update")
    assert panel.root.locator(".danger").evaluate("node => node !== document.activeElement")
    opened.wait_idle()
    panel.root.get_by_role("button", name="Keep them").click()
    panel.tab("Cells")


def entries_are_searched_pinned_forgotten_and_cleared(opened, artifacts):
    panel = Panel(opened)
    panel.tab("Cache")
    entries = panel.root.locator(".entry")
    wait_until(lambda: entries.count() > 1, "the entries")
    in_all = entries.count()  # which quick components are stored depends on how busy the machine is
    panel.root.get_by_label("Sort by").last.select_option("notebook")
    wait_until(lambda: "shop.ipynb" in panel.root.locator(".group").first.inner_text(), "the notebook's name")
    panel.root.get_by_label("Search the entries").fill("table = slow")
    wait_until(lambda: entries.count() == 1, "the one that matches")
    panel.pin("table = slow(3)").click()
    wait_until(lambda: panel.pin("table = slow(3)").get_attribute("aria-pressed") == "true", "the pin")
    panel.root.get_by_label("Search the entries").fill("")
    wait_until(lambda: entries.count() == in_all, "all again")
    opened.screenshot(artifacts / f"{opened.label}-cache.png")
    panel.root.get_by_role("button", name=re.compile("^Forget total")).click()
    wait_until(lambda: entries.count() == in_all - 1, "one forgotten")
    left = panel.root.get_by_role("button", name="Forget table = slow(3)")
    assert opened.page.evaluate("() => document.activeElement.getAttribute('aria-label')").startswith(
        "Forget "
    )
    panel.pin("table = slow(3)").click()
    panel.root.get_by_role("button", name="Forget all …").click()
    wait_until(
        lambda: panel.root.get_by_role("button", name="Keep them").evaluate(
            "node => node === document.activeElement"
        ),
        "the safe one to have the focus",
    )
    opened.page.keyboard.press("Escape")
    panel.root.get_by_role("button", name="Forget all …").click()
    panel.root.get_by_role("button", name="Forget them").click()
    left.wait_for(state="detached")
    panel.root.get_by_text("Nothing is stored yet.").wait_for()


def switches_reach_the_kernel_and_every_other_dashboard(opened, artifacts):
    opened.insert_and_run(OPEN)
    first, second = Panel(opened, 0), Panel(opened, 1)
    switch = second.root.get_by_role("switch", name="Automatic")
    assert switch.is_checked()
    first.root.get_by_role("switch", name="Automatic").focus()
    opened.page.keyboard.press("Space")
    wait_until(lambda: not switch.is_checked(), "the other dashboard to follow")
    first.tab("Settings")
    first.root.get_by_label("Shortest run worth caching").fill("0.5")
    opened.page.keyboard.press("Enter")
    second.tab("Settings")
    wait_until(
        lambda: second.root.get_by_label("Shortest run worth caching").input_value() == "0.5",
        "the number to arrive",
    )
    first.root.get_by_text("CPU (no CUDA device)").wait_for()
    opened.screenshot(artifacts / f"{opened.label}-settings.png")
    shown = opened.insert_and_run("%config FPCache.auto\nprint(get_ipython().run_line_magic('fpcache', ''))")
    assert "automatic mode off" in str(shown)
    assert "0.5" in str(opened.insert_and_run("%fpcache config"))
    first.tab("Cells")
    second.root.evaluate("node => node.remove()")


def it_answers_while_a_cell_is_busy_and_shows_what_runs(opened, artifacts):
    panel = Panel(opened)
    cell = "import pathlib\nnap = [time.sleep(0.05) for _ in range(120)]\npathlib.Path('over').touch()"
    index = opened.page.evaluate("() => jupyterapp.shell.currentWidget.content.model.cells.length")
    opened.page.evaluate(
        """source => { const notebook = jupyterapp.shell.currentWidget.content;
        notebook.model.sharedModel.insertCell(notebook.model.cells.length, {cell_type: "code", source});
        notebook.activeCellIndex = notebook.model.cells.length - 1; notebook.deselectAll();
        jupyterapp.commands.execute("notebook:run-cell"); }""",
        cell,
    )
    started = time.monotonic()
    wait_until(
        lambda: ("nap", "running") in [(row["label"][:3], row["status"]) for row in panel.rows()], "running"
    )
    opened.screenshot(artifacts / f"{opened.label}-running.png")
    panel.tab("Cache")
    wait_until(lambda: panel.root.locator(".entry").count() > 0, "an answer during the cell")
    assert time.monotonic() - started < 5, "the answer came only after the cell"
    opened.wait_idle()
    panel.tab("Cells")
    assert not [out for out in opened.outputs(index) if out["output_type"] == "error"]


def it_is_used_by_keyboard_alone_and_fits_a_narrow_place(opened, artifacts):
    panel = Panel(opened)
    panel.show_cell(3)
    opened.page.evaluate("() => { document.querySelector('.fpcache').style.width = '300px'; }")
    keyboard = opened.page.keyboard
    panel.root.get_by_role("tab", name="Cells").focus()
    keyboard.press("ArrowRight")
    wait_until(lambda: panel.is_on("Cache"), "the next tab")
    assert_fits(panel)
    keyboard.press("End")
    wait_until(lambda: panel.is_on("Settings"), "the last tab")
    assert_fits(panel)
    keyboard.press("Home")
    panel.show_cell(3)
    panel.root.locator(".row").first.focus()
    keyboard.press("ArrowDown")
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    panel.root.locator(".details .numbers").wait_for()
    assert "table = slow(3)" in panel.root.locator(".is-open .what").inner_text()
    assert_fits(panel)
    panel.root.screenshot(path=artifacts / f"{opened.label}-narrow.png")
    assert len(opened.cells()) == len(CELLS), "the notebook took a key as its command"
    opened.page.evaluate("() => { document.querySelector('.fpcache').style.width = ''; }")
    panel.root.get_by_role("button", name="Back to the latest cell").click()


def assert_fits(panel):
    wide = panel.root.evaluate("node => node.scrollWidth - node.clientWidth")
    assert wide <= 1


def a_saved_notebook_holds_the_last_state_once_the_page_is_left(opened):
    panel = Panel(opened)
    panel.root.get_by_label("Search the entries").fill("nothing like it")
    panel.root.get_by_text("No entry matches.").wait_for()
    opened.page.evaluate(
        """() => { Object.defineProperty(document, "visibilityState", {value: "hidden", configurable: true});
        document.dispatchEvent(new Event("visibilitychange")); }"""
    )

    def kept():
        data = [output["data"] for output in opened.outputs(1) if "data" in output]
        return any("last cell [" in "".join(one["text/plain"]) for one in data)

    wait_until(kept, "the last state in the notebook")
    wait_until(lambda: panel.is_on("Cache"), "the tab that was open before the notebook drew the panel anew")
    wait_until(
        lambda: panel.root.get_by_label("Search the entries").input_value() == "nothing like it",
        "what was typed",
    )
    assert panel.root.count() == 1


def a_restarted_kernel_is_told(opened):
    opened.restart_kernel()
    panel = Panel(opened)
    panel.tab("Settings")
    panel.root.get_by_role("switch", name="Caching").click(force=True)
    panel.root.get_by_text("not connected: run this cell again").wait_for()
