"""Options of the libraries that a component reaches, and what a run changed in them.

Recorded is what differs from a library's own defaults, so that a library that
isn't loaded counts as one with its defaults, whenever it is imported. The
statements that set options belong, besides, to the session's ambient history.
"""

from __future__ import annotations

import contextvars
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from json import dumps, loads
from typing import Any

from fpcache.dependencies.ambient_libraries import LIBRARIES, loaded
from fpcache.dependencies.ambient_library import Library, Options
from fpcache.dependencies.context import Context
from fpcache.dependencies.library_use import reached
from fpcache.dependencies.option_values import decode, encode, token
from fpcache.dependencies.records import Dependency, Effect, Observation, Refusal

__all__ = ["KIND", "apply", "check", "probe", "ready", "undo_of"]

KIND = "ambient"
_MISSING = object()
_BY_NAME = {library.name: library for library in LIBRARIES}
_VARIABLE = "context variable "


def _differs(value: Any, other: Any) -> bool:
    """Whether two option values differ; what compares to no plain truth does."""
    if value is other:
        return False
    return type(value) is not type(other) or (value == other) is not True


def _changed_from_defaults(library: Library, options: Options) -> dict[str, Any]:
    """Return the options that are not at their defaults, as tokens."""
    defaults = library.defaults()
    return {
        name: token(value)
        for name, value in sorted(options.items())
        if name not in library.quiet and _is_set(value, defaults.get(name, _MISSING))
    }


def _is_set(value: Any, default: Any) -> bool:
    if default is _MISSING:
        return True
    if isinstance(value, (list, tuple)) and isinstance(default, (list, tuple)):
        return list(value) != list(default)
    return value is not default and (value == default) is not True


def _is_brought(name: str, value: Any, new_modules: set[str]) -> bool:
    """Whether an option is a printer that a library registered when the run imported it."""
    return name.startswith("printer ") and isinstance(value, str) and value.rpartition(".")[0] in new_modules


def _text(options: Mapping[str, Any]) -> str:
    return dumps(options, sort_keys=True, separators=(",", ":"))


