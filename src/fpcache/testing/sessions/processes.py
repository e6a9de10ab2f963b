"""Running a session's steps in a new process with plain IPython in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .results import CellResult, Row, Run
from .steps import Do, Interrupt, Step, text_for

__all__ = [
    "HARNESS",
    "Job",
    "Request",
    "cell_results",
    "child_environment",
    "files_in",
    "run_in_process",
    "run_with",
]

HARNESS = Path(__file__).parent
_START = (
    "import sys; sys.path.insert(0, {!r}); from inside.child import main; sys.path.pop(0); main({!r}, {!r})"
)
_UNSEEN = ("__pycache__", ".ipynb_checkpoints")


@dataclass(frozen=True, slots=True)
class Job:
    """One session to run.

    Attributes
    ----------
    steps : tuple of Step
        Cells, and what happens in between.
    mode : str
        plain, auto or explicit.
    place : Path
        Where the cache, the user's key and scratch files are.
    directory : Path
        The working directory.
    seed : int or None
        PYTHONHASHSEED; None for another one in each process.
    environment : mapping of str to str
        More of it.
    options : str
        What stands after ``%%fpcache`` in explicit mode.
    before : tuple of str
        Line magics to run after loading, such as ``%config FPCache.auto = True``.
    config : mapping
        IPython configuration, such as ``{"FPCache": {"auto": True}}``.
    preloaded : tuple of str
        Modules that a forked session has loaded from its start.
    ready : bool
        Whether a forked session has its shell from its start, too; only without ``config``.
    each_cell : bool
        Whether to read off what is left after every cell, not only after the last.
    """

    steps: tuple[Step, ...]
    mode: str
    place: Path
    directory: Path
    seed: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    options: str = "--quiet"
    before: tuple[str, ...] = ()
    config: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    preloaded: tuple[str, ...] = ()
    ready: bool = False
    each_cell: bool = False
    timeout_s: float = 120.0
    python: str = sys.executable


@dataclass(frozen=True, slots=True)
class Request:
    """The files through which a session is asked for and answers; ``raw`` is for its own streams."""

    asked: Path
    answered: Path
    raw: Path

    def told(self) -> str:
        """Return what reached the process's own stdout and stderr."""
        return self.raw.read_text(encoding="utf-8", errors="replace")

    def answer(self) -> dict[str, Any]:
        """Return what the session left."""
        if not self.answered.exists():
            return {"failure": "(died)"}
        return dict(json.loads(self.answered.read_text(encoding="utf-8")))


def run_in_process(job: Job) -> Run:
    """Run a session in a new process and return what it showed and left.

    Raises
    ------
    RuntimeError
        If the process did not reach the session's end; with all that it wrote.
    """
    return run_with(job, _run_child)


def run_with(job: Job, start: Callable[[Job, Request], None]) -> Run:
    """Run a session by a way to start one that returns when it has ended."""
    request = _request_for(job)
    request.asked.write_text(json.dumps(_as_message(job)), encoding="utf-8")
    started_s = time.perf_counter()
    start(job, request)
    duration_s = time.perf_counter() - started_s
    told, answer = request.told(), request.answer()
    if "failure" in answer:
        raise RuntimeError(f"the session did not reach its end: {answer['failure']}\n{told}")
    return Run(
        mode=job.mode,
        cells=cell_results(job, answer["cells"]),
        namespace=answer["namespace"],
        states=_with_untouched(answer),
        surroundings=answer["surroundings"],
        files=files_in(job.directory),
        raw=told,
        duration_s=duration_s,
        faults=tuple(answer["faults"]),
    )


def _request_for(job: Job) -> Request:
    """Return where to exchange a session's files."""
    job.directory.mkdir(parents=True, exist_ok=True)
    scratch = job.place / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    stem = scratch / f"{time.time_ns()}"
    return Request(*(stem.with_suffix(suffix) for suffix in (".job", ".answer", ".raw")))


def _run_child(job: Job, request: Request) -> None:
    """Run the process to its end, or end it when its time is over."""
    start = _START.format(str(HARNESS), str(request.asked), str(request.answered))
    with request.raw.open("wb") as output:
        child = subprocess.Popen(
            [job.python, "-c", start],
            cwd=job.directory,
            env=child_environment(job),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            child.wait(job.timeout_s)
        except BaseException as stopped:
            child.kill()
            child.wait()
            if isinstance(stopped, subprocess.TimeoutExpired):
                raise RuntimeError(
                    f"the session took more than {job.timeout_s} s\n{request.told()}"
                ) from None
            raise


def _as_message(job: Job) -> dict[str, Any]:
    """Return what the child has to know of a job."""
    return {
        "mode": job.mode,
        "before": job.before if job.mode != "plain" else (),
        "config": {**job.config},
        "unload": False,
        "each_cell": job.each_cell,
        "steps": [_step_message(job, step) for step in job.steps],
    }


def _step_message(job: Job, step: Step) -> dict[str, Any]:
    if isinstance(step, str):
        return {"kind": "cell", "text": text_for(job.mode, step, job.options)}
    if isinstance(step, Interrupt):
        return {"kind": "interrupt", **asdict(step), "text": text_for(job.mode, step.text, job.options)}
    return {"kind": "do", "text": step.text}


def child_environment(job: Job) -> dict[str, str]:
    """Return an environment in which sessions share only what the job gives them."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("FPCACHE_", "JPY_"))
    }
    environment.pop("PYTHONHASHSEED", None)
    if "PYTHONPATH" in environment:  # the working directory will be another one
        parts = environment["PYTHONPATH"].split(os.pathsep)
        environment["PYTHONPATH"] = os.pathsep.join(os.path.abspath(part) for part in parts if part)
    if job.seed is not None:
        environment["PYTHONHASHSEED"] = str(job.seed)
    (job.place / "ipython").mkdir(parents=True, exist_ok=True)
    return {
        **environment,
        "FPCACHE_DIR": str(job.place / "cache"),
        "FPCACHE_KEY_FILE": str(job.place / "key"),
        "FPCACHE_MIN_SECONDS": "0",
        "IPYTHONDIR": str(job.place / "ipython"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        # A module edited twice within a second would run from its stale byte code.
        "PYTHONDONTWRITEBYTECODE": "1",
        **job.environment,
    }


def cell_results(job: Job, answers: list[dict[str, Any]]) -> tuple[CellResult, ...]:
    """Return the cells' results; what happened between cells is left out."""
    return tuple(
        CellResult(
            text=step if isinstance(step, str) else step.text,
            outputs=answer["outputs"],
            error=answer["error"],
            rows=tuple(_row(row) for row in answer["rows"]),
            count=answer["count"],
            duration_s=answer.get("duration_s", 0.0),
            left=answer.get("left", {}),
        )
        for step, answer in zip(job.steps, answers, strict=True)
        if not isinstance(step, Do)
    )


def _row(told: Mapping[str, Any]) -> Row:
    return Row(told["name"], tuple(told["lines"]), told["status"], told["reason"], told)


def _with_untouched(answer: Mapping[str, Any]) -> dict[str, str]:
    """Return the random states; one that nobody touched is different in every process."""
    untouched = answer["untouched"]
    return {
        name: "untouched" if untouched.get(name) == state else state
        for name, state in answer["states"].items()
    }


def files_in(directory: Path) -> dict[str, bytes]:
    """Return the files below a directory by their relative paths."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not any(part in _UNSEEN for part in path.parts)
    }
