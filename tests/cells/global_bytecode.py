"""Reads and sure bindings of globals, worked out from compiled code alone."""

from __future__ import annotations

import dis
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType

_LEAVING = frozenset(
    {"RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE", "JUMP_FORWARD", "JUMP_BACKWARD"}
    | {"JUMP_BACKWARD_NO_INTERRUPT", "INTERPRETER_EXIT"}
)
_LOADS = frozenset({"LOAD_NAME", "LOAD_GLOBAL"})
_STORES = frozenset({"STORE_NAME", "STORE_GLOBAL"})
_DELETES = frozenset({"DELETE_NAME", "DELETE_GLOBAL"})
_NEVER_RAISING = _STORES | {"NOP", "POP_TOP", "LOAD_CONST", "RESUME"}
_JUMPS = frozenset(dis.hasjrel) | frozenset(dis.hasjabs)


@dataclass
class GlobalUse:
    """What the top-level code of a program does with global names.

    Attributes
    ----------
    may_read : set of str
        Names that some path looks up before a sure binding.
    surely_bound : frozenset of str or None
        Bound on every path to the end; None if no path leads there.
    nested_stores : set of str
        Bound by nested code through ``global``; this analysis doesn't know when.
    """

    may_read: set[str] = field(default_factory=set)
    surely_bound: frozenset[str] | None = None
    nested_stores: set[str] = field(default_factory=set)


def global_use(code: CodeType) -> GlobalUse:
    """Work out the uses of globals by a data-flow analysis of the bytecode."""
    use = GlobalUse()
    states = _states(code)
    for instruction in dis.get_instructions(code):
        state = states.get(instruction.offset)
        if state is None:
            continue
        if instruction.opname in _LOADS | _DELETES and instruction.argval not in state:
            use.may_read.add(instruction.argval)
        elif isinstance(instruction.argval, CodeType):
            use.may_read |= set(_nested_reads(instruction.argval)) - state
            use.nested_stores |= set(_nested_stores(instruction.argval))
        elif instruction.opname in {"RETURN_VALUE", "RETURN_CONST"}:
            before = use.surely_bound
            use.surely_bound = state if before is None else before & state
    return use


def _nested_reads(code: CodeType, of_class: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield the globals that nested code looks up; class bodies by their own flow."""
    is_class = not code.co_flags & 0x2
    states = _states(code) if is_class else {}
    for instruction in dis.get_instructions(code):
        name = instruction.opname
        if name in {"LOAD_GLOBAL", "DELETE_GLOBAL"}:
            yield instruction.argval
        elif name == "LOAD_FROM_DICT_OR_GLOBALS":
            yield from {instruction.argval} - of_class
        elif name == "LOAD_NAME" and instruction.argval not in (states.get(instruction.offset) or ()):
            yield instruction.argval
        elif isinstance(instruction.argval, CodeType):
            yield from _nested_reads(instruction.argval, _stored(code) if is_class else of_class)


def _stored(code: CodeType) -> frozenset[str]:
    return frozenset(item.argval for item in dis.get_instructions(code) if item.opname == "STORE_NAME")


def _nested_stores(code: CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname == "STORE_GLOBAL":
            yield instruction.argval
        elif isinstance(instruction.argval, CodeType):
            yield from _nested_stores(instruction.argval)


def _states(code: CodeType) -> dict[int, frozenset[str]]:
    """Return the surely bound names before each instruction that can be reached."""
    instructions = {item.offset: item for item in dis.get_instructions(code)}
    following = dict(zip(instructions, [*list(instructions)[1:], -1], strict=True))
    handlers = dis._parse_exception_table(code)
    states: dict[int, frozenset[str]] = {0: frozenset()}
    waiting = [0]
    while waiting:
        offset = waiting.pop()
        for target, state in _successors(instructions[offset], following[offset], handlers, states[offset]):
            known = states.get(target)
            joined = state if known is None else known & state
            if target in instructions and joined != known:
                states[target] = joined
                waiting.append(target)
    return states


def _successors(
    item: dis.Instruction, following: int, handlers: list[object], state: frozenset[str]
) -> Iterator[tuple[int, frozenset[str]]]:
    for entry in handlers:
        if entry.start <= item.offset < entry.end and item.opname not in _NEVER_RAISING:
            yield entry.target, state
    if item.opname in _STORES:
        state = state | {item.argval}
    elif item.opname in _DELETES:
        state = state - {item.argval}
    if item.opcode in _JUMPS:
        yield item.argval, state
    if item.opname not in _LEAVING:
        yield following, state
