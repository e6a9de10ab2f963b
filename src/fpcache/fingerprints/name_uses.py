"""Which global names, attribute chains and imports a code object uses."""

from __future__ import annotations

import dis
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import CodeType

__all__ = ["FreeUse", "NameUse", "Step", "name_uses", "steps_of"]

_NO_STEPS = frozenset({"CACHE", "EXTENDED_ARG", "NOP"})
_GLOBAL_LOADS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"})
_GLOBAL_STORES = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL"})
_CELL_LOADS = frozenset({"LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF"})
_ATTRIBUTE_LOADS = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_ATTRIBUTE_STORES = frozenset({"STORE_ATTR", "DELETE_ATTR"})
_VARIABLE_STORES = frozenset({"STORE_FAST", "STORE_DEREF", "STORE_NAME"})
_JUMPS = frozenset(dis.hasjrel) | frozenset(dis.hasjabs)
_MODULE_NAMES = frozenset({"__name__"})


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction that does something.

    Attributes
    ----------
    op : str
        The operation's name.
    opcode, arg : int
        As in the bytecode.
    value : object
        What the argument stands for: a name, a constant, a jump's target.
    offset : int
        Where it begins, in bytes.
    line : int or None
        Its source line.
    is_target : bool
        Whether a jump leads here.
    """

    op: str
    opcode: int
    arg: int | None
    value: object
    offset: int
    line: int | None
    is_target: bool


@dataclass(frozen=True, slots=True)
class NameUse:
    """One place where code takes a global name, or imports a module.

    Attributes
    ----------
    head : str
        The global name; for an import the module's name.
    attributes : tuple of str
        The attributes taken directly of it, such as ``("random", "rand")``.
    line : int or None
        The source line.
    is_store : bool
        Whether the last of them is assigned or deleted.
    is_import : bool
        Whether `head` is a module to import, not a global name.
    level : int
        The leading dots of a relative import.
    """

    head: str
    attributes: tuple[str, ...] = ()
    line: int | None = None
    is_store: bool = False
    is_import: bool = False
    level: int = 0


@dataclass(frozen=True, slots=True)
class FreeUse:
    """A use of a variable that an enclosing function binds."""

    variable: str
    attributes: tuple[str, ...]
    line: int | None


def steps_of(code: CodeType) -> list[Step]:
    """List the instructions of a code object that do something."""
    steps: list[Step] = []
    line: int | None = None
    for found in dis.get_instructions(code):
        line = _line(found, line)
        if found.opname not in _NO_STEPS:
            place = (found.offset, line, found.is_jump_target)
            steps.append(Step(found.opname, found.opcode, found.arg, found.argval, *place))
    return steps


def _line(found: dis.Instruction, line: int | None) -> int | None:
    number = getattr(found, "line_number", None)
    if number is None and found.starts_line is not None and not isinstance(found.starts_line, bool):
        number = found.starts_line
    return line if number is None else int(number)


Inner = tuple[tuple[NameUse, ...], tuple[FreeUse, ...]]


def name_uses(
    code: CodeType, steps: Sequence[Step], nested: Iterable[Inner]
) -> tuple[tuple[NameUse, ...], tuple[FreeUse, ...]]:
    """Find the global names and imports that code uses, and its free variables.

    Parameters
    ----------
    code : CodeType
        The code object.
    steps : sequence of Step
        Its instructions.
    nested : iterable of (uses, free uses)
        What was found for the code objects among its constants.

    Returns
    -------
    uses, free
        Without repetitions, in order of occurrence.
    """
    finder = _Finder(code, _split_pairs(steps))
    finder.scan()
    for uses, free in nested:
        finder.take_nested(uses, free)
    return finder.results()


def _split_pairs(steps: Sequence[Step]) -> list[Step]:
    """Split the instructions of 3.13 on that load or store two variables."""
    single: list[Step] = []
    for step in steps:
        if isinstance(step.value, tuple) and step.op.count("_FAST") == 2:
            first, second = step.op.split("_FAST_", 1)
            single.append(replace(step, op=f"{first}_FAST", value=step.value[0]))
            single.append(replace(step, op=second, value=step.value[1], is_target=False))
        else:
            single.append(step)
    return single


class _Finder:
    """One pass over the steps of one code object.

    A variable whose every assignment is the same chain (``r = np.random``, an
    import in a function) is an alias: a use of it is a use of the chain.
    """

    def __init__(self, code: CodeType, steps: list[Step]) -> None:
        self._code = code
        self._steps = steps
        self._is_module = code.co_name == "<module>"
        starred = bool(code.co_flags & CO_VARARGS) + bool(code.co_flags & CO_VARKEYWORDS)
        arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + starred]
        self._assigned: dict[str, list[NameUse | None]] = {name: [None] for name in arguments}
        self._loaded: list[FreeUse] = []
        self._uses: list[NameUse] = []
        self._free: list[FreeUse] = []

    def scan(self) -> None:
        surely_bound: set[str] = set()
        is_straight = not self._is_module and not self._code.co_exceptiontable
        place = 0
        while place < len(self._steps):
            step = self._steps[place]
            is_straight = is_straight and not step.is_target and step.opcode not in _JUMPS
            if step.op in _GLOBAL_LOADS:
                place = self._global_load(place, surely_bound)
            elif step.op == "IMPORT_NAME":
                place = self._import(place)
            elif step.op.startswith("LOAD_FAST") or step.op in _CELL_LOADS:
                place = self._variable_load(place)
            else:
                self._other(step)
                if step.op == "STORE_NAME" and is_straight:
                    surely_bound.add(str(step.value))
                elif step.op == "DELETE_NAME":
                    surely_bound.discard(str(step.value))
                place += 1

    def _other(self, step: Step) -> None:
        if step.op in _GLOBAL_STORES:
            self._uses.append(NameUse(str(step.value), (), step.line, is_store=True))
        elif step.op in _VARIABLE_STORES:
            self._assigned.setdefault(str(step.value), []).append(None)

    def _global_load(self, place: int, surely_bound: set[str]) -> int:
        step = self._steps[place]
        name = str(step.value)
        attributes, is_store, after = self._attributes(place + 1)
        if name in surely_bound or self._is_class_preamble(place):
            return after
        use = NameUse(name, attributes, step.line, is_store)
        if step.op == "LOAD_NAME":
            self._loaded.append(FreeUse(name, attributes, step.line))
        return self._keep_or_alias(use, after)

    def _is_class_preamble(self, place: int) -> bool:
        """Tell whether this is ``__module__ = __name__``, which opens a class body."""
        after = self._steps[place + 1 : place + 2]
        return self._steps[place].value in _MODULE_NAMES and bool(after) and after[0].value == "__module__"

    def _variable_load(self, place: int) -> int:
        step = self._steps[place]
        attributes, _is_store, after = self._attributes(place + 1)
        self._loaded.append(FreeUse(str(step.value), attributes, step.line))
        return after

    def _attributes(self, place: int) -> tuple[tuple[str, ...], bool, int]:
        """Follow the attributes taken from here on: names, whether assigned, next place."""
        names: list[str] = []
        while self._op(place) in _ATTRIBUTE_LOADS:
            names.append(str(self._steps[place].value))
            place += 1
        if self._op(place) in _ATTRIBUTE_STORES:
            return (*names, str(self._steps[place].value)), True, place + 1
        # `head.name += 1` copies the head, takes the attribute, and assigns it later.
        if self._op(place) == "COPY" and self._op(place + 1) in _ATTRIBUTE_LOADS:
            return (*names, str(self._steps[place + 1].value)), True, place + 2
        return tuple(names), False, place

    def _op(self, place: int) -> str:
        """Name the operation at a place that is reached only from the one before."""
        if place >= len(self._steps) or self._steps[place].is_target:
            return ""
        return self._steps[place].op

    def _keep_or_alias(self, use: NameUse, place: int) -> int:
        if self._op(place) not in _VARIABLE_STORES or use.is_store:
            self._uses.append(use)
            return place
        if self._op(place) == "STORE_NAME" and not (self._is_module and _is_whole_import(use)):
            self._uses.append(use)  # it stays in the namespace
        self._assigned.setdefault(str(self._steps[place].value), []).append(use)
        return place + 1

    # ------------------------------------------------------------ imports

    def _import(self, place: int) -> int:
        step = self._steps[place]
        level, names = (before.value for before in self._steps[place - 2 : place])
        module = str(step.value)
        relative = level if isinstance(level, int) else 0
        if not names and self._op(place + 1) != "IMPORT_FROM":
            module = module.partition(".")[0]
        use = NameUse(module, (), step.line, is_import=True, level=relative)
        return self._imported(use, bool(names), place + 1)

    def _imported(self, use: NameUse, has_names: bool, place: int) -> int:
        if self._op(place) != "IMPORT_FROM":
            return self._keep_or_alias(use, place)
        if not has_names:
            return self._imported_as(use, place)
        while self._op(place) == "IMPORT_FROM":
            place = self._keep_or_alias(replace(use, attributes=(str(self._steps[place].value),)), place + 1)
        return place

    def _imported_as(self, use: NameUse, place: int) -> int:
        """Follow ``import a.b.c as d``, which takes ``b`` of ``a``, then ``c`` of that."""
        while self._op(place) in ("IMPORT_FROM", "SWAP", "POP_TOP"):
            place += 1
        return self._keep_or_alias(use, place)

    # ------------------------------------------------------------ results

    def take_nested(self, uses: tuple[NameUse, ...], free: tuple[FreeUse, ...]) -> None:
        self._uses.extend(uses)
        if self._is_module:
            named = [use for use in uses if not use.is_import]
            self._loaded.extend(FreeUse(use.head, use.attributes, use.line) for use in named)
        self._loaded.extend(free)

    def results(self) -> tuple[tuple[NameUse, ...], tuple[FreeUse, ...]]:
        aliases = self._aliases()
        own_free = set(self._code.co_freevars)
        unused = dict(aliases)
        for use in self._loaded:
            chain = aliases.get(use.variable)
            if chain is not None:
                unused.pop(use.variable, None)
                self._uses.append(replace(chain, attributes=chain.attributes + use.attributes, line=use.line))
            elif use.variable in own_free:
                self._free.append(use)
        self._uses.extend(chain for chain in unused.values() if not _is_whole_import(chain))
        return tuple(dict.fromkeys(self._uses)), tuple(dict.fromkeys(self._free))

    def _aliases(self) -> dict[str, NameUse]:
        """Sort assigned chains into aliases and, where a variable has several, plain uses."""
        aliases: dict[str, NameUse] = {}
        for variable, chains in self._assigned.items():
            known = [chain for chain in chains if chain is not None]
            spellings = {replace(chain, line=None) for chain in known}
            if len(spellings) == 1 and len(known) == len(chains):
                aliases[variable] = known[0]
            else:
                self._uses.extend(known)
        return aliases


def _is_whole_import(use: NameUse) -> bool:
    return use.is_import and not use.attributes
