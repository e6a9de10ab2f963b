"""The client of a server, from an address; and what goes wrong with it, as errors that say what to do."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from fpcache.errors import FpcacheError, MediaError, StoreUnavailableError

__all__ = ["Address", "connected", "is_address", "parsed", "qdrant", "translated"]

_SCHEMES = {"qdrant": False, "qdrants": True}
_PORT = 6333
_KEY_VARIABLE = "FPCACHE_QDRANT_API_KEY"
_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Address:
    """Where a collection is.

    Attributes
    ----------
    url : str
        Of the server, as its client takes it.
    collection : str
        Its name there.
    """

    url: str
    collection: str


def is_address(path: object) -> bool:
    """Say whether this names a server rather than a file."""
    return isinstance(path, str) and path.partition("://")[0] in _SCHEMES and "://" in path


def parsed(address: str) -> Address:
    """Return what ``qdrant://host:6333/collection`` says; ``qdrants://`` is encrypted.

    Raises
    ------
    MediaError
        If it has no host or no collection, or holds a password.

    Examples
    --------
    >>> parsed("qdrant://localhost/photos")
    Address(url='http://localhost:6333', collection='photos')
    """
    form = "write qdrant://host:6333/collection, or qdrants:// for an encrypted connection"
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port or _PORT
    except ValueError as error:
        raise MediaError(f"the address {address!r} can't be understood ({error}); {form}") from error
    collection = parts.path.strip("/")
    if not host or not collection or "/" in collection or parts.query or parts.fragment:
        raise MediaError(f"the address {address!r} doesn't name a server and one collection; {form}")
    if parts.username or parts.password:
        raise MediaError(f"an address holds no name or password; put the server's key into {_KEY_VARIABLE}")
    scheme = "https" if _SCHEMES[parts.scheme] else "http"
    return Address(f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}", collection)


def qdrant() -> Any:
    """Return the client's package.

    Raises
    ------
    MediaError
        If it isn't installed.
    """
    try:
        return import_module("qdrant_client")
    except ImportError as error:
        raise MediaError("a Qdrant server needs its client; pip install 'fpcache[qdrant]'") from error


def connected(address: Address) -> Any:
    """Return a client; it connects with its first request."""
    key = os.environ.get(_KEY_VARIABLE) or None
    return qdrant().QdrantClient(
        url=address.url, api_key=key, timeout=_TIMEOUT_S, check_compatibility=False
    )  # fmt: skip


@contextlib.contextmanager
def translated(place: str) -> Iterator[None]:
    """Raise what the client says as errors that tell what to do next."""
    try:
        yield
    except FpcacheError:
        raise
    except Exception as error:
        exceptions = import_module("qdrant_client.http.exceptions")
        if isinstance(error, exceptions.UnexpectedResponse):
            raise StoreUnavailableError(_refused(place, error)) from error
        raise StoreUnavailableError(
            f"the media index {place} can't be reached or used ({_in_short(error)}); "
            "check the address, and that the server runs"
        ) from error


def _refused(place: str, error: Any) -> str:
    told = _in_short(error)
    if error.status_code in (401, 403):
        return f"the media index {place} lets nobody in without a key ({told}); set {_KEY_VARIABLE}"
    if error.status_code == 404:
        return f"the media index {place} is not there any more, or its server is too old ({told})"
    return f"the server of the media index {place} refused ({told}); see its log"


def _in_short(error: Exception) -> str:
    """Return what an error says, on one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
