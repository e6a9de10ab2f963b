"""What a session showed and left, as its cells' author would see it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["CellResult", "Row", "Run"]

_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}")
_STATUS_LINE = re.compile(r"^fpcache: .*\n?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Row:
    """One component of the report on a cell."""

    name: str
    lines: tuple[int, int]
    status: str
    reason: str
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class CellResult:
    """One cell that was run.

    Attributes
    ----------
    text : str
        What was run.
    outputs : list of dict
        As they came: ``kind`` is stream, display, clear, result or error.
    error : str
        The name of the exception that ended the cell, or ``""``.
    rows : tuple of Row
        What fpcache reported; empty in plain mode.
    count : int
        The execution count after the cell.
    left : mapping
        Namespace, states, surroundings and files after the cell; empty unless the job asks for them.
    duration_s : float
        Seconds by the kernel's own clock; 0 where there is no kernel.
    """

    text: str
    outputs: list[dict[str, Any]]
    error: str
    rows: tuple[Row, ...]
    count: int
    left: Mapping[str, Any] = field(default_factory=dict, repr=False)
    duration_s: float = 0.0

    def stream(self, name: str = "stdout") -> str:
        """Return all that was written to a stream."""
        return "".join(output["text"] for output in self.outputs if output.get("name") == name)

    def result(self, mime: str = "text/plain") -> Any:
        """Return the picture of the cell's result."""
        return next(output["data"][mime] for output in self.outputs if output["kind"] == "result")


@dataclass(frozen=True, slots=True)
class Run:
    """One session, from a new process to its end.

    Attributes
    ----------
    mode : str
        plain, auto or explicit.
    cells : tuple of CellResult
        In the order in which they ran.
    namespace : mapping of str to object
        Every name of the user, described; see ``inside.describe``.
    states : mapping of str to str
        Digests of random states.
    files : mapping of str to bytes
        The working directory's files afterwards.
    raw : str
        What reached the process's own stdout and stderr, past Python's streams.
    faults : tuple of str
        What went wrong in the cache itself.
    """

    mode: str
    cells: tuple[CellResult, ...]
    namespace: Mapping[str, Any]
    states: Mapping[str, str]
    surroundings: Mapping[str, Any]
    files: Mapping[str, bytes]
    raw: str
    duration_s: float
    faults: tuple[str, ...] = ()

    def __getitem__(self, index: int) -> CellResult:
        return self.cells[index]

    def rows(self) -> Iterator[Row]:
        """Yield the components of all cells in order."""
        for cell in self.cells:
            yield from cell.rows

    def statuses(self) -> dict[str, str]:
        """Return the last status of each component."""
        return {row.name: row.status for row in self.rows()}

    def value(self, name: str) -> Any:
        """Return the description of one name of the user's."""
        return self.namespace[name]

    def view(self) -> list[list[dict[str, Any]]]:
        """Return each cell's outputs as a front end would show them in the end.

        Updates are folded into the display that they update, cleared outputs
        are gone, addresses and fpcache's own status lines are left out.
        """
        shown: list[list[dict[str, Any]]] = []
        by_id: dict[str, list[dict[str, Any]]] = {}
        for cell in self.cells:
            outputs: list[dict[str, Any]] = []
            shown.append(outputs)
            clear_next = False
            for output in map(_comparable, cell.outputs):
                if _is_status_line(output):
                    continue
                if output["kind"] == "clear":
                    clear_next = output["wait"]
                    if not clear_next:
                        outputs.clear()
                    continue
                if output.get("update"):
                    for earlier in by_id.get(output["display_id"], ()):
                        earlier.update(data=output["data"], metadata=output["metadata"])
                    continue
                if clear_next:
                    outputs.clear()
                    clear_next = False
                _show(outputs, output, by_id)
        return shown


def _show(
    outputs: list[dict[str, Any]], output: dict[str, Any], by_id: dict[str, list[dict[str, Any]]]
) -> None:
    """Append an output as a front end does: a stream goes on where the last one was the same."""
    if output["kind"] == "stream":
        if not output["text"]:
            return
        if outputs and (outputs[-1]["kind"], outputs[-1].get("name")) == ("stream", output["name"]):
            outputs[-1]["text"] += output["text"]
            return
    shown = {key: value for key, value in output.items() if key not in ("display_id", "update")}
    if output.get("display_id"):
        by_id.setdefault(output["display_id"], []).append(shown)
    outputs.append(shown)


def _is_status_line(output: Mapping[str, Any]) -> bool:
    text = output["data"].get("text/plain") if output["kind"] == "display" else None
    return isinstance(text, str) and text.startswith("fpcache: ")


def _comparable(output: Mapping[str, Any]) -> dict[str, Any]:
    """Return an output without what no two processes have in common."""
    found = {key: value for key, value in output.items() if key != "traceback"}
    if found["kind"] == "stream":
        found["text"] = _ADDRESS.sub("0x…", _STATUS_LINE.sub("", found["text"]))
    elif "data" in found:
        found["data"] = {
            mime: _ADDRESS.sub("0x…", data) if isinstance(data, str) and mime.startswith("text/") else data
            for mime, data in found["data"].items()
        }
    elif "value" in found:
        found["value"] = _ADDRESS.sub("0x…", found["value"])
    return found
