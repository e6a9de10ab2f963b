"""Values and code to fingerprints: exact, canonical, equal in every process."""

from __future__ import annotations

from fpcache.fingerprints.encoder import Apart, Encoder
from fpcache.fingerprints.records import MISSING, Buffer, GlobalRead, Reading, Resolved, Root, Walk
from fpcache.fingerprints.registry import register, register_handler
from fpcache.fingerprints.walking import FORMAT, fingerprint, join, joint_nodes, walk

__all__ = [
    "FORMAT",
    "MISSING",
    "Apart",
    "Buffer",
    "Encoder",
    "GlobalRead",
    "Reading",
    "Resolved",
    "Root",
    "Walk",
    "fingerprint",
    "join",
    "joint_nodes",
    "register",
    "register_handler",
    "walk",
]
