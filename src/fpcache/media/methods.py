"""How each kind of media is fingerprinted and compared; loaded when first needed."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from fpcache.errors import MediaError
from fpcache.media.arguments import checked_vector
from fpcache.media.devices import Devices, check_form, devices_asked
from fpcache.media.records import Kind, Parts, Similarity
from fpcache.media.sources import Content

__all__ = ["Method", "Options", "method"]

_loading = threading.Lock()
_IMAGES_TOGETHER = 16
_VARIABLES = ("FPCACHE_DEVICE", "FPCACHE_IMAGE_WEIGHTS")
_NEEDS = {
    "image": ("numpy", "PIL"),
    "audio": ("numpy", "scipy", "av"),
    "video": ("numpy", "scipy", "av"),
    "text": ("numpy",),
}


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller asks for.

    Attributes
    ----------
    device : str, sequence of str or None
        Where networks run; None chooses.
    vector : bool or None
        Whether a network makes a feature vector: None where that can be done, True or an error, False never.
    """

    device: Devices | None = None
    vector: bool | None = None

    def __post_init__(self) -> None:
        """Refuse what is no device and no choice, also where no network takes part."""
        checked_vector(self.vector)
        check_form(self.device)


def _one_by_one(model: Any) -> int:
    return 1


@dataclass(frozen=True, slots=True)
class Method:
    """What is particular to one kind.

    Attributes
    ----------
    algorithm : str
        Name and version, such as ``"image-1"``.
    model : callable
        Options → the network that takes part, or None.
    decode : callable
        Content → what `parts` takes; bound by reading and decoding, called in threads.
    parts : callable
        What was decoded of several items, and the network → their parts; bound by computing.
    compare : callable
        Two parts → how alike they are.
    together : callable
        The network → how many items are best computed together.
    partly : callable, optional
        What was decoded of an item, whether its vector is wanted, and whether the network's device hashes →
        the same with all made that is made one by one; for kinds whose items are computed together.
    """

    algorithm: str
    model: Callable[[Options], Any]
    decode: Callable[[Content], Any]
    parts: Callable[[Sequence[Any], Any], list[Parts]]
    compare: Callable[[Parts, Parts], Similarity]
    together: Callable[[Any], int] = _one_by_one
    partly: Callable[[Any, bool, bool], Any] | None = None

    def worked(self, decoded: Any, model: Any) -> Any:
        """Return of one item all that is made one by one: its parts, or what `parts` makes them of."""
        if self.partly is not None:
            return self.partly(decoded, model is not None, model is not None and model.hashes_too)
        (parts,) = self.parts([decoded], model)
        return parts

    def worked_elsewhere(self, decoded: Any, wants_vector: bool) -> Any:
        """Return the same where there is no network, as in a worker: hashes are all made."""
        return (
            self.worked(decoded, None) if self.partly is None else self.partly(decoded, wants_vector, False)
        )


def method(kind: Kind) -> Method:
    """Return how this kind is fingerprinted.

    Raises
    ------
    MediaError
        If a package is missing, or nothing is known of this kind.
    """
    if kind not in _MAKERS:
        raise MediaError(
            f"{kind} can't be fingerprinted yet, only {', '.join(_MAKERS)}; "
            "kind='audio' takes a video's sound track"
        )
    missing = [name for name in _NEEDS[kind] if find_spec(name) is None]
    if missing:
        raise MediaError(
            f"to fingerprint {kind}, {' and '.join(missing)} must be installed: pip install 'fpcache[media]'"
        )
    return _method(kind)


@lru_cache
def _method(kind: Kind) -> Method:
    return _MAKERS[kind]()


def _no_model(options: Options) -> None:
    if options.vector:
        raise MediaError("only images have a network that gives a vector; leave vector= away")


def _image() -> Method:
    from fpcache.media import image

    def decode(content: Content) -> Any:
        return image.decode_image(_pixels(content.value) if content.encoded is None else content.encoded)

    def parts(decoded: Sequence[Any], model: Any) -> list[Parts]:
        return image.image_parts_many(decoded, model)

    def together(model: Any) -> int:
        return _IMAGES_TOGETHER if model is None else int(model.together)

    return Method(image.ALGORITHM, _image_model, decode, parts, image.compare, together, image.hashed_image)


def _image_model(options: Options) -> Any:
    if options.vector is False:
        return None
    with _loading:  # read anew each time: a cached cell that asks depends on them, and a change counts
        found = _network(devices_asked(options.device), *(os.environ.get(name) for name in _VARIABLES))
    if not isinstance(found, str):
        return found
    if options.vector:
        raise MediaError(found)
    return None


@lru_cache(maxsize=8)
def _network(devices: tuple[str, ...], *settings: str | None) -> Any:
    """Return the network, or why there is none; it is looked for once, and that is told once."""
    from fpcache.media.image import image_model

    try:
        return image_model(devices or None)
    except MediaError as error:
        warnings.warn(f"images are fingerprinted without a feature vector: {error}", stacklevel=2)
        return str(error)


def _pixels(value: Any) -> Any:
    """Return arrays as images hold them: channels last, whole numbers up to 255."""
    import numpy as np

    if not isinstance(value, np.ndarray):
        return value
    if value.ndim == 3 and value.shape[0] in (1, 3, 4) and value.shape[2] not in (1, 3, 4):
        value = np.moveaxis(value, 0, 2)
    if value.ndim == 3 and value.shape[2] == 1:
        value = value[:, :, 0]
    if value.dtype.kind != "f":
        return value
    if value.size and not (np.isfinite(value).all() and value.min() >= 0 and value.max() <= 1):
        raise MediaError(
            "pixels that are no whole numbers must lie between 0 and 1; scale them, or round to uint8"
        )
    return np.rint(value * 255).astype(np.uint8)


def _audio() -> Method:
    from fpcache.media import audio

    def decode(content: Content) -> Any:
        if content.encoded is not None:
            return audio.decode(content.encoded)
        return audio.from_samples(*content.value)

    def parts(sounds: Sequence[Any], model: Any) -> list[Parts]:
        return [audio.describe(sound) for sound in sounds]

    return Method(audio.ALGORITHM, _no_model, decode, parts, audio.compare)


def _video() -> Method:
    from fpcache.media import video

    def decode(content: Content) -> Any:
        if content.encoded is None:
            raise MediaError("frames that are decoded already can't be taken as a video; give the file")
        return video.decode(content.encoded)

    def parts(videos: Sequence[Any], model: Any) -> list[Parts]:
        return [video.describe(one) for one in videos]

    return Method(video.ALGORITHM, _no_model, decode, parts, video.compare)


def _text() -> Method:
    from fpcache.media import text

    def decode(content: Content) -> Any:
        return content.value if content.encoded is None else text.read_text(content.encoded)

    def parts(texts: Sequence[Any], model: Any) -> list[Parts]:
        return [text.parts_of_text(one) for one in texts]

    return Method(text.ALGORITHM, _no_model, decode, parts, text.compare)


_MAKERS: dict[Kind, Callable[[], Method]] = {"image": _image, "audio": _audio, "video": _video, "text": _text}
