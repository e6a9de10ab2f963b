"""Notebook sessions as tests: run cells in new processes, with and without fpcache, and compare.

>>> t = Transcript(tmp_path)                                              # doctest: +SKIP
>>> cells = '''
... x = slow(1)
... # %%
... y = x + 1
... '''
>>> t.run(cells)                                                          # doctest: +SKIP
>>> warm = t.run(cells, ("x + 1", "x + 2"))                               # doctest: +SKIP
>>> expect(warm, {"x = slow(1)": "hit", "y = x + 2": "miss: edited"})     # doctest: +SKIP
>>> assert_same(t.plain(cells, ("x + 1", "x + 2")), warm)                 # doctest: +SKIP
"""

from __future__ import annotations

from .comparing import assert_same, differences, expect
from .kernels import run_in_kernel
from .processes import Job, run_in_process
from .results import CellResult, Row, Run
from .steps import Do, Interrupt
from .transcript import Transcript, run_all

__all__ = [
    "CellResult",
    "Do",
    "Interrupt",
    "Job",
    "Row",
    "Run",
    "Transcript",
    "assert_same",
    "differences",
    "expect",
    "run_all",
    "run_in_kernel",
    "run_in_process",
]
