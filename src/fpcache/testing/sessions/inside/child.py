"""Runs one session of cells in this process; started by ``sessions.processes``."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from . import ambient, probing
from .recording import Hook, Publisher, Stream, record, taken


class Shell(InteractiveShell):
    """A shell without a terminal, which records what it shows."""

    display_pub_class = Type(Publisher)
    displayhook_class = Type(Hook)

    def enable_gui(self, gui: str | None = None) -> None:
        """Have no event loop to integrate with."""

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        record("error", name=etype.__name__, value=str(evalue), traceback="\n".join(stb))


def start_shell(config: dict[str, dict[str, object]]) -> Shell:
    """Start IPython with no history file and no start-up files."""
    settings = Config(config)
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.colors = "NoColor"
    shell = Shell.instance(config=settings)  # the one there is, if its process was made ready
    sys.stdout, sys.stderr = Stream("stdout"), Stream("stderr")
    return shell


def extensions(shell: Shell) -> Any:
    """Return what loads and unloads the shell's extensions."""
    return shell.extension_manager


def load(shell: Shell, mode: str, before: list[str]) -> list[dict[str, object]]:
    """Load fpcache without leaving a trace in the history, and return what that showed."""
    if mode != "plain":
        extensions(shell).load_extension("fpcache")
        if mode == "auto":
            shell.run_line_magic("fpcache", "auto on")
    for line in before:
        shell.run_line_magic(*line.lstrip("%").split(maxsplit=1))
    return taken()


def run_cell(shell: Shell, step: dict[str, Any], reports: probing.Reports) -> dict[str, object]:
    """Run one cell, or what the test does between cells."""
    timer = None
    if step["kind"] == "do":
        exec(compile(step["text"], "(between cells)", "exec"), {"shell": shell})
        return {"outputs": taken(), "error": "", "rows": [], "count": shell.execution_count}
    if step["kind"] == "interrupt":
        timer = threading.Timer(step["after_s"], os.kill, (os.getpid(), 2))
        timer.start()
    try:
        run: Callable[..., Any] = shell.run_cell
        result = run(step["text"], store_history=True)
        error = result.error_before_exec or result.error_in_exec
    finally:
        if timer is not None:
            timer.cancel()
    return {
        "outputs": taken(),
        "error": type(error).__name__ if error is not None else "",
        "rows": reports.new_rows(),
        "count": shell.execution_count,
    }


def what_is_left(shell: Shell, untouched: dict[str, str]) -> dict[str, object]:
    """Read off everything that a cell can change."""
    states = probing.random_states()
    return {
        "namespace": probing.namespace(shell),
        "random state": {name: state for name, state in states.items() if untouched.get(name) != state},
        "surroundings": probing.surroundings(),
        "ambient state": ambient.ambient(),
        "file": probing.files(),
    }


def run_job(job: dict[str, Any]) -> dict[str, Any]:
    """Run all cells, and read off what they left."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell ignores it
    shell = start_shell(job["config"])
    untouched = probing.random_states()
    probing.Births(untouched)
    loading = load(shell, job["mode"], job["before"])
    reports = probing.Reports()
    cells = []
    for step in job["steps"]:
        cells.append(run_cell(shell, step, reports))
        if job.get("each_cell") and step["kind"] != "do":
            cells[-1]["left"] = what_is_left(shell, untouched)
    left = {
        "namespace": probing.namespace(shell),
        "states": probing.random_states(),
        "untouched": untouched,
        "surroundings": probing.surroundings(),
        "faults": reports.faults,
    }
    if job["mode"] != "plain" and job["unload"]:
        extensions(shell).unload_extension("fpcache")
    return {"loading": loading, "cells": cells, **left}


def as_json(value: object) -> object:
    """Return bytes in a form that JSON can hold."""
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else repr(value)


def main(asked: str, answered: str) -> None:
    """Run the job in one file, and write what came of it to another."""
    with open(asked, encoding="utf-8") as file:
        job = json.load(file)
    try:
        answer = run_job(job)
    except BaseException:
        answer = {"failure": traceback.format_exc()}
    with open(answered, "w", encoding="utf-8") as file:
        json.dump(answer, file, default=as_json)
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
