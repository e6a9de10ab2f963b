"""Every exception fpcache raises, as one tree."""

from __future__ import annotations

__all__ = [
    "CorruptEntryError",
    "DeviceError",
    "FpcacheError",
    "GraphSchemaError",
    "HalfRestoredError",
    "MediaError",
    "StoreError",
    "StoreUnavailableError",
    "UncacheableError",
    "UnfingerprintableValueError",
    "UntrustedEntryError",
]


class FpcacheError(Exception):
    """The base of all errors that fpcache raises."""


class UncacheableError(FpcacheError):
    """A component can't be cached; the message says why and what helps."""


class HalfRestoredError(FpcacheError):
    """A replay failed when some of the user's objects were changed already; the message says what to do."""


class UnfingerprintableValueError(FpcacheError, TypeError):
    """A value has no fingerprint.

    Parameters
    ----------
    message : str
        What was met and what to do next.
    path : str
        Where in the value it was met, such as ``df.attrs['lock']``.
    """

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


class GraphSchemaError(FpcacheError, ValueError):
    """A graph schema is not valid; the message names the node."""


class DeviceError(FpcacheError):
    """A compute device can't be used as asked."""


class MediaError(FpcacheError):
    """A media item can't be read or fingerprinted."""


class StoreError(FpcacheError):
    """Something is wrong with the store."""


class StoreUnavailableError(StoreError):
    """The store can't be reached, opened, or written to."""


class CorruptEntryError(StoreError):
    """A stored entry or blob is damaged or incomplete."""


class UntrustedEntryError(StoreError):
    """A stored entry does not verify with the key in use."""
