"""Parsing the arguments of ``%%fpcache``."""

from __future__ import annotations

import argparse
import re
import shlex
from typing import NoReturn

from fpcache.errors import FpcacheError
from fpcache.session.settings import CellOptions

__all__ = ["CellUsageError", "HelpRequested", "cell_parser", "parse_cell_options"]

_UNITS_S = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


class CellUsageError(FpcacheError):
    """The arguments of a magic are off; the message says how."""


class HelpRequested(FpcacheError):
    """``-h`` was among the arguments; the message is the help text."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise CellUsageError(f"%%fpcache: {message}; `%%fpcache -h` lists the options")


def duration_s(text: str) -> float:
    """Return seconds for ``90``, ``90s``, ``10m``, ``1h``, ``7d`` or ``2w``."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d|w)?", text.strip())
    if not found or float(found[1]) <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; write 90s, 10m, 1h, 7d or 2w")
    return float(found[1]) * _UNITS_S[found[2] or ""]


def cell_parser() -> argparse.ArgumentParser:
    """Return the parser of ``%%fpcache``'s arguments."""
    parser = _Parser(prog="%%fpcache", add_help=False, description="Cache this cell's components.")
    flag = parser.add_argument
    flag("-h", "--help", action="store_true", help="show this text and run nothing")
    flag("--name", default="", metavar="N", help="a name to find the entries by")
    flag("--force", action="store_true", help="run everything and refresh the cache")
    flag("--dry-run", action="store_true", help="say what would hit; run nothing")
    flag("--whole", action="store_true", help="treat the cell as one component")
    flag("--ttl", type=duration_s, metavar="1h", help="forget the entries after this long (90s, 10m, 1h, 7d)")
    flag("--pin", action="store_true", help="keep the entries through `%%fpcache clear`")
    flag(
        "--depends",
        action="append",
        default=[],
        metavar="PATH",
        help="a file whose content counts; repeatable",
    )
    flag(
        "--ignore",
        action="append",
        default=[],
        metavar="NAME",
        help="a name whose value doesn't count; repeatable",
    )
    flag("--no-store", action="store_true", help="look up, but store nothing new")
    flag("--quiet", action="store_true", help="print no status line")
    return parser


def parse_cell_options(line: str) -> CellOptions:
    """Return what the arguments of ``%%fpcache`` say.

    Raises
    ------
    CellUsageError
        For an unknown option or a value of the wrong form.
    HelpRequested
        For ``-h``.
    """
    parser = cell_parser()
    try:
        words = shlex.split(line, comments=True)
    except ValueError as error:
        raise CellUsageError(f"%%fpcache: {error}") from None
    found = parser.parse_args(words)
    if found.help:
        raise HelpRequested(parser.format_help())
    return CellOptions(
        explicit=True,
        name=found.name,
        force=found.force,
        dry_run=found.dry_run,
        whole=found.whole,
        ttl_s=found.ttl,
        pin=found.pin,
        depends=tuple(found.depends),
        ignore=tuple(found.ignore),
        no_store=found.no_store,
        quiet=found.quiet,
    )
