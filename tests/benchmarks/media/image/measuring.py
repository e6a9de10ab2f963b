"""What each picture and its changed copies are stored as, by fpcache and by peers, and the time it took."""

from __future__ import annotations

import base64
import io
import pickle
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import imagehash
import numpy as np
import pdqhash
from corpus import Picture
from PIL import Image
from transforms import TRANSFORMS

from fpcache.media.image.decoding import decode_image
from fpcache.media.image.fingerprinting import image_parts
from fpcache.media.image.vectors import ImageModel

_LARGEST_SIDE = 1280
_ORIGINAL = "original"


@dataclass(slots=True)
class Measured:
    """One picture: what it and its changed copies are stored as."""

    name: str
    parts: dict[str, Any] = field(default_factory=dict)
    peers: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)


def _phash(image: Image.Image) -> np.ndarray:
    return imagehash.phash(image).hash.ravel()


def _dhash(image: Image.Image) -> np.ndarray:
    return imagehash.dhash(image).hash.ravel()


def _pdq(image: Image.Image) -> np.ndarray:
    return pdqhash.compute(np.asarray(image.convert("RGB")))[0].astype(bool)


def _iscc(image: Image.Image) -> np.ndarray:
    """Return the ISCC's image code of 256 bits, of the picture as its SDK prepares it."""
    import iscc_lib
    from iscc_sdk.image import image_normalize

    code = iscc_lib.gen_image_code_v0(bytes(image_normalize(image)), bits=256).iscc.removeprefix("ISCC:")
    raw = base64.b32decode(code + "=" * (-len(code) % 8))
    return np.unpackbits(np.frombuffer(raw[-32:], np.uint8)).astype(bool)


PEERS: dict[str, Callable[[Image.Image], np.ndarray]] = {
    "pHash 64": _phash,
    "dHash 64": _dhash,
    "PDQ 256": _pdq,
    "ISCC image 256": _iscc,
}


def measure(
    pictures: Sequence[Picture], model: ImageModel, cache: Path, stop_after_s: float, with_peers: bool
) -> list[Measured]:
    """Return what all pictures are stored as; kept in `cache`, so that a stopped run goes on where it was."""
    cache.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    measured = []
    for index, picture in enumerate(pictures):
        kept = cache / f"{index:04d}-{picture.path.stem}.pickle"
        if kept.exists():
            measured.append(pickle.loads(kept.read_bytes()))
            continue
        if time.monotonic() - began > stop_after_s:
            raise SystemExit(f"{index} of {len(pictures)} pictures measured; run again to go on")
        measured.append(_measured(picture, index, model, with_peers))
        kept.write_bytes(pickle.dumps(measured[-1]))
    return measured


def _measured(picture: Picture, index: int, model: ImageModel, with_peers: bool) -> Measured:
    result = Measured(picture.group)
    for name, data in _copies(picture, index).items():
        began = time.perf_counter()
        decoded = decode_image(data)
        middle = time.perf_counter()
        result.parts[name] = image_parts(decoded, model)
        end = time.perf_counter()
        image_parts(decoded)
        hashed = time.perf_counter() - end
        result.seconds.setdefault("fpcache, hashes only", []).append(middle - began + hashed)
        result.seconds.setdefault("fpcache", []).append(end - began)
        result.seconds.setdefault("MobileNetV2 GeM", []).append(end - began - hashed)
        if with_peers:
            result.peers[name] = _by_peers(data, result.seconds)
    return result


def _copies(picture: Picture, index: int) -> dict[str, bytes]:
    with Image.open(picture.path) as opened:
        rgba = opened.convert("RGBA")
    page = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
    image = Image.alpha_composite(page, rgba).convert("RGB")
    image.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=92)
    changed = {name: change(image, index) for name, change in TRANSFORMS.items()}
    return {_ORIGINAL: buffer.getvalue(), **changed}


def _by_peers(data: bytes, seconds: dict[str, list[float]]) -> dict[str, np.ndarray]:
    found = {}
    for name, peer in PEERS.items():
        began = time.perf_counter()
        with Image.open(io.BytesIO(data)) as image:
            found[name] = peer(image)
        seconds.setdefault(name, []).append(time.perf_counter() - began)
    return found
