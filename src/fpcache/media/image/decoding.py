"""From bytes, files, Pillow images and arrays to the small planes that everything else works on."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from fpcache.errors import MediaError

__all__ = ["MAX_PIXELS", "DecodedImage", "ImageSource", "decode_image", "decode_images"]

ImageSource: TypeAlias = bytes | bytearray | memoryview | str | Path | Image.Image | NDArray[Any]

MAX_PIXELS = 89_000_000  # just below what Pillow warns of
# Decoding and shrinking stop where the shorter side would fall below this.
_SHORT_SIDE = 224
_LONGEST_SHAPE = 64  # times as long as wide
_ORIENTATION_TAG = 0x0112


@dataclass(frozen=True, slots=True, eq=False)
class DecodedImage:
    """One picture, upright and small, and what is known about the original.

    Attributes
    ----------
    luma : ndarray of uint8, shape (height, width)
        Brightness; the shorter side is 224 to 448 pixels where the original had as many.
    rgb : ndarray of uint8, shape (height, width, 3)
        Colour, of the same size.
    metadata : mapping of str to object
        ``width``, ``height`` (upright), ``mode``, ``format``, ``orientation`` (1-8), ``has_alpha``,
        ``frames``.
    """

    luma: NDArray[np.uint8]
    rgb: NDArray[np.uint8]
    metadata: Mapping[str, Any]


def decode_image(source: ImageSource) -> DecodedImage:
    """Decode one picture: upright, over white where it is transparent, the first frame where it moves.

    Parameters
    ----------
    source : bytes, str, Path, PIL.Image.Image or ndarray
        An encoded file's content, its path, or pixels: grey, RGB or RGBA, of shape (height, width[,
        channels]).

    Raises
    ------
    MediaError
        If it can't be opened, is no picture, is cut off, or would decode to more than 89 million pixels.
    """
    name = _name(source)
    try:
        with _opened(source) as image:
            _check_size(image, name)
            return _shrunk(image)
    except MediaError:
        raise
    # Pillow's readers raise whatever the damage leads to: OSError, SyntaxError, struct.error, IndexError ...
    except Exception as error:
        raise MediaError(
            f"{name} can't be decoded as an image ({type(error).__name__}: {error}); check that it "
            "is complete and of a format that this Pillow reads (AVIF and HEIF may need a plugin)"
        ) from error


def decode_images(sources: Iterable[ImageSource], workers: int = 2) -> Iterator[DecodedImage | MediaError]:
    """Decode many in threads, in order; one that fails yields its error in its place.

    Parameters
    ----------
    sources : iterable
        As for `decode_image`.
    workers : int
        Threads; decoding JPEG and PNG runs side by side.
    """
    with ThreadPoolExecutor(max(1, workers), "fpcache-image") as pool:
        yield from pool.map(_decoded_or_error, sources)


def _decoded_or_error(source: ImageSource) -> DecodedImage | MediaError:
    try:
        return decode_image(source)
    except MediaError as error:
        return error


def _name(source: object) -> str:
    if isinstance(source, str | Path):
        return f"the file {str(source)!r}"
    return "this image"


def _opened(source: ImageSource) -> Image.Image:
    if isinstance(source, Image.Image):
        return source.copy()
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, bytes | bytearray | memoryview):
        if not len(source):
            raise MediaError("this image is empty (0 bytes); pass the whole content of an image file")
        return Image.open(io.BytesIO(source))
    if isinstance(source, str | Path):
        return Image.open(source)
    raise MediaError(
        f"an image can't be made of {type(source).__name__}; pass bytes, a path, a Pillow image or an array"
    )


def _from_array(pixels: NDArray[Any]) -> Image.Image:
    is_grey = pixels.ndim == 2
    is_colour = pixels.ndim == 3 and pixels.shape[2] in (3, 4)
    if not (is_grey or is_colour) or pixels.dtype not in (np.uint8, np.uint16) or not pixels.size:
        raise MediaError(
            f"pixels must be uint8 or uint16, of shape (height, width) or (height, width, 3 or 4), not "
            f"{pixels.dtype} {pixels.shape}; scale and reshape them first"
        )
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(pixels))


def _check_size(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise MediaError(
            f"{name} is {width} x {height}, more than {MAX_PIXELS:,} pixels; scale it down first"
        )
    if max(width, height) > _LONGEST_SHAPE * min(width, height) or min(width, height) < 2:
        raise MediaError(f"{name} is {width} x {height}, a line rather than a picture; crop or pad it")


def _shrunk(image: Image.Image) -> DecodedImage:
    metadata = _facts(image)
    if image.format in ("JPEG", "MPO"):
        image.draft("YCbCr", (_SHORT_SIDE, _SHORT_SIDE))
    image.load()
    orientation = metadata["orientation"]
    flat = _reduced(_flattened(image))
    if orientation != 1:
        # The tag's own numbering is what Pillow's table is keyed by.
        flat = ImageOps.exif_transpose(_with_orientation(flat, orientation))
    luma = flat.getchannel(0) if flat.mode == "YCbCr" else flat.convert("L")
    return DecodedImage(np.asarray(luma), np.asarray(flat.convert("RGB")), metadata)


def _facts(image: Image.Image) -> dict[str, Any]:
    orientation = _orientation(image)
    width, height = image.size
    if orientation >= 5:
        width, height = height, width
    return {
        "width": width, "height": height, "mode": image.mode, "format": image.format or "",
        "orientation": orientation, "has_alpha": image.has_transparency_data,
        "frames": int(getattr(image, "n_frames", 1)),
    }  # fmt: skip


def _orientation(image: Image.Image) -> int:
    try:
        value = int(image.getexif().get(_ORIENTATION_TAG, 1))
    except (ValueError, TypeError, OSError, SyntaxError, KeyError):  # damaged EXIF leaves the picture whole
        return 1
    return value if 1 <= value <= 8 else 1


def _with_orientation(image: Image.Image, orientation: int) -> Image.Image:
    image.getexif()[_ORIENTATION_TAG] = orientation
    return image


def _flattened(image: Image.Image) -> Image.Image:
    """Return it as L, RGB or YCbCr."""
    if image.mode in ("L", "RGB", "YCbCr") and "transparency" not in image.info:
        return image
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        page = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        return Image.alpha_composite(page, layer).convert("RGB")
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        return _from_numbers(np.asarray(image))
    return image.convert("L" if image.mode == "1" else "RGB")


def _from_numbers(values: NDArray[Any]) -> Image.Image:
    """Return integers or floats as grey: as 16 bits where they look like it, else stretched."""
    finite = np.nan_to_num(values.astype(np.float64), posinf=0, neginf=0)
    low, high = float(finite.min()), float(finite.max())
    if values.dtype.kind == "i" and low >= 0 and high <= 0xFFFF:
        low, high = 0.0, 65535.0
    span = high - low or 1.0
    return Image.fromarray(np.floor((finite - low) * (255 / span)).astype(np.uint8))


def _reduced(image: Image.Image) -> Image.Image:
    """Average whole blocks of pixels until the shorter side is below twice the least."""
    factor = min(image.size) // _SHORT_SIDE
    return image.reduce(factor) if factor > 1 else image
