"""A browser, and Jupyter servers that end with their test; they skip where something is not installed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from jupyter_app import MODULES, App, Server

# Read here: tests/conftest.py takes fpcache's settings out of the environment before the first test.
ARTIFACTS = os.environ.get("FPCACHE_BROWSER_ARTIFACTS")
# Chromium as quiet as it can be.
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# One browser for each module, not for the run: while Playwright is started, its event loop counts as running
# in this thread, and asyncio.run() in the tests of other folders would fail.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, without a window, with a profile of its own."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start servers: `server("lab", theme="dark", env={...})`, with the notebooks in `tmp_path / "work"`."""
    with ExitStack() as stack:

        def start(app: App, **options: Any) -> Server:
            if importlib.util.find_spec(MODULES[app]) is None:
                pytest.skip(f"{MODULES[app]} is not installed")
            options.setdefault("root_dir", tmp_path / "work")
            options.setdefault("own_dir", tmp_path / f"{app}-own")
            return stack.enter_context(Server(app, **options))

        yield start


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    """Where screenshots go: FPCACHE_BROWSER_ARTIFACTS, or else the directory of the test."""
    folder = Path(ARTIFACTS) if ARTIFACTS else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    return folder
