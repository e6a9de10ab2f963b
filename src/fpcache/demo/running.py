"""Runs a notebook in a fresh kernel and asks fpcache, cell by cell, what it did."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

__all__ = ["CellFailedError", "CellRun", "NotebookRun", "Row", "read_notebook", "run_notebook"]

CELL_TIMEOUT_S = 600
STATUSES = ("hit", "miss", "uncacheable", "plain")
ASKED = {
    "rows": "__import__('fpcache').report().to_json()",
    "faults": "__import__('fpcache').report().faults",
}


class CellFailedError(Exception):
    """A cell of the notebook raised; the message has its traceback."""


@dataclass(frozen=True, slots=True)
class Row:
    """One component, as ``fpcache.report()`` tells of it; times in seconds."""

    name: str
    lines: tuple[int, int]
    status: str
    reason: str
    duration_s: float
    saved_s: float


@dataclass(frozen=True, slots=True)
class CellRun:
    """One code cell: its index in the notebook, how long it took, its components, the cache's own faults."""

    index: int
    duration_s: float
    rows: tuple[Row, ...]
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotebookRun:
    """An executed notebook with the account of its cells."""

    notebook: Any
    cells: tuple[CellRun, ...]

    @property
    def duration_s(self) -> float:
        """Seconds that all cells took, without starting the kernel."""
        return sum(cell.duration_s for cell in self.cells)

    def write(self, directory: Path, name: str) -> None:
        """Write the executed notebook and its HTML."""
        from nbconvert import HTMLExporter

        nbformat.write(self.notebook, directory / f"{name}.ipynb")
        html, _ = HTMLExporter().from_notebook_node(self.notebook)
        (directory / f"{name}.html").write_text(html, encoding="utf-8")


def read_notebook(path: Path | Traversable) -> Any:
    """Return the notebook without outputs."""
    notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def run_notebook(notebook: Any, scratch: Path) -> NotebookRun:
    """Run all cells in a new kernel; `scratch` holds the cache and what else must not be the user's.

    Raises
    ------
    CellFailedError
        If a cell raises.
    """
    return asyncio.run(_run(notebook, scratch))


async def _run(notebook: Any, scratch: Path) -> NotebookRun:
    client = NotebookClient(notebook, km=_kernel_manager(scratch), timeout=CELL_TIMEOUT_S)
    code_cells = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    runs = []
    async with client.async_setup_kernel(env=_environment(scratch)):
        for number, index in enumerate(code_cells, 1):
            _say(f"  [{number:>2}/{len(code_cells)}] {_title(notebook.cells[index].source)}", end="")
            runs.append(await _run_cell(client, index))
            _say(f"{runs[-1].duration_s:8.2f} s  {_statuses(runs[-1].rows)}")
    return NotebookRun(notebook, tuple(runs))


async def _run_cell(client: Any, index: int) -> CellRun:
    started = time.perf_counter()
    try:
        await client.async_execute_cell(client.nb.cells[index], index)
    except CellExecutionError as error:
        raise CellFailedError(str(error)) from None
    duration_s = time.perf_counter() - started
    # No code runs here, so the kernel counts no cell and nothing is saved.
    reply = await client.kc.execute("", silent=True, user_expressions=ASKED, reply=True, timeout=60)
    answers = reply["content"]["user_expressions"]
    if any(answer["status"] != "ok" for answer in answers.values()):  # this cell does without fpcache
        return CellRun(index, duration_s, ())
    said = {name: ast.literal_eval(answer["data"]["text/plain"]) for name, answer in answers.items()}
    return CellRun(index, duration_s, _rows(json.loads(said["rows"])), tuple(said["faults"]))


def _rows(rows: list[dict[str, Any]]) -> tuple[Row, ...]:
    return tuple(
        Row(row["name"], tuple(row["lines"]), row["status"], row["reason"], row["duration_s"], row["saved_s"])
        for row in rows
    )


def _kernel_manager(scratch: Path) -> AsyncKernelManager:
    """Start kernels with this very Python, whatever kernels the user has registered."""
    directory = scratch / "kernels" / "this-python"
    directory.mkdir(parents=True, exist_ok=True)
    arguments = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=ERROR"]
    spec = {"argv": arguments, "display_name": "Python", "language": "python"}
    (directory / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    specs = KernelSpecManager(kernel_dirs=[str(directory.parent)], ensure_native_kernel=False)
    return AsyncKernelManager(kernel_name=directory.name, kernel_spec_manager=specs)


def _environment(scratch: Path) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FPCACHE_")}
    places = {"FPCACHE_DIR": "cache", "FPCACHE_KEY_FILE": "key", "IPYTHONDIR": "ipython"}
    return environment | {name: str(scratch / place) for name, place in places.items()}


def _title(source: str) -> str:
    first = source.strip().splitlines()[0] if source.strip() else ""
    return f"{first[:52]:<52}"


def _statuses(rows: tuple[Row, ...]) -> str:
    counts = {status: sum(row.status == status for row in rows) for status in STATUSES}
    return ", ".join(f"{count} {status}" for status, count in counts.items() if count)


def _say(text: str, end: str = "\n") -> None:
    print(text, end=end, flush=True)
