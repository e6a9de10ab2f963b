"""Code that reads clocks, the calendar, entropy, the network, frames or the process.

Judged before a run, from the objects that followed code names. What installed
code does inside is not seen here: its clocks are durations, its sockets are
watched while it runs, and so are NumPy's and Python's unseeded generators.
"""

from __future__ import annotations

import datetime
import re
import sys
from collections.abc import Callable, Iterator
from types import ModuleType

import xxhash

from fpcache.dependencies.address_uses import ADDRESS_ATTRIBUTES, address_attribute, only_tells_apart
from fpcache.dependencies.clock_uses import Unit, is_given_time, is_only_subtracted, is_returned
from fpcache.dependencies.computed_texts import has_computed_text
from fpcache.dependencies.context import Context
from fpcache.dependencies.identity import identity
from fpcache.dependencies.loaded_source import function_tree, statements
from fpcache.dependencies.polars_draws import unseeded_draw
from fpcache.dependencies.records import Dependency, Observation, Refusal
from fpcache.dependencies.volatile_names import NAMES, TIMELESS_ARGUMENTS
from fpcache.dependencies.volatile_objects import Reader, reader_of
from fpcache.fingerprints.code_objects import names_in
from fpcache.fingerprints.records import MISSING, Reading, Resolved

__all__ = ["KIND", "check", "probe", "scan"]

KIND = "volatile"
_ALL_LINES = (1, 1 << 30)
_WHAT = {
    "duration": ("lets the reading of a clock leave it", "return a difference of two readings"),
    "clock": ("reads the calendar", "make the time an input, or use `time.perf_counter()` for a duration"),
    "calendar": ("reads the calendar", "make the time an input, or use %%fpcache, with --ttl"),
    "entropy": ("reads entropy", "give a seed, or use %%fpcache to keep one sample"),
    "network": ("reads the network", "use %%fpcache, with --ttl"),
    "database": ("reads a database", "use %%fpcache, with --ttl"),
    "dynamic": ("uses dynamic code", "name what is read"),
    "asking": ("asks a person", "ask in a cell of its own, and pass the answer"),
    "debugging": ("stops in a debugger", "take that out again, and it can be cached"),
    "address": (
        "takes the address of an object",
        "compare objects with `is`, or give them names or numbers of their own",
    ),
    "registry": ("changes what the whole process uses", "do that in a statement of its own"),
    "native": (
        "reads and writes past Python, unseen",
        "use open() and print(), or %%fpcache where nothing is shown",
    ),
    "machine": ("reads the state of the machine", "use %%fpcache to keep one reading"),
}
_SPECIAL = {
    **dict.fromkeys(("builtins.input", "getpass.getpass"), "asking"),
    **dict.fromkeys(("builtins.breakpoint", "pdb.set_trace"), "debugging"),
}
_NEVER_ASKED_FOR = frozenset({"dynamic", "address", "registry"})
_PRESENT_TEXTS = frozenset({"now", "today"})
_PRESENT_TAKERS = (
    ("pandas", "Timestamp"), ("pandas", "to_datetime"), ("pandas", "date_range"), ("pandas", "DatetimeIndex"),
    ("pandas", "Period"), ("pandas", "period_range"), ("numpy", "datetime64"),
)  # fmt: skip
_QUERY_NAME = re.compile(r"@[A-Za-z_]\w*")
_QUERY_METHODS = frozenset({"query", "eval", "sql", "sqldf", "evaluate"})
# Attributes that lead to names which no analysis sees; in the cell's own text `cells` finds them.
_HIDDEN_WAYS = frozenset({"__globals__", "__subclasses__", "f_globals", "f_locals"})


