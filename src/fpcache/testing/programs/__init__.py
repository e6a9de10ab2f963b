"""A machine that looks for wrong hits: random programs, run plainly and with the cache, and compared.

A program is a notebook, run several times in new processes that share a
cache, and edited in between. In each run, after each cell, a session with
fpcache must be what one without it is: namespace with its aliases, outputs,
random states, files, environment, error and execution count. Hypothesis draws
the programs; those that fail are made small::

    python -m fpcache.testing.programs --count 10000 --seed 1

`searching.search` is the same for tests, and `faults` holds ways to break
fpcache on purpose that a search has to notice.
"""

from __future__ import annotations

from .playing import Verdict, place_for_programs, play
from .program import Program, Session

__all__ = ["Program", "Session", "Verdict", "place_for_programs", "play"]
