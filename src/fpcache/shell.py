"""The only place that knows IPython: hooking cells, watching and publishing outputs."""

from __future__ import annotations

import ast
import inspect
import os
import sys
import types
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["CellRequest", "OutputSink", "ShellAdapter"]

MAGIC = "%%fpcache"
_HOOK_SIGNATURE = ("nodelist", "cell_name", "interactivity", "compiler", "result")


class OutputSink(Protocol):
    """Receives what a run shows, in order."""

    def stream(self, name: str, text: str) -> None:
        """Text was written to stdout or stderr."""

    def display(
        self, data: Mapping[str, Any], metadata: Mapping[str, Any], display_id: str | None, update: bool
    ) -> None:
        """A MIME bundle was displayed, or an earlier one updated."""

    def clear(self, wait: bool) -> None:
        """The output area was cleared."""

    def result(self, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        """An expression's value was shown as the result."""


@dataclass(frozen=True, slots=True)
class CellRequest:
    """One cell as IPython hands it over, ready to run.

    Attributes
    ----------
    magic_line : str or None
        The arguments after ``%%fpcache``, or None without that magic.
    """

    nodes: list[ast.stmt]
    cell_name: str
    interactivity: str
    compiler: Any
    result: Any
    raw_cell: str
    transformed_cell: str
    cell_id: str | None
    magic_line: str | None

    @property
    def is_below_magic(self) -> bool:
        """Whether ``%%fpcache`` stands on the second line, below another cell magic."""
        first, _, rest = self.raw_cell.lstrip("\n").partition("\n")
        return first.startswith("%%") and _magic_line(rest.partition("\n")[0]) is not None


CellRunner = Callable[[CellRequest], Awaitable[bool]]


def hide_magic_line(lines: list[str]) -> list[str]:
    """Turn a first line ``%%fpcache ...`` into a comment of the same length.

    Before another cell magic it goes, as that has to be first. Its body has
    lines of its own, so no line number changes.
    """
    if not lines or _magic_line(lines[0]) is None:
        return lines
    code = next((n for n, line in enumerate(lines[1:], 1) if line.strip()), 0)
    if lines[code].startswith("%%") and code:
        return lines[code:]
    return ["#" + lines[0][1:], *lines[1:]]


hide_magic_line.has_side_effects = False  # type: ignore[attr-defined]


def _magic_line(text: str) -> str | None:
    first = text.lstrip("\n").split("\n", 1)[0].strip()
    if first == MAGIC or first.startswith(MAGIC + " "):
        return first[len(MAGIC) :].strip()
    return None


@dataclass(slots=True)
class ShellAdapter:
    """An InteractiveShell, as fpcache needs it."""

    shell: Any
    _run_cell: CellRunner | None = None
    _hooked: bool = False

    # -- hooking cells ---------------------------------------------------

    @property
    def namespace(self) -> dict[str, Any]:
        """The user's namespace, itself."""
        namespace: dict[str, Any] = self.shell.user_ns
        return namespace

    def install(self, run_cell: CellRunner) -> bool:
        """Send every later cell through `run_cell`; False where that can't work."""
        if not self.can_hook():
            return False
        self._run_cell = run_cell
        self.shell.input_transformers_cleanup.append(hide_magic_line)
        self.shell.run_ast_nodes = types.MethodType(self._hook(), self.shell)
        self._hooked = True
        return True

    def can_hook(self) -> bool:
        """Whether this shell runs cells the way the hook expects."""
        names = tuple(inspect.signature(type(self.shell).run_ast_nodes).parameters)[1:]
        return names == _HOOK_SIGNATURE and "ipyflow" not in type(self.shell).__module__

    def uninstall(self) -> None:
        """Take the hook away and leave the shell as it was."""
        if not self._hooked:
            return
        self._hooked = False
        if "run_ast_nodes" in vars(self.shell):
            del self.shell.run_ast_nodes
        if hide_magic_line in self.shell.input_transformers_cleanup:
            self.shell.input_transformers_cleanup.remove(hide_magic_line)

    def _hook(self) -> Callable[..., Awaitable[bool]]:
        async def run_ast_nodes(
            shell: Any,
            nodelist: list[ast.stmt],
            cell_name: str,
            interactivity: str = "last_expr",
            compiler: Any = compile,
            result: Any = None,
        ) -> bool:
            info = getattr(result, "info", None)
            if info is None or getattr(info, "silent", False) or self._run_cell is None:
                return await self.run_nodes(nodelist, cell_name, interactivity, compiler, result)
            request = CellRequest(
                nodelist,
                cell_name,
                interactivity,
                compiler,
                result,
                info.raw_cell,
                getattr(info, "transformed_cell", None) or self._transformed(info.raw_cell),
                self.cell_id(info),
                _magic_line(info.raw_cell),
            )
            return await self._run_cell(request)

        return run_ast_nodes

    def _transformed(self, raw_cell: str) -> str:
        text: str = self.shell.transform_cell(raw_cell)
        return text

    async def run_nodes(
        self, nodes: Sequence[ast.stmt], cell_name: str, interactivity: str, compiler: Any, result: Any
    ) -> bool:
        """Run statements as plain IPython does; True when they failed."""
        run = type(self.shell).run_ast_nodes
        return bool(await run(self.shell, list(nodes), cell_name, interactivity, compiler, result))

    def show_failure(self, error: BaseException, result: Any) -> None:
        """Show `error`, which is being handled, as IPython shows a cell's error."""
        if result is not None:
            result.error_in_exec = error
        self.shell.showtraceback()

    def show_usage_error(self, error: Exception, result: Any) -> None:
        """Show that a magic was used wrongly, as IPython does for its own."""
        from IPython.core.error import UsageError

        try:
            raise UsageError(str(error))
        except UsageError as shown:
            self.show_failure(shown, result)

    # -- facts about the shell -------------------------------------------

    @property
    def is_hooked(self) -> bool:
        """Whether cells go through fpcache."""
        return self._hooked

    def is_fresh(self) -> bool:
        """Whether no user code can have touched a random state in this process."""
        inputs = [str(text) for text in self.shell.user_ns.get("_ih", ()) if text]
        seeds = any(word in text for text in inputs for word in ("seed", "set_state", "setstate", "set_rng"))
        return len(inputs) <= 1 and not seeds

    def cell_id(self, info: Any) -> str | None:
        """Return the front end's id of the cell, where it tells one."""
        found = getattr(info, "cell_id", None) or self._parent().get("metadata", {}).get("cellId")
        return str(found) if found else None

    @property
    def has_front_end(self) -> bool:
        """Whether outputs go to a program that can draw them, not to a terminal."""
        return hasattr(self.shell, "kernel")

    def is_interactive(self) -> bool:
        """Whether a person is at the keyboard, as far as one can tell."""
        if not hasattr(self.shell, "kernel"):
            return True
        return bool(self._parent().get("metadata", {}).get("cellId"))

    def notebook_name(self) -> str:
        """Return the notebook's path as Jupyter's server or VS Code tell it; empty where neither does."""
        told = self.shell.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME", "")
        return told if isinstance(told, str) else ""

    def _parent(self) -> Mapping[str, Any]:
        get_parent = getattr(self.shell, "get_parent", None)
        parent = get_parent() if get_parent else None
        return parent if isinstance(parent, Mapping) else {}

    def message_id(self) -> str | None:
        """Return the id of the execute request that this thread answers."""
        header = self._parent().get("header", {})
        return header.get("msg_id") if isinstance(header, Mapping) else None

    def flush_figures(self) -> None:
        """Show figures that the inline backend has pending, as a cell's end does."""
        backend = sys.modules.get("matplotlib_inline.backend_inline")
        if backend is not None and backend.flush_figures in self._post_execute_callbacks():
            backend.flush_figures()

    def _post_execute_callbacks(self) -> Sequence[Any]:
        callbacks: Sequence[Any] = self.shell.events.callbacks.get("post_execute", ())
        return callbacks

    # -- publishing ------------------------------------------------------

    def publish_stream(self, name: str, text: str) -> None:
        """Write `text` to stdout or stderr."""
        stream = sys.stdout if name == "stdout" else sys.stderr
        stream.write(text)
        stream.flush()

    def show_summary(self, text: str, html: str) -> None:
        """Show a line about the cell: as HTML where a front end draws it, as text in a terminal."""
        if self.has_front_end:
            self.publish_display({"text/plain": text, "text/html": html}, {}, None, False)
        else:
            print(text)

    def publish_display(
        self, data: Mapping[str, Any], metadata: Mapping[str, Any], display_id: str | None, update: bool
    ) -> None:
        """Display a stored MIME bundle."""
        transient = {"display_id": display_id} if display_id else {}
        self.shell.display_pub.publish(dict(data), dict(metadata), transient=transient, update=update)

    def publish_clear(self, wait: bool) -> None:
        """Clear the cell's output area."""
        self.shell.display_pub.clear_output(wait=wait)

    def publish_result(self, value: object, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        """Show `value` as the result with its stored picture; sets ``_`` and ``Out[n]``."""
        hook = self.shell.displayhook
        hook.check_for_underscore()
        hook.start_displayhook()
        hook.write_output_prompt()
        hook.update_user_ns(value)
        hook.fill_exec_result(value)
        if data:
            hook.write_format_data(dict(data), dict(metadata))
            hook.log_output(dict(data))
        hook.finish_displayhook()

    @contextmanager
    def watch_outputs(
        self, sink: OutputSink, on_value: Callable[[object], None], on_error: Callable[[None], None]
    ) -> Iterator[None]:
        """Tell `sink` all that is shown, `on_value` each result's value, `on_error` of each traceback."""
        tap = _OutputTap(self, sink, on_value, on_error, self.message_id())
        with ExitStack() as stack:
            tap.enter(stack)
            yield


@dataclass(slots=True)
class _OutputTap:
    """Wraps the shell's publishing methods for the length of one run."""

    adapter: ShellAdapter
    sink: OutputSink
    on_value: Callable[[object], None]
    on_error: Callable[[None], None]
    message_id: str | None
    muted: int = 0
    pending: bool = False

    def enter(self, stack: ExitStack) -> None:
        publisher, hook = self.adapter.shell.display_pub, self.adapter.shell.displayhook
        self._wrap(stack, publisher, "publish", self._published)
        self._wrap(stack, publisher, "clear_output", self._cleared)
        self._wrap(stack, hook, "write_format_data", self._shown)
        self._wrap(stack, hook, "update_user_ns", self._valued)
        self._wrap(stack, hook, "write_output_prompt", lambda *args, **kwargs: None)
        self._wrap(stack, hook, "finish_displayhook", self._finished)
        self._wrap(stack, self.adapter.shell, "showtraceback", lambda *args, **kwargs: self.on_error(None))
        self._tee(stack, "stdout")
        self._tee(stack, "stderr")

    def _is_ours(self) -> bool:
        return self.message_id is None or self.adapter.message_id() in (None, self.message_id)

    def _wrap(self, stack: ExitStack, owner: Any, name: str, note: Callable[..., None]) -> None:
        original = getattr(owner, name)
        had_own = name in vars(owner)

        def watched(*args: Any, **kwargs: Any) -> Any:
            if self._is_ours() and not self.muted:
                note(*args, **kwargs)
            self.muted += 1  # what the original prints is its own way of showing, not the cell's
            try:
                return original(*args, **kwargs)
            finally:
                self.muted -= 1

        setattr(owner, name, watched)
        stack.callback(setattr, owner, name, original) if had_own else stack.callback(delattr, owner, name)

    def _published(
        self,
        data: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        source: object = None,
        *,
        transient: Mapping[str, Any] | None = None,
        update: bool = False,
        **_: object,
    ) -> None:
        display_id = (transient or {}).get("display_id")
        self.sink.display(data, metadata or {}, display_id, update)

    def _cleared(self, wait: bool = False) -> None:
        self.sink.clear(wait)

    def _valued(self, value: object) -> None:
        self.pending = True
        self.on_value(value)

    def _shown(self, format_dict: Mapping[str, Any], md_dict: Mapping[str, Any] | None = None) -> None:
        self.pending = False
        self.sink.result(format_dict, md_dict or {})

    def _finished(self) -> None:
        if self.pending:  # a value that displays itself has no picture of its own here
            self._shown({})

    def _wrote(self, name: str, text: object) -> None:
        if isinstance(text, str) and text and not self.muted and self._is_ours():
            self.sink.stream(name, text)

    def _tee(self, stack: ExitStack, name: str) -> None:
        stream = getattr(sys, name)
        original = stream.write

        def write(text: str) -> Any:
            self._wrote(name, text)
            return original(text)

        try:
            stream.write = write
        except AttributeError:  # a C stream has no attributes to set: stand before it
            proxy = _StreamProxy(stream, write)
            setattr(sys, name, proxy)
            stack.callback(lambda: setattr(sys, name, stream) if getattr(sys, name) is proxy else None)
        else:
            stack.callback(lambda: vars(stream).pop("write", None))


class _StreamProxy:
    """A text stream in front of another one, with its own ``write``."""

    def __init__(self, stream: Any, write: Callable[[str], Any]) -> None:
        self._stream = stream
        self.write = write

    def writelines(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
