"""Widgets that a run displays: a finished progress bar is kept as text, others keep it from being stored."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from fpcache.errors import UncacheableError
from fpcache.replay.outputs import Display, OutputLog

__all__ = ["WatchedOutputs"]

_VIEW = "application/vnd.jupyter.widget-view+json"


class WatchedOutputs(OutputLog):
    """An output log that remembers which widgets were displayed.

    A widget lives in the front end and ends with the kernel, so its view can't
    be replayed. A bar of tqdm that has come to its end is only a picture: what
    it says in the end stands for it.
    """

    __slots__ = ("_shown",)

    def __init__(self) -> None:
        super().__init__()
        self._shown: dict[str, dict[str, Any]] = {}

    def display(
        self, data: Mapping[str, Any], metadata: Mapping[str, Any], display_id: str | None, update: bool
    ) -> None:
        """Add a displayed bundle, noting the widget that it shows."""
        view = data.get(_VIEW)
        if isinstance(view, Mapping) and not update:
            text = {"text/plain": data.get("text/plain", "")}
            self._shown[str(view.get("model_id"))] = text
            data = text
        super().display(data, metadata, display_id, update)

    def settled(self) -> OutputLog:
        """Return the log with the last text of finished progress bars.

        Raises
        ------
        UncacheableError
            If another widget was displayed.
        """
        last = {id_: (text, self._final(id_)) for id_, text in self._shown.items()}
        log = OutputLog()
        log._outputs = list(self._replaced(list(last.values())))
        return log

    def _replaced(self, texts: list[tuple[dict[str, Any], str]]) -> Iterator[Any]:
        for output in self.outputs:
            if not isinstance(output, Display):
                yield output
                continue
            found = [final for text, final in texts if output.data == text]
            yield replace(output, data={"text/plain": found[0]}) if found else output

    @staticmethod
    def _final(model_id: str) -> str:
        module = sys.modules.get("ipywidgets.widgets.widget")
        live: Mapping[str, Any] = getattr(module, "_instances", {})
        widget = live.get(model_id)
        if widget is None or not type(widget).__module__.startswith("tqdm."):
            raise UncacheableError(
                "it displays a live widget, and what you do with it can't be replayed; "
                "display it in a cell of its own"
            )
        return repr(widget)
