"""The fingerprint key: what a component's recordings are looked up by."""

from __future__ import annotations

import hashlib
import sys

from fpcache.cells import Component
from fpcache.fingerprints.records import Reading

__all__ = ["FORMAT", "component_key"]

FORMAT = "fpcache-entry-4"


def component_key(
    component: Component,
    reading: Reading,
    *,
    shown: str,
    ignored: tuple[str, ...] = (),
    depends: tuple[str, ...] = (),
) -> str:
    """Return the key of a component with these inputs.

    Parameters
    ----------
    shown : str
        Which expression values are displayed: the interactivity in force.
    ignored : tuple of str
        Names whose values don't count.
    depends : tuple of str
        Paths whose contents count; a recording knows those of the run.
    """
    parts = (
        FORMAT,
        f"{sys.implementation.cache_tag} {sys.version_info[:3]}",
        component.code_digest,
        shown,
        " ".join(sorted(ignored)),
        "\0".join(sorted(set(depends))),
        reading.digest,
    )
    text = "\x00".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()
