"""Skips all of it where the media extra is missing, and makes the music that most tests start from."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

for name in ("numpy", "scipy", "av"):
    pytest.importorskip(name, reason=f"{name} is missing; it comes with the media extra")
sys.path.insert(0, str(Path(__file__).parent))

from made_up_music import described, melody  # noqa: E402


@pytest.fixture(scope="session")
def song():
    """Twenty seconds of music."""
    return melody(1)


@pytest.fixture(scope="session")
def song_parts(song):
    """What `song` is like."""
    return described(song)
