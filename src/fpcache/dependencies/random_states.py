"""Random states that a run read, advanced or set.

The dependency is the state before, the effect the state after. A state that
is still as the process was born with it may be replaced by the one that an
earlier run started from, if ``settings["unseeded"]`` is ``"replay"``: no code
can tell, and a new kernel sees the recorded sample. ``check`` allows for that
and ``apply_before`` or ``install`` do it.

Not seen: states that are copied without a call of the libraries' own functions
(``copy.deepcopy(np.random.mtrand._rand)``), and torch's states on devices
other than CPU and CUDA.
"""

from __future__ import annotations

from collections.abc import Mapping

import xxhash

from fpcache.dependencies.context import Context
from fpcache.dependencies.random_births import begin, birth, end, is_untouched, note_code, note_names, touch
from fpcache.dependencies.random_calls import Watch
from fpcache.dependencies.random_sources import loaded_sources, source
from fpcache.dependencies.records import Dependency, Effect, Observation, Refusal
from fpcache.dependencies.waivers import waivers

__all__ = [
    "KIND",
    "NEVER_SEEDED",
    "apply",
    "apply_before",
    "begin",
    "changed",
    "check",
    "digest",
    "end",
    "install",
    "note_code",
    "probe",
    "ready",
    "snapshot",
    "untouched",
]

KIND = "random"
NEVER_SEEDED = "was never seeded"
_UNKNOWN = "unknown"


def snapshot() -> dict[str, bytes]:
    """Return the random states of all libraries that are loaded, by name."""
    return {found.name: found.read() for found in loaded_sources()}


def changed(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the states before of what differs; of lazily imported libraries those at birth."""
    found = {}
    for name, state in after.items():
        old = before.get(name) or _state_at_import(name, state)
        if old is not None and old != state:
            found[name] = old
    return found


def _state_at_import(name: str, state: bytes) -> bytes | None:
    """Return the state of a library before the run in which it was imported."""
    if name.startswith("torch.cuda:"):
        return state[:8] + bytes(len(state) - 8)  # seed, then how far it was advanced
    return birth(name)


def untouched(name: str) -> bool:
    """Whether a state is as it was born, and nothing can have seen it."""
    return is_untouched(name)


def install(name: str, state: bytes) -> None:
    """Make a recorded state the present one; the library is imported if need be."""
    source(name).write(state)
    touch(name)


def digest(state: bytes) -> str:
    """Return a short name of a state."""
    return xxhash.xxh3_128_hexdigest(state)


class _Probe:
    """Compares the states before and after, and listens for calls that handle whole states."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._before: dict[str, bytes] = {}
        self._after: dict[str, bytes] = {}
        self._watch = Watch(self._is_as_before)

    def start(self) -> None:
        if self._context.reading is not None:
            for function in self._context.reading.functions:
                note_names(function.__code__.co_names)
        self._before = snapshot()
        self._watch.start()

    def stop(self) -> None:
        self._watch.stop()
        self._after = snapshot()
        for library in self._watch.read:
            touch(library)

    def _is_as_before(self, library: str) -> bool:
        """Whether nothing was drawn yet; for CUDA, on no device."""
        now = snapshot()
        return all(
            state == self._before.get(name, state) for name, state in now.items() if _is_of(name, library)
        )

    def observation(self) -> Observation:
        dependencies, effects = [], []
        for name, after in self._after.items():
            before = self._before.get(name) or _state_at_import(name, after)
            is_given, is_fixed, is_read = self._role(name)
            if before == after and not is_given and not is_read:
                continue
            known = before if before is not None and not is_fixed else b""
            if not is_fixed:
                dependencies.append(Dependency(KIND, name, digest(known) if known else _UNKNOWN))
            effects.append(Effect(KIND, name, after, known))
        refusals = self._refusals()
        return Observation((*dependencies, *waivers(refusals)), tuple(effects), refusals)

    def _role(self, name: str) -> tuple[bool, bool, bool]:
        library = "torch.cuda" if name.startswith("torch.cuda") else name
        watch = self._watch
        # What was not there before the run was seeded, if at all, in a way that nothing has seen.
        is_fixed = library in watch.fixed and name in self._before
        return library in watch.given, is_fixed, library in watch.read

    def _refusals(self) -> tuple[Refusal, ...]:
        remedy = "give a seed, or use %%fpcache to keep one sample"
        return tuple(
            Refusal(f"reads entropy (`{label}()` without a seed)", remedy, explicit_ok=True)
            for label in dict.fromkeys(self._watch.entropy)
        )


def _is_of(name: str, library: str) -> bool:
    return name == library or (library == "torch.cuda" and name.startswith("torch.cuda:"))


def probe(context: Context) -> _Probe:
    """Return a probe for random states."""
    return _Probe(context)


def check(dependency: Dependency, context: Context) -> str | None:
    """Say why a random state is not the one that the recorded run started from."""
    name = dependency.name
    is_new = untouched(name)
    if is_new and context.settings.get("unseeded") == "replay":
        return None
    present = {found.name: found for found in loaded_sources()}.get(name)
    if present is None and name.startswith("torch.cuda:") and not is_new and source(name).misfit(b"") is None:
        present = source(name)  # reading it initialises CUDA, as the recorded run did
    title = source(name).title
    if present is not None and digest(present.read()) == dependency.expected:
        return None
    return f"{title} {NEVER_SEEDED}" if is_new else f"{title} differs"


def ready(effect: Effect, context: Context) -> str | None:
    """Say why the state after the run can't be set now."""
    return source(effect.name).misfit(effect.state)


def apply(effect: Effect, context: Context) -> None:
    """Leave the random state as the recorded run left it."""
    install(effect.name, effect.state)


def apply_before(effect: Effect, context: Context) -> None:
    """Set the state that the recorded run started from, for running its code again."""
    if effect.before and source(effect.name).misfit(effect.before) is None:
        install(effect.name, effect.before)
