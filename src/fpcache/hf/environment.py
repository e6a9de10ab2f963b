"""The environment variables that code reads: which names it gives, and whether it gives others too."""

from __future__ import annotations

import dis
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import CodeType, FunctionType

from fpcache.fingerprints import fingerprint
from fpcache.fingerprints.name_uses import Step, steps_of
from fpcache.hf.captures import TakenApart, variables_of
from fpcache.hf.outside import file_taken, paths_in
from fpcache.hf.reports import Taken

__all__ = [
    "NAMES_UNKNOWN",
    "files_by_variables",
    "is_like_environment",
    "is_plain",
    "puts_names_together",
    "reads_variables",
    "variables_read",
]

NAMES_UNKNOWN = (
    "the code reads environment variables under names that can't be known, or all of them; "
    "of these only such count as are listed here: name others in depends_on="
)
_READS = re.compile(r"os\.(environ|getenv|environb)\b|(os\.|posix|nt)path\.expandvars$")
_EXPANDS = re.compile(r"(os\.|posix|nt)path\.expandvars$")
_VARIABLE = re.compile(r"[$%]\{?(\w+)")
_HOLDERS, _GETTERS = frozenset({"environ", "environb"}), frozenset({"getenv", "getenvb"})
_METHODS = frozenset({"get", "pop", "setdefault", "__getitem__", "__contains__"})
_SUBSCRIPTS = frozenset({"BINARY_SUBSCR", "STORE_SUBSCR", "DELETE_SUBSCR"})
_NB_SUBSCRIPT = 26  # of BINARY_OP, from 3.14 on
_JUMPS = frozenset(dis.hasjrel) | frozenset(dis.hasjabs)
_LEAST_COMMON, _SHORTEST_PART = 5, 2
_LOADS = (
    *("LOAD_CONST", "LOAD_FAST", "LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_SMALL"),
    *("PUSH_NULL", "PRECALL", "KW_NAMES", "CALL"),
)


def variables_read(
    used: Iterable[str], strings: Iterable[str], leaves: Iterable[object], *, puts_together: bool
) -> Iterator[Taken]:
    """Yield the environment variables that code may read.

    Parameters
    ----------
    used : iterable of str
        Dotted paths of the installed objects that the code uses.
    strings, leaves : iterable
        Its constants, and what its values hold.
    puts_together : bool
        Whether it makes names: then the variables count of whose names a constant is the beginning or end.
    """
    if not reads_variables(used):
        return
    strings = tuple(strings)
    texts = {leaf.decode("latin-1") if isinstance(leaf, bytes) else leaf for leaf in leaves}
    held = {text for text in texts if isinstance(text, str)}
    named = {name for text in (*strings, *held) for name in _VARIABLE.findall(text)}
    named |= {text for text in strings if text.isidentifier() and text.isupper()}
    named |= os.environ.keys() & {*strings, *held}
    if puts_together:
        named |= set(_with_part({*strings, *(text for text in held if "_" in (text[-1:], text[:1]))}))
    for text in sorted(named):
        value = os.environ.get(text)
        shown = "not set" if value is None else f"str of {len(value)}"  # not the value: it may be a token
        yield Taken(text, "environment", shown, fingerprint(value))


def reads_variables(used: Iterable[str]) -> bool:
    """Return whether code reads any environment variables, by the dotted paths that it uses."""
    return any(_READS.match(path) for path in used)


def _with_part(parts: Iterable[str]) -> Iterator[str]:
    known = tuple(part for part in parts if len(part) >= _SHORTEST_PART and part.isidentifier())
    for name in os.environ:
        if name.startswith(known) or name.endswith(known):
            yield name


def files_by_variables(
    variables: Iterable[Taken], used: Iterable[str], strings: Iterable[str]
) -> Iterator[Taken | str]:
    """Yield the files that variables name, and a sentence on each that names a directory.

    Files too whose name is a variable's value with a constant after it, as in
    ``os.environ["DATA"] + "/words.txt"`` and ``expandvars("$DATA/words.txt")``.
    """
    constants = [text for text in strings if 0 < len(text) <= 1024 and "\0" not in text]
    found: dict[str, None] = {}
    for one in variables:
        value = os.environ.get(one.name) or ""
        parts = {value, *value.split(os.pathsep)}
        found.update((text, None) for part in sorted(parts) for text in paths_in(part))
        if os.path.isdir(value):
            yield f"{one.name} names a directory; files in it count only where a constant names them"
            found.update((os.path.join(value, text.lstrip("/\\")), None) for text in constants)
        found.update((value + text, None) for text in constants if value)
    if any(_EXPANDS.match(path) for path in used):
        found.update((os.path.expandvars(text), None) for text in constants)
    for text in found:
        taken = file_taken(text)
        if taken is not None:
            yield taken


