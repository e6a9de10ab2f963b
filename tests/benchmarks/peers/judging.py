"""What a run through a cache is worth, by comparison with the same run without one."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from fpcache.testing.sessions import CellResult, Run, differences

__all__ = [
    "ERROR",
    "LIBRARY_WARNING",
    "NEEDLESS",
    "NOT_APPLICABLE",
    "RIGHT",
    "TOLD",
    "VERDICTS",
    "WRONG",
    "Watched",
    "judge",
]

WRONG, NEEDLESS, ERROR, TOLD, RIGHT, NOT_APPLICABLE = VERDICTS = (
    "wrong", "needless miss", "refused by an error", "refused and told", "right", "not applicable",
)  # fmt: skip


# Warnings from inside libraries, as Python shows them: no difference, whoever caused them.
LIBRARY_WARNING = r"^\S*site-packages/\S+:\d+: \w*Warning: .*\n(?:  .*\n)?"


@dataclass(frozen=True, slots=True)
class Watched:
    """A session after the change, and how often the judged code really ran in it.

    ``judged_cells`` are their numbers from 0; ``told`` is what the cache said of not caching, and
    ``failed`` what it said where it did not even run the code.
    """

    run: Run
    executions: int
    judged_cells: Collection[int] = ()
    told: str = ""
    failed: str = ""


def judge(
    verdict: str,
    plain: Run,
    watched: Watched,
    *,
    says: str = "",
    ignore: Collection[str] = (),
    mask: str = "",
    states: bool = True,
) -> tuple[str, str]:
    """Return one of `VERDICTS`, and what it rests on.

    Parameters
    ----------
    verdict : str
        The trap's: R, H or E.
    plain : Run
        The same session without the cache.
    watched : Watched
        The session with it.
    says : str
        A regular expression; what it matches in the cells' streams is the cache speaking of itself.
    ignore, mask, states
        What may differ; see ``differences``.
    """
    error = watched.failed or _new_error(plain, watched)
    if error:
        return ERROR, error
    plain, quiet = (_without_words(run, says) for run in (plain, watched.run))
    # Who drew from a random state that nobody seeded can't be told apart.
    quiet = replace(
        quiet, states={n: s for n, s in quiet.states.items() if plain.states.get(n) != "untouched"}
    )
    found = differences(plain, quiet, ignore=ignore, mask=mask, states=states)
    if found:
        return WRONG, " ".join(line.strip() for line in found[:12])
    if watched.told:
        return TOLD, watched.told
    if verdict == "H" and watched.executions:
        return NEEDLESS, f"ran {watched.executions} time(s)"
    return RIGHT, "ran" if watched.executions else "hit"


def _new_error(plain: Run, watched: Watched) -> str:
    """Return the first error that only the cache brings, where it is of a judged cell."""
    for number, (cell, other) in enumerate(zip(plain.cells, watched.run.cells, strict=True)):
        error = _shown_error(other)
        if error and not _shown_error(cell):
            return error if number in watched.judged_cells else ""
    return ""


def _shown_error(cell: CellResult) -> str:
    """Return the error that a cell shows; a magic's cell may show one and go on."""
    shown = next((f"{o['name']}: {o['value']}" for o in cell.outputs if o["kind"] == "error"), cell.error)
    return shown[:200]


def _without_words(run: Run, says: str) -> Run:
    """Return a run without what a cache, or a library, says of itself."""
    words = f"{says}|{LIBRARY_WARNING}" if says else LIBRARY_WARNING
    return replace(run, cells=tuple(_quiet(cell, words) for cell in run.cells))


def _quiet(cell: CellResult, says: str) -> CellResult:
    outputs = []
    for output in cell.outputs:
        if output["kind"] == "stream":
            output = {**output, "text": re.sub(says, "", output["text"], flags=re.MULTILINE)}
            if not output["text"]:
                continue
        outputs.append(output)
    return replace(cell, outputs=outputs)
