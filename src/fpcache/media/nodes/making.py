"""A node that fingerprints, and what its result depends on besides its input."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any, ClassVar

from fpcache.errors import MediaError
from fpcache.graph import GraphComponent
from fpcache.media.arguments import checked_choice, checked_kind, each_of
from fpcache.media.batch import Failure, fingerprint_batch
from fpcache.media.fingerprinting import fingerprint, model_key
from fpcache.media.methods import Options, method
from fpcache.media.nodes.files import MediaItem, path_of
from fpcache.media.records import KINDS, MediaFingerprint

__all__ = ["DECODERS", "MediaFingerprinter", "algorithms", "installed"]

logger = logging.getLogger("fpcache")
DECODERS = ("numpy", "scipy", "pillow", "av")


class MediaFingerprinter(GraphComponent):
    """Gives the fingerprints of items, in order.

    Takes ``items``: a list of `MediaItem`, or of whatever `fpcache.media.fingerprint` takes. Paths among
    these count by their names only, so let `MediaFiles` give them.

    Config
    ------
    kind : str, optional
        What all of them are; else each is told by its content.
    vector : bool, optional
        As in `fpcache.media.fingerprint`.
    device, workers, backend
        As in `fpcache.media.fingerprint_batch`.
    on_error : str
        ``"raise"`` at the first item that fails, or ``"none"``: None takes its place, and the log says why.
    """

    default_config: ClassVar[Mapping[str, Any]] = {
        "kind": None, "vector": None, "device": None, "workers": None, "backend": "threads",
        "on_error": "raise",
    }  # fmt: skip

    @staticmethod
    def required_packages() -> list[str]:
        """Name what decodes: another version may give other pixels or samples."""
        return installed(DECODERS)

    @classmethod
    def fingerprint_addon(cls, config: Mapping[str, Any]) -> Any:
        """Return the algorithms' versions, and the weights and precision of the network for images."""
        kind = checked_kind(config["kind"])
        return algorithms([kind] if kind else KINDS), _network(config)

    def run(self, items: Iterable[Any]) -> list[MediaFingerprint | None]:
        """Return a fingerprint for each item.

        Raises
        ------
        MediaError
            For the first item that fails, with ``on_error="raise"``; if one changed since the graph began.
        """
        config = dict(self.config)
        on_error = config.pop("on_error")
        checked_choice("MediaFingerprinter's on_error", on_error, ("raise", "none"))
        items = list(each_of(items, "MediaFingerprinter takes a list of items"))
        sources = (path_of(item) if isinstance(item, MediaItem) else item for item in items)
        found = fingerprint_batch(sources, on_error="raise" if on_error == "raise" else "collect", **config)
        made = [self._again(item, one) for item, one in zip(items, found, strict=True)]
        for item, one in zip(items, made, strict=True):
            if one is not None and isinstance(item, MediaItem) and one.digest != item.digest:
                raise MediaError(f"{str(path_of(item))!r} changed since the graph began; run it again")
        return made

    def _again(self, item: Any, found: MediaFingerprint | Failure) -> MediaFingerprint | None:
        """Try once more, here, what failed: only what is wrong with the content may be kept as None."""
        if not isinstance(found, Failure):
            return found
        content = item.read() if isinstance(item, MediaItem) else item
        options = {name: self.config[name] for name in ("kind", "vector", "device")}
        try:
            return fingerprint(content, **options)
        except MediaError as error:
            if _is_unreadable(error):
                raise
            logger.warning("not fingerprinted: %s", found)
            return None


def _is_unreadable(error: BaseException | None) -> bool:
    """Whether the content could not be had, which may be otherwise the next time."""
    while error is not None and not isinstance(error, OSError):
        error = error.__cause__
    return error is not None and error.errno is not None  # Pillow's own have no number


def algorithms(kinds: Iterable[Any]) -> dict[str, str]:
    """Return the version of each kind's algorithm; of kinds whose packages are missing, none."""
    found = {}
    for kind in kinds:
        try:
            found[kind] = method(kind).algorithm
        except MediaError as error:
            found[kind] = str(error)
    return found


def installed(packages: Iterable[str]) -> list[str]:
    """Return those of the distributions that are installed."""
    found = []
    for package in packages:
        try:
            metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
        found.append(package)
    return found


def _network(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is known of the network that images are taken through; it is loaded for that."""
    options = Options(config["device"], config["vector"])
    if options.vector is False or config["kind"] not in (None, "image"):
        return ()
    model = method("image").model(options)
    if model is None:
        return ()
    return model_key(model), model.weights_sha256, metadata.version("torch")
