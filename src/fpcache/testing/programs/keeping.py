"""Programs that failed, told and kept as regressions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from .program import Program
from .searching import Find

__all__ = ["keep", "kept_programs"]


def keep(find: Find, directory: Path | None) -> Path | None:
    """Print a find, and write it to a directory as a file that `kept_programs` reads."""
    seed, batch = find.batch
    print(f"wrong (seed {seed}, batch {batch}):\n{find.program}\n{find.verdict}", flush=True)
    if directory is None:
        return None
    directory.mkdir(parents=True, exist_ok=True)
    text = find.program.to_json()
    path = directory / f"{hashlib.sha256(text.encode()).hexdigest()[:10]}.json"
    path.write_text(text + "\n", encoding="utf-8")
    print(f"kept as {path}", flush=True)
    return path


def kept_programs(directory: Path) -> Iterator[tuple[str, Program]]:
    """Yield the names and programs of a directory of regressions."""
    for path in sorted(directory.glob("*.json")):
        yield path.stem, Program.from_json(path.read_text(encoding="utf-8"))
