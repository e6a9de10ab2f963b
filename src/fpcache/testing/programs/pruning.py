"""Taking out of a program that fails whatever it fails without."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from .program import Program

__all__ = ["pruned"]


def pruned(program: Program, fails: Callable[[Program], bool], tries: int = 80) -> Program:
    """Return a smaller program that fails too, found in at most so many tries.

    Whole sessions are tried first, then many statements at once, then single
    ones; a statement goes from all sessions at once.
    """
    left = [tries]

    def still_fails(smaller: Program) -> bool:
        left[0] -= 1
        return left[0] >= 0 and fails(smaller)

    while left[0] > 0:
        smaller = next(filter(still_fails, _smaller(program)), None)
        if smaller is None:
            break
        program = smaller
    return program


def _smaller(program: Program) -> Iterator[Program]:
    """Yield programs with something taken out, boldest first."""
    sessions = program.sessions
    for number in range(len(sessions)) if len(sessions) > 1 else ():
        yield Program((*sessions[:number], *sessions[number + 1 :]))
    statements = list(program.statements())
    size = len(statements) // 2
    while size:
        for group in _groups(statements, size):
            yield program.without(set(group))
        size //= 2
    yield from _calmer(program)


def _groups(statements: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Yield runs of statements, the last ones first: nothing depends on them."""
    for start in range(len(statements) - size, -1, -size):
        yield statements[start : start + size]


def _calmer(program: Program) -> Iterator[Program]:
    """Yield programs with less chance in how they are run."""
    for number, session in enumerate(program.sessions):
        for calm in ({"misses": 0.0}, {"plains": 0.0}, {"style": "auto"}, {"seed": 1}, {"loaded": "usual"}):
            calmer = replace(session, **calm)
            if calmer != session:
                yield Program((*program.sessions[:number], calmer, *program.sessions[number + 1 :]))
