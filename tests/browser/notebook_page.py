"""A browser page with one notebook in it: run its cells, read what they show, and what the page asked for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, WebError
    from playwright.sync_api import Page as BrowserPage

TIMEOUT = 30.0
NOT_ON_A_NETWORK = {"about", "blob", "data"}
ANSI_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# A race while Notebook 7 starts, without effect: https://github.com/jupyter/notebook/issues/7862
KNOWN_ERROR = re.compile(r"\(reading 'schema'\)\n.*/static/notebook/notebook_core\.")

# The notebook is open and its kernel has answered. Lab says "idle" before a kernel exists.
READY = """() => {
    const panel = window.jupyterapp?.shell?.currentWidget;
    const kernel = panel?.sessionContext?.session?.kernel;
    return Boolean(panel?.context?.isReady && panel.sessionContext.isReady && kernel?.status === "idle");
}"""
KERNEL_INFO = "async () => { await jupyterapp.shell.currentWidget.sessionContext.session.kernel.info; }"
START_RUN = """command => {
    const run = (window.harnessRun = {done: false});
    const ended = error => { run.done = true; run.error = error ? String(error) : null; };
    jupyterapp.commands.execute(command).then(() => ended(null), error => ended(error ?? "rejected"));
}"""
# The status alone is not enough: a widget message answered in a subshell makes it "idle" during a cell.
FINISHED = """() => {
    const panel = jupyterapp.shell.currentWidget;
    const cells = Array.from(panel.content.model.cells);
    return (window.harnessRun?.done ?? true)
        && cells.every(cell => cell.type !== "code" || cell.executionState === "idle")
        && panel.sessionContext.session?.kernel?.status === "idle";
}"""
STATE = """() => {
    const panel = window.jupyterapp?.shell?.currentWidget;
    return {
        app: Boolean(window.jupyterapp),
        kernel: panel?.sessionContext?.session?.kernel?.status,
        cells: Array.from(panel?.content?.model?.cells ?? []).map(cell => cell.executionState ?? cell.type),
        run: window.harnessRun,
        dialog: document.querySelector(".jp-Dialog")?.innerText,
    };
}"""
CELLS = "() => Array.from(jupyterapp.shell.currentWidget.content.model.cells).map(cell => cell.toJSON())"
RESTART = "async () => { await jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }"
INSERT = """source => {
    const notebook = jupyterapp.shell.currentWidget.content;
    const end = notebook.model.cells.length;
    notebook.model.sharedModel.insertCell(end, {cell_type: "code", source});
    notebook.activeCellIndex = end;
    notebook.deselectAll();
    return end;
}"""
SAVE = "async () => { await jupyterapp.shell.currentWidget.context.save(); }"


class CellFailed(AssertionError):
    """A cell of the notebook ended with an error; the text is its traceback."""


class Timeout(AssertionError):
    """Something that was waited for did not come; the text says how the notebook stands."""


class Page:
    """A browser page that remembers what it asked for and what went wrong in it."""

    def __init__(self, browser: Browser, netloc: str, width: int, height: int) -> None:
        self.netloc = netloc
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.context: BrowserContext = browser.new_context(viewport={"width": width, "height": height})
        self.context.set_default_timeout(TIMEOUT * 1000)
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.context.on("weberror", self.note_error)
        self.context.on("console", self.note_console)
        self.context.on("page", self.watch_sockets)
        self.page: BrowserPage = self.context.new_page()

    def watch_sockets(self, page: BrowserPage) -> None:
        """Record the sockets of a page."""
        page.on("websocket", lambda socket: self.requests.append(socket.url))

    def note_error(self, event: WebError) -> None:
        """Keep an error that nothing caught, unless it is Notebook's own and known."""
        told = event.error.stack or str(event.error)
        if not KNOWN_ERROR.search(told):
            self.errors.append(f"page: {told}")

    def note_console(self, message: ConsoleMessage) -> None:
        """Keep what the console was told as an error."""
        if message.type == "error":
            self.errors.append(f"console: {message.text} ({message.location.get('url', '')})")

    def foreign_requests(self) -> list[str]:
        """The addresses asked for that are not the server's."""
        network = [url for url in self.requests if urlsplit(url).scheme not in NOT_ON_A_NETWORK]
        return [url for url in network if urlsplit(url).netloc != self.netloc]

    def locator(self, css: str) -> Locator:
        """Elements of the page."""
        return self.page.locator(css)

    def set_viewport(self, width: int, height: int) -> None:
        """Change the size of the window."""
        self.page.set_viewport_size({"width": width, "height": height})

    def screenshot(self, path: Path) -> Path:
        """Save what the window shows."""
        self.page.screenshot(path=path)
        return path

    def close(self) -> None:
        """Close the page; nothing unsaved is asked about."""
        self.context.close()


