"""Each hidden input and effect in new sessions, plain and cached: found or refused; nothing differs."""

from __future__ import annotations

import pytest
from cases import CASES
from test_traps import Scene, check_at_the_default_settings, plain_sessions  # noqa: F401  (a fixture)

MODES = [
    pytest.param(
        case, mode, id=f"{case.title}-{mode}", marks=[pytest.mark.nightly] if mode == "explicit" else []
    )
    for case in CASES
    for mode in ("auto", "explicit")
    if getattr(case, mode) != "skip"
]


@pytest.mark.parametrize(("case", "mode"), MODES)
def test_what_is_hidden_is_found_or_refused_and_the_rest_is_as_after_a_run(case, mode, plain_sessions):  # noqa: F811
    Scene(case, plain_sessions, mode).check()


@pytest.mark.nightly
@pytest.mark.parametrize("case", [case for case in CASES if case.can_be_slow()], ids=lambda case: case.title)
def test_it_is_so_with_a_slow_statement_at_the_default_settings(case, plain_sessions):  # noqa: F811
    check_at_the_default_settings(case, plain_sessions)
