"""The outputs of a component, in order, as data."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from json import dumps, loads
from typing import Any

from fpcache.errors import CorruptEntryError, UncacheableError

__all__ = ["Clear", "Display", "Output", "OutputLog", "Result", "Stream"]

_LIVE_WIDGET = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True, slots=True)
class Stream:
    """Text written to ``stdout`` or ``stderr``."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Display:
    """Something displayed, or an update of something displayed.

    Attributes
    ----------
    data : dict
        MIME type to content (text, bytes, or what JSON can hold).
    metadata : dict
        Of the front end.
    display_id : str or None
        What ``update_display`` refers to.
    update : bool
        Whether this changes an earlier display with that id.
    """

    data: dict[str, Any]
    metadata: dict[str, Any] = field(default_factory=dict)
    display_id: str | None = None
    update: bool = False


@dataclass(frozen=True, slots=True)
class Clear:
    """The cell's outputs are emptied, at once or (`wait`) by the next output."""

    wait: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """The rendered value of the last expression."""

    data: dict[str, Any]
    metadata: dict[str, Any] = field(default_factory=dict)


Output = Stream | Display | Clear | Result
_KINDS: dict[str, type[Output]] = {"stream": Stream, "display": Display, "clear": Clear, "result": Result}


class OutputLog:
    """Outputs in the order of their appearance, reduced to what remains visible.

    Adjacent writes to one stream are joined, an update is folded into the
    display that it changes, and clearing drops what came before. A `Clear`
    stays as the first record, as it also empties what earlier components of
    the cell showed; one with `wait` that no output followed stays the last.
    """

    __slots__ = ("_outputs",)

    def __init__(self, outputs: Iterable[Output] = ()) -> None:
        self._outputs: list[Output] = []
        for output in outputs:
            self.append(output)

    @property
    def outputs(self) -> tuple[Output, ...]:
        """The records, oldest first."""
        return tuple(self._outputs)

    def __iter__(self) -> Iterator[Output]:
        return iter(self.outputs)

    def __len__(self) -> int:
        return len(self._outputs)

    def append(self, output: Output) -> None:
        """Add one output."""
        if isinstance(output, Display | Result):
            output = replace(output, data=_without_live_widgets(output.data))
        if isinstance(output, Clear):
            self._clear(output)
        elif isinstance(output, Display) and output.update:
            self._update(output)
        elif not isinstance(output, Display) or output.data:
            self._show(output)

    def stream(self, name: str, text: str) -> None:
        """Add text that was written to ``stdout`` or ``stderr``."""
        self.append(Stream(name, text))

    def display(
        self, data: Mapping[str, Any], metadata: Mapping[str, Any], display_id: str | None, update: bool
    ) -> None:
        """Add a displayed bundle, or the update of one."""
        self.append(Display(dict(data), dict(metadata), display_id, update))

    def clear(self, wait: bool) -> None:
        """Empty the record."""
        self.append(Clear(wait))

    def result(self, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        """Add the rendered value of an expression."""
        self.append(Result(dict(data), dict(metadata)))

    def _clear(self, clear: Clear) -> None:
        if not clear.wait:
            self._outputs = [clear]
        elif not self._is_waiting():
            self._outputs.append(clear)

    def _is_waiting(self) -> bool:
        return bool(self._outputs) and self._outputs[-1] == Clear(wait=True)

    def _show(self, output: Stream | Display | Result) -> None:
        if self._is_waiting():
            del self._outputs[:-1]
        last = self._outputs[-1] if self._outputs else None
        if isinstance(output, Stream) and isinstance(last, Stream) and last.name == output.name:
            self._outputs[-1] = Stream(last.name, last.text + output.text)
        elif output != Stream(getattr(output, "name", ""), ""):
            self._outputs.append(output)

    def _update(self, update: Display) -> None:
        """Change the displays with that id; the original may be an earlier cell's."""
        found = False
        for index, output in enumerate(self._outputs):
            if isinstance(output, Display) and output.display_id == update.display_id:
                self._outputs[index] = replace(output, data=update.data, metadata=update.metadata)
                found = True
        if not found:
            self._outputs.append(update)

    def converted(self, convert: Callable[[str], str]) -> OutputLog:
        """Return a log in which every text shown has gone through `convert`."""
        log = OutputLog()
        log._outputs = [_converted(output, convert) for output in self._outputs]
        return log

    def texts(self) -> list[str]:
        """Return every text shown, each once, in order."""
        seen: dict[str, str] = {}
        self.converted(lambda text: seen.setdefault(text, text))
        return list(seen)

    def replaced(self, table: Mapping[str, str]) -> OutputLog:
        """Return a log in which texts stand in place of others, wherever these are shown."""

        def convert(text: str) -> str:
            for old, new in table.items():
                text = text.replace(old, new)
            return text

        return self.converted(convert) if table else self

    def to_bytes(self) -> bytes:
        """Return the log as JSON.

        Raises
        ------
        UncacheableError
            If a display has data that JSON can't hold.
        """
        try:
            return dumps([_to_json(output) for output in self._outputs], allow_nan=True).encode()
        except (TypeError, ValueError) as error:
            message = f"it displays something that can't be stored ({error}); display it in a cell of its own"
            raise UncacheableError(message) from error

    @classmethod
    def from_bytes(cls, data: bytes | memoryview) -> OutputLog:
        """Read what `to_bytes` wrote.

        Raises
        ------
        CorruptEntryError
            If it is something else.
        """
        try:
            outputs = [_from_json(record) for record in loads(bytes(data))]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CorruptEntryError(f"stored outputs can't be read ({error})") from error
        log = cls()
        log._outputs = outputs
        return log


def _without_live_widgets(data: dict[str, Any]) -> dict[str, Any]:
    """A view of a live widget is dead in the next kernel; its text stays."""
    return {mime: content for mime, content in data.items() if mime != _LIVE_WIDGET}


def _converted(output: Output, convert: Callable[[str], str]) -> Output:
    if isinstance(output, Stream):
        return replace(output, text=convert(output.text))
    if isinstance(output, Clear):
        return output
    data = {
        mime: convert(content) if isinstance(content, str) else content
        for mime, content in output.data.items()
    }
    return replace(output, data=data)


def _to_json(output: Output) -> dict[str, Any]:
    match output:
        case Stream(name, text):
            return {"kind": "stream", "name": name, "text": text}
        case Clear(wait):
            return {"kind": "clear", "wait": wait}
        case Display(data, metadata, display_id, update):
            shown = {"data": _encode(data), "metadata": _encode(metadata)}
            return {"kind": "display", **shown, "display_id": display_id, "update": update}
        case Result(data, metadata):
            return {"kind": "result", "data": _encode(data), "metadata": _encode(metadata)}


def _from_json(record: dict[str, Any]) -> Output:
    kind = _KINDS[record.pop("kind")]
    for name in ("data", "metadata"):
        if name in record:
            record[name] = _decode(record[name])
    return kind(**record)


def _encode(bundle: dict[str, Any]) -> dict[str, list[Any]]:
    return {mime: _tagged(content) for mime, content in bundle.items()}


def _tagged(content: object) -> list[Any]:
    if isinstance(content, bytes):
        return ["base64", base64.b64encode(content).decode("ascii")]
    return ["json", content]


def _decode(bundle: dict[str, list[Any]]) -> dict[str, Any]:
    return {
        mime: base64.b64decode(content, validate=True) if form == "base64" else content
        for mime, (form, content) in bundle.items()
    }
