"""The bounds that fpcache sets itself for cost and gain, and how checked notebooks meet them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from .checking import NotebookCheck

__all__ = ["Verdict", "verdicts"]

COLD_MEDIAN = 0.10
COLD_MOST, COLD_SLACK_S = 0.25, 1.0
FIRST_WARM, SECOND_WARM = 0.5, 0.1
WARM_MOST, WARM_SLACK_S = 0.10, 0.3


@dataclass(frozen=True, slots=True)
class Verdict:
    """One bound, whether all notebooks are within it, and by whom it is broken."""

    bound: str
    is_met: bool
    found: str


def verdicts(checks: Sequence[NotebookCheck]) -> tuple[Verdict, ...]:
    """Judge the times of some notebooks' runs."""
    return (
        _cold_median(checks),
        _verdict(
            f"no cold run is slower than {COLD_MOST:.0%} + {COLD_SLACK_S:g} s over the plain one",
            [
                f"{_name(check)} {cold_s:.1f} s, plain {check.gain.plain_s:.1f} s"
                for check in checks
                for cold_s in check.gain.cached_s[:1]
                if cold_s is not None and cold_s > check.gain.plain_s * (1 + COLD_MOST) + COLD_SLACK_S
            ],
        ),
        _spent(checks, 1, "the first warm run", FIRST_WARM),
        _spent(checks, 2, "the second warm run", SECOND_WARM),
        _verdict(
            f"no warm run is slower than {WARM_MOST:.0%} + {WARM_SLACK_S:g} s over the plain one",
            [
                f"{_name(check)} ({run.name}) {run.told.duration_s:.1f} s, plain {run.plain_s:.1f} s"
                for check in checks
                for run in check.runs[1:]
                if run.told and run.told.duration_s > run.plain_s * (1 + WARM_MOST) + WARM_SLACK_S
            ],
        ),
    )


def _verdict(bound: str, broken: Sequence[str]) -> Verdict:
    return Verdict(bound, not broken, "; ".join(broken))


def _cold_median(checks: Sequence[NotebookCheck]) -> Verdict:
    overheads = [check.gain.cold_overhead for check in checks]
    told = [overhead for overhead in overheads if overhead is not None]
    found = median(told) if told else 0.0
    bound = f"the median cold overhead is at most {COLD_MEDIAN:.0%}"
    return Verdict(bound, found <= COLD_MEDIAN, f"{found:.1%}")


def _spent(checks: Sequence[NotebookCheck], run: int, name: str, share: float) -> Verdict:
    broken = []
    for check in checks:
        gain = check.gain
        spent_s = gain.spent_s[run] if run < len(gain.spent_s) else None
        if spent_s is not None and gain.attainable_s and spent_s > share * gain.attainable_s:
            broken.append(f"{_name(check)} {spent_s:.2f} of {gain.attainable_s:.2f} s")
    return _verdict(f"{name} spends at most {share:.0%} of the attainable time", broken)


def _name(check: NotebookCheck) -> str:
    return check.notebook.path.name