class NotebookPage(Page):
    """One notebook in Lab or Notebook 7, with its kernel."""

    def open(self, url: str) -> None:
        """Show the notebook and wait until its kernel answers."""
        self.page.goto(url, wait_until="domcontentloaded")
        self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until the kernel has said what it is."""
        self.wait_for(READY, "the kernel is ready")
        self.page.evaluate(KERNEL_INFO)

    def wait_for(self, condition: str, told: str, seconds: float = TIMEOUT) -> None:
        """Wait for a JavaScript condition; tell how the notebook stands if it does not come."""
        from playwright.sync_api import TimeoutError as TooLong

        try:
            self.page.wait_for_function(condition, timeout=seconds * 1000, polling=50)
        except TooLong:
            state = self.page.evaluate(STATE)
            raise Timeout(f"not within {seconds:g} s: {told}; {state}; {self.errors}") from None

    def run_all(self, *, may_fail: bool = False, seconds: float = TIMEOUT) -> None:
        """Run all cells and wait for the end of the last one."""
        self.start_run_all()
        self.wait_idle(seconds)
        if not may_fail:
            self.raise_failure()

    def start_run_all(self) -> None:
        """Ask for all cells to be run."""
        self.page.evaluate(START_RUN, "notebook:run-all-cells")

    def wait_idle(self, seconds: float = TIMEOUT) -> None:
        """Wait until no cell runs or waits, and the kernel is idle."""
        self.wait_for(FINISHED, "all cells ended", seconds)

    def raise_failure(self) -> None:
        """Raise the traceback of the first cell that ended with an error."""
        for number, cell in enumerate(self.cells()):
            for output in cell.get("outputs", []):
                if output["output_type"] == "error":
                    text = ANSI_COLOUR.sub("", "\n".join(output["traceback"]))
                    raise CellFailed(f"cell {number}: {text or output['evalue']}")

    def restart_kernel(self) -> None:
        """Restart the kernel without asking, and wait until it answers."""
        self.page.evaluate(RESTART)
        self.wait_ready()

    def insert_and_run(self, source: str, *, may_fail: bool = False) -> list[dict[str, Any]]:
        """Add a cell at the end, run it alone, and return what it showed."""
        index = self.page.evaluate(INSERT, source)
        self.page.evaluate(START_RUN, "notebook:run-cell")
        self.wait_idle()
        if not may_fail:
            self.raise_failure()
        return self.outputs(index)

    def save(self) -> None:
        """Save the notebook and wait until it is on the disk."""
        self.page.evaluate(SAVE)

    def cells(self) -> list[dict[str, Any]]:
        """The cells as they would be saved."""
        cells: list[dict[str, Any]] = self.page.evaluate(CELLS)
        return cells

    def outputs(self, cell_index: int) -> list[dict[str, Any]]:
        """What a cell shows, as it would be saved."""
        outputs: list[dict[str, Any]] = self.cells()[cell_index]["outputs"]
        return outputs
