from __future__ import annotations

import io
from pathlib import Path

import pytest

np = pytest.importorskip("numpy", reason="needs the media extra")
Image = pytest.importorskip("PIL.Image", reason="needs the media extra")


@pytest.fixture(autouse=True)
def own_cache(request, tmp_path, monkeypatch):
    """No test shares a store with another; those of no one kind do without a network's weights."""
    from fpcache.media import caching, fingerprinting, methods
    from fpcache.store import LocalStore

    made = caching.FingerprintCache(store=lambda: LocalStore(tmp_path / "cache", key=b"k" * 32))
    monkeypatch.setattr(caching, "cache", made)
    monkeypatch.setattr(fingerprinting, "cache", made)
    if request.path.parent == Path(__file__).parent:
        monkeypatch.setattr(methods, "_network", lambda *asked: "no FPCACHE_IMAGE_WEIGHTS in these tests")
    return made


def picture(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """A smooth coloured picture, another for each seed."""
    small = np.random.default_rng(seed).integers(0, 255, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, form: str = "PNG", **more) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **more)
    return buffer.getvalue()


def tune(seed: int, seconds: float = 8.0, rate: int = 16000):
    """Samples of a tone that wanders, another way for each seed."""
    steps = np.random.default_rng(seed).choice([220, 262, 294, 330, 392, 440, 523, 587], int(seconds * 4))
    frequency = np.repeat(steps, rate // 4)
    return np.sin(2 * np.pi * np.cumsum(frequency) / rate).astype(np.float32) * 0.5


TEXT = (
    "The lighthouse keeper wrote down the weather every evening, and on the last page of each month he drew "
    "the ships that had passed. When the lamp was made electric nobody thought of taking the book away."
)
