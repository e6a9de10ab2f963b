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


def test_flags_raised_by_a_run_are_raised_again(ran, context):
    found = ran.run(DIVIDE)
    assert found.broken() is None
    context.clear_flags()
    assert found.broken() is None, "no result depends on them"
    found.apply()
    assert context.flags[decimal.Inexact]


def test_flags_that_were_up_already_have_to_be_up_again(ran, context):
    context.flags[decimal.Inexact] = True
    found, other = ran.run(DIVIDE), ran.run("x = 1")
    context.flags[decimal.Subnormal] = True
    assert found.broken() is None
    context.clear_flags()
    assert found.broken() == "the decimal context's flags changed"
    assert other.broken() is None


@pytest.mark.parametrize("held", ["decimal.getcontext()", "held"])
def test_code_that_may_look_at_flags_finds_them_and_depends_on_them(ran, context, held):
    ran.live("held = decimal.getcontext()")
    context.flags[decimal.Clamped] = True
    found = ran.run(f"seen = dict({held}.flags)[decimal.Clamped]")
    assert ran.namespace["seen"] is True
    assert found.broken() is None
    context.clear_flags()
    assert found.broken() == "the decimal context's flags changed"
