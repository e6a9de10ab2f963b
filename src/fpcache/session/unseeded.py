"""Quick statements that consume a random state nobody seeded: they start where they did before."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType

from fpcache.dependencies import random_states
from fpcache.session.services import Services

__all__ = ["unseeded_start"]


@contextmanager
def unseeded_start(services: Services, code_digest: str, code: CodeType) -> Iterator[None]:
    """Install the states that an earlier run of this code started from; remember those of a first run.

    Only states that are still as the process was born with are replaced. So a
    new kernel that runs the same cells sees the recorded sample, also where
    the statement that drew it is too quick to be cached.
    """
    if services.unseeded() != "replay":
        yield
        return
    random_states.note_code(code)
    before = {n: state for n, state in random_states.snapshot().items() if random_states.untouched(n)}
    memo = f"random-start {code_digest}"
    remembered = _remembered(services, memo) if before else {}
    for name in before.keys() & remembered.keys():
        random_states.install(name, remembered[name])
        before[name] = remembered[name]
    yield
    consumed = random_states.changed(before, random_states.snapshot()) if before else {}
    first_seen = {n: state for n, state in consumed.items() if n in before and n not in remembered}
    if first_seen:
        starts = {n: base64.b64encode(state).decode() for n, state in {**remembered, **first_seen}.items()}
        services.store.set_memo(memo, json.dumps(starts).encode())


def _remembered(services: Services, memo: str) -> dict[str, bytes]:
    found = services.store.get_memo(memo)
    return {name: base64.b64decode(text) for name, text in json.loads(found).items()} if found else {}
