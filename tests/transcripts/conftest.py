"""Makes the tables that several transcripts use importable, and libraries ready."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def libraries_loaded(transcript):
    """What takes a second to import, before each session, for tests of what comes after that."""
    transcript.settings["preloaded"] = ("numpy", "pandas", "matplotlib.pyplot", "sklearn.linear_model")


@pytest.fixture
def torch_loaded(transcript):
    """PyTorch and what its first optimizer loads, before each session, for tests of what comes after that."""
    pytest.importorskip("torch")
    transcript.settings["preloaded"] = ("torch._dynamo",)
