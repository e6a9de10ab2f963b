"""Statements that consume a random state nobody seeded: they start where they did before."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from json import dumps, loads
from types import CodeType

from fpcache.dependencies import random_states
from fpcache.session.services import Services

__all__ = ["UnseededStart", "begin", "end", "known_starts"]


@dataclass(frozen=True, slots=True)
class UnseededStart:
    """The untouched states before a statement, and those remembered from its first run.

    `touched` are the names of the other states that existed before it.
    """

    memo: str
    before: dict[str, bytes]
    touched: frozenset[str]
    remembered: dict[str, bytes]


def begin(services: Services, code_digest: str, code: CodeType) -> UnseededStart | None:
    """Install the states that an earlier run of this code started from.

    Only states that are still as the process was born with are replaced. So a
    new kernel that runs the same cells sees the recorded sample, also where
    the statement that drew it is too quick to be cached, or has to run again.
    """
    if services.unseeded() != "replay":
        return None
    random_states.note_code(code)
    present = random_states.snapshot()
    before = {name: state for name, state in present.items() if random_states.untouched(name)}
    memo = _memo(code_digest)
    remembered = _remembered(services, memo)
    for name, state in remembered.items():
        if random_states.untouched(name):  # also where its library isn't loaded yet
            random_states.install(name, state)
            before[name] = state
    return UnseededStart(memo, before, frozenset(present.keys() - before.keys()), remembered)


def end(services: Services, start: UnseededStart) -> None:
    """Remember the states that a first run consumed, as they were before it."""
    consumed = random_states.changed(start.before, random_states.snapshot())
    known = start.remembered
    first_seen = {n: state for n, state in consumed.items() if n not in start.touched and n not in known}
    if first_seen:
        starts = {n: base64.b64encode(state).decode() for n, state in {**known, **first_seen}.items()}
        services.store.set_memo(start.memo, dumps(starts).encode())


def known_starts(services: Services, code_digest: str) -> dict[str, str]:
    """Return the digests of the states that this code starts from where nobody has touched them."""
    if services.unseeded() != "replay":
        return {}
    remembered = _remembered(services, _memo(code_digest))
    return {name: random_states.digest(state) for name, state in remembered.items()}


def _memo(code_digest: str) -> str:
    return f"random-start {code_digest}"


def _remembered(services: Services, memo: str) -> dict[str, bytes]:
    found = services.store.get_memo(memo)
    return {name: base64.b64decode(text) for name, text in loads(found).items()} if found else {}
