"""Where the tests of dataset fingerprints keep their files."""

from __future__ import annotations

import tempfile

import pytest


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return the working directory, which is not taken for a temporary one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: "/nowhere-temporary")
    return tmp_path
