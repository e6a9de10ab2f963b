"""The video that most tests start from; without the media extra, importing what makes it skips them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def film():
    """Twelve seconds of moving pictures with cuts, uint8, shape (120, 96, 128)."""
    from made_up_video import moving_pictures

    return moving_pictures(1)


@pytest.fixture(scope="session")
def film_parts(film):
    """What `film` is like."""
    from made_up_video import described

    return described(film)
