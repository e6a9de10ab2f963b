"""What an open dashboard costs the cell's thread: python tests/benchmarks/dashboard_overhead.py

Runs the same cells in one IPython shell with and without a dashboard, in turns,
and prints the difference for each component; then folds 10,000 events by themselves.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import statistics
import tempfile
import time

COMPONENTS = 100
SLOW = "x{0} = [{0}] * 3"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    os.environ["FPCACHE_DIR"] = tempfile.mkdtemp()
    from IPython.core.interactiveshell import InteractiveShell

    import fpcache

    shell = InteractiveShell.instance()
    run(shell, "%load_ext fpcache\n%fpcache auto on\n%config FPCache.min_seconds = 0")
    for kind in ("plain", "hit"):
        if kind == "plain":
            run(shell, "%config FPCache.min_seconds = 10")
        else:
            run(shell, "%config FPCache.min_seconds = 0")
        print(kind, compared(shell, fpcache.dashboard, rounds))
    print("10,000 events:", folding(), "µs an event")


def run(shell, cell: str) -> None:
    """Run a cell, without its output."""
    with contextlib.redirect_stdout(io.StringIO()):
        shell.run_cell(cell).raise_error()


def compared(shell, opened, rounds: int) -> str:
    """Time one cell of many components with and without a dashboard, in turns."""
    cell = "\n".join(SLOW.format(number) for number in range(COMPONENTS))
    run(shell, cell)
    run(shell, cell)
    without, beside = [], []
    for _ in range(rounds):
        without.append(timed(shell, cell))
        panel = opened()
        time.sleep(0.3)
        beside.append(timed(shell, cell))
        panel.close()
    more = [(b - a) / COMPONENTS * 1e6 for a, b in zip(without, beside, strict=True)]
    return (
        f"component: {statistics.median(without) / COMPONENTS * 1e6:.0f} µs without, "
        f"{statistics.median(more):+.0f} µs beside a dashboard "
        f"(median of {rounds}; {min(more):+.0f} to {max(more):+.0f})"
    )


def timed(shell, cell: str) -> float:
    """Return the seconds that a cell takes."""
    started = time.perf_counter()
    run(shell, cell)
    return time.perf_counter() - started


def folding() -> str:
    """Fold the events of 50 cells with 100 components."""
    from functools import reduce as fold

    from fpcache.events import (
        CellFinished,
        CellStarted,
        ComponentFinished,
        ComponentStarted,
        PlannedComponent,
    )
    from fpcache.panel import SessionState, reduce

    parts = tuple(PlannedComponent(f"x{n}", n, n) for n in range(100))
    events = []
    for number in range(1, 51):
        events.append(CellStarted(number, "a", parts))
        for index in range(100):
            events.append(ComponentStarted(number, index, "miss", "never seen"))
            events.append(ComponentFinished(number, index, "miss", "never seen", last_index=index))
        events.append(CellFinished(number, False, 0.0))
    started = time.perf_counter()
    fold(reduce, events, SessionState())
    return f"{(time.perf_counter() - started) / len(events) * 1e6:.1f}"


if __name__ == "__main__":
    main()
