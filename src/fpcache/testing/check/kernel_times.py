"""Times the statements of cells; run by ``running`` inside a kernel without fpcache.

It stands before IPython's method that runs one statement, outside of what the
statement itself can see of the stack.
"""

from __future__ import annotations

import time
from typing import Any

from IPython import get_ipython

_log: list[tuple[int, float, bool]] = []
_depth = 0


def _line(code: Any) -> int:
    """Return the first line of a statement's code."""
    return min((line for _, _, line in code.co_lines() if line), default=1)


def taken() -> list[tuple[int, float, bool]]:
    """Return line, seconds and whether it raised, of each statement since the last call."""
    told = _log[:]
    _log.clear()
    return told


def _watch(shell: Any) -> None:
    original = shell.run_code

    async def run_code(code_obj: Any, result: Any = None, *, async_: bool = False) -> Any:
        global _depth
        _depth += 1
        started_s, failed = time.perf_counter(), True
        try:
            failed = await original(code_obj, result, async_=async_)
        finally:
            _depth -= 1
            if not _depth:  # a statement that runs others counts with them
                _log.append((_line(code_obj), time.perf_counter() - started_s, bool(failed)))
        return failed

    run_code.taken = taken  # type: ignore[attr-defined]
    shell.run_code = run_code


if get_ipython() is not None:
    _watch(get_ipython())
