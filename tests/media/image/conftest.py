"""Pictures with content of their own, made from a seed."""

import io
from collections.abc import Callable

import pytest

pytest.importorskip("PIL", reason="images need Pillow")
np = pytest.importorskip("numpy", reason="images need NumPy")

from PIL import Image, ImageDraw, ImageFilter  # noqa: E402


def _scene(seed: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """Return a picture of overlapping shapes over a coloured slope."""
    random = np.random.default_rng(seed)
    width, height = size
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    pixels = np.stack([110 + a * x + b * y for a, b in random.uniform(-80, 80, (3, 2))], axis=-1)
    image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(60):
        left, top = random.uniform(0, 1, 2) * size
        wide, high = random.uniform(0.03, 0.25, 2) * min(size)
        shape = draw.ellipse if random.random() < 0.5 else draw.rectangle
        shape((left, top, left + wide, top + high), tuple(int(v) for v in random.integers(0, 256, 3)))
    return image.filter(ImageFilter.GaussianBlur(1))


def _encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def scene() -> Callable[..., Image.Image]:
    """Return what makes a picture from a seed and a size."""
    return _scene


@pytest.fixture(scope="session")
def encoded() -> Callable[..., bytes]:
    """Return what makes a file's content of a picture."""
    return _encoded
