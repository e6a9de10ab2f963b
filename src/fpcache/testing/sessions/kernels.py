"""Running a session's steps in a real kernel, through a client as a front end has it."""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from .processes import HARNESS, Job, cell_results, child_environment, files_in
from .results import Run
from .steps import Do, Interrupt, Step, text_for

__all__ = ["KernelSession", "run_from", "run_in_kernel", "running_kernel"]

# Evaluated as user expressions: they don't pass through the cells' machinery.
_ROWS = "__import__('sys').modules['fpcache'].report().to_json()"
_REPORT_ID = "id(__import__('sys').modules['fpcache'].report())"
_PROBE = "len(__import__('runpy').run_path({script!r}, {{'OUTPUT': {output!r}}}))"
_THIS_PYTHON = "this-python"
_HEARD_S = 2.0  # how often to look whether a silent kernel is alive


def run_in_kernel(job: Job) -> Run:
    """Run a session in a kernel and return what it showed and left."""
    started_s = time.perf_counter()
    with running_kernel(job) as (manager, client):
        session = KernelSession(job, manager, client)
        session.load()
        untouched = session.probe()["states"]
        cells = [session.run(step) for step in job.steps]
        left = session.probe()
    return run_from(job, cells, left, untouched, time.perf_counter() - started_s)


def run_from(
    job: Job,
    cells: list[dict[str, Any]],
    left: Mapping[str, Any],
    untouched: Mapping[str, str],
    duration_s: float,
) -> Run:
    """Return what a kernel's cells showed, and what its probe says that they left."""
    states = {
        name: "untouched" if untouched.get(name) == state else state for name, state in left["states"].items()
    }
    return Run(
        mode=job.mode,
        cells=cell_results(job, cells),
        namespace=left["namespace"],
        states=states,
        surroundings=left["surroundings"],
        files=files_in(job.directory),
        raw=(job.place / "kernel.raw").read_text(encoding="utf-8", errors="replace"),
        duration_s=duration_s,
    )


@contextmanager
def running_kernel(job: Job, arguments: Sequence[str] = ()) -> Iterator[tuple[Any, Any]]:
    """Start a kernel, and end it whatever happens: gently after a whole session, else at once.

    Parameters
    ----------
    job : Job
        The session that it is for.
    arguments : sequence of str
        More arguments of the kernel's command.
    """
    job.directory.mkdir(parents=True, exist_ok=True)
    manager, client, is_whole = _kernel_manager(job), None, False
    traits = [
        f"--{name}.{trait}={value!r}" for name, held in job.config.items() for trait, value in held.items()
    ]
    try:
        with (job.place / "kernel.raw").open("ab") as raw:
            manager.start_kernel(
                env=child_environment(job),
                cwd=str(job.directory),
                extra_arguments=[*traits, *arguments],
                stdout=raw,
                stderr=raw,
            )
        client = manager.blocking_client()
        client.start_channels()
        client.wait_for_ready(timeout=job.timeout_s)
        yield manager, client
        is_whole = True
    finally:
        if client is not None:
            client.stop_channels()
        manager.shutdown_kernel(now=not is_whole)
        manager.cleanup_resources()


