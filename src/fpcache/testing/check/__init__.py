"""The command ``fpcache check``: is a notebook with the cache what it is without, and what does that save?"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .checking import EDITS, NotebookCheck, check
from .notebooks import CannotCheckError, Notebook, read_notebook
from .parameters import parameter_value, with_parameters
from .running import KernelSettings
from .telling import as_json, check_text, verdict_text
from .verdicts import verdicts
from .workplace import prepared

__all__ = ["check_notebook", "main"]

NEEDED = ("ipykernel", "jupyter_client", "nbformat")
_SAME, _DIFFERENT, _CANNOT = 0, 1, 2


def main(args: Sequence[str] | None = None) -> int:
    """Check notebooks and return the exit code.

    Parameters
    ----------
    args : sequence of str, optional
        Command-line arguments after ``fpcache check``; by default those of the process.

    Returns
    -------
    int
        0; 1 where a cached run differs from all plain ones, or, with
        ``--bounds``, is too slow; 2 where a notebook could not be checked.
    """
    options = _parser().parse_args(args)
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        print(f"fpcache check needs {', '.join(missing)}: pip install 'fpcache[demo]'", file=sys.stderr)
        return _CANNOT
    try:
        parameters = {name: parameter_value(text) for name, text in options.parameter}
        notebooks = [with_parameters(read_notebook(path), parameters) for path in options.notebooks]
    except CannotCheckError as error:
        print(f"fpcache check: {error}", file=sys.stderr)
        return _CANNOT
    checks, is_whole = [], True
    for notebook in notebooks:
        try:
            checks.append(_checked(notebook, options))
        except CannotCheckError as error:
            print(f"fpcache check: {error}", file=sys.stderr)
            is_whole = False
    return _concluded(checks, options, is_whole)


def _concluded(checks: Sequence[NotebookCheck], options: argparse.Namespace, is_whole: bool) -> int:
    """Tell what holds for all notebooks together, and return the exit code."""
    found = verdicts(checks)
    if options.json:
        print(json.dumps(as_json(checks, found), indent=1))
    elif checks:
        print(verdict_text(found))
    is_slow = options.bounds and not all(verdict.is_met for verdict in found)
    if is_slow or any(one.is_wrong for one in checks):
        return _DIFFERENT
    return _SAME if is_whole else _CANNOT


def check_notebook(
    path: Path,
    settings: KernelSettings,
    *,
    parameters: Mapping[str, Any] | None = None,
    edits: str = "all",
    keep: Path | None = None,
    quiet: bool = True,
) -> NotebookCheck:
    """Run a notebook without the cache and with it, and compare.

    Parameters
    ----------
    path : Path
        The notebook.
    settings : KernelSettings
        How kernels are started.
    parameters : mapping of str to object, optional
        Other values of names that the cell with the tag ``parameters`` assigns.
    edits : str
        Which edits to try as well: none, harmless, harmful or all.
    keep : Path, optional
        Where to leave the working directory and the cache.
    quiet : bool
        Whether to say nothing on stderr on the way.

    Raises
    ------
    CannotCheckError
        If there is nothing that can be run plainly, or no such parameter.
    """
    notebook = with_parameters(read_notebook(path), parameters or {})
    return _check(notebook, settings, edits, keep, quiet)


def _checked(notebook: Notebook, options: argparse.Namespace) -> NotebookCheck:
    settings = KernelSettings(options.timeout, tuple(options.kernel_args))
    found = _check(notebook, settings, options.edits, options.keep, options.quiet)
    if not options.json:
        print(check_text(found), flush=True)
    return found


def _check(
    notebook: Notebook, settings: KernelSettings, edits: str, keep: Path | None, quiet: bool
) -> NotebookCheck:
    def tell(text: str) -> None:
        if not quiet:
            print(f"{notebook.path.name}: {text}", file=sys.stderr, flush=True)

    with _place(notebook, keep) as place:
        workplace = prepared(notebook, place)
        tell(f"runs in {workplace.note}")
        return check(notebook, workplace, settings, edits, tell)


@contextmanager
def _place(notebook: Notebook, keep: Path | None) -> Iterator[Path]:
    """Give a directory that goes afterwards, or a new one in the directory where to keep it."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="fpcache-check-", ignore_cleanup_errors=True) as scratch:
            yield Path(scratch)
        return
    try:
        keep.mkdir(parents=True, exist_ok=True)
        yield Path(tempfile.mkdtemp(prefix=f"{notebook.path.stem}-", dir=keep)).resolve()
    except OSError as error:
        raise CannotCheckError(f"nothing can be kept in {keep}: {error}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fpcache check",
        description="Run notebooks without and with the cache, in kernels of their own, and compare.",
    )
    add = parser.add_argument
    add("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    add("--json", action="store_true", help="print JSON instead of tables")
    add("--edits", choices=EDITS, default="all", help="also run edited versions (default: %(default)s)")
    add("-p", "--parameter", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"),
        help="set a name that the cell with the tag 'parameters' assigns; repeatable")  # fmt: skip
    add("--bounds", action="store_true", help="fail where a run is too slow, too")
    add("--timeout", type=_seconds, default=600.0, metavar="S", help="end a kernel that says nothing for S s")
    add("--kernel-args", action="append", default=[], metavar="ARG", help="one more argument of the kernels")
    add("--keep", type=Path, metavar="DIR", help="leave working directory and cache in DIR")
    add("--quiet", action="store_true", help="show no progress")
    return parser


def _seconds(text: str) -> float:
    """Parse a positive number of seconds."""
    number = float(text)
    if not number > 0:
        raise ValueError(text)
    return number
