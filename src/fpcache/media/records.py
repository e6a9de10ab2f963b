"""What a media fingerprint is, and what comparing two of them gives."""

from __future__ import annotations

import io
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from html import escape
from json import dumps, loads
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from fpcache.errors import MediaError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["KINDS", "Kind", "MediaFingerprint", "Parts", "Similarity"]

Kind = Literal["image", "audio", "video", "text"]
KINDS: tuple[Kind, ...] = ("image", "audio", "video", "text")
_FORMAT = 1
_VECTOR = "vector"
_DRAWN = 16


@dataclass(frozen=True, slots=True)
class Parts:
    """What the algorithm of one kind makes of decoded content.

    Attributes
    ----------
    hashes : mapping of str to ndarray
        All that comparing needs, by name: arrays of plain numbers of any shape.
    metadata : mapping of str to object
        Facts for people and filters, as JSON holds them: ``width``, ``duration_s``, ``words`` ...
    vector : ndarray or None
        Feature vector, float16, shape (d,), of length 1; None where no model took part.
    model : str
        Name and version of the model that gave the vector; empty where none did.
    device, dtype : str
        Where and in what precision it was computed, such as ``"cuda:0"`` and ``"float16"``.
    """

    hashes: Mapping[str, np.ndarray]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    vector: np.ndarray | None = None
    model: str = ""
    device: str = "cpu"
    dtype: str = "float32"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MediaFingerprint:
    """What a piece of media is like, so that it is found again after it was changed a little.

    Attributes
    ----------
    kind : str
        ``"image"``, ``"audio"``, ``"video"`` or ``"text"``.
    digest : str
        Hex digest of the exact content.
    algorithm : str
        Name and version of what made it, such as ``"image-1"``; only equal ones are compared.
    parts : Parts
        Hashes, vector and metadata.
    """

    kind: Kind
    digest: str
    algorithm: str
    parts: Parts

    @property
    def hashes(self) -> Mapping[str, np.ndarray]:
        """The perceptual hashes, by name."""
        return MappingProxyType(dict(self.parts.hashes))

    @property
    def vector(self) -> np.ndarray | None:
        """The feature vector, or None."""
        return self.parts.vector

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Facts about the content."""
        return MappingProxyType(dict(self.parts.metadata))

    def copy(self) -> MediaFingerprint:
        """Return one that shares nothing with this one that could be changed."""
        hashes = {name: array.copy() for name, array in self.parts.hashes.items()}
        vector = self.parts.vector.copy() if self.parts.vector is not None else None
        parts = replace(self.parts, hashes=hashes, metadata=deepcopy(self.parts.metadata), vector=vector)
        return replace(self, parts=parts)

    def to_bytes(self) -> bytes:
        """Return it as bytes that `from_bytes` reads, on any machine; holds no pickle."""
        return self._as_bytes(sort_keys=False)

    def _as_bytes(self, sort_keys: bool) -> bytes:
        import numpy as np

        head = {
            "format": _FORMAT, "kind": self.kind, "digest": self.digest, "algorithm": self.algorithm,
            "metadata": dict(self.parts.metadata), "model": self.parts.model,
            "device": self.parts.device, "dtype": self.parts.dtype,
        }  # fmt: skip
        arrays: dict[str, Any] = {f"hash {name}": array for name, array in self.parts.hashes.items()}
        if self.parts.vector is not None:
            arrays[_VECTOR] = self.parts.vector
        buffer = io.BytesIO()
        arrays["head"] = np.frombuffer(dumps(head, sort_keys=sort_keys).encode(), np.uint8)
        np.savez(buffer, allow_pickle=False, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> MediaFingerprint:
        """Return what `to_bytes` gave.

        Raises
        ------
        MediaError
            If these are not such bytes.
        """
        import numpy as np

        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as stored:
                head = loads(stored["head"].tobytes())
                if head["format"] != _FORMAT:
                    raise ValueError(f"format {head['format']}")
                # Copied: what is read from an archive doesn't own its memory, and what was made does.
                hashes = {
                    name.removeprefix("hash "): stored[name].copy()
                    for name in stored.files
                    if name.startswith("hash ")
                }
                vector = stored[_VECTOR].copy() if _VECTOR in stored.files else None
            parts = Parts(hashes, head["metadata"], vector, head["model"], head["device"], head["dtype"])
            return cls(head["kind"], head["digest"], head["algorithm"], parts)
        except Exception as error:  # whatever damage leads to, in the archive or in what it holds
            raise MediaError(f"these bytes hold no media fingerprint ({error})") from error

    def __repr__(self) -> str:
        size = f"vector of {self.vector.size}" if self.vector is not None else "no vector"
        return f"<{self.kind} {facts_in_words(self.metadata)}, {self.algorithm}, {size}, {self.digest[:12]}>"

    def _repr_html_(self) -> str:
        rows = {"kind": self.kind, **self.parts.metadata, "algorithm": self.algorithm, "digest": self.digest}
        rows |= {"model": self.parts.model, "computed on": f"{self.parts.device}, {self.parts.dtype}"}
        cells = "".join(
            f"<tr><th>{escape(name.replace('_', ' '))}</th><td>{escape(str(value))}</td></tr>"
            for name, value in rows.items()
            if value not in ("", None)
        )
        return f"<table><tr><td rowspan='99'>{_drawn(self.parts.hashes)}</td></tr>{cells}</table>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MediaFingerprint):
            return NotImplemented
        return self._as_bytes(sort_keys=True) == other._as_bytes(sort_keys=True)

    def __hash__(self) -> int:
        return hash((self.kind, self.digest, self.algorithm))


def facts_in_words(metadata: Mapping[str, Any]) -> str:
    """Say what matters of an item's metadata.

    Examples
    --------
    >>> facts_in_words({"width": 640, "height": 480, "format": "JPEG"}), facts_in_words({"duration_s": 12.3})
    ('640×480 JPEG', '12.3 s')
    """
    if "width" in metadata:
        return f"{metadata['width']}×{metadata['height']} {metadata.get('format') or ''}".rstrip()
    if "duration_s" in metadata:
        return f"{metadata['duration_s']:.1f} s {metadata.get('codec') or ''}".rstrip()
    words = metadata.get("words")
    return f"of {words} words" if words is not None else f"of {metadata.get('characters', 0)} characters"


def _drawn(hashes: Mapping[str, np.ndarray]) -> str:
    """Draw up to 256 bits of the first hash as a square of squares: alike fingerprints look alike."""
    import numpy as np

    first = next((array for array in hashes.values() if array.size), None)
    if first is None:
        return ""
    data = np.frombuffer(np.ascontiguousarray(first).tobytes()[: _DRAWN * _DRAWN // 8], np.uint8)
    bits = np.flatnonzero(np.unpackbits(data))
    squares = "".join(f"<rect x='{bit % _DRAWN}' y='{bit // _DRAWN}' width='1' height='1'/>" for bit in bits)
    frame = f"viewBox='0 0 {_DRAWN} {_DRAWN}' width='96' height='96' shape-rendering='crispEdges'"
    return f"<svg {frame} fill='currentColor' role='img' aria-label='bits of the hash'>{squares}</svg>"


@dataclass(frozen=True, slots=True)
class Similarity:
    """How alike two pieces of media are.

    Attributes
    ----------
    score : float
        From 0 (nothing in common) to 1 (the same).
    threshold : float
        From where on `score` means the same content: at most one in a thousand unrelated pairs reaches it.
    evidence : mapping of str to object
        What the score rests on, in words and numbers: which hash, which vector, which offset.
    """

    score: float
    threshold: float
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_match(self) -> bool:
        """Whether the two are the same content, as far as can be told."""
        return self.score >= self.threshold
