"""A trap's cells the way a cache wants them: what its sessions run, with and without it."""

from __future__ import annotations

import ast
import functools
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scenarios import Trap

from fpcache.testing.sessions import Do
from fpcache.testing.sessions.steps import Step

from .catalogue import Peer
from .forms import CELL, Form, Place, UnsuitableError, as_function, places, rewritten

__all__ = ["Prepared", "first_code", "observing", "prepared"]

_INSIDE = Path(__file__).parent / "inside"
_HERE = f"import sys; sys.path.insert(0, {str(_INSIDE)!r})\n"
# Tracebacks are not compared, and take long to draw up.
_BRIEF = "shell.InteractiveTB.set_mode(mode='Minimal')\n"
_TICK = "id(NotImplemented)"
# What the cells say of the cache is in the notebook while they run, and is taken away before it is looked at.
_SET_UP = """
made = {{**shell.user_ns}}
exec({code!r}, made)
shell.user_ns.update((name, made[name]) for name in {names!r})
"""
_CLEAN_UP = """
for name in {names!r}:
    shell.user_ns.pop(name, None)
"""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A session's steps in a cache's form, and in the same form without the cache.

    ``judged_cells`` are the numbers, from 0, of the cells that hold a judged statement.
    """

    cached: tuple[Step, ...]
    plain: tuple[Step, ...]
    judged_cells: tuple[int, ...]


def prepared(peer: Peer, trap: Trap, cache: Path, changed: bool) -> Prepared:
    """Return what the session before or after a trap's change runs.

    Raises
    ------
    UnsuitableError
        If the cache has no way to say what the trap's cells say.
    """
    steps = trap.second() if changed else trap.first()
    if peer.kind == "marimo":
        return _as_notebook(trap, steps, cache)
    found = places(steps, _judged_text(trap, steps))
    if peer.kind == "magic":
        return _under_magic(peer, trap, steps, found, cache)
    return _as_functions(peer, steps, found, cache)


def observing(call: str) -> Do:
    """Return a step that calls something of ``inside.observing``, unseen by the cells."""
    return Do(f"{_HERE}import observing; sys.path.pop(0); observing.{call}")


def first_code(trap: Trap) -> str:
    """Return how the judged statement's code begins: what a cell magic stands above."""
    if not trap.judged.startswith("%%"):
        return trap.judged
    cell = next(step for step in trap.second() if isinstance(step, str) and trap.judged in step)
    return cell.split("\n")[1]


def _judged_text(trap: Trap, steps: Sequence[Step]) -> str:
    """Return how the judged statement begins; the change may be in it."""
    known = any(trap.judged in step for step in steps if isinstance(step, str))
    return trap.judged if known else trap.judged.split("=")[0] + "="


def _as_functions(peer: Peer, steps: Sequence[Step], found: Sequence[Place], cache: Path) -> Prepared:
    cached = rewritten(steps, found, lambda place: as_function(place, peer.memo).text)
    plain = rewritten(steps, found, lambda place: as_function(place, "do_nothing").text)
    watched = {place.step: as_function(place, peer.memo) for place in found}
    return Prepared(
        _set_up(peer.setup, peer.memo, cache, _watching(cached, watched)),
        _set_up("from memos import do_nothing", "do_nothing", cache, plain),
        _cell_numbers(steps, found),
    )


def _watching(steps: Sequence[Step], watched: Mapping[int, Form]) -> list[Step]:
    """Put a watch on the function that does the work around each judged cell."""
    new: list[Step] = []
    for number, step in enumerate(steps):
        if number not in watched:
            new.append(step)
            continue
        name = watched[number].watched
        value = "None" if name == CELL else f"eval({name!r}, shell.user_ns)"
        new += [observing(f"count_calls({value}, {CELL!r})"), step, observing("stop()")]
    return new


def _set_up(setup: str, memo: str, cache: Path, steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps between the making of a cache and the taking away of the names that ``memo`` reads."""
    code = f"{_HERE}CACHE = {str(cache)!r}\n{setup}\nsys.path.pop(0)"
    names = sorted({node.id for node in ast.walk(ast.parse(memo)) if isinstance(node, ast.Name)})
    made = Do(_BRIEF + _SET_UP.format(code=code, names=names))
    return (made, *steps, Do(_CLEAN_UP.format(names=[*names, CELL])))


def _cell_numbers(steps: Sequence[Step], found: Sequence[Place]) -> tuple[int, ...]:
    """Return the numbers of the judged cells, counted without what happens in between."""
    cells = [number for number, step in enumerate(steps) if not isinstance(step, Do)]
    return tuple(cells.index(place.step) for place in found)


def _under_magic(
    peer: Peer, trap: Trap, steps: Sequence[Step], found: Sequence[Place], cache: Path
) -> Prepared:
    texts = rewritten(steps, found, functools.partial(_magic_line, peer.memo))
    watch = observing(f"count_statements({first_code(trap)!r})")
    cached = _set_up(peer.setup, "", cache, (watch, *texts))
    return Prepared(cached, tuple(steps), _cell_numbers(steps, found))


def _magic_line(magic: str, place: Place) -> str:
    """Return the statement after a line magic; the one value that it reads is its version."""
    statement, text = place.statement, ast.get_source_segment(place.body, place.statement) or ""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        raise UnsuitableError("the magic takes one assignment to one name")
    if "\n" in text or statement.col_offset:
        raise UnsuitableError("the magic takes a line of its own")
    nodes = list(ast.walk(statement.value))
    called = {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}
    read = dict.fromkeys(node.id for node in nodes if isinstance(node, ast.Name) and node.id not in called)
    data = [name for name in read if place.bound.get(name) in ("data", "made")]
    version = f"-v {data[0]} " if len(data) == 1 else ""
    return f"%{magic} {version}{text}"


def _as_notebook(trap: Trap, steps: Sequence[Step], cache: Path) -> Prepared:
    """Return sessions that run a marimo notebook of these cells."""
    if not all(isinstance(step, str) for step in steps):
        raise UnsuitableError("something happens between the cells")
    found = places(steps, _judged_text(trap, steps))
    path = cache.with_name("notebook.py")
    cached = rewritten(steps, found, functools.partial(_under_context, str(cache)))
    plain = rewritten(steps, found, functools.partial(_under_context, ""))
    run = "run_notebook()"
    return Prepared(
        (observing("count_ticks()"), _notebook(path, cached), run), (_notebook(path, plain), run), ()
    )


def _under_context(cache: str, place: Place) -> str:
    """Return the statement in marimo's block, which marks each run of it."""
    text = ast.get_source_segment(place.body, place.statement) or ""
    context = f"with mo.persistent_cache('judged', save_path={cache!r}, pin_modules=True):"
    return f"{context if cache else 'if True:'}\n    {_TICK}\n{textwrap.indent(text, '    ')}"


def _notebook(path: Path, cells: Sequence[Step]) -> Do:
    return Do(
        f"{_BRIEF}{_HERE}import marimo_app; sys.path.pop(0)\n"
        f"marimo_app.prepare(shell, {str(path)!r}, {list(cells)!r})"
    )
