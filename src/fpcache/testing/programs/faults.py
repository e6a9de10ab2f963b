"""Breaking fpcache on purpose, inside a session: what the search has to notice.

A search that finds nothing shows something only if it finds these.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

__all__ = ["FAULTS", "break_fpcache"]


def _room(name: str) -> Any:
    """Return a module of fpcache, to change."""
    return import_module(f"fpcache.{name}")


def _forget_mutations() -> None:
    restoring = _room("session.restoring")
    apply = restoring.apply
    restoring.apply = lambda payload, nodes, names: apply(replace(payload, states=()), nodes, names)


def _drop_aliases() -> None:
    restoring = _room("session.restoring")
    load = restoring.load_payload

    def apart(*arguments: Any) -> Any:
        payload = load(*arguments)
        return replace(payload, bound={name: _copied(value) for name, value in payload.bound.items()})

    restoring.load_payload = apart


def _copied(value: Any) -> Any:
    return copy.copy(value) if isinstance(value, (list, dict, set)) else value


def _keep_deleted_names() -> None:
    restoring = _room("session.restoring")
    apply = restoring.apply
    restoring.apply = lambda payload, nodes, names: apply(replace(payload, deleted=()), nodes, names)


def _leave_random_states() -> None:
    _leave_effects("random")


def _leave_written_files() -> None:
    written_files = _room("dependencies.written_files")
    _leave_effects(*written_files.KINDS)


def _leave_effects(*kinds: str) -> None:
    restoring = _room("session.restoring")
    real = restoring.apply_effects

    def some(effects: Any, *others: Any) -> None:
        real([effect for effect in effects if effect.kind not in kinds], *others)

    restoring.apply_effects = some


def _trust_dependencies() -> None:
    looking_up = _room("session.looking_up")
    looking_up.broken_dependency = lambda run, component, dependencies, context: (0, None)


def _ignore_function_code() -> None:
    code_objects = _room("fingerprints.code_objects")
    code_objects._digest = lambda code, steps: b"same"


def _ignore_values() -> None:
    steps = _room("session.steps")
    read = steps.read
    steps.read = lambda *arguments, **options: replace(read(*arguments, **options), digest="same")


def _show_nothing() -> None:
    restoring = _room("session.restoring")
    restoring.publish = lambda *_: None


def _forget_identities() -> None:
    reading = _room("fingerprints.reading")
    reading._joint_digest = lambda found: str([(root.key, root.kind, root.digest) for root in found.roots])


FAULTS: dict[str, Callable[[], None]] = {
    "mutations are not replayed": _forget_mutations,
    "aliases are dropped": _drop_aliases,
    "deleted names stay": _keep_deleted_names,
    "random states are not restored": _leave_random_states,
    "written files are not restored": _leave_written_files,
    "dependencies are not checked": _trust_dependencies,
    "the code of functions does not count": _ignore_function_code,
    "the values of inputs do not count": _ignore_values,
    "outputs are not shown": _show_nothing,
    "which objects are the same does not count": _forget_identities,
}


def break_fpcache(fault: str) -> None:
    """Break this process's fpcache in one way."""
    FAULTS[fault]()
