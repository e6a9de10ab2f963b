"""Generators that a run seeds from the operating system's entropy.

NumPy asks one function for entropy whenever a generator, seed sequence or
legacy state is made without a seed, in the user's code or anyone's; so that
one is watched, and no reading of arguments is needed. ``os.urandom`` is what
``uuid``, ``secrets`` and ``SystemRandom`` draw from, and ``random.Random()``
is a generator of Python's own.

What an installed package draws for itself, such as the id of a table that it
shows, is a sample like that of an unseeded random state: a new process may
see the recorded one, once. The names of temporary files don't count unless
they are in the result.
"""

from __future__ import annotations

import functools
import os
import random
import sys
import threading
from collections import deque
from types import FrameType, ModuleType
from typing import Any

from fpcache.dependencies.context import Context
from fpcache.dependencies.records import Dependency, Effect, Observation, Refusal
from fpcache.dependencies.substitutions import Substitution, substitute, undo
from fpcache.dependencies.waivers import waivers
from fpcache.fingerprints.locality import is_local_namespace

__all__ = ["KIND", "NEW_SAMPLES", "TEMPORARY_NAMES", "apply", "check", "probe", "ready"]

KIND = "entropy"
NEW_SAMPLES = "unseeded samples are new ones here"
_NUMPY = "numpy.random.bit_generator"
_LEGACY = "numpy.random.mtrand"
_LAST = 8  # a legacy generator is given its seed at once; some threads may be making one each
_MAKERS = frozenset(
    {"default_rng", "RandomState", "SeedSequence", "MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"}
)
_UNSEEDED = "a NumPy generator without a seed"
TEMPORARY_NAMES = "temporary names"
"""The detail of an observation that has the names of temporary files."""

_SOURCES = frozenset({"os", "random", "uuid", "secrets"})
# Who draws for its own bookkeeping, or for a name that is looked for in the result.
_IDLE = (
    "IPython", "ipykernel", "jupyter_client", "traitlets", "zmq", "comm", "ipywidgets", "tempfile", "fpcache",
    "multiprocessing", "joblib", "concurrent", "asyncio", "threading", "subprocess", "tqdm", "dask",
    "distributed", "sklearn.callback",
)  # fmt: skip
_IDLE_PREFIXES = tuple(f"{name}." for name in _IDLE)
_SEED_BYTES = 16
_ASKS = frozenset({"secrets", "SystemRandom", "randbits", "getrandbits"})
_replayed: set[str] = set()
_REMEDY = "give a seed, or use %%fpcache to keep one sample"


