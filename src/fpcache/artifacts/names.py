"""Names of datasets and modules as names of directories that every system takes and none can leave."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

from blake3 import blake3

from fpcache.errors import StoreError

__all__ = ["below", "module_name", "safe_name"]

_LONGEST = 80
_MARK_DIGITS = 10
_UNSAFE = re.compile(r"[^a-z0-9._=-]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$")


def safe_name(text: str) -> str:
    """Return a name for a directory: the text itself where it is harmless, else a part of it and its digest.

    Two texts that differ get two names, also where a file system doesn't tell
    large letters from small ones.

    Examples
    --------
    >>> safe_name("squad-plain_text")
    'squad-plain_text'
    >>> safe_name("../../etc").startswith("etc-")
    True
    >>> safe_name("CON") == safe_name("con")
    False
    """
    plain = _UNSAFE.sub("_", text.lower()).strip("._-")
    is_same = (
        plain == text != "" and len(text) <= _LONGEST and not _RESERVED.match(plain) and not _is_marked(plain)
    )
    if is_same:
        return plain
    mark = blake3(text.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK_DIGITS]
    return f"{plain[: _LONGEST - _MARK_DIGITS - 1].rstrip('._-') or 'name'}-{mark}"


def _is_marked(text: str) -> bool:
    """Return whether a text ends like a name that got a mark, so that it could be taken for one."""
    return re.search(rf"-[0-9a-f]{{{_MARK_DIGITS}}}$", text) is not None


def module_name(module: object) -> str:
    """Return the name of what makes artifacts: a text, or a module's, class's or function's own name."""
    if isinstance(module, str):
        name = module
    elif isinstance(module, ModuleType):
        name = module.__name__
    else:
        named = module if hasattr(module, "__qualname__") else type(module)
        name = f"{named.__module__}.{named.__qualname__}"
    if not name.strip():
        raise ValueError("module is an empty text; name what makes the artifacts, such as 'embeddings'")
    return name


def below(base: Path, *texts: str) -> Path:
    """Return a path below a directory, made of texts from anywhere.

    Raises
    ------
    StoreError
        If a link on the way leads out of the directory.
    """
    path = base.joinpath(*map(safe_name, texts))
    if not path.resolve().is_relative_to(base.resolve()):
        raise StoreError(f"{path} leads out of {base} through a link; remove the link")
    return path
