"""What a cell shows, kept in the order in which it was shown."""

from __future__ import annotations

import io
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher

_log: list[dict[str, Any]] = []


def record(kind: str, **fields: object) -> None:
    """Add one output; writes to the same stream in a row become one."""
    if kind == "stream" and _log and (_log[-1]["kind"], _log[-1].get("name")) == ("stream", fields["name"]):
        _log[-1]["text"] += fields["text"]
    elif kind != "stream" or fields["text"]:
        _log.append({"kind": kind, **fields})


def taken() -> list[dict[str, object]]:
    """Return the outputs since the last call."""
    outputs = _log[:]
    _log.clear()
    return outputs


class Stream(io.TextIOBase):
    """A text stream into the record."""

    def __init__(self, name: str) -> None:
        self.stream_name = name

    encoding = "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        record("stream", name=self.stream_name, text=text)
        return len(text)


class Publisher(DisplayPublisher):
    """Records displays instead of showing them."""

    def publish(
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        source: str | None = None,
        *,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **_: object,
    ) -> None:
        display_id = (transient or {}).get("display_id")
        record(
            "display", data=dict(data), metadata=dict(metadata or {}), display_id=display_id, update=update
        )

    def clear_output(self, wait: bool = False) -> None:
        record("clear", wait=wait)


class Hook(DisplayHook):
    """Records results instead of printing them."""

    def write_output_prompt(self) -> None:
        """Print no prompt."""

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        record("result", data=dict(format_dict), metadata=dict(md_dict or {}), count=self.prompt_count)

    def finish_displayhook(self) -> None:
        """Print no line end."""
