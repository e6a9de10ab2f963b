"""Cases of one test, of which some run daily and all in the nightly suite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest


def daily(cases: Iterable[Any] | Mapping[str, Any], count: int) -> list[Any]:
    """Return the parameters of a test: the first cases daily, the others nightly; a mapping names them."""
    named = cases.items() if isinstance(cases, Mapping) else ((None, case) for case in cases)
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)),
            id=name,
            marks=[] if number < count else [pytest.mark.nightly],
        )
        for number, (name, case) in enumerate(named)
    ]
