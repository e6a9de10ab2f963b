"""One component of a cell, as a step of the graph runner: ask, restore, execute."""

from __future__ import annotations

import ast
import sys
import time
from dataclasses import dataclass, field
from types import CodeType, ModuleType
from typing import Any

from fpcache.cells import Component, Kind
from fpcache.cells.quickness import looks_quick
from fpcache.dependencies.random_sources import load_lazy_sources
from fpcache.errors import StoreError, UnfingerprintableValueError
from fpcache.fingerprints.reading import read
from fpcache.fingerprints.records import MISSING, Reading
from fpcache.graph import FingerprintStatus
from fpcache.session import asked_memories, evidence, looking_up, refusing, restoring, sole_owner
from fpcache.session.cell_run import CellRun
from fpcache.session.estimating import estimated_s
from fpcache.session.executing import execute_component
from fpcache.session.governor import REPLAY_S, AllowanceSpentError
from fpcache.session.noting import note_effects
from fpcache.session.report import HIT, MISS, PLAIN, UNCACHEABLE, ComponentReport

__all__ = ["ComponentStep"]

_PLAIN_KINDS = {
    Kind.DEFINITION: "a definition",
    Kind.IMPORT: "an import",
    Kind.MAGIC: "a magic",
    Kind.SHELL: "a shell command",
    Kind.EMPTY: "nothing to run",
}
SLOW_TO_RESTORE = "looking it up and restoring it would take as long as running"
LOOKS_QUICK = "looks too quick to be worth caching; its duration is remembered"
EFFECT_ONLY = "had no effect that could be replayed, so it always runs"


