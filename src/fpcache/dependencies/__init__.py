"""What a run reads and changes beyond its names: observed, verified at look-up, restored at replay."""

from __future__ import annotations

from types import ModuleType

from fpcache.dependencies import (
    ambient,
    decimal_flags,
    entropy,
    environment,
    files,
    hash_seed,
    local_modules,
    logger_settings,
    loggers,
    module_state,
    native_io,
    network,
    package_state,
    process_state,
    processes,
    pyplot_state,
    random_states,
    submodules,
    unpickled,
    volatile,
    waivers,
    warning_filters,
    workers,
    written_files,
)
from fpcache.dependencies.records import Dependency, Effect, Observation, Probe, Refusal

__all__ = ["EFFECTS", "KINDS", "PROBES", "Dependency", "Effect", "Observation", "Probe", "Refusal"]

# In the order in which they begin to watch; they stop in the opposite order.
PROBES: tuple[ModuleType, ...] = (
    random_states,
    entropy,
    environment,
    process_state,
    pyplot_state,
    local_modules,
    submodules,
    module_state,
    package_state,
    hash_seed,
    ambient,
    decimal_flags,
    logger_settings,
    loggers,
    warning_filters,
    volatile,
    waivers,
    network,
    unpickled,
    processes,
    workers,
    native_io,
    files,
    written_files,
)


def _kinds(module: ModuleType) -> frozenset[str]:
    kinds: frozenset[str] | None = getattr(module, "KINDS", None)
    return frozenset({module.KIND}) if kinds is None else kinds


EFFECTS: dict[str, ModuleType] = {
    kind: module for module in PROBES if hasattr(module, "apply") for kind in _kinds(module)
}
KINDS: dict[str, ModuleType] = {
    kind: module for module in PROBES if module is not written_files for kind in _kinds(module)
}
