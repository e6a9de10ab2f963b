"""Sets that code makes and goes through: texts in them have another order under another hash seed."""

from __future__ import annotations

import dis
from collections.abc import Iterable, Iterator, Sequence
from types import CodeType, FunctionType

from fpcache.fingerprints import Reading
from fpcache.fingerprints.name_uses import Step, steps_of
from fpcache.fingerprints.set_values import has_steady_hashes

__all__ = ["notes_on_sets"]

_HELD = "a set of texts counts without its order, which is another one under another hash seed; sort it"
_MADE = "the code goes through a set that it makes: texts have another order under another hash seed; sort it"
_ITERATES = ("GET_ITER", "GET_YIELD_FROM_ITER")
_MAKERS = frozenset({"set", "frozenset"})
_GOING_THROUGH = frozenset(
    {"list", "tuple", "enumerate", "iter", "next", "map", "filter", "zip", "join", "extend"}
)
_STORES = ("STORE_FAST", "STORE_DEREF", "STORE_NAME", "STORE_GLOBAL")


def notes_on_sets(reading: Reading) -> Iterator[str]:
    """Yield what is to be told of the order of sets that code holds or makes."""
    if reading.has_seeded_set:
        yield _HELD
    if any(_goes_through(steps_of(code)) for code in _codes(reading.functions)):
        yield _MADE


def _codes(functions: Iterable[FunctionType]) -> Iterator[CodeType]:
    pending = [function.__code__ for function in functions]
    while pending:
        code = pending.pop()
        yield code
        pending.extend(const for const in code.co_consts if isinstance(const, CodeType))


def _goes_through(steps: Sequence[Step]) -> bool:
    names: set[object] = set()
    for place, step in enumerate(steps):
        if not _makes(step):
            continue
        end = _end(steps, place)
        if steps[end].op.startswith(_STORES):
            names.add(steps[end].value)
        elif steps[end].op in _ITERATES or _is_handed_on(steps, place):
            return True
    return any(_is_gone_through(steps, place, names) for place in range(len(steps) - 1))


def _makes(step: Step) -> bool:
    """Tell whether an instruction makes a set, or begins to."""
    if step.op == "LOAD_CONST" and isinstance(step.value, frozenset):
        return len(step.value) > 1 and not has_steady_hashes(step.value)
    if step.op == "LOAD_CONST" and isinstance(step.value, CodeType):
        return step.value.co_name == "<setcomp>"
    return step.op in ("BUILD_SET", "SET_UPDATE") or (step.op == "LOAD_GLOBAL" and step.value in _MAKERS)


def _end(steps: Sequence[Step], place: int) -> int:
    """Return where what is made is stored, gone through or used otherwise."""
    made = steps[place]
    if made.op in ("BUILD_SET", "SET_UPDATE") or isinstance(made.value, frozenset):
        after = min(place + 1, len(steps) - 1)
        return (
            _end(steps, after + 1) if steps[after].op == "LOAD_CONST" and _is_update(steps, after) else after
        )
    depth = 0  # of the stack, above what was there before
    for after in range(place, len(steps) - 1):
        depth += dis.stack_effect(steps[after].opcode, steps[after].arg)
        if steps[after].op.startswith("CALL") and depth == 1:
            return after + 1
        if depth < 1:
            break
    return place


def _is_update(steps: Sequence[Step], place: int) -> bool:
    return place + 1 < len(steps) and steps[place + 1].op == "SET_UPDATE"


def _is_handed_on(steps: Sequence[Step], place: int) -> bool:
    """Tell whether what is made here is the first argument of a function that goes through it."""
    first = place - (steps[place].arg or 0) if steps[place].op == "BUILD_SET" else place
    before = steps[max(0, first - 3) : first]
    return any(step.op.startswith("LOAD_") and str(step.value) in _GOING_THROUGH for step in before)


def _is_gone_through(steps: Sequence[Step], place: int, names: set[object]) -> bool:
    step = steps[place]
    if (
        not step.op.startswith(("LOAD_FAST", "LOAD_DEREF", "LOAD_GLOBAL", "LOAD_NAME"))
        or step.value not in names
    ):
        return False
    after = steps[place + 1]
    if after.op in _ITERATES or (after.op in ("LOAD_ATTR", "LOAD_METHOD") and after.value == "pop"):
        return True
    return after.op.startswith(("PRECALL", "CALL")) and _is_handed_on(steps, place)
