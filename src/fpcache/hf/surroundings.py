"""What code takes of its process unnamed: directory, time zone, arguments, data of packages."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import pairwise
from types import CellType, CodeType, FunctionType, ModuleType
from urllib.parse import unquote

from fpcache.fingerprints import Reading, fingerprint
from fpcache.fingerprints.code_objects import names_in
from fpcache.fingerprints.name_uses import steps_of
from fpcache.hf.captures import content
from fpcache.hf.reports import Taken

__all__ = ["files_by_address", "package_files", "process_read"]

_NAMED = {"sys.argv": "arguments", "os.getcwd": "directory", "pathlib.Path.cwd": "directory"}
_RESOLVING = frozenset({"abspath", "realpath", "resolve", "absolute"})
_LOCAL_TIMES = frozenset(
    {"localtime", "fromtimestamp", "mktime", "ctime", "strftime", "astimezone", "tzname"}
)
_PARSING = frozenset({"parse_args", "parse_known_args"})
_OF_PACKAGES = ("importlib.resources", "importlib_resources", "pkgutil.get_data")
_ADDRESS = "file:"


def process_read(used: Iterable[str], functions: Iterable[FunctionType]) -> Iterator[Taken]:
    """Yield command line, working directory and time zone, where code asks for them.

    Parameters
    ----------
    used : iterable of str
        Dotted paths of the installed objects that the code uses.
    functions : iterable of FunctionType
        The functions that were followed.
    """
    functions = tuple(functions)
    paths = frozenset(used)
    for path in sorted(paths & _NAMED.keys()):
        yield _taken(path, sys.argv if _NAMED[path] == "arguments" else os.getcwd())
    names = [names_in(function.__code__) for function in functions]
    if any(found & _RESOLVING and "__file__" not in found for found in names):
        yield _taken("working directory", os.getcwd())
    if any(found & _LOCAL_TIMES for found in names):
        yield _taken("time zone", [os.environ.get("TZ"), *time.tzname])
    if any(_parses_arguments(function.__code__) for function in functions):
        yield _taken("arguments that are parsed", sys.argv)


def _taken(name: str, value: object) -> Taken:
    return Taken(name, "environment", type(value).__name__, fingerprint(value))


def _parses_arguments(code: CodeType) -> bool:
    """Return whether code parses the process's own arguments, for it gives none."""
    steps = [step for step in steps_of(code) if step.op != "PUSH_NULL"]
    for step, after in pairwise(steps):
        if step.value in _PARSING and after.op.startswith(("PRECALL", "CALL")) and not after.arg:
            return True
    return any(_parses_arguments(const) for const in code.co_consts if isinstance(const, CodeType))


def package_files(reading: Reading, used: Iterable[str]) -> Iterator[str]:
    """Yield paths of files that code may read as data of a package: below it, under a constant's name."""
    if not any(path.startswith(_OF_PACKAGES) for path in used):
        return
    values = (content(one.value) if isinstance(one.value, CellType) else one.value for one in reading.roots)
    modules = [value for value in values if isinstance(value, ModuleType)]
    modules += [sys.modules[text] for text in reading.strings if text in sys.modules]
    folders = {os.path.dirname(str(found)) for one in modules if (found := getattr(one, "__file__", None))}
    for folder in sorted(folders):
        yield from (os.path.join(folder, text) for text in reading.strings if 0 < len(text) <= 1024)


def files_by_address(texts: Iterable[str]) -> Iterator[str]:
    """Yield the paths in addresses such as ``file:///data/words.txt`` and ``file:words.db?mode=ro``."""
    for text in texts:
        if text.startswith(_ADDRESS):
            path = unquote(text.removeprefix(_ADDRESS).partition("?")[0])
            yield "/" + path.lstrip("/") if path.startswith("//") else path
