"""Warnings that a run raised: what the filters did with them, and what they will do next time.

A run depends not on the list of filters but on the action that it chose for
each warning raised, so a library that adds filters of its own when it is
imported changes nothing. A filter of ours stands first during a run; it is
asked about every warning, never matches, and so changes nothing either.

A warning that was shown before, at the same place, passes without asking the
filters: see ``warning_registry``. Effects: the filters that a run added, and
which warnings were shown and are not to be shown again.
"""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from json import dumps, loads
from typing import Any

import xxhash

from fpcache.dependencies.context import Context
from fpcache.dependencies.records import Dependency, Effect, Observation, Refusal
from fpcache.dependencies.substitutions import Substitution, substitute, undo
from fpcache.dependencies.warning_registry import (
    Passed,
    filters_version,
    forget_shown,
    mark_shown,
    shown_entries,
)
from fpcache.dependencies.warning_spy import Raised, is_spy, make_spy
from fpcache.dependencies.warning_texts import Filter, decode, encode, has_texts, resolve_class, sources

__all__ = ["KIND", "apply", "check", "probe", "ready"]

_REMEDY = "change them in a statement of its own"

KIND = "warnings"
_PASSED = "shown before"
_UNKNOWN = "filters: "
_LIST = "the list of filters"
_NAMES_LIST = "warnings.filters"  # code that names the list would see the filter of ours
_ONCE_SHOWN = frozenset({"default", "module", "once"})


class _Probe:
    """Puts a filter that never matches before all others, for the time of a run."""

    def __init__(self, context: Context) -> None:
        self._is_named = _NAMES_LIST in context.paths
        self._modules = 0
        self._put_last: list[Filter] = []
        self._replaced: list[Substitution] = []
        self._raised = Raised()
        self._passed = Passed()
        self._before: list[Filter] = []
        self._after: list[Filter] = []
        self._front: list[Filter] | None = None
        self._held: Any = []
        self._shown: list[list[Any]] = []
        self._versions = (0, 0)

    def start(self) -> None:
        version = filters_version()
        self._versions = (version, version)
        self._passed.start(version)
        self._held = warnings.filters
        self._before = list(warnings.filters)
        # Not through `warnings.simplefilter`: that would make Python forget which warnings it has shown.
        self._modules = len(sys.modules)
        self._replaced = [substitute(warnings, "_add_filter", self._adding())]
        if not self._is_named:
            self._held.insert(0, make_spy(self._raised))

    def _adding(self) -> Callable[..., None]:
        """Listen for filters that are put last: where such a one was there already, nothing shows it."""
        original: Callable[..., None] = getattr(warnings, "_add_filter")  # noqa: B009  (absent from the stubs)

        @functools.wraps(original)
        def add(*found: Any, append: bool) -> None:
            if append and warnings.filters is self._held:
                self._put_last.append(found)
            original(*found, append=append)

        return add

    def stop(self) -> None:
        undo(self._replaced)
        self._raised.is_active = False
        self._passed.stop()
        self._front = _before_spy(warnings.filters)
        for filters in (self._held, warnings.filters):
            _remove_spies(filters)
        self._after = list(warnings.filters)
        self._versions = (self._versions[0], filters_version())
        for text, module, category in self._raised.found:
            lines = shown_entries(text, module, category)
            self._shown += [[module, text, _name(category), line] for line in lines]

    def observation(self) -> Observation:
        dependencies = list(self._whole_list())
        for text, module, category in self._raised.found:
            action = chosen_action(text, module, category, self._before)
            dependencies.append(_dependency(module, text, category, action))
        for category in self._raised.unknown:
            dependencies.append(_dependency("", "", category, _concerning(category, self._before)))
        for module, (text, category, *line) in self._passed.found:
            dependencies.append(_dependency(module, text, category, _PASSED, line))
        return Observation(tuple(dependencies), self._effects(), self._refusals())

    def _whole_list(self) -> Iterator[Dependency]:
        """Count all filters where a run took some of them away: what it leaves is made of them."""
        if self._front is not None and "all" in (self._difference() or {}):
            yield Dependency(KIND, _LIST, _digest(self._before))

    def _effects(self) -> tuple[Effect, ...]:
        found = []
        if self._versions[0] != self._versions[1]:
            found.append(Effect(KIND, "forget", b"{}"))
        found.extend(self._filter_effects())
        if self._shown:
            found.append(Effect(KIND, "shown", dumps(self._shown).encode()))
        return tuple(found)

    def _filter_effects(self) -> tuple[Effect, ...]:
        changes = None if self._refusals() else self._difference()
        return () if changes is None else (Effect(KIND, "filters", dumps(changes).encode()),)

    def _difference(self) -> dict[str, Any] | None:
        """Return what a run set, even where it was so already: elsewhere it may not be."""
        is_same = list(map(sources, self._after)) == list(map(sources, self._before))
        if is_same and self._front == [] and not self._put_last:
            return None
        if self._front is None:
            return {"all": list(map(encode, self._after))}
        found = _difference(self._before, self._after, self._front, self._put_last)
        # What a module sets when it is imported, it sets once: it goes before no later filter of the user's.
        return {**found, "imported": True} if len(sys.modules) > self._modules else found

    def _refusals(self) -> tuple[Refusal, ...]:
        if self._is_named:
            return (Refusal("uses the list `warnings.filters`, which is not watched then", _REMEDY),)
        new = [found for found in self._after if found not in self._before]
        if all(has_texts(found) for found in new):
            return ()
        return (Refusal("changed the warnings filters in a way that can't be stored", _REMEDY),)