@dataclass(slots=True)
class ComponentStep:
    """A component on its way through the runner.

    Attributes
    ----------
    reading : Reading or None
        What it reads, as found when it was asked; None where that wasn't needed.
    storable : bool
        Whether a run may be recorded.
    read_s : float
        Seconds that fingerprinting its inputs took; a hit costs them as well.
    spent_s : float
        Seconds after which fingerprinting was given up, as it took too long.
    """

    run: CellRun
    component: Component
    row: ComponentReport
    reading: Reading | None = None
    storable: bool = False
    read_s: float = 0.0
    spent_s: float = 0.0
    tried_s: float | None = None
    started_s: float = field(default_factory=time.perf_counter)

    @property
    def name(self) -> str:
        """The component's label."""
        return self.component.label

    @property
    def nodes(self) -> list[ast.stmt]:
        """The statements, as IPython parsed them."""
        return self.run.request.nodes[self.component.start : self.component.stop]

    def ask(self) -> FingerprintStatus:
        """Decide: hit, miss, uncacheable or plain, with the reason.

        Whatever goes wrong inside the cache here is a fault and a plain run.
        """
        try:
            self.row.notes += asked_memories.see_asked(self.run, self.component)
            with self.run.services.governor.spending():
                return self._ruled() or self._asked()
        except StoreError as error:
            self.run.services.faults.report(error)
            return _verdict(PLAIN, "the cache can't be used")
        except Exception as error:
            message = self.run.services.faults.report(error, "looking up a component")
            return _verdict(PLAIN, f"the cache had a fault ({message})")

    def _ruled(self) -> FingerprintStatus | None:
        """Decide what needs no fingerprints."""
        if is_traced(self.run.services.shell.shell):
            return _verdict(PLAIN, "a debugger is tracing")
        is_transparent = self.component.magic is not None and not self.component.dynamic
        if self.component.kind in _PLAIN_KINDS and not is_transparent:
            return _verdict(PLAIN, _PLAIN_KINDS[self.component.kind])
        for dynamic in self.component.dynamic:
            if not self._is_users_own(dynamic.name):
                return _verdict(UNCACHEABLE, refusing.dynamic_text(dynamic))
        return self._ruled_by_profile()

    def _is_users_own(self, name: str) -> bool:
        """Whether a name such as ``eval`` is not Python's here, but something that the user made."""
        root, _, attribute = name.partition(".")
        held = self.run.namespace.get(root.partition("(")[0], MISSING)
        is_users = held is not MISSING and root != "get_ipython"
        return is_users and not (attribute and isinstance(held, ModuleType))

    def _ruled_by_profile(self) -> FingerprintStatus | None:
        services, digest = self.run.services, self.component.code_digest
        min_seconds = services.settings.min_seconds
        if services.governor.is_known_cheap(digest, min_seconds):
            profile = services.governor.profile(digest)
            spent_ms = profile.duration_s * 1000 if profile else 0
            return _verdict(PLAIN, f"took {spent_ms:.0f} ms, cheaper to run than to store")
        if services.governor.is_slow_to_restore(digest):
            return _verdict(PLAIN, SLOW_TO_RESTORE)
        if services.governor.detail(digest, f"effect_only {self.run.shown(self.component)}"):
            return _verdict(PLAIN, EFFECT_ONLY)
        told = asked_memories.told(services, digest)
        if told is not None:
            return _verdict(UNCACHEABLE, refusing.told(told, self.row.lines))
        refused = services.governor.known_refusal(digest, min_seconds)
        if refused is not None and not self.run.options.explicit:
            return _verdict(UNCACHEABLE, refusing.told(refused, self.row.lines))
        is_unknown = min_seconds > 0 and services.governor.profile(digest) is None
        if is_unknown and not self.run.options.explicit and self._looks_quick(min_seconds):
            return _verdict(PLAIN, LOOKS_QUICK)
        return None

    def _looks_quick(self, min_seconds: float) -> bool:
        if looks_quick(self.nodes):
            return True
        if self.component.magic is not None:
            return False  # its body is in a text
        most_s = min_seconds / 2
        return estimated_s(self.nodes, self.run.namespace, most_s) < most_s

    def _asked(self) -> FingerprintStatus:
        code = self.run.compiled(self.component)
        if code is None:
            return _verdict(PLAIN, "is no valid code")
        load_lazy_sources()
        started = time.thread_time()
        try:
            self.reading = self._read(code)
        except UnfingerprintableValueError as error:
            return _verdict(UNCACHEABLE, refusing.value_text(error, self.component, self.nodes))
        except AllowanceSpentError as error:
            self.spent_s, self.tried_s = time.thread_time() - started, error.limit_s
            return _verdict(PLAIN, f"{error}; runs unrecorded this time")
        self.read_s = time.thread_time() - started
        self.row.notes += [
            f"`{name}` on disk differs from the code that is loaded, which counts; import it anew to use it"
            for name in self.reading.changed_on_disk
        ]
        return self._looked_up(self.reading)

    def _read(self, code: CodeType) -> Reading:
        run, component = self.run, self.component
        allowance = run.services.governor.allowance(
            component.code_digest, run.services.settings.min_seconds, explicit=run.options.explicit
        )
        return read(run.reads(component), code, run.namespace, ignore=run.options.ignore, allowance=allowance)

    def _looked_up(self, reading: Reading) -> FingerprintStatus:
        run, row = self.run, self.row
        context = run.context(reading)
        if run.services.bus.is_heard:
            with run.services.faults.guarded("describing what a component reads"):
                evidence.note_inputs(run, row, reading)
        refusal = looking_up.standing_refusal(run, self.component, context)
        refusal = refusal or sole_owner.refusal(run, self.component, reading)
        if refusal is not None:
            self.reading = None  # what is not recorded is not referred to while it runs
            return _verdict(UNCACHEABLE, refusing.refusal_text(refusal, self.component))
        row.key = run.key(self.component, reading)
        self.storable = not run.options.no_store
        if run.options.force or self.component.code_digest in run.services.forced:
            return _verdict(MISS, "forced", row.key)
        return looking_up.look_up(run, self.component, reading, context, row.key)

    def restore(self, status: FingerprintStatus) -> bool:
        """Replay the recording that was found; False where that failed."""
        assert self.reading is not None
        self.started_s, began_s = time.perf_counter(), time.thread_time()
        reason = restoring.replay(self.run, self.component, self.reading, status.found, self.row)
        if reason is None:
            assert isinstance(status.found, looking_up.Found)
            with self.run.services.faults.guarded("taking note of a hit"):
                asked_memories.note_hit(self.run, self.component, self.reading, status.found.entry)
                self._learn_cost(status.found, self.read_s + time.thread_time() - began_s)
            return True
        self.row.status, self.row.reason = MISS, reason
        return False

    def _learn_cost(self, found: looking_up.Found, cost_s: float) -> None:
        """Remember a hit that took longer than running, so that the code runs next time."""
        self.run.services.governor.run_time_s += found.entry.duration_s
        recorded_s = found.entry.duration_s
        if self.run.services.settings.min_seconds > 0 and cost_s > recorded_s:
            self.run.services.governor.learn(self.component.code_digest, recorded_s, **{REPLAY_S: cost_s})

    async def execute(self) -> bool:
        """Run the statements for real, recorded where that is possible."""
        self.started_s = time.perf_counter()
        self.run.services.forced.discard(self.component.code_digest)
        failed = await execute_component(self)
        if self.run.options.no_store and self.row.status == MISS:
            self.row.reason += "; not stored"
        if self.row.status not in (HIT, MISS):
            with self.run.services.faults.guarded("noting a statement's effect on a library"):
                note_effects(self.run, self.component)
        return failed


def _verdict(verdict: str, reason: str, key: str = "") -> FingerprintStatus:
    return FingerprintStatus(None, is_hit=False, reason=reason, key=key, verdict=verdict)


def is_traced(shell: Any) -> bool:
    """Whether a debugger watches, so that everything has to run."""
    if getattr(shell, "call_pdb", False) or sys.gettrace() is not None:
        return True
    monitoring = getattr(sys, "monitoring", None)
    return monitoring is not None and monitoring.get_tool(monitoring.DEBUGGER_ID) is not None
