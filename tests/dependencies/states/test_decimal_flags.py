"""Flags of the decimal context that a run raised, whichever were up before it."""

from __future__ import annotations

import decimal

import pytest

from fpcache.dependencies import decimal_flags

DIVIDE = "x = decimal.Decimal(1) / decimal.Decimal(3)"


@pytest.fixture
def ran(cells):
    ran = cells(decimal_flags)
    ran.live("import decimal")
    return ran


@pytest.fixture
def context():
    with decimal.localcontext() as context:
        context.clear_flags()
        yield context


@pytest.mark.parametrize("before", [(), (decimal.Inexact,), (decimal.Subnormal,)], ids=str)
def test_flags_raised_by_a_run_are_raised_again(ran, context, before):
    for signal in before:
        context.flags[signal] = True
    found = ran.run(DIVIDE)
    after = [signal for signal, is_up in context.flags.items() if is_up]
    assert set(after) == {decimal.Inexact, decimal.Rounded, *before}
    assert found.broken() is None
    context.clear_flags()
    assert found.broken() is None, "no result depends on them"
    found.apply()
    assert context.flags[decimal.Inexact]
    assert context.flags[decimal.Subnormal] is False, "what was up before is none of its doing"


def test_code_that_may_look_at_flags_finds_them_and_depends_on_them(ran, context):
    context.flags[decimal.Clamped] = True
    found = ran.run("seen = dict(decimal.getcontext().flags)[decimal.Clamped]")
    assert ran.namespace["seen"] is True
    assert found.broken() is None
    context.clear_flags()
    assert found.broken() == "the decimal context's flags changed"
