"""Makes the tables that several transcripts use importable, and libraries ready."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def torch_loaded(transcript):
    """PyTorch, loaded before each session, for tests of what comes after the import."""
    pytest.importorskip("torch")
    transcript.settings["preloaded"] = ("torch",)
