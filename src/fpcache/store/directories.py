"""Where the cache lives, and whether that is a place it may live in."""

from __future__ import annotations

import os
from pathlib import Path

from fpcache.errors import StoreUnavailableError

__all__ = ["default_directory", "default_key_file", "prepare_directory"]

_WHAT = "The cache directory"
_ADVICE = "Set FPCACHE_DIR to a directory of your own"


def default_directory() -> Path:
    """Return ``FPCACHE_DIR``, or else fpcache's place in the user's cache directory."""
    chosen = os.environ.get("FPCACHE_DIR", "")
    if chosen:
        return Path(chosen).expanduser().absolute()
    import platformdirs

    return platformdirs.user_cache_path("fpcache", appauthor=False)


def default_key_file() -> Path:
    """Return where the user's key lies.

    Not in the cache directory: a cache that was copied from elsewhere would
    bring along the key that makes it trusted.
    """
    chosen = os.environ.get("FPCACHE_KEY_FILE", "")
    if chosen:
        return Path(chosen).expanduser().absolute()
    import platformdirs

    return platformdirs.user_data_path("fpcache", appauthor=False) / "key"


def prepare_directory(directory: Path, what: str = _WHAT, advice: str = _ADVICE) -> None:
    """Create a private directory, or check that an existing one may be used.

    Parameters
    ----------
    directory : Path
        The directory.
    what, advice : str
        What errors call it, and what they say to do.

    Raises
    ------
    StoreUnavailableError
        If it can't be created, is no directory, belongs to another user, or
        can't be written to.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = directory.stat()
    except FileExistsError:
        raise StoreUnavailableError(f"{what} {directory} is a file. {advice}.") from None
    except OSError as error:
        raise StoreUnavailableError(
            f"{what} {directory} can't be created: {error.strerror}. {advice}."
        ) from error
    _refuse_foreign(directory, state, what, advice)
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        raise StoreUnavailableError(f"{what} {directory} can't be written to. {advice}.")


def _refuse_foreign(directory: Path, state: os.stat_result, what: str, advice: str) -> None:
    """Raise where another user owns the directory, and so could read and replace what is in it."""
    if hasattr(os, "geteuid") and state.st_uid != os.geteuid():
        raise StoreUnavailableError(
            f"{what} {directory} belongs to another user (user id {state.st_uid}). {advice}."
        )
