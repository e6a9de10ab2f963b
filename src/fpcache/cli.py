"""The ``fpcache`` command: look after the cache from a terminal."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import NoReturn, get_args

from fpcache.doctor import examine, installed_version
from fpcache.errors import StoreError
from fpcache.session.overview import size_text
from fpcache.session.report import duration_text
from fpcache.store import Entry, LocalStore, Sort

__all__ = ["main"]

_BAD_USAGE = 2
_FAULT = 1
_HEADING = f"{'entry':<8}  {'component':<40}  {'size':>9}  {'took':>8}  {'hits':>5}  {'saved':>8}  {'age':>8}"
_UNLISTED = {"dependencies", "meta", "blobs"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 for a fault, 2 for bad usage.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; by default those of the process.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        if arguments[:1] == ["demo"]:  # it has options of its own
            from fpcache import demo

            return demo.main(arguments[1:])
        if arguments[:1] == ["check"]:
            from fpcache.testing import check

            return check.main(arguments[1:])
        options = _parser().parse_args(arguments)
        run: Callable[[argparse.Namespace], int] = options.run
        code = run(options)
        sys.stdout.flush()
        return code
    except SystemExit as stop:  # argparse: --help, --version, or bad usage
        return stop.code if isinstance(stop.code, int) else _BAD_USAGE
    except StoreError as fault:
        print(f"fpcache: {fault}", file=sys.stderr)
        return _FAULT
    except KeyboardInterrupt:
        print("fpcache: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # as in `fpcache ls | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(prog="fpcache", description="Look after the cache of notebook cells.")
    parser.add_argument(
        "--version", action="version", version=f"fpcache {installed_version('fpcache') or 'unknown'}"
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    stats = commands.add_parser("stats", help="what the cache holds and has saved")
    stats.add_argument("--json", action="store_true", help="print JSON")
    stats.set_defaults(run=_stats)

    ls = commands.add_parser("ls", help="list the entries")
    ls.add_argument(
        "--sort", choices=get_args(Sort), default="created", help="the order (default: newest first)"
    )
    ls.add_argument("--limit", type=_count, default=None, metavar="N", help="list at most N entries")
    ls.add_argument(
        "--search", default="", metavar="TEXT", help="only entries with TEXT in label, name, notebook or code"
    )
    ls.add_argument("--json", action="store_true", help="print JSON")
    ls.set_defaults(run=_ls)

    clear = commands.add_parser("clear", help="forget the entries and free their space")
    clear.add_argument("--yes", action="store_true", help="don't ask")
    clear.add_argument("--all", action="store_true", help="pinned entries too")
    clear.set_defaults(run=_clear)

    doctor = commands.add_parser("doctor", help="check versions, cache directory, stored bytes and GPU")
    doctor.set_defaults(run=_doctor)
    commands.add_parser("demo", help="run a real notebook twice in fresh kernels", add_help=False)
    commands.add_parser("check", help="compare notebooks with and without the cache", add_help=False)
    return parser


def _count(text: str) -> int:
    """Parse a number that is not negative."""
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


def _open_store() -> LocalStore:
    """Open the cache; faults with single entries are told on the way."""
    return LocalStore(on_fault=_tell)


def _tell(fault: StoreError) -> None:
    """Print a fault that doesn't end the command."""
    print(f"fpcache: warning: {fault}", file=sys.stderr)


def _stats(options: argparse.Namespace) -> int:
    """Print the totals."""
    store = _open_store()
    totals = store.totals()
    if options.json:
        print(json.dumps({"directory": str(store.directory), **dataclasses.asdict(totals)}))
        return 0
    print(f"cache      {store.directory}")
    print(f"entries    {totals.entries} ({totals.pinned} pinned)")
    print(f"size       {size_text(totals.size_bytes)}")
    print(f"hits       {totals.hits}")
    print(f"saved      {duration_text(totals.saved_s)}")
    return 0


def _ls(options: argparse.Namespace) -> int:
    """Print the entries."""
    entries = _open_store().entries(search=options.search, sort=options.sort, limit=options.limit)
    if options.json:
        print(json.dumps([_as_json(entry) for entry in entries]))
    elif entries:
        print(_HEADING)
        for entry in entries:
            print(_as_line(entry))
    else:
        print("no entries" + (f" with {options.search!r}" if options.search else ""))
    return 0


def _as_json(entry: Entry) -> dict[str, object]:
    """Return what a program may want to know of an entry."""
    names = [field.name for field in dataclasses.fields(entry) if field.name not in _UNLISTED]
    return {name: getattr(entry, name) for name in names}


def _as_line(entry: Entry) -> str:
    """Return an entry as a line of the table."""
    label = " ".join(entry.label.split())
    shown = label if len(label) <= 40 else label[:39] + "…"
    numbers = (
        f"{size_text(entry.size_bytes):>9}  {duration_text(entry.duration_s):>8}  {entry.hits:>5}  "
        f"{duration_text(entry.saved_s):>8}  {duration_text(max(0.0, time.time() - entry.created_s)):>8}"
    )
    marks = "  ".join(filter(None, (entry.name, "pinned" if entry.pinned else "")))
    return f"{entry.entry_id[:8]}  {shown:<40}  {numbers}  {marks}".rstrip()


def _clear(options: argparse.Namespace) -> int:
    """Forget entries, after a question."""
    store = _open_store()
    totals = store.totals()
    concerned = totals.entries if options.all else totals.entries - totals.pinned
    if not options.yes and not _agrees(f"Forget {concerned} of {totals.entries} entries?"):
        return _FAULT
    collected = store.clear(keep_pinned=not options.all)
    kept = f", kept {totals.pinned} pinned" if totals.pinned and not options.all else ""
    print(f"forgot {collected.entries} entries, freed {size_text(collected.size_bytes)}{kept}")
    return 0


def _agrees(question: str) -> bool:
    """Ask the person at the terminal; there has to be one."""
    if not sys.stdin.isatty():
        _misused("clear asks before it forgets; without a terminal, add --yes")
    answer = input(f"{question} [y/N] ").strip().lower()
    if answer in ("y", "yes"):
        return True
    print("nothing was changed")
    return False


def _misused(message: str) -> NoReturn:
    """Say what was wrong with the arguments, and stop."""
    print(f"fpcache: {message}", file=sys.stderr)
    raise SystemExit(_BAD_USAGE)


def _doctor(options: argparse.Namespace) -> int:
    """Print the findings, and fail where one keeps fpcache from caching."""
    problems = 0
    for finding in examine():
        problems += finding.is_problem
        mark = "!" if finding.is_problem else " "
        print(f"{mark} {finding.name:<16} {finding.text}", flush=True)
    if problems:
        print(f"{problems} problem{'s' if problems > 1 else ''} found", file=sys.stderr)
    return _FAULT if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