class _Probe:
    """Compares the options of all loaded libraries before and after."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._before: dict[str, Options] = {}
        self._changed: dict[str, Options] = {}
        self._late: list[str] = []
        self._variables: dict[contextvars.ContextVar[Any], Any] = {}
        self._set: list[str] = []
        self._modules = 0

    def start(self) -> None:
        self._before = {library.name: library.read() for library in loaded()}
        self._variables = dict(contextvars.copy_context())
        self._modules = len(sys.modules)

    def stop(self) -> None:
        if not self._before:
            return
        new_modules = set(islice(sys.modules, self._modules, None))  # what is imported is appended
        for library in loaded():
            changed = self._changes(library, library.read())
            for name in [name for name in changed if _is_brought(name, changed[name], new_modules)]:
                del changed[name]
            if changed:
                self._changed[library.name] = changed
        self._set = list(self._changed_variables())

    def _changes(self, library: Library, after: Options) -> Options:
        """Return the options that differ from those before; after an import, from the defaults."""
        before = self._before.get(library.name)
        if before is None:
            self._late.append(library.name)
            defaults = library.defaults()
            return {name: v for name, v in after.items() if name in defaults and _is_set(v, defaults[name])}
        if list(before) == list(after):  # as nearly always: only what is another object can differ
            pairs = zip(after.items(), before.values(), strict=True)
            return {name: value for (name, value), old in pairs if value is not old and _differs(value, old)}
        defaults = library.defaults()  # an option that appears with its default changes nothing
        known = {name: before.get(name, defaults.get(name, _MISSING)) for name in after}
        gone = dict.fromkeys(name for name in before if name not in after)
        return {name: value for name, value in after.items() if _differs(value, known[name])} | gone

    def _changed_variables(self) -> Iterator[str]:
        """Name the context variables of the notebook that the run has set."""
        present = contextvars.copy_context().items()
        changed = [
            variable for variable, value in present if self._variables.get(variable, _MISSING) is not value
        ]
        if changed:
            own = {id(value) for value in self._context.namespace.values()}
            roots = self._context.reading.roots if self._context.reading is not None else ()
            own |= {id(root.value) for root in roots}
            yield from (variable.name for variable in changed if id(variable) in own)

    def observation(self) -> Observation:
        dependencies = [*self._library_dependencies(), *self._variable_dependencies()]
        effects, refusals = [], []
        for name, changed in self._changed.items():
            try:
                effects.append(self._effect(_BY_NAME[name], changed))
            except TypeError:
                options = ", ".join(f"`{option}`" for option in sorted(changed)[:3])
                reason = f"changed {_BY_NAME[name].title} {options}"
                refusals.append(Refusal(reason, "do that in a statement of its own"))
        for variable in self._set:
            refusals.append(
                Refusal(f"set the context variable `{variable}`", "set it in a statement of its own")
            )
        return Observation(tuple(dependencies), tuple(effects), tuple(refusals))

    def _library_dependencies(self) -> Iterator[Dependency]:
        found = reached(self._context)
        for library in LIBRARIES:
            if library.counts and library.name not in self._changed:
                continue
            options = self._before.get(library.name)
            is_reached = found is None or library.distribution in (*found, "") or library.counts
            if library.name in self._late:
                yield Dependency(KIND, library.name, "{}")
            elif options is not None and is_reached:
                yield Dependency(KIND, library.name, _text(_changed_from_defaults(library, options)))

    def _variable_dependencies(self) -> Iterator[Dependency]:
        reading = self._context.reading
        for root in reading.roots if reading is not None else ():
            if isinstance(root.value, contextvars.ContextVar):
                present = token(self._variables.get(root.value))
                yield Dependency(KIND, f"{_VARIABLE}{root.key}", _text({"value": present}))

    def _effect(self, library: Library, changed: Options) -> Effect:
        if library.write is None or (library.name == "logging" and "handlers" in changed):
            raise TypeError("these options can't be set again")
        return Effect(
            KIND, library.name, _text({name: encode(value) for name, value in changed.items()}).encode()
        )


def probe(context: Context) -> _Probe:
    """Return a probe for the options of libraries."""
    return _Probe(context)


def check(dependency: Dependency, context: Context) -> str | None:
    """Say which option is not what it was when the component ran."""
    if dependency.name.startswith(_VARIABLE):
        return _check_variable(dependency, context)
    library = _BY_NAME.get(dependency.name)
    if library is None:
        return f"recorded by a newer fpcache (unknown library {dependency.name!r})"
    is_loaded = library in loaded()
    present = _changed_from_defaults(library, library.read()) if is_loaded else {}
    if _text(present) == dependency.expected:
        return None
    recorded = loads(dependency.expected)
    names = [name for name in {**recorded, **present} if recorded.get(name) != present.get(name)]
    named = ", ".join(f"`{name}`" for name in names[:3])
    return f"{library.title} {named} changed"


def _check_variable(dependency: Dependency, context: Context) -> str | None:
    name = dependency.name.removeprefix(_VARIABLE)
    roots = context.reading.roots if context.reading is not None else ()
    variable = next((root.value for root in roots if root.key == name), None)
    if isinstance(variable, contextvars.ContextVar):
        present = token(variable.get(None))
        if _text({"value": present}) == dependency.expected:
            return None
    return f"context variable `{name}` changed"


def ready(effect: Effect, context: Context) -> str | None:
    """Say why a library's options can't be set now."""
    library = _BY_NAME.get(effect.name)
    if library is None or library.write is None:
        return f"can't set options of {effect.name}"
    module = library.module.partition(".")[0]
    return None if library in loaded() or importlib.util.find_spec(module) else f"{module} is not installed"


def undo_of(effect: Effect) -> Callable[[], None]:
    """Return what sets a library's options back to what they are now."""
    library, names = _BY_NAME[effect.name], loads(effect.state)
    held = library.read() if library in loaded() else library.defaults()
    before = {name: held[name] for name in names if name in held}
    return lambda: library.write(before) if library.write is not None else None


def apply(effect: Effect, context: Context) -> None:
    """Set a library's options as the recorded run left them."""
    library = _BY_NAME[effect.name]
    if library.write is not None:
        library.write({name: decode(item) for name, item in loads(effect.state).items()})