def scan(
    context: Context, first_line: int = _ALL_LINES[0], last_line: int = _ALL_LINES[1]
) -> tuple[Refusal, ...]:
    """Return why a component's code can't be cached, as far as its text and objects tell.

    Parameters
    ----------
    context : Context
        With the component's reading and its cell's text.
    first_line, last_line : int, optional
        The component's lines in the cell.
    """
    reading = context.reading
    if reading is None:
        return ()
    units = _Units(context, reading, (first_line, last_line))
    named = [*_leaves(reading), *units.inherited()]
    found = [units.refusal(resolved) for resolved in named]
    found += [_present_text(context, resolved) for resolved in reading.resolved]
    found.append(_query(reading))
    found.append(_hidden_way(reading))
    found.append(unseeded_draw(context, (first_line, last_line)))
    found.append(_memory(context, reading, (first_line, last_line)))
    return tuple(dict.fromkeys(refusal for refusal in found if refusal is not None))


def _leaves(reading: Reading) -> Iterator[Resolved]:
    """Yield what code names, without the modules that it only goes through, and what variables hold."""
    paths = {found.path for found in reading.resolved}
    parents = {path.rpartition(".")[0] for path in paths}
    for found in reading.resolved:
        if not (isinstance(found.value, ModuleType) and found.path in parents):
            yield found
    for root in reading.roots:
        if callable(root.value):
            yield Resolved(root.key, root.value, root.chain[:-1], None)


class _Units:
    """The trees of a component and of the functions it follows, made when needed."""

    def __init__(self, context: Context, reading: Reading, lines: tuple[int, int]) -> None:
        self._context, self._reading, self._lines = context, reading, lines
        self._units: list[Unit] | None = None
        self._is_complete = True

    def refusal(self, resolved: Resolved) -> Refusal | None:
        reader = reader_of(resolved.value, resolved.path)
        if reader is None or reader.kind == "identity" or self._is_allowed(reader):
            return None
        reason, remedy = _WHAT[_SPECIAL.get(reader.name, reader.kind)]
        place = f"`{reader.name.removeprefix('builtins.')}`"
        if resolved.chain:
            place += f" in {' → '.join(f'`{name}`' for name in resolved.chain)}"
        if resolved.line is not None:
            place += f", line {resolved.line}"
        is_waivable = reader.kind not in _NEVER_ASKED_FOR
        return Refusal(f"{reason} ({place})", remedy, resolved.line, explicit_ok=is_waivable)

    def inherited(self) -> Iterator[Resolved]:
        """Yield the clocks that local classes inherit, where the code calls them."""
        classes = (root.value for root in self._reading.roots if isinstance(root.value, type))
        if not any(issubclass(found, datetime.date) for found in classes):
            return
        for path in (*NAMES["clock"], *NAMES["calendar"]):
            if path.startswith(("datetime.", "pandas.")) and any(u.mentions(path) for u in self._all_units()):
                yield Resolved(path, MISSING, (), None)

    def _is_allowed(self, reader: Reader) -> bool:
        if reader.name in TIMELESS_ARGUMENTS:
            least = TIMELESS_ARGUMENTS[reader.name]
            return self._all(reader.name, lambda unit: is_given_time(unit, reader.name, least))
        if reader.kind == "clock":
            return self._all(reader.name, lambda unit: is_only_subtracted(unit, reader.name))
        if reader.kind == "address":
            return self._all(reader.name, lambda unit: only_tells_apart(unit, reader.name))
        if reader.kind == "duration":
            return not any(is_returned(unit, reader.name) for unit in self._all_units())
        return False

    def _all(self, name: str, holds: Callable[[Unit], bool]) -> bool:
        units = self._all_units()
        naming = [unit for unit in units if unit.mentions(name)]
        return self._is_complete and bool(naming) and all(holds(unit) for unit in naming)

    def _all_units(self) -> list[Unit]:
        if self._units is None:
            self._units = list(self._made())
        return self._units

    def _made(self) -> Iterator[Unit]:
        own = statements(self._context.cell_text, *self._lines)
        if own is not None:
            yield Unit(own, self._context.namespace, is_function=False)
        for function in self._reading.functions:
            tree = function_tree(function)
            if tree is not None:
                yield Unit(tree, function.__globals__, is_function=True)
            elif _may_read(function.__code__.co_names, function.__globals__):
                self._is_complete = False
        if own is None:
            self._is_complete = False


