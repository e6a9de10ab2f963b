"""Where two runs differ, place by place, and which of that plain runs differ in by themselves."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Difference", "Path", "differing", "noise_of", "places", "unexpected", "widgets_in"]

Path = tuple[str | int, ...]

# IPython's own reports of how long something took.
_MEASURED = re.compile(r"^(CPU times:|Wall time:|Compiler time:).*|^.* per loop \(mean ± .*", re.MULTILINE)
_WIDGET = "application/vnd.jupyter.widget-view+json"
_MOST_SHOWN = 160
_SEVERAL = 3


@dataclass(frozen=True, slots=True)
class Difference:
    """One place at which two runs differ, with what each has there."""

    path: Path
    plain: str
    other: str

    @property
    def place(self) -> str:
        """The cell, name or file."""
        first, second = str(self.path[0]), self.path[1] if len(self.path) > 1 else ""
        if first.startswith("cell"):
            return f"{first}: {second}" if second else first
        return f"{first} `{second}`"

    def __str__(self) -> str:
        within = ".".join(map(str, self.path[2:]))
        at = f" at {within}" if within else ""
        return f"{self.place}{at}: plain {self.plain}, cached {self.other}"


def differing(plain: object, other: object, path: Path = ()) -> Iterator[Difference]:
    """Yield the deepest places at which two pieces of plain data differ; texts are compared by lines."""
    if isinstance(plain, bytes) and isinstance(other, bytes):
        plain, other = _text(plain), _text(other)
    if isinstance(plain, str) and isinstance(other, str):
        plain, other = _MEASURED.sub("(measured)", plain), _MEASURED.sub("(measured)", other)
        lines = plain.split("\n"), other.split("\n")
        if len(lines[0]) == len(lines[1]) > 1:
            plain, other = lines
    if type(plain) is type(other) and plain == other:
        return
    if isinstance(plain, Mapping) and isinstance(other, Mapping):
        yield from _differing_mappings(plain, other, path)
    elif isinstance(plain, (list, tuple)) and isinstance(other, (list, tuple)) and len(plain) == len(other):
        for index, (one, two) in enumerate(zip(plain, other, strict=True)):
            yield from differing(one, two, (*path, index))
    else:
        yield Difference(path, *_shown(plain, other))


def _differing_mappings(
    plain: Mapping[str, object], other: Mapping[str, object], path: Path
) -> Iterator[Difference]:
    for name in dict.fromkeys((*plain, *other)):
        if name in plain and name in other:
            yield from differing(plain[name], other[name], (*path, name))
        else:
            held, missing = "has it", "has nothing there"
            texts = (held, missing) if name in plain else (missing, held)
            yield Difference((*path, name), *texts)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "backslashreplace")


def _shown(plain: object, other: object) -> tuple[str, str]:
    """Return two values in short, from a little before where their texts part."""
    texts = repr(plain), repr(other)
    pairs = enumerate(zip(*texts, strict=False))
    parts = next((n for n, (one, two) in pairs if one != two), min(map(len, texts)))
    start = max(0, parts - 40)
    one, two = (("…" if start else "") + text[start : start + _MOST_SHOWN] for text in texts)
    return one, two


def noise_of(found: Iterable[Difference]) -> set[Path]:
    """Return the places at which plain runs differ.

    Where they differ in several elements of one list, that is the list: its
    order, as of what comes out of a set, or all that was drawn or measured.
    """
    paths = {one.path for one in found}
    elements: dict[Path, set[str | int]] = {}
    for path in paths:
        for end, part in enumerate(path):
            if isinstance(part, int):
                elements.setdefault(path[:end], set()).add(part)
    return paths | {path for path, parts in elements.items() if len(parts) >= _SEVERAL and len(path) > 1}


def widgets_in(picture: Mapping[str, Any]) -> set[Path]:
    """Return the outputs in which a front end shows a widget: what else they hold is for those that can't."""
    return {
        (place, "outputs", index)
        for place, cell in picture.items()
        if place.startswith("cell ")
        for index, output in enumerate(cell["outputs"])
        if _WIDGET in output.get("data", ())
    }


def unexpected(found: Iterable[Difference], noise: Collection[Path]) -> list[Difference]:
    """Return the differences that are not at or below a place at which plain runs differ too."""
    return [one for one in found if not any(one.path[:end] in noise for end in range(len(one.path) + 1))]


def places(found: Iterable[Difference]) -> tuple[str, ...]:
    """Return the cells, names and files, each once."""
    return tuple(dict.fromkeys(one.place for one in found))
