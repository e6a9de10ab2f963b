"""The key that makes an entry trusted, and the signatures made with it.

Replaying an entry unpickles its bytes, so only entries written by somebody who
holds the key are looked at. A signature covers all that steers a replay,
including the digests of the blobs, which are checked when they are read.
"""

from __future__ import annotations

import contextlib
import hmac
import math
import os
import secrets
import struct
import tempfile
from pathlib import Path

from fpcache.errors import StoreUnavailableError
from fpcache.store.directories import default_key_file
from fpcache.store.entry import Entry

__all__ = ["load_key", "sign_entry", "sign_memo"]

_KEY_BYTES = 32


def load_key(path: Path | None = None) -> bytes:
    """Return the user's key, made on first use.

    Raises
    ------
    StoreUnavailableError
        If it can't be made or read, or if others may change or read it.
    """
    path = path or default_key_file()
    try:
        if not path.exists():
            _create_key(path)
        _refuse_exposed(path)
        key = path.read_bytes()
    except OSError as error:
        raise StoreUnavailableError(
            f"The key that authenticates cache entries can't be made or read at {path}: {error.strerror}. "
            "Set FPCACHE_KEY_FILE to a private file that you can write."
        ) from error
    if len(key) < _KEY_BYTES:
        raise StoreUnavailableError(
            f"The key file {path} is too short ({len(key)} bytes, {_KEY_BYTES} needed). "
            "Remove it to have a new one made; entries written with the old one are then ignored."
        )
    return key


def _create_key(path: Path) -> None:
    """Write a new key unless another process is first.

    The key appears under its name complete or not at all: a kill in between
    leaves no short key behind, and of two first kernels both use the same one.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, aside = tempfile.mkstemp(prefix=".key-", dir=path.parent)  # private to the user
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
        _publish(aside, path)
    finally:
        os.unlink(aside)


def _publish(aside: str, path: Path) -> None:
    """Give the file its name if that is free."""
    try:
        os.link(aside, path)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links: the next best, not safe against a kill in between
        with contextlib.suppress(FileExistsError), path.open("xb") as file:
            os.chmod(path, 0o600)
            file.write(Path(aside).read_bytes())


def _refuse_exposed(path: Path) -> None:
    """Raise where others could read the user's key, or change a shared one."""
    if os.name != "posix":
        return
    forbidden = 0o022 if os.environ.get("FPCACHE_KEY_FILE") else 0o077
    if path.stat().st_mode & forbidden:
        raise StoreUnavailableError(
            f"The key file {path} is open to other users. Run `chmod 600 {path}`, "
            "or remove it if it may be known to them."
        )


def sign_entry(key: bytes, entry: Entry) -> bytes:
    """Return the signature of an entry: of all but its pin and its counters."""
    expires_s = math.nan if entry.expires_s is None else entry.expires_s
    numbers = (entry.created_s, entry.duration_s, entry.restore_s, expires_s, entry.size_bytes)
    texts = [entry.entry_id, entry.key, entry.label, entry.notebook, entry.cell, entry.code_digest]
    texts += [entry.source, entry.name, " ".join(entry.binds)]
    for role, ref in sorted(entry.blobs.items()):
        texts += [role, ref.digest, str(ref.size_bytes)]
    parts = [b"entry-1", struct.pack("<4dq", *numbers), entry.dependencies, entry.meta]
    return _sign(key, parts + [text.encode() for text in texts])


def sign_memo(key: bytes, name: str, value: bytes) -> bytes:
    """Return the signature of a small value kept under a name."""
    return _sign(key, [b"memo-1", name.encode(), value])


def _sign(key: bytes, parts: list[bytes]) -> bytes:
    """Sign parts so that no two lists of parts share the signed bytes."""
    signed = b"".join(len(part).to_bytes(8, "little") + part for part in parts)
    return hmac.digest(key, signed, "sha256")