def _may_read(names: tuple[str, ...], namespace: dict[str, object]) -> bool:
    """Whether a function without source names a clock, or a module that has one."""
    clocks = {"time", "datetime", "pandas", "email", "calendar", "builtins"}
    for name in names:
        if name == "id":
            return True
        value = namespace.get(name)
        if value is not None and (getattr(value, "__name__", "") in clocks or reader_of(value) is not None):
            return True
    return False


def _present_text(context: Context, resolved: Resolved) -> Refusal | None:
    """Refuse texts that stand for the present time, where something named takes them."""
    if _PRESENT_TEXTS.isdisjoint(context.reading.strings if context.reading else ()):
        return None
    for module, name in _PRESENT_TAKERS:
        held = getattr(sys.modules.get(module), name, None)
        if held is not None and resolved.value is held:
            reason, remedy = _WHAT["calendar"]
            return Refusal(f'{reason} (`{name}("now")`)', remedy, resolved.line, explicit_ok=True)
    return None


def _query(reading: Reading) -> Refusal | None:
    """Refuse functions that look up variables by a text which they put together."""
    for function in reading.functions:
        called = min(_QUERY_METHODS & names_in(function.__code__), default=None)
        tree = function_tree(function) if called is not None else None
        if called is None or (tree is not None and not has_computed_text(tree, _QUERY_METHODS)):
            continue
        if tree is not None or any(_QUERY_NAME.search(text) for text in reading.strings):
            reason = f"looks up variables by a computed text (`{called}` in `{function.__qualname__}`)"
            return Refusal(reason, "give the text as a constant")
    return None


def _hidden_way(reading: Reading) -> Refusal | None:
    """Refuse functions that read names through another function, a frame, a class or `sys.modules`."""
    for function in reading.functions:
        names = names_in(function.__code__)
        way = min(_HIDDEN_WAYS & names, default=None)
        if way is None and "modules" in names and "__main__" in reading.strings:
            way = "sys.modules"
        if way is not None:
            return Refusal(f"uses dynamic code (`{way}` in `{function.__qualname__}`)", "name what is read")
    return None


def _memory(context: Context, reading: Reading, lines: tuple[int, int]) -> Refusal | None:
    """Refuse code that takes the address of memory, such as a tensor's."""
    reason, remedy = _WHAT["address"]
    words = ADDRESS_ATTRIBUTES | {"ctypes"}
    own = statements(context.cell_text, *lines) if any(word in context.cell_text for word in words) else None
    found = address_attribute(own) if own is not None else None
    if found is not None:
        return Refusal(f"{reason} (`{found.attr}`, line {found.lineno})", remedy, found.lineno)
    for function in reading.functions:
        if function.__name__ != "__hash__" and not words.isdisjoint(names_in(function.__code__)):
            tree = function_tree(function)
            if tree is None or address_attribute(tree) is not None:
                return Refusal(f"{reason} (in `{function.__qualname__}`)", remedy)
    return None


class _Probe:
    """Notes durations, and what the process is called, among a run's dependencies."""

    def __init__(self, context: Context) -> None:
        self._reading = context.reading

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def observation(self) -> Observation:
        dependencies: dict[Dependency, None] = {}
        notes: dict[str, None] = {}
        for resolved in self._reading.resolved if self._reading is not None else ():
            reader = reader_of(resolved.value, resolved.path)
            if reader is not None and reader.kind == "identity":
                dependencies[Dependency(KIND, reader.name, _digest(reader.name))] = None
            elif reader is not None and reader.kind in ("duration", "clock"):
                notes[f"shows durations of the recorded run (`{reader.name}`)"] = None
        return Observation(tuple(dependencies), notes=tuple(notes))


def _digest(name: str) -> str:
    return xxhash.xxh3_128_hexdigest(identity(name).encode())


def probe(context: Context) -> _Probe:
    """Return a probe for durations and the identity of the process."""
    return _Probe(context)


def check(dependency: Dependency, context: Context) -> str | None:
    """Say that the process, thread, machine or user is another one."""
    if _digest(dependency.name) == dependency.expected:
        return None
    return f"`{dependency.name}` gives another value here"
