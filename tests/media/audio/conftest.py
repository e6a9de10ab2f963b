"""The music that most tests start from; without the media extra, importing what makes it skips them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def song():
    """Twenty seconds of music."""
    from made_up_music import melody

    return melody(1)


@pytest.fixture(scope="session")
def song_parts(song):
    """What `song` is like."""
    from made_up_music import described

    return described(song)
