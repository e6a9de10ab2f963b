"""Makes the harness importable, and a transcript of its own for each test."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from harness import Transcript


@pytest.fixture
def transcript(tmp_path):
    """A cache and a working directory in which sessions can be run one after the other."""
    return Transcript(tmp_path)
