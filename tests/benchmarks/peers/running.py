"""One trap through one cache: the sessions before and after the change, and what came of them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from scenarios import Trap

from fpcache.testing.sessions import Run, Transcript, differences
from fpcache.testing.sessions.forking import run_in_fork
from fpcache.testing.sessions.processes import run_in_process
from fpcache.testing.sessions.steps import Step

from .catalogue import Peer
from .forms import CELL, UnsuitableError
from .judging import NOT_APPLICABLE, Watched, judge
from .preparing import Prepared, first_code, observing, prepared

__all__ = ["Outcome", "Scene"]

_REFUSING = re.compile(r"(?i)unable to|could not|can't|while loading|has not been saved")
_CACHE_WARNING = r"^\S+:\d+: CacheWarning: .*"
_LABEL_CHARACTERS = 38
_TIMEOUT_S = 300.0  # the first session of a kind waits for all the caches to be loaded
_ENDLESS = "the session took more than"
# In automatic use these must be told of; who asks by name for such a value to be kept gets what was kept.
_VOLATILE = 73


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one trap made of one cache."""

    trap: str
    peer: str
    verdict: str
    because: str

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


@dataclass(slots=True)
class Scene:
    """One trap in a directory of its own, in sessions of one interpreter.

    ``loads`` is what waiting processes have loaded, and ``seeds`` are the hash
    seeds before and after the change where the trap says nothing of them.
    """

    trap: Trap
    place: Path
    python: str
    loads: tuple[str, ...] = ()
    seeds: tuple[int | None, int | None] = (None, None)
    plain_runs: dict[tuple[Step, ...], Run] = field(default_factory=dict)

    def outcome(self, peer: Peer) -> Outcome:
        """Run the trap through a cache, and judge it."""
        try:
            self._check_asked(peer)
            judged = self._judged_fpcache if peer.kind in ("auto", "explicit") else self._judged
            verdict, because = judged(peer)
        except UnsuitableError as error:
            verdict, because = NOT_APPLICABLE, str(error)
        except RuntimeError as error:
            if _ENDLESS not in str(error):
                raise
            verdict, because = NOT_APPLICABLE, str(error).partition("\n")[0]
        return Outcome(self.trap.name, peer.name, verdict, because)

    def _check_asked(self, peer: Peer) -> None:
        """Leave out what means something else for a cache that is asked for by name."""
        trap = self.trap
        if trap.number == _VOLATILE and trap.explicit == "hit" and peer.kind != "auto":
            raise UnsuitableError("who asks by name for such a value to be kept gets that")
        if any("replay" in line for line in trap.before) and peer.kind not in ("auto", "explicit"):
            raise UnsuitableError("about a setting of fpcache's")

    def _judged(self, peer: Peer) -> tuple[str, str]:
        cache = self._new_cache(peer)
        before, after = (prepared(peer, self.trap, cache, changed) for changed in (False, True))
        plain = self._plain_notebook(after) if peer.kind == "marimo" else self._plain_form(after)
        self._session(before.cached, changed=False)
        run = self._session((*after.cached, self._count()), changed=True)
        told = next(filter(_REFUSING.search, _words(run, f"{peer.says}|{_CACHE_WARNING}")), "")
        failed = next(_words(run, peer.fails), "")
        watched = Watched(run, self._executions(), after.judged_cells, told, failed)
        return self._verdict(plain, watched, peer.says)

    def _judged_fpcache(self, peer: Peer) -> tuple[str, str]:
        setting = peer.kind, {"FPCACHE_DIR": str(self._new_cache(peer))}
        trap, plain = self.trap, self._plain(self.trap.second())
        watch = observing(f"count_statements({first_code(trap)!r})")
        self._session(trap.first(), False, *setting)
        run = self._session((watch, *trap.second(), self._count()), True, *setting)
        rows = [row for row in run.rows() if row.name.startswith(trap.judged[:_LABEL_CHARACTERS])]
        told = next((row.reason for row in rows if row.status == "uncacheable"), "")
        cells = [number for number, cell in enumerate(run.cells) if trap.judged in cell.text]
        return self._verdict(plain, Watched(run, self._executions(), cells, told), "")

    def _verdict(self, plain: Run, watched: Watched, says: str) -> tuple[str, str]:
        return judge(self.trap.verdict, plain, watched, says=says, **self._tolerated())

    def _tolerated(self) -> dict[str, Any]:
        trap = self.trap
        ignore = (*trap.ignore, CELL, "run_notebook")
        return {"ignore": ignore, "mask": trap.mask, "states": trap.states}

    def _plain_form(self, after: Prepared) -> Run:
        """Return the session in the cache's form without the cache; by itself the form changes nothing."""
        own = self._plain(after.plain)
        found = differences(self._plain(self.trap.second()), own, **self._tolerated())
        if found:
            raise UnsuitableError("another thing in this form: " + " ".join(found)[:200])
        return own

    def _plain_notebook(self, after: Prepared) -> Run:
        own = self._plain(after.plain)
        (cell,) = own.cells
        if cell.error:
            raise UnsuitableError(f"no marimo notebook: {cell.error}: {cell.outputs[-1].get('value')}"[:200])
        return own

    def _plain(self, steps: Sequence[Step]) -> Run:
        """Return a session without a cache, run once."""
        key = tuple(steps)
        if key not in self.plain_runs:
            try:
                self.plain_runs[key] = self._session(key, changed=True)
            except RuntimeError as error:
                raise UnsuitableError(f"a plain run can't be judged: {error}"[:200]) from error
        return self.plain_runs[key]

    def _new_cache(self, peer: Peer) -> Path:
        cache = self.place / ("cache-" + re.sub(r"\W+", "-", peer.name))
        shutil.rmtree(cache, ignore_errors=True)
        return cache

    def _count(self) -> Step:
        return observing(f"write({str(self.place / 'executions')!r})")

    def _executions(self) -> int:
        return int((self.place / "executions").read_text(encoding="utf-8"))

    def _session(
        self,
        steps: Sequence[Step],
        changed: bool,
        mode: str = "plain",
        environment: Mapping[str, str] | None = None,
    ) -> Run:
        trap = self.trap
        is_other = changed and trap.changed_environment is not None
        own = trap.changed_environment if is_other else trap.environment
        files = trap.files if not changed or trap.changed_files is None else trap.changed_files
        job = Transcript(self.place).job(
            tuple(steps),
            mode=mode,
            files=files,
            environment={"FPCACHE_DIR": str(self.place / "none"), **(environment or {}), **(own or {})},
            seed=trap.seeds[changed] or self.seeds[changed],
            preloaded=self.loads,
            before=trap.before,
            python=self.python,
            ready=True,
            timeout_s=_TIMEOUT_S,
        )
        # Workers of a process that was forked from one with threads may wait for ever.
        return (run_in_process if "joblib" in trap.needs or "n_jobs" in str(steps) else run_in_fork)(job)


def _words(run: Run, pattern: str) -> Iterator[str]:
    """Yield what a cache says of itself in the cells' streams."""
    for output in [output for cell in run.cells for output in cell.outputs] if pattern else ():
        if output["kind"] == "stream":
            yield from (match.group() for match in re.finditer(pattern, output["text"], re.MULTILINE))
