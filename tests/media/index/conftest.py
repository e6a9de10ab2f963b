from __future__ import annotations

import pytest

from fpcache.media import MediaIndex

pytest.importorskip("numpy", reason="needs the media extra")


@pytest.fixture
def open_index(tmp_path):
    """Open the test's index, as often as wanted; closed at the end."""
    opened = []

    def open_(kind=None, **options) -> MediaIndex:
        opened.append(MediaIndex(tmp_path / "media.sqlite", kind, **options))
        return opened[-1]

    yield open_
    for index in opened:
        index.close()
