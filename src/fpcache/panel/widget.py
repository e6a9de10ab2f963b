"""The dashboard as a widget: a thin host of one ES module, which only renders."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from IPython.display import publish_display_data

from fpcache.errors import FpcacheError
from fpcache.panel.hub import Hub
from fpcache.panel.still import still_html, still_text

__all__ = ["Dashboard"]

_STATIC = Path(__file__).parent / "static"
_VIEW = "application/vnd.jupyter.widget-view+json"


class Dashboard(anywidget.AnyWidget):
    """What was skipped, why, and what it saved; live beside the notebook.

    Made by `fpcache.dashboard`; ``close()`` ends it.

    Attributes
    ----------
    overview, cell : dict
        What it shows: totals, settings, timeline, devices; and the last cell's components.
    """

    # As texts: of paths, anywidget keeps a reference to each widget that was ever made.
    _esm = (_STATIC / "panel.js").read_text(encoding="utf-8")
    _css = (_STATIC / "panel.css").read_text(encoding="utf-8")
    overview = traitlets.Dict().tag(sync=True)
    cell = traitlets.Dict().tag(sync=True)

    _is_closed = True  # until there is something to close

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._showing = threading.RLock()  # an observer of a trait may close it
        self._place = ""  # the display id under which it stands in the notebook
        self._is_drawn = False  # by a browser, at any time
        super().__init__(overview=hub.overview(), cell=hub.cell())
        self.on_msg(self._received)
        self._let_any_shell_answer()
        self._is_closed = False
        hub.open(self)

    def show(self, overview: Mapping[str, Any], cell: Mapping[str, Any]) -> None:
        """Show this, if the dashboard is still open."""
        with self._showing:
            if self.comm is None:
                return
            self.overview = dict(overview)
            if self.comm is None:
                return
            self.cell = dict(cell)
            self._let_any_shell_answer()

    def keep(self) -> None:
        """Bring the text and HTML that a saved notebook holds up to date, where no browser draws the widget.

        A browser would draw it anew at each such update, so there it is done only when the page is left.
        """
        facts = self._hub.facts()
        if self._place and not self._is_drawn and facts["has_front_end"] and not facts["is_attended"]:
            self._keep()

    def _keep(self) -> None:
        data, metadata = self._bundle()
        if not self._is_drawn:
            data.pop(_VIEW, None)  # converters would prefer it, and show nothing
        publish_display_data(data, metadata, transient={"display_id": self._place}, update=True)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """End this dashboard, here and in the browser.

        The garbage collector calls it again, at any place and in any thread, also one that holds a lock.
        """
        if self._is_closed:
            return
        self._is_closed = True
        self._hub.leave(self)
        with self._showing:
            super().close()

    def _received(self, _: Any, content: Mapping[str, Any], buffers: Any) -> None:
        """Answer a question of the front end, which numbers them, in the thread that the message came in."""
        number, ask = content.get("number"), str(content.get("ask"))
        if ask in ("drawn", "left"):
            self._is_drawn = True
            if ask == "left" and self._place:
                self._keep()
            return
        try:
            answer = {"number": number, "answer": self._hub.answer(ask, content.get("given") or {})}
        except FpcacheError as error:
            answer = {"number": number, "problem": str(error)}
        except Exception as error:
            answer = {"number": number, "problem": f"{type(error).__name__}: {error}"}
        self.send(answer)
        self._let_any_shell_answer()

    def _let_any_shell_answer(self) -> None:
        """Have questions answered while a cell runs.

        ipykernel 7 hands a message to the shell that last sent something on its
        channel. After an update that is the one in which the cell runs, and a
        click would wait for the cell's end; without that mark, the front end's
        wish holds, which is a shell of its own.
        """
        if self.comm is not None:
            self.comm.__dict__.pop("_reply_subshell_id", None)

    def __repr__(self) -> str:
        return still_text(self._hub.overview(), self._hub.cell())

    def _ipython_display_(self) -> None:
        """Show it under an id, so that what a saved notebook holds of it can follow."""
        self._place = self._place or self.model_id
        data, metadata = self._bundle()
        publish_display_data(data, metadata, transient={"display_id": self._place})  # type: ignore[no-untyped-call]

    def _bundle(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the widget's view, with its present state as text and HTML for where no widget lives."""
        found = self._repr_mimebundle_()
        data, metadata = found if found is not None else ({}, {})
        overview, cell = self._hub.overview(), self._hub.cell()
        texts = {"text/plain": still_text(overview, cell), "text/html": still_html(overview, cell)}
        return {**data, **texts}, metadata
