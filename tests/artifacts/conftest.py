"""Where the tests of artifacts keep them."""

from __future__ import annotations

import pytest


@pytest.fixture
def own_base(tmp_path, monkeypatch):
    """Return a base directory and have a key that no other test uses."""
    monkeypatch.setenv("FPCACHE_ARTIFACTS_DIR", str(tmp_path / "base"))
    monkeypatch.setenv("FPCACHE_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setattr("fpcache.artifacts.switches._chosen", None)
    return tmp_path / "base"
