"""Hypothesis, or what to install where it isn't."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

try:
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from hypothesis.strategies import SearchStrategy, composite, integers, sampled_from
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "fpcache.testing.programs needs Hypothesis; install it with `pip install hypothesis`,"
        " or with all that the tests need: `pip install 'fpcache[test]'`",
        name=error.name,
    ) from None

__all__ = ["Draw", "SearchStrategy", "composite", "integers", "sampled_from", "without_surprises"]


class Draw(Protocol):
    """The function through which all choices are made."""

    def __call__(self, strategy: SearchStrategy[Any], /) -> Any:
        """Return a value of a strategy."""


def without_surprises(
    judge: Callable[[Any], None], strategy: SearchStrategy[Any], number: int, count: int
) -> Callable[[], None]:
    """Return a Hypothesis test whose examples depend on a number alone: no database, no deadline.

    Hypothesis shrinks by choices, one after the other; ``pruning`` by what
    programs are made of, in far fewer tries.
    """

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def judged(drawn: Any) -> None:
        judge(drawn)

    return judged
