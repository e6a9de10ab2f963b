"""The strategy of programs: a notebook, run, edited and run again."""

from __future__ import annotations

from dataclasses import replace

from ..program import Program, Session
from .choosing import Draw, composite, integers
from .edits import edited, in_some_order
from .notebooks import Notebook, author_for, notebook
from .writing import Author

__all__ = ["programs"]

_STYLES = ("auto", "auto", "auto", "explicit", "whole", "mixed")
_LOADED = ("usual", "usual", "usual", "few", "many")
_CHANCES = ((0.0, 0.0), (0.0, 0.0), (0.3, 0.0), (0.0, 0.3), (0.3, 0.3))


@composite
def programs(draw: Draw) -> Program:
    """Draw a program of two to four sessions."""
    author = author_for(draw)
    style = author.one_of(_STYLES)
    first = present = notebook(author)
    sessions = [_session(author, first, style, is_first=True)]
    for number in range(author.one_of((1, 2, 2, 3))):
        # The second run is often the first one again: then everything may hit.
        if number or author.one_of((True, False)):
            present = edited(author, author.one_of((present, present, first)))
        sessions.append(_session(author, present, style))
    return _with_one_seed(Program(tuple(sessions)))


def _with_one_seed(program: Program) -> Program:
    """Give all sessions one hash seed where the order of texts is to be seen: else none is right or wrong."""
    if not any(session.depends_on_text_order for session in program.sessions):
        return program
    return Program(tuple(replace(session, seed=1) for session in program.sessions))


def _session(author: Author, of: Notebook, style: str, is_first: bool = False) -> Session:
    written = of.written()
    cells = written if is_first else in_some_order(author, written, len(written) - len(of.cells))
    misses, plains = (0.0, 0.0) if is_first else author.one_of(_CHANCES)
    changed = style if is_first else author.one_of((style, style, style, "auto", "mixed"))
    return Session(
        cells,
        style=changed,
        seed=1 if is_first else author.one_of((1, 2)),
        misses=misses,
        plains=plains,
        chance=author.draw(integers(0, 99)) if changed == "mixed" or misses or plains else 0,
        loaded=author.one_of(_LOADED),
    )
