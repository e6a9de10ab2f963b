"""The examples in docs/graphs.md do what they say there."""

from __future__ import annotations

import doctest
import logging
import re
import sys
import types
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "graphs.md"


class _SecondsAside(doctest.OutputChecker):
    """Seconds differ from run to run."""

    def check_output(self, want, got, optionflags):
        return super().check_output(
            *(re.sub(r"\d\.\d{3} s", "N s", text) for text in (want, got)), optionflags
        )


@pytest.fixture
def namespace(tmp_path, monkeypatch):
    """A module of its own, as a session is for what is defined in it."""
    module = types.ModuleType("graphs_page")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setenv("FPCACHE_KEY_FILE", str(tmp_path / "key"))
    module.directory = tmp_path / "cache"
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []  # the page sets up logging anew, which would close them
    yield vars(module)
    root.handlers[:] = handlers
    root.setLevel(level)


def test_the_examples_hold(namespace) -> None:
    pytest.importorskip("yaml", reason="YAML documents need the extra yaml")
    text = PAGE.read_text(encoding="utf-8").replace("```", "")
    test = doctest.DocTestParser().get_doctest(text, namespace, PAGE.name, str(PAGE), 0)
    test.globs = namespace
    said: list[str] = []
    runner = doctest.DocTestRunner(_SecondsAside(), optionflags=doctest.NORMALIZE_WHITESPACE)
    results = runner.run(test, out=said.append, clear_globs=False)
    assert results.attempted > 15
    assert results.failed == 0, "".join(said)