def is_like_environment(value: object) -> bool:
    """Return whether a value is the environment or a dict that is a copy of much of it."""
    if value is os.environ or value is getattr(os.environ, "_data", os.environ):
        return True
    if type(value) is not dict or len(value) < _LEAST_COMMON or "PATH" not in value:
        return False
    common: int = sum(value.get(name) == text for name, text in os.environ.items())
    return common >= _LEAST_COMMON and 2 * common >= len(value)


# ---------------------------------------------------------------- how code gives names


def puts_names_together(functions: Iterable[FunctionType], taken: TakenApart) -> bool:
    """Return whether code gives the environment names other than constants, or takes it as a whole."""
    return any(
        not is_plain(steps, place, names)
        for function in functions
        for code, names in _codes(function, taken)
        for steps in [steps_of(code)]
        for place in _places(steps, names)
    )


def _codes(function: FunctionType, taken: TakenApart) -> Iterator[tuple[CodeType, Mapping[str, bool]]]:
    """Yield a function's code objects; of each the names of the environment, and which are functions."""
    names = dict.fromkeys(_HOLDERS, False) | dict.fromkeys(_GETTERS, True)
    held = variables_of(function, taken)
    pending = [function.__code__]
    while pending:
        code = pending.pop()
        known = {**{name: function.__globals__.get(name) for name in code.co_names}, **held}
        aliases = {name: value is os.getenv for name, value in known.items() if _is_environment(value)}
        yield code, names | aliases
        pending.extend(const for const in code.co_consts if isinstance(const, CodeType))


def _is_environment(value: object) -> bool:
    return value is os.environ or value is os.getenv or value is getattr(os, "environb", os.environ)


def _places(steps: Sequence[Step], names: Collection[str]) -> Iterator[int]:
    for place, step in enumerate(steps):
        if step.value not in names or not isinstance(step.value, str):
            continue
        is_load = step.op.startswith("LOAD_") and step.op != "LOAD_CONST"
        if is_load or (step.op == "IMPORT_FROM" and steps[place + 1].value not in names):
            yield place


def is_plain(steps: Sequence[Step], place: int, names: Mapping[str, bool]) -> bool:
    """Tell whether a mapping is asked, from here on, for a constant and nothing else.

    Parameters
    ----------
    steps, place : sequence of Step, int
        The instructions, and which of them loads the mapping.
    names : mapping of str to bool
        What the mapping is called there; True for a function that asks it.
    """
    if names[str(steps[place].value)]:
        return _takes_constant(steps, place + 1)
    after = _past_null(steps, place + 1)
    if steps[after].op in ("LOAD_ATTR", "LOAD_METHOD"):
        return str(steps[after].value) in _METHODS and _takes_constant(steps, after + 1)
    if steps[after].op == "CONTAINS_OP":
        before = place - 1 if steps[place].op not in ("LOAD_ATTR", "LOAD_METHOD") else place - 2
        return before >= 0 and steps[before].op == "LOAD_CONST"
    return steps[after].op == "LOAD_CONST" and _is_subscript(steps[after + 1])


def _past_null(steps: Sequence[Step], place: int) -> int:
    return place + 1 if steps[place].op == "PUSH_NULL" else place


def _is_subscript(step: Step) -> bool:
    return step.op in _SUBSCRIPTS or (step.op == "BINARY_OP" and step.arg == _NB_SUBSCRIPT)


def _takes_constant(steps: Sequence[Step], place: int) -> bool:
    """Tell whether a call's first argument is a constant as it stands, whatever its others are."""
    place = _past_null(steps, place)
    if steps[place].op != "LOAD_CONST":
        return False
    depth = 0  # of the stack above the constant
    for step in steps[place + 1 :]:
        if step.opcode in _JUMPS or (depth == 0 and not step.op.startswith(_LOADS)):
            return False
        is_call = step.op.startswith(("PRECALL", "CALL"))
        effect = dis.stack_effect(step.opcode, step.arg)
        depth += effect
        if depth < 0 or (depth == 0 and effect < 0):
            return is_call
    return False
