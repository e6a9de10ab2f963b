"""Code objects as values: what they do, and the names they use."""

from __future__ import annotations

import dis
import struct
import weakref
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType

import xxhash

from fpcache.fingerprints.name_uses import FreeUse, NameUse, Step, name_uses, steps_of

__all__ = ["CodeFacts", "code_facts", "constant_digest", "names_in"]

_LINE_BOOKKEEPING = frozenset({"__firstlineno__", "__static_attributes__"})
_CONST_OPS = frozenset(dis.hasconst)
_JUMP_OPS = frozenset(dis.hasjrel) | frozenset(dis.hasjabs)


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """What can be known of a code object without running it.

    Attributes
    ----------
    digest : bytes
        Of all but the file name and the line and column tables.
    uses : tuple of NameUse
        Global names and imports, also of nested code.
    free : tuple of FreeUse
        Uses of the variables that an enclosing function binds.
    strings : tuple of str
        The string constants, also of nested code.
    """

    digest: bytes
    uses: tuple[NameUse, ...]
    free: tuple[FreeUse, ...]
    strings: tuple[str, ...]


_known: dict[int, tuple[weakref.ref[CodeType], CodeFacts]] = {}


def code_facts(code: CodeType) -> CodeFacts:
    """Return the facts of a code object, computed once per object.

    Examples
    --------
    >>> one = compile("x + 1  # a comment", "a", "eval")
    >>> two = compile("(x+1)", "b", "eval")
    >>> code_facts(one).digest == code_facts(two).digest
    True
    """
    known = _known.get(id(code))
    if known is not None and known[0]() is code:
        return known[1]
    found = _examine(code)
    key = id(code)
    _known[key] = (weakref.ref(code, lambda _gone: _known.pop(key, None)), found)
    return found


def _examine(code: CodeType) -> CodeFacts:
    steps = _without_line_bookkeeping(steps_of(code))
    nested = [code_facts(const) for const in code.co_consts if isinstance(const, CodeType)]
    uses, free = name_uses(code, steps, [(inner.uses, inner.free) for inner in nested])
    strings = dict.fromkeys(_strings(code.co_consts))
    for inner in nested:
        strings.update(dict.fromkeys(inner.strings))
    return CodeFacts(_digest(code, steps), uses, free, tuple(strings))


def _without_line_bookkeeping(steps: list[Step]) -> list[Step]:
    """Drop the stores by which a class body (3.13 on) notes its own line."""
    kept: list[Step] = []
    for step in steps:
        if step.op == "STORE_NAME" and step.value in _LINE_BOOKKEEPING:
            kept.pop()
        else:
            kept.append(step)
    return kept


def _strings(constants: tuple[object, ...] | frozenset[object]) -> Iterator[str]:
    for const in constants:
        if isinstance(const, str):
            yield const
        elif isinstance(const, (tuple, frozenset)):
            yield from _strings(const)


# ---------------------------------------------------------------- digest


def _digest(code: CodeType, steps: list[Step]) -> bytes:
    tokens = [_header(code)]
    indexes = _StepIndexes(steps)
    for step in steps:
        tokens.append(_step_token(step, code.co_consts, indexes))
    tokens.extend(_handler_tokens(code, indexes))
    return xxhash.xxh3_128_digest(b"".join(tokens))


def _handler_tokens(code: CodeType, indexes: _StepIndexes) -> Iterator[bytes]:
    """Spell the exception table by steps; as raw bytes where `dis` doesn't decode it."""
    entries = getattr(dis.Bytecode(code), "exception_entries", None)
    if entries is None:
        yield b"r" + code.co_exceptiontable
        return
    for entry in entries:
        places = (entry.start, entry.end, entry.target)
        yield _pack(b"x", *(indexes.of(place) for place in places), entry.depth, int(entry.lasti))


class _StepIndexes:
    """Maps byte offsets to places among the steps that count.

    What the compiler inserts only to carry a line number (``NOP``) doesn't
    count, so a target is the first counted step at or after its offset.
    """

    def __init__(self, steps: list[Step]) -> None:
        self._offsets = [step.offset for step in steps]

    def of(self, offset: int) -> int:
        return bisect_left(self._offsets, offset)


def _header(code: CodeType) -> bytes:
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    docstring = code.co_consts[0] if code.co_consts and isinstance(code.co_consts[0], str) else None
    header = (code.co_name, code.co_qualname, *names, *counts, docstring)
    return constant_digest(header)


def _step_token(step: Step, constants: tuple[object, ...], indexes: _StepIndexes) -> bytes:
    if step.opcode in _CONST_OPS and step.arg is not None:
        return _pack(b"c", step.opcode) + constant_digest(constants[step.arg])
    if step.opcode in _JUMP_OPS and isinstance(step.value, int):
        return _pack(b"j", step.opcode, indexes.of(step.value))
    return _pack(b"o", step.opcode, -1 if step.arg is None else step.arg)


def _pack(tag: bytes, *numbers: int) -> bytes:
    return tag + struct.pack(f"<{len(numbers)}q", *numbers)


def constant_digest(value: object) -> bytes:
    """Digest a constant of a code object, by value and exact type."""
    return xxhash.xxh3_128_digest(_constant_token(value))


def _constant_token(value: object) -> bytes:
    """Spell a constant unambiguously; containers by their elements' digests."""
    kind = type(value)
    if value is None or value is ... or kind is bool:
        return b"n" + repr(value).encode()
    if isinstance(value, int):
        return b"i" + hex(value).encode()
    if isinstance(value, str):
        return b"s" + value.encode("utf-8", "surrogatepass")
    if isinstance(value, bytes):
        return b"b" + value
    if isinstance(value, (float, complex)):
        return b"f" + kind.__name__.encode() + _float_bytes(value)
    if isinstance(value, tuple):
        return b"t" + b"".join(map(constant_digest, value))
    if isinstance(value, frozenset):
        return b"e" + b"".join(sorted(map(constant_digest, value)))
    if isinstance(value, CodeType):
        return b"k" + code_facts(value).digest
    return _foreign_token(value)


def _float_bytes(value: float | complex) -> bytes:
    if isinstance(value, complex):
        return struct.pack("<dd", value.real, value.imag)
    return struct.pack("<d", value)


def _foreign_token(value: object) -> bytes:
    """Spell what only code generators put among constants."""
    from fpcache.fingerprints.walking import walk

    return b"v" + walk(value).digest


@lru_cache(maxsize=4096)
def names_in(code: CodeType) -> frozenset[str]:
    """Return the names and attributes that code uses, in nested code too."""
    inner = (item for item in code.co_consts if isinstance(item, CodeType))
    return frozenset(code.co_names).union(*map(names_in, inner))
