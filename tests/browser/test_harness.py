"""The harness itself: widgets are drawn and clicked in a real browser, in Lab and in Notebook 7."""

from __future__ import annotations

import json

import pytest
from jupyter_app import write_notebook
from notebook_page import CellFailed

pytestmark = [pytest.mark.browser, pytest.mark.nightly]

SLIDER = "import ipywidgets; ipywidgets.IntSlider(value=3, description='size')"
COUNTER = '''
import anywidget, traitlets

class Counter(anywidget.AnyWidget):
    _esm = """
    function render({model, el}) {
        const button = document.createElement("button");
        button.className = "smoke-button";
        const draw = () => { button.textContent = `sent ${model.get("count")} seen ${model.get("seen")}`; };
        button.onclick = () => { model.set("count", model.get("count") + 1); model.save_changes(); };
        model.on("change", draw);
        draw();
        el.append(button);
    }
    export default {render};
    """
    count = traitlets.Int(0).tag(sync=True)
    seen = traitlets.Int(0).tag(sync=True)

    @traitlets.observe("count")
    def note(self, change):
        self.seen = change.new

counter = Counter()
counter
'''
BOTH = pytest.mark.parametrize("app", ["lab", "notebook"])


def text_of(outputs):
    """What a cell printed."""
    return "".join(output["text"] for output in outputs)


@BOTH
def test_a_widget_is_drawn_clicked_and_drawn_again_after_a_restart(
    app, server, chromium, artifacts, tmp_path
):
    jupyter = server(app)
    path = write_notebook(tmp_path / "work" / "smoke.ipynb", [SLIDER, COUNTER, "print('printed')"])
    page = jupyter.open(chromium, path.name)

    page.run_all()
    assert text_of(page.outputs(2)) == "printed\n"
    page.locator(".widget-slider").wait_for()
    button = page.locator(".smoke-button")
    button.click()
    page.locator(".smoke-button:text('sent 1 seen 1')").wait_for()
    assert text_of(page.insert_and_run("print(counter.count)")) == "1\n"

    page.restart_kernel()
    page.run_all()
    page.locator(".smoke-button:text('sent 0 seen 0')").wait_for()
    assert text_of(page.outputs(3)) == "0\n"
    page.save()
    assert len(json.loads(path.read_text())["cells"]) == 4
    assert page.screenshot(artifacts / f"smoke-{app}.png").stat().st_size > 1000
    assert page.foreign_requests() == []
    assert page.errors == []


@BOTH
def test_failing_cells_are_told_and_dark_settings_and_sizes_reach_the_page(app, server, chromium, tmp_path):
    jupyter = server(app, theme="dark", env={"SMOKE": "from the caller"})
    write_notebook(tmp_path / "work" / "fails.ipynb", ["import os; print(os.environ['SMOKE'])", "1 / 0", "2"])
    page = jupyter.open(chromium, "fails.ipynb")

    with pytest.raises(CellFailed, match=r"cell 1: (?s:.*)ZeroDivisionError: division by zero"):
        page.run_all()
    assert text_of(page.outputs(0)) == "from the caller\n"
    assert page.outputs(2) == []
    page.run_all(may_fail=True)
    assert page.locator("body").get_attribute("data-jp-theme-light") == "false"
    page.set_viewport(700, 500)
    assert page.page.evaluate("innerWidth") == 700
    assert page.foreign_requests() == []
