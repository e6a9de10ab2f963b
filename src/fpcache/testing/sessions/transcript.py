"""Sessions that share a cache: run, edit, run."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .forking import run_in_fork
from .kernels import run_in_kernel
from .processes import Job
from .results import Run
from .steps import Cells, Edit, edited, steps_of

__all__ = ["Transcript", "run_all"]

_Runner = Callable[[Job], Run]


@dataclass(slots=True)
class Transcript:
    """A cache and a working directory, in which sessions are run one after the other.

    Parameters
    ----------
    place : Path
        A directory of the test's own.
    files : mapping of str to str or bytes
        What lies in the working directory before each session.
    mode : str
        How sessions run unless told otherwise: auto or explicit.
    settings
        Fields of `Job` for every session.
    """

    place: Path
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    mode: str = "auto"
    settings: dict[str, Any] = field(default_factory=dict)
    jobs_run: list[Job] = field(default_factory=list)

    @property
    def directory(self) -> Path:
        """The working directory."""
        return self.place / "work"

    def run(self, cells: Cells, *edits: Edit, kernel: bool = False, **settings: Any) -> Run:
        """Run cells, with edits made to them, in a new process (or a real kernel).

        Parameters
        ----------
        cells : str or sequence
            The cells; a text is cut at lines that begin with ``# %%``.
        *edits : tuple of str
            Old and new text; the old one has to occur exactly once.
        kernel : bool
            Whether to run in a kernel, through a client.
        **settings
            Fields of `Job`; ``files`` replaces those of the transcript, and
            ``keep_files=True`` leaves the working directory as it is.
        """
        return self._run(self.job(cells, *edits, **settings), run_in_kernel if kernel else run_in_fork)

    def plain(self, cells: Cells, *edits: Edit, **settings: Any) -> Run:
        """Run the same without fpcache."""
        return self.run(cells, *edits, **{**settings, "mode": "plain"})

    def job(self, cells: Cells, *edits: Edit, **settings: Any) -> Job:
        """Prepare the working directory, and return the job that `run` would run."""
        if not settings.pop("keep_files", False):
            self.lay_out(settings.pop("files", self.files))
        given = {"mode": self.mode, **self.settings, **settings}
        return Job(edited(steps_of(cells), edits), place=self.place, directory=self.directory, **given)

    def lay_out(self, files: Mapping[str, str | bytes]) -> None:
        """Make the working directory anew with these files."""
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        for name, content in files.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def _run(self, job: Job, runner: _Runner) -> Run:
        self.jobs_run.append(job)
        return runner(job)


def run_all(jobs: Iterable[Job], at_once: int = 2, runner: _Runner = run_in_fork) -> list[Run]:
    """Run independent sessions, several at once, and return them in the order given.

    Each gets a working directory of its own, with the files of the one given.
    """
    own = [_with_own_directory(job, number) for number, job in enumerate(jobs)]
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(runner, own))


def _with_own_directory(job: Job, number: int) -> Job:
    directory = job.directory.with_name(f"{job.directory.name}-{number}")
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(job.directory, directory) if job.directory.exists() else directory.mkdir(parents=True)
    return replace(job, directory=directory)