def _kernel_manager(job: Job) -> Any:
    """Return what starts a kernel with the job's Python, whatever kernels the user has registered."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import KernelManager

    directory = job.place / "kernels" / _THIS_PYTHON
    directory.mkdir(parents=True, exist_ok=True)
    command = [job.python, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=ERROR"]
    spec = {"argv": command, "display_name": "Python", "language": "python"}
    (directory / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    return KernelManager(
        kernel_name=_THIS_PYTHON,
        kernel_spec_manager=KernelSpecManager(
            kernel_dirs=[str(directory.parent)], ensure_native_kernel=False
        ),
        connection_file=str(job.place / f"kernel-{time.time_ns()}.json"),
    )


class KernelSession:
    """One kernel, asked to run steps."""

    def __init__(self, job: Job, manager: Any, client: Any) -> None:
        self.job = job
        self.manager = manager
        self.client = client
        self.last_report = ""

    def load(self) -> None:
        """Load fpcache without leaving a trace in the history."""
        if self.job.mode == "plain":
            return
        lines = [
            "%load_ext fpcache",
            *(["%fpcache auto on"] if self.job.mode == "auto" else []),
            *self.job.before,
        ]
        for line in lines:
            answer = self.execute(line, store_history=False)
            if answer["error"]:
                raise RuntimeError(f"{line} failed: {answer['outputs']}")

    def run(self, step: Step) -> dict[str, Any]:
        """Run one step."""
        if isinstance(step, Do):
            self.evaluate(f"exec({step.text!r}, {{}})")
            return {"outputs": [], "error": "", "rows": [], "count": 0, "duration_s": 0.0}
        text = step.text if isinstance(step, Interrupt) else step
        after_s = step.after_s if isinstance(step, Interrupt) else None
        answer = self.execute(text_for(self.job.mode, text, self.job.options), after_s)
        return {**answer, "rows": self.new_rows() if self.job.mode != "plain" else []}

    def new_rows(self) -> list[dict[str, Any]]:
        """Return the report's rows if it is a new one."""
        report = self.evaluate(_REPORT_ID)
        rows = json.loads(_unquoted(self.evaluate(_ROWS)))
        if report == self.last_report or not rows:
            return []
        self.last_report = report
        return list(rows)

    def probe(self) -> dict[str, Any]:
        """Read off what the session left."""
        output = self.job.place / f"probe-{time.time_ns()}.json"
        self.evaluate(_PROBE.format(script=str(HARNESS / "inside" / "kernel_probe.py"), output=str(output)))
        return dict(json.loads(output.read_text(encoding="utf-8")))

    def evaluate(self, expression: str) -> str:
        """Evaluate an expression in the kernel beside its cells, and return its repr."""
        message = self.client.execute("", silent=True, user_expressions={"asked": expression})
        answer = self._reply(message)["user_expressions"]["asked"]
        if answer["status"] != "ok":
            raise RuntimeError(
                f"{expression} failed: {answer.get('evalue')}\n" + "\n".join(answer.get("traceback", ()))
            )
        return str(answer["data"]["text/plain"])

    def execute(
        self, text: str, interrupt_after_s: float | None = None, store_history: bool = True
    ) -> dict[str, Any]:
        """Execute code, and return its outputs in the form of a session's outputs."""
        message = self.client.execute(
            text, store_history=store_history, allow_stdin=False, stop_on_error=False
        )
        if interrupt_after_s is not None:
            time.sleep(interrupt_after_s)
            self.manager.interrupt_kernel()
        told = list(self._published(message))
        outputs = [_output(one["msg_type"], one["content"]) for one in told]
        reply = self._reply(message)
        return {
            "outputs": [output for output in outputs if output is not None],
            "error": reply.get("ename", "") if reply["status"] == "error" else "",
            "count": reply["execution_count"] + 1,
            "duration_s": (told[-1]["header"]["date"] - told[0]["header"]["date"]).total_seconds(),
        }

    def _reply(self, message: str) -> dict[str, Any]:
        """Wait for the answer to one message."""
        while True:
            reply = self._heard(self.client.get_shell_msg)
            if reply["parent_header"].get("msg_id") == message:
                return dict(reply["content"])

    def _published(self, message: str) -> Iterator[dict[str, Any]]:
        """Yield what was published for one message, from when its kernel is busy until it is idle."""
        while True:
            told = self._heard(self.client.get_iopub_msg)
            if told["parent_header"].get("msg_id") != message:
                continue
            yield told
            if told["msg_type"] == "status" and told["content"]["execution_state"] == "idle":
                return

    def _heard(self, get: Callable[..., dict[str, Any]]) -> dict[str, Any]:
        """Return the next message of a channel."""
        ends_s = time.monotonic() + self.job.timeout_s
        while time.monotonic() < ends_s:
            try:
                return get(timeout=min(_HEARD_S, self.job.timeout_s))
            except queue.Empty:
                if not self.manager.is_alive():
                    raise RuntimeError("the kernel has died") from None
        raise RuntimeError(f"the kernel said nothing for {self.job.timeout_s:g} s")


def _output(kind: str, content: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a message in the form of a session's outputs; None for what is no output."""
    if kind == "stream":
        return {"kind": "stream", "name": content["name"], "text": content["text"]}
    if kind in ("display_data", "update_display_data"):
        display_id = content.get("transient", {}).get("display_id")
        shown = {"data": content["data"], "metadata": content["metadata"]}
        return {"kind": "display", **shown, "display_id": display_id, "update": kind.startswith("update")}
    if kind == "execute_result":
        shown = {"data": content["data"], "metadata": content["metadata"]}
        return {"kind": "result", **shown, "count": content["execution_count"]}
    if kind == "clear_output":
        return {"kind": "clear", "wait": content["wait"]}
    if kind == "error":
        traceback = "\n".join(content["traceback"])
        return {"kind": "error", "name": content["ename"], "value": content["evalue"], "traceback": traceback}
    return None


def _unquoted(text: str) -> str:
    """Return the text of which this is the repr."""
    import ast

    return str(ast.literal_eval(text))
