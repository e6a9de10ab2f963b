"""Media fingerprints: the same image, sound, video or text found again after it was changed a little."""

from __future__ import annotations

from fpcache.media.records import MediaFingerprint, Parts, Similarity

__all__ = ["MediaFingerprint", "Parts", "Similarity"]
