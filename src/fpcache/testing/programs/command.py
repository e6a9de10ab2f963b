"""The command that looks for wrong hits in random programs, in several processes."""

from __future__ import annotations

import argparse
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from .keeping import keep
from .playing import place_for_programs
from .searching import Tally, search

__all__ = ["main"]

_TOLD = "Look for wrong hits in random programs; the exit code is 1 if there were any."


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fpcache.testing.programs", description=_TOLD)
    flag = parser.add_argument
    flag("--count", type=int, default=1000, help="how many programs (default: 1000)")
    flag("--seed", type=int, default=0, help="decides which (default: 0)")
    flag("--jobs", type=int, default=1, help="how many searches side by side (default: 1)")
    flag("--keep", type=Path, metavar="DIR", help="where to write programs that fail, as regressions")
    flag("--no-shrink", action="store_true", help="leave programs that fail as they are")
    return parser.parse_args(arguments)


def searched(asked: argparse.Namespace, job: int) -> Tally:
    """Search in every so many-th batch, telling how far it is."""
    started, shown = time.perf_counter(), [0]

    def told(tally: Tally) -> None:
        rate = tally.programs / (time.perf_counter() - started)
        print(f"[{job}] {rate:.1f}/s: {tally}", flush=True)
        for find in tally.finds[shown[0] :]:
            keep(find, asked.keep)
        shown[0] = len(tally.finds)

    with place_for_programs() as place:
        return search(
            asked.count,
            asked.seed,
            place,
            shrink=not asked.no_shrink,
            first=job,
            step=asked.jobs,
            told=told,
        )


def _end_with_parent() -> None:
    """Let this job end as soon as the command does, however it was ended."""

    def watch(command: BaseProcess) -> None:
        wait([command.sentinel])
        os._exit(1)

    threading.Thread(target=watch, args=(parent_process(),), daemon=True).start()


def main(arguments: Sequence[str] | None = None) -> int:
    """Search, print what was seen, and return 1 if a program failed."""
    asked, started = _parsed(arguments), time.perf_counter()
    tally = Tally()
    if asked.jobs == 1:
        tally = searched(asked, 0)
    else:
        spawn = get_context("spawn")
        with ProcessPoolExecutor(asked.jobs, mp_context=spawn, initializer=_end_with_parent) as pool:
            for found in [pool.submit(searched, asked, job) for job in range(asked.jobs)]:
                tally.take_in(found.result())
    print(f"{time.perf_counter() - started:.0f} s: {tally}")
    for reason, number in tally.refusals.most_common(20):
        print(f"{number:7} uncacheable: {reason}")
    return 1 if tally.finds else 0
