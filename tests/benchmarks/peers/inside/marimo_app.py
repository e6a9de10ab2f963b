"""Runs a marimo notebook inside a session, as ``app.run()`` does, and shows what it defined."""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def _short_stacks() -> Iterator[None]:
    """Leave the lines of code out of stacks: an app looks for its caller's file, IPython's stack is deep."""
    stack = inspect.stack
    inspect.stack = lambda context=1: stack(0)
    try:
        yield
    finally:
        inspect.stack = stack


def _files(error: BaseException | None) -> Iterator[str]:
    """Yield the files of the frames in which an error, and those that it came from, went up."""
    while error is not None:
        yield from (frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__))
        error = error.__cause__ or error.__context__


def write(path: str, cells: list[str]) -> None:
    """Write a notebook as marimo's editor would."""
    from marimo._ast.cell import CellConfig
    from marimo._ast.codegen import generate_filecontents

    codes = ["import marimo as mo", *cells]
    text = generate_filecontents(codes, ["_"] * len(codes), [CellConfig() for _ in codes])
    Path(path).write_text(text, encoding="utf-8")


def prepare(shell: Any, path: str, cells: list[str]) -> None:
    """Give the session a function that runs a notebook of these cells in its namespace."""
    write(path, cells)

    def run_notebook() -> None:
        spec = importlib.util.spec_from_file_location("notebook", path)
        module = importlib.util.module_from_spec(spec)
        with _short_stacks():
            spec.loader.exec_module(module)
        try:
            outputs, defined = module.app.run()
        except BaseException as error:
            if any("/_save/" in name for name in _files(error)):
                print(f"marimo's cache: {error.__cause__ or error}", file=sys.stderr)
            raise
        shell.user_ns.update({name: value for name, value in defined.items() if name != "mo"})
        shell.user_ns["shown"] = [output for output in outputs if output is not None]

    shell.user_ns["run_notebook"] = run_notebook
