"""The 32 changes that a picture is to be recognised through; each gives the bytes of a file."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

__all__ = ["TRANSFORMS", "Transform"]

Picture = Image.Image
Transform = Callable[[Picture, int], bytes]
_PLAIN_QUALITY = 90


def _encoded(image: Picture, quality: int = _PLAIN_QUALITY) -> bytes:
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _recoded(quality: int) -> Transform:
    return lambda image, seed: _encoded(image, quality)


def _webp(image: Picture, seed: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=30)
    return buffer.getvalue()


def _changed(change: Callable[[Picture, np.random.Generator], Picture]) -> Transform:
    return lambda image, seed: _encoded(change(image, np.random.default_rng(seed)))


def _resized(factor_x: float, factor_y: float) -> Transform:
    def change(image: Picture, _: np.random.Generator) -> Picture:
        size = max(round(image.width * factor_x), 8), max(round(image.height * factor_y), 8)
        return image.resize(size, Image.Resampling.LANCZOS)

    return _changed(change)


def _cropped(area: float, is_central: bool = False) -> Transform:
    def change(image: Picture, random: np.random.Generator) -> Picture:
        width, height = (round(side * area**0.5) for side in image.size)
        spare = image.width - width, image.height - height
        left, top = (round(room * (0.5 if is_central else random.random())) for room in spare)
        return image.crop((left, top, left + width, top + height))

    return _changed(change)


def _rotated(degrees: float, is_filled: bool = True) -> Transform:
    def change(image: Picture, _: np.random.Generator) -> Picture:
        if is_filled:
            return image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=(0, 0, 0))
        return image.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=(255, 255, 255))

    return _changed(change)


def _turned(method: Image.Transpose) -> Transform:
    return _changed(lambda image, _: image.transpose(method))


def _blurred(share: float) -> Transform:
    return _changed(lambda image, _: image.filter(ImageFilter.GaussianBlur(share * min(image.size))))


def _noisy(deviation: float) -> Transform:
    def change(image: Picture, random: np.random.Generator) -> Picture:
        pixels = np.asarray(image).astype(np.float32)
        pixels += random.normal(0, deviation, pixels.shape).astype(np.float32)
        return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))

    return _changed(change)


def _enhanced(kind: type[ImageEnhance._Enhance], factor: float) -> Transform:
    return _changed(lambda image, _: kind(image).enhance(factor))


def _gamma(exponent: float) -> Transform:
    table = [round(255 * (value / 255) ** exponent) for value in range(256)] * 3
    return _changed(lambda image, _: image.point(table))


def _captioned(image: Picture, random: np.random.Generator) -> Picture:
    image = image.copy()
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(max(image.height // 8, 10))
    for line, top in (("WHEN THE CACHE", 0.03), ("HITS AGAIN", 0.82)):
        at = (image.width // 2, int(image.height * top))
        width = max(image.height // 120, 1)
        draw.text(at, line, "white", font, anchor="ma", stroke_width=width, stroke_fill="black")
    return image


def _with_faces(image: Picture, random: np.random.Generator) -> Picture:
    """Paste three round yellow faces, each a fifth of the shorter side."""
    image = image.copy()
    draw = ImageDraw.Draw(image)
    side = min(image.size) // 5
    for _ in range(3):
        x, y = (int(random.random() * (room - side)) for room in image.size)
        draw.ellipse((x, y, x + side, y + side), (255, 205, 40), (120, 80, 0), max(side // 20, 1))
        for eye in (0.28, 0.62):
            draw.ellipse(
                (x + side * eye, y + side * 0.3, x + side * (eye + 0.1), y + side * 0.42), (60, 40, 0)
            )
        mouth = (x + side * 0.25, y + side * 0.35, x + side * 0.75, y + side * 0.8)
        draw.arc(mouth, 20, 160, (60, 40, 0), max(side // 15, 1))
    return image


def _with_logo(image: Picture, random: np.random.Generator) -> Picture:
    """Lay a half-transparent badge over a corner, a quarter of each side."""
    layer = Image.new("RGBA", image.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(layer)
    width, height = image.width // 4, image.height // 4
    box = (image.width - width - 4, image.height - height - 4, image.width - 4, image.height - 4)
    draw.rounded_rectangle(box, min(width, height) // 6, (200, 30, 60, 190))
    font = ImageFont.load_default(max(height // 2, 10))
    draw.text(((box[0] + box[2]) // 2, (box[1] + box[3]) // 2), "fp", (255, 255, 255, 220), font, anchor="mm")
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


def _bordered(share_x: float, share_y: float, colour: tuple[int, int, int]) -> Transform:
    def change(image: Picture, _: np.random.Generator) -> Picture:
        border = round(image.width * share_x), round(image.height * share_y)
        return ImageOps.expand(image, border, colour)

    return _changed(change)


def _in_screenshot(image: Picture, random: np.random.Generator) -> Picture:
    """Show the picture in an application's window: title bar, side bar, text; about 40 % of the area."""
    image = image.copy()
    image.thumbnail((900, 900))
    width, height = round(image.width * 1.6), round(image.height * 1.55)
    page = Image.new("RGB", (width, height), (246, 246, 248))
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, width, height // 14), (54, 58, 66))
    draw.rectangle((0, height // 14, width // 5, height), (225, 228, 233))
    for row in range(12):
        top = height // 10 + row * height // 14
        end = width // 40 + int(width * (0.06 + 0.08 * random.random()))
        draw.rectangle((width // 40, top, end, top + 5), (120, 120, 120))
    left, top = round(width * 0.25), round(height * 0.12)
    page.paste(image, (left, top))
    for row in range(4):
        line = top + image.height + 14 + row * 16
        end = left + int(image.width * (0.5 + 0.5 * random.random()))
        draw.rectangle((left, line, end, line + 5), (90, 90, 90))
    return page


def _quantised(image: Picture, _: np.random.Generator) -> Picture:
    return image.quantize(16).convert("RGB")


def _in_perspective(image: Picture, _: np.random.Generator) -> Picture:
    """Look at it from the left and above: corners move by up to an eighth."""
    width, height = image.size
    corners = [(0, 0), (width, 0), (width, height), (0, height)]
    moved = [(0.06 * width, 0.1 * height), (0.94 * width, 0), (width, height), (0, 0.9 * height)]
    rows, values = [], []
    for (x, y), (u, v) in zip(moved, corners, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    coefficients = np.linalg.solve(np.array(rows), np.array(values))
    method, smoothly = Image.Transform.PERSPECTIVE, Image.Resampling.BICUBIC
    return image.transform(image.size, method, coefficients.tolist(), smoothly, fillcolor=(0, 0, 0))


TRANSFORMS: dict[str, Transform] = {
    "JPEG quality 50": _recoded(50),
    "JPEG quality 10": _recoded(10),
    "WebP quality 30": _webp,
    "half size": _resized(0.5, 0.5),
    "eighth size": _resized(0.125, 0.125),
    "4:3 to 1:1 (width × 0.75)": _resized(0.75, 1),
    "crop to 80 % of area": _cropped(0.8),
    "crop to 50 % of area": _cropped(0.5),
    "crop to 30 % of area": _cropped(0.3),
    "crop to 20 % of area": _cropped(0.2),
    "rotation 3°": _rotated(3),
    "rotation 10°": _rotated(10),
    "rotation 10°, page grown": _rotated(10, is_filled=False),
    "quarter turn": _turned(Image.Transpose.ROTATE_90),
    "half turn": _turned(Image.Transpose.ROTATE_180),
    "mirrored": _turned(Image.Transpose.FLIP_LEFT_RIGHT),
    "blur": _blurred(0.01),
    "strong blur": _blurred(0.04),
    "noise": _noisy(25),
    "brightness × 1.4": _enhanced(ImageEnhance.Brightness, 1.4),
    "brightness × 0.6": _enhanced(ImageEnhance.Brightness, 0.6),
    "contrast × 0.5": _enhanced(ImageEnhance.Contrast, 0.5),
    "gamma 2": _gamma(2.0),
    "saturation × 2": _enhanced(ImageEnhance.Color, 2.0),
    "greyscale": _changed(lambda image, _: ImageOps.grayscale(image)),
    "16 colours": _changed(_quantised),
    "caption": _changed(_captioned),
    "three emoji": _changed(_with_faces),
    "logo": _changed(_with_logo),
    "letterbox": _bordered(0, 0.2, (0, 0, 0)),
    "in a screenshot": _changed(_in_screenshot),
    "perspective": _changed(_in_perspective),
}
