"""A JupyterLab or Notebook 7 server with settings, kernels and files of its own."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from notebook_page import TIMEOUT, NotebookPage, Timeout

if TYPE_CHECKING:
    from playwright.sync_api import Browser

App = Literal["lab", "notebook"]
Theme = Literal["light", "dark"]
Settings = Mapping[str, Mapping[str, Any]]

MODULES = {"lab": "jupyterlab", "notebook": "notebook"}
APP_CLASSES = {"lab": "LabApp", "notebook": "JupyterNotebookApp"}
ADDRESSES = {"lab": "lab/tree/{name}?reset&token={token}", "notebook": "notebooks/{name}?token={token}"}
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


def write_notebook(path: Path, cells: Sequence[str]) -> Path:
    """Write code cells as a notebook for the kernel `python3`."""
    content = {
        "cells": [code_cell(number, source) for number, source in enumerate(cells)],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(content))
    return path


def code_cell(number: int, source: str) -> dict[str, Any]:
    """A code cell that was never run."""
    cell = {"cell_type": "code", "id": f"cell-{number}", "source": source}
    return {**cell, "metadata": {}, "execution_count": None, "outputs": []}


def wait_until(condition: Any, told: str, seconds: float = TIMEOUT) -> Any:
    """The first true value of the condition."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise Timeout(f"not within {seconds:g} s: {told}")
        time.sleep(0.05)
    return value


class Server:
    """JupyterLab or Notebook 7 on 127.0.0.1, with settings, kernels and files of its own in `own_dir`."""

    def __init__(
        self,
        app: App,
        root_dir: Path,
        own_dir: Path,
        *,
        theme: Theme = "light",
        env: Mapping[str, str] | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.app, self.root_dir, self.own_dir = app, root_dir, own_dir
        self.token = secrets.token_hex(16)
        self.extra_env = dict(env or {})
        self.settings = {**standard_settings(theme), **(settings or {})}
        self.pages: list[NotebookPage] = []

    def __enter__(self) -> Server:
        self.root_dir.mkdir(parents=True, exist_ok=True)
        self.write_settings()
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                self.command(), env=self.environment(), cwd=self.root_dir, stdout=log, stderr=log
            )
        try:
            self.port: int = wait_until(self.listening_port, f"{self.app} listens; see {self.log_path}")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def log_path(self) -> Path:
        """What the server and its kernels wrote."""
        return self.own_dir / "server.log"

    @property
    def netloc(self) -> str:
        """The server's host and port, as they stand in an address."""
        return f"127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        """The command line of the server."""
        options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", "--ServerApp.open_browser=False"]
        options += [f"--ServerApp.root_dir={self.root_dir}"]
        options += [f"--{APP_CLASSES[self.app]}.expose_app_in_browser=True"]
        return [sys.executable, "-m", MODULES[self.app], *options]

    def environment(self) -> dict[str, str]:
        """The caller's environment, with nothing of the user's Jupyter and IPython in it."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON"))
        }
        own = {
            name: str(self.own_dir / name.lower())
            for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
        }
        return {**kept, **own, "JUPYTER_TOKEN": self.token, **self.extra_env}

    def write_settings(self) -> None:
        """Write the settings of the front end where a user's would lie."""
        folder = self.own_dir / "jupyter_config_dir" / "lab" / "user-settings"
        for plugin, values in self.settings.items():
            package, name = plugin.split(":")
            path = folder / package / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))

    def listening_port(self) -> int | None:
        """The port that the server says it has, once it has one."""
        if self.process.poll() is not None:
            raise RuntimeError(f"the server ended: {self.log_path.read_text()[-3000:]}")
        for path in (self.own_dir / "jupyter_runtime_dir").glob("jpserver-*.json"):
            try:
                return int(json.loads(path.read_text())["port"])
            except ValueError:
                return None
        return None

    def stop(self) -> None:
        """Close the pages, then end the server and every kernel that it started, by their ids."""
        import psutil

        while self.pages:
            self.pages.pop().close()
        if self.process.poll() is not None:
            return
        started = psutil.Process(self.process.pid).children(recursive=True)
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        _, left = psutil.wait_procs(started, timeout=5)
        for process in left:
            process.kill()

    def open(self, browser: Browser, name: str, width: int = 1280, height: int = 900) -> NotebookPage:
        """Open a notebook of the root directory and wait for its kernel."""
        page = NotebookPage(browser, self.netloc, width, height)
        self.pages.append(page)
        address = ADDRESSES[self.app].format(name=quote(name), token=self.token)
        page.open(f"http://{self.netloc}/{address}")
        return page


def standard_settings(theme: Theme) -> dict[str, dict[str, Any]]:
    """No news and no question about them, no check for updates, and a theme."""
    return {
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
        "@jupyterlab/apputils-extension:themes": {"theme": THEMES[theme]},
    }
