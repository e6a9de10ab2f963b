"""The arguments of ``%%fpcache``."""

from __future__ import annotations

import pytest

from fpcache.session.requests import CellUsageError, HelpRequested, parse_cell_options


def test_no_arguments_are_an_explicit_cell_with_defaults():
    options = parse_cell_options("")
    assert options.explicit
    assert not (options.force)
    assert not (options.whole)
    assert not (options.no_store)
    assert not (options.quiet)
    assert not (options.pin)


def test_every_option_is_understood():
    options = parse_cell_options(
        "--name fit --force --dry-run --whole --ttl 1h --pin --depends 'a b.csv' --depends c.csv "
        "--ignore x --ignore y --no-store --quiet"
    )
    assert options.name == "fit"
    assert options.ttl_s == 3600
    assert options.depends == ("a b.csv", "c.csv")
    assert options.ignore == ("x", "y")
    assert options.force
    assert options.dry_run
    assert options.whole
    assert options.pin
    assert options.no_store
    assert options.quiet


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("10m", 600), ("1.5h", 5400), ("7d", 604800), ("2w", 1209600)],
)
def test_a_time_to_live_has_units(text, seconds):
    assert parse_cell_options(f"--ttl {text}").ttl_s == seconds


@pytest.mark.parametrize("line", ["--fast", "--ttl soon", "--ttl 0", "--name", "stray", "--depends 'open"])
def test_a_wrong_argument_is_named_with_where_to_look(line):
    with pytest.raises(CellUsageError, match="%%fpcache"):
        parse_cell_options(line)


def test_help_lists_the_options_and_runs_nothing():
    with pytest.raises(HelpRequested) as caught:
        parse_cell_options("--force -h")
    assert "--ttl" in str(caught.value)


def test_a_comment_after_the_arguments_is_ignored():
    assert parse_cell_options("--whole  # because of the loop").whole
