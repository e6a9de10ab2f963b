"""Lets this room's tests import `round_trips`, which lies beside them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def copy_on_write():
    """Have pandas 2 behave as pandas 3 does."""
    pandas = sys.modules.get("pandas")
    if pandas is None or not pandas.__version__.startswith("2."):
        yield
        return
    with pandas.option_context("mode.copy_on_write", True):
        yield