def _difference(
    before: list[Filter], after: list[Filter], front: list[Filter], last: list[Filter]
) -> dict[str, Any]:
    """Return what was put before and after the earlier filters; else the whole list."""
    kept = [found for found in before if found not in front]
    size = len(front) + len(kept)
    if after[:size] == [*front, *kept]:
        back = [*after[size:], *(found for found in last if found not in after[size:])]
        return {"front": list(map(encode, front)), "back": list(map(encode, back))}
    return {"all": list(map(encode, after))}


def chosen_action(text: str, module: str, category: type, filters: Sequence[Filter]) -> str:
    """Return what filters say should be done with a warning; those for one line count as not matching."""
    for action, message, wanted, place, line in filters:
        if line == 0 and _matches(message, text) and issubclass(category, wanted) and _matches(place, module):
            return str(action)
    return str(getattr(warnings, "defaultaction", "default"))


def _concerning(category: type, filters: Sequence[Filter]) -> str:
    """Return a token of all filters for a class, for a warning of which no more is known."""
    return _UNKNOWN + _digest([found for found in filters if issubclass(category, found[2])])


def _digest(filters: Sequence[Filter]) -> str:
    found = [encode(item) for item in filters if has_texts(item)]
    return xxhash.xxh3_128_hexdigest(dumps(found).encode())


def _matches(pattern: Any, text: str) -> bool:
    if pattern is None:
        return True
    return bool(pattern == text if isinstance(pattern, str) else pattern.match(text))


def _dependency(module: str, text: str, category: type, action: str, line: Sequence[int] = ()) -> Dependency:
    return Dependency(KIND, module, dumps([text, _name(category), action, list(line)]))


def _before_spy(filters: Sequence[Any]) -> list[Filter] | None:
    """Return the filters that were put first since ours was; None if ours is gone, as after a reset."""
    for index, found in enumerate(filters):
        if is_spy(found):
            return list(filters[:index])
    return None


def _remove_spies(filters: Any) -> None:
    """Take out what listens, also copies that a library made of it."""
    for index in reversed(range(len(filters))):
        if is_spy(filters[index]):
            del filters[index]


def _name(category: type) -> str:
    return f"{category.__module__}:{category.__qualname__}"


def probe(context: Context) -> _Probe:
    """Return a probe for warnings."""
    return _Probe(context)


def check(dependency: Dependency, context: Context) -> str | None:
    """Say that a warning of the recorded run would be treated otherwise now."""
    if dependency.name == _LIST:
        is_same = _digest(list(warnings.filters)) == dependency.expected
        return None if is_same else "the warnings filters changed"
    text, name, action, line = loads(dependency.expected)
    category = resolve_class(name)
    shown = [] if category is None else shown_entries(text, dependency.name, category)
    if action == _PASSED:
        return None if line in shown else f"a warning would be shown now ({name.partition(':')[2]})"
    if category is None:
        return None  # its library isn't loaded, and brings its own filters when it is
    if action.startswith(_UNKNOWN):
        holds = action == _concerning(category, list(warnings.filters))
        return None if holds else f"the warnings filters for {category.__name__} changed"
    found = chosen_action(text, dependency.name, category, list(warnings.filters))
    if found != action:
        return f"the warnings filters changed ({category.__name__}: {action} → {found})"
    if action in _ONCE_SHOWN and shown:
        return f"a warning was shown already ({category.__name__})"
    return None


def ready(effect: Effect, context: Context) -> str | None:
    """Say why the filters can't be set now; they always can."""
    return None


def apply(effect: Effect, context: Context) -> None:
    """Add the filters that the run added, or mark the warnings that it showed."""
    state = loads(effect.state)
    if effect.name == "shown":
        for module, text, name, line in state:
            category = resolve_class(name)
            if category is not None:
                mark_shown(module, text, category, line)
        return
    if effect.name == "filters":
        _set_filters(state)
    forget_shown()


def _set_filters(state: dict[str, Any]) -> None:
    front, back = _decoded(state, "front"), _decoded(state, "back")
    present = _decoded(state, "all") if "all" in state else list(warnings.filters)
    if "imported" in state:
        front = [found for found in front if found not in present]
    kept = [found for found in present if found not in front]
    later = [found for found in back if found not in (*front, *kept)]
    filters: Any = warnings.filters
    filters[:] = [*front, *kept, *later]


def _decoded(state: dict[str, Any], part: str) -> list[Filter]:
    return [found for item in state.get(part, ()) if (found := decode(item)) is not None]
