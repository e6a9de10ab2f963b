"""A real notebook, run twice in two fresh kernels: first recorded, then replayed."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

__all__ = ["main"]

NEEDED = ("ipykernel", "matplotlib", "nbclient", "nbconvert", "nbformat", "pandas", "sklearn")


def main(args: Sequence[str] | None = None) -> int:
    """Run the demo and return its exit code.

    Parameters
    ----------
    args : sequence of str, optional
        Command-line arguments after ``fpcache demo``; by default those of the process.

    Returns
    -------
    int
        0; 1 where the second run missed an expensive component or showed
        something else than the first; 2 where the demo could not run.
    """
    options = _parser().parse_args(args)
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        print(f"fpcache demo needs {', '.join(missing)}: pip install 'fpcache[demo]'", file=sys.stderr)
        return 2
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"fpcache demo can't write to {options.out}: {error}; choose another --out", file=sys.stderr)
        return 2
    return _demo(options.notebook, options.out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fpcache demo", description=__doc__)
    parser.add_argument("notebook", nargs="?", type=Path, help="run this one twice (default: the demo's own)")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("fpcache-demo"),
        metavar="DIRECTORY",
        help="where the executed notebooks go (default: %(default)s)",
    )
    return parser


def _demo(path: Path | None, out: Path) -> int:
    from fpcache.demo.running import CellFailedError, read_notebook, run_notebook
    from fpcache.demo.verdict import judge

    source = path or resources.files("fpcache.demo") / "demo.ipynb"
    with tempfile.TemporaryDirectory(prefix="fpcache-demo-") as scratch:
        runs = []
        for number, title in enumerate(("first run, empty cache", "second run, new kernel"), 1):
            print(f"\n{title}", flush=True)
            try:
                run = run_notebook(read_notebook(source), Path(scratch))
            except CellFailedError as error:
                print(f"\n{error}", file=sys.stderr)
                return 2
            run.write(out, f"run-{number}")
            runs.append(run)
    verdict = judge(*runs)
    print(f"\n{verdict.table}\n\n{verdict.summary}\n")
    for file in sorted(out.glob("run-[12].*")):
        print(f"  {file}")
    for problem in verdict.problems:
        print(f"\nNOT AS IT SHOULD BE: {problem}")
    return 1 if verdict.problems else 0