class _Probe:
    """Stands in for NumPy's source of entropy and for ``random.Random.seed``."""

    def __init__(self) -> None:
        self._replaced: list[Substitution] = []
        self._seen: dict[str, int | None] = {}
        self._packages: dict[str, None] = {}
        self._names: list[str] = []
        self._had_numpy = True
        self._made: deque[tuple[Any, str]] = deque()
        self._making = threading.local()

    def start(self) -> None:
        module = sys.modules.get(_NUMPY)
        self._had_numpy = module is not None
        if module is not None and hasattr(module, "randbits"):
            self._replaced.append(substitute(module, "randbits", self._numpy_bits(module.randbits)))
        legacy = sys.modules.get(_LEGACY)
        if legacy is not None and isinstance(getattr(legacy, "_MT19937", None), type):
            self._replaced.append(substitute(legacy, "_MT19937", self._twister(legacy._MT19937)))
        self._replaced.append(substitute(random.Random, "seed", self._python_seed(random.Random.seed)))
        self._replace_system_sources()

    def _replace_system_sources(self) -> None:
        for module, name in ((os, "urandom"), (random, "_urandom")):
            if hasattr(module, name):
                self._replaced.append(substitute(module, name, self._system(module, name)))
        temporary: Any = getattr(sys.modules.get("tempfile"), "_RandomNameSequence", None)
        if temporary is not None and "__next__" in vars(temporary):
            self._replaced.append(substitute(temporary, "__next__", self._named(temporary.__next__)))

    def stop(self) -> None:
        undo(self._replaced)
        self._replaced = []
        self._settle(0)
        if not self._had_numpy and _NUMPY in sys.modules:
            self._seen[
                "perhaps: NumPy's random numbers were loaded by this very run; import NumPy before"
            ] = None

    def _numpy_bits(self, original: Any) -> Any:
        @functools.wraps(original)
        def randbits(bits: int) -> Any:
            frame = sys._getframe(1)
            is_discarded = getattr(self._making, "legacy", False) or _is_copying(frame)
            if not is_discarded and not _is_importing(frame):
                self._seen[f"{_UNSEEDED}{_by(frame)}"] = None
            return original(bits)

        return randbits

    def _twister(self, original: Any) -> Any:
        """Stand in for the bit generator of legacy states: it is made from entropy first, then seeded."""

        class Type(type):
            def __call__(cls, *args: Any, **kwargs: Any) -> Any:
                self._making.legacy = True
                try:
                    made = original(*args, **kwargs)
                finally:
                    self._making.legacy = False
                frame = sys._getframe(1)
                if not _is_importing(frame):
                    self._made.append((made, _by(frame)))
                self._settle(_LAST)
                return made

            def __instancecheck__(cls, value: object) -> bool:
                return isinstance(value, original)

        return Type("MT19937", (), {})

    def _settle(self, keep: int) -> None:
        """Judge all but the last legacy generators: a seed given drops the entropy."""
        while len(self._made) > keep:
            made, by = self._made.popleft()
            if getattr(made, "_seed_seq", None) is not None:
                self._seen[f"{_UNSEEDED}{by}"] = None

    def _python_seed(self, original: Any) -> Any:
        @functools.wraps(original)
        def seed(generator: random.Random, a: Any = None, version: int = 2) -> None:
            if a is None:
                self._note(sys._getframe(1), "`random.Random()` without a seed")
            original(generator, a, version)

        return seed

    def _system(self, module: ModuleType, name: str) -> Any:
        original = vars(module)[name]

        @functools.wraps(original)
        def urandom(size: int) -> Any:
            frame = sys._getframe(1)
            if not self._is_numpys_own(frame, size):
                self._note(frame, "`os.urandom`")
            return original(size)

        return urandom

    def _is_numpys_own(self, frame: FrameType, size: int) -> bool:
        """Whether NumPy, which the run itself imported, asks for what a seed then takes the place of.

        Its own function for that was not there to be watched; `_guess` judges what the code names.
        """
        if self._had_numpy or size != _SEED_BYTES or frame.f_code.co_name != "getrandbits":
            return False
        caller = frame.f_back
        return _NUMPY in sys.modules and caller is not None and _ASKS.isdisjoint(caller.f_code.co_names)

    def _named(self, original: Any) -> Any:
        @functools.wraps(original)
        def following(sequence: Any) -> Any:
            name = original(sequence)
            self._names.append(name)
            return name

        return following

    def _note(self, frame: FrameType | None, what: str) -> None:
        """Note a draw with who made it: the user's code, or which package."""
        while frame is not None and frame.f_globals.get("__name__") in _SOURCES:
            frame = frame.f_back
        module = str(frame.f_globals.get("__name__", "")) if frame is not None else ""
        if frame is None or f"{module}.".startswith(_IDLE_PREFIXES) or _is_importing(frame):
            return
        if is_local_namespace(frame.f_globals):
            self._seen[what] = None
        else:
            self._packages[module.partition(".")[0]] = None

    def observation(self) -> Observation:
        refusals = tuple(Refusal(f"reads entropy ({what})", _REMEDY, explicit_ok=True) for what in self._seen)
        details = {TEMPORARY_NAMES: tuple(self._names)}
        if not self._packages:
            return Observation(waivers(refusals), refusals=refusals, details=details)
        names = " and ".join(f"`{package}`" for package in self._packages)
        sample = os.urandom(12).hex()
        _replayed.add(sample)
        return Observation(
            (*waivers(refusals), Dependency(KIND, names, sample)),
            (Effect(KIND, sample, b""),),
            refusals,
            (f"has what {names} drew from the system's entropy",),
            details,
        )


def _by(frame: FrameType) -> str:
    """Name what made a generator: the user's call and its place, or a package's module."""
    if not is_local_namespace(frame.f_globals):
        return f", in `{frame.f_globals.get('__name__', '?')}`"
    makers = _MAKERS.intersection(frame.f_code.co_names)
    if not makers:
        return ""
    function, line = frame.f_code.co_name, frame.f_lineno
    place = f", line {line}" if function == "<module>" else f" in `{function}`"
    return f": {' or '.join(f'`{name}`' for name in sorted(makers))}{place}"


def _is_copying(frame: FrameType) -> bool:
    """Whether a generator is made to be given the state of another, by ``copy`` or ``pickle``."""
    return frame.f_globals.get("__name__") == "numpy.random._pickle"


def _is_importing(frame: FrameType | None) -> bool:
    """Whether a module is being imported here: generators made then are not the component's."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def probe(_: Context) -> _Probe:
    """Return a probe for generators without a seed."""
    return _Probe()


def check(dependency: Dependency, context: Context) -> str | None:
    """Say why a sample that a package drew can't be taken for that of a new run."""
    if context.settings.get("explicit"):
        return None
    draws = f"{dependency.name} draws from the system's entropy"
    if context.settings.get("unseeded") != "replay":
        return f"{draws}, and {NEW_SAMPLES}"
    return (
        f"{draws}, and this session has the recorded sample already"
        if dependency.expected in _replayed
        else None
    )


def ready(effect: Effect, context: Context) -> str | None:
    """Say why a sample can't be replayed; `check` has said so."""
    return None


def apply(effect: Effect, context: Context) -> None:
    """Remember that this process has the sample."""
    _replayed.add(effect.name)
