"""All probes as one: started together, asked together, checked and applied by kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from types import ModuleType

from fpcache.dependencies import written_files
from fpcache.dependencies.context import Context
from fpcache.dependencies.records import Dependency, Effect, Observation, Probe, Refusal
from fpcache.dependencies.undoing import undo_of

__all__ = ["Observing", "apply_effects", "first_broken", "first_unready"]


class Observing:
    """Watches one run with every probe."""

    def __init__(self, context: Context, modules: Sequence[ModuleType]) -> None:
        self.context = context
        self.faults: list[Exception] = []
        self._probes: list[Probe] = [module.probe(context) for module in modules]

    def start(self) -> None:
        """Begin to watch; on a fault the probes already started are stopped."""
        try:
            for probe in self._probes:
                probe.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop watching, last started first; what a probe raises is kept in ``faults``."""
        for probe in reversed(self._probes):
            try:
                probe.stop()
            except Exception as error:  # the others must stop, and the user's code has nothing to do with it
                self.faults.append(error)

    def observation(self) -> Observation:
        """Return what all probes saw."""
        seen = [probe.observation() for probe in self._probes]
        return Observation(
            dependencies=tuple(item for one in seen for item in one.dependencies),
            effects=tuple(item for one in seen for item in one.effects),
            refusals=tuple(item for one in seen for item in one.refusals),
            notes=tuple(item for one in seen for item in one.notes),
            details={name: value for one in seen for name, value in one.details.items()},
        )


def first_broken(
    dependencies: Iterable[Dependency], context: Context, modules: dict[str, ModuleType]
) -> str | None:
    """Return why the first dependency that no longer holds doesn't, or None."""
    for dependency in dependencies:
        module = modules.get(dependency.kind)
        if module is None:
            return f"recorded by a newer fpcache (unknown dependency {dependency.kind!r})"
        reason: str | None = module.check(dependency, context)
        if reason is not None:
            return reason
    return None


def first_unready(effects: Iterable[Effect], context: Context, modules: dict[str, ModuleType]) -> str | None:
    """Return why the first effect can't be replayed now, or None."""
    for effect in effects:
        module = modules.get(effect.kind)
        if module is None:
            return f"recorded by a newer fpcache (unknown effect {effect.kind!r})"
        reason: str | None = module.ready(effect, context)
        if reason is not None:
            return reason
    return None


def apply_effects(effects: Iterable[Effect], context: Context, modules: dict[str, ModuleType]) -> None:
    """Leave files, random states and settings as the recorded run left them; all of them, or none.

    What can fail comes first. Where something fails, what was done is taken back, and the error raised.
    """
    undos: list[Callable[[], None]] = []
    try:
        for effect in sorted(effects, key=_is_safe):
            undos.append(undo_of(effect))
            modules[effect.kind].apply(effect, context)
    except BaseException:
        for undo in reversed(undos):
            with suppress(Exception):
                undo()
        raise


def _is_safe(effect: Effect) -> bool:
    return effect.kind not in written_files.KINDS


def worst_refusal(refusals: Sequence[Refusal], *, explicit: bool) -> Refusal | None:
    """Return the refusal that stands, or None if all may be waived."""
    for refusal in refusals:
        if not (explicit and refusal.explicit_ok):
            return refusal
    return None
