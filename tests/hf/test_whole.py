"""Generator modules that are values, the order of keywords, and what comes from the process."""

from __future__ import annotations

import logging
import os
import random
import sys
from functools import partial

import numpy as np
import pytest

from fpcache.errors import UnfingerprintableValueError
from fpcache.hf.stable import stable_report

KEY = "ROWS_MODE"


def report(function, arguments=None):
    return stable_report(function, arguments or {}, settings={})


def print_of(function, arguments=None):
    return report(function, arguments).fingerprint


def draw(source):
    return source.random()


def by_default(source=random):
    yield source.random()


def by_helper():
    yield draw(random)


def by_argument(source):
    yield source.random()


class Holder:
    def __init__(self, source):
        self.source = source

    def __call__(self):
        yield self.source.random()


@pytest.mark.parametrize(
    ("rows", "arguments"),
    [
        (by_default, {}),
        (by_helper, {}),
        (by_argument, {"source": random}),
        (partial(by_argument, random), {}),
        (Holder(random), {}),
        (Holder([random]), {}),
    ],
)
def test_the_state_of_a_module_that_is_a_value_counts(rows, arguments) -> None:
    state = random.getstate()
    try:
        random.seed(1)
        first = print_of(rows, arguments)
        random.seed(2)
        assert print_of(rows, arguments) != first
    finally:
        random.setstate(state)


def test_the_state_of_numpys_module_counts() -> None:
    found = report(by_argument, {"source": np.random})
    assert [one.name for one in found.taken if one.how == "random state"] == ["numpy.random"]


def keywords(**kw):
    yield from kw.items()


def named(a, b):
    yield a, b


def test_the_order_of_keywords_counts_where_the_code_can_see_it() -> None:
    one, two = {"a": 1, "b": 2}, {"b": 2, "a": 1}
    assert print_of(keywords, one) != print_of(keywords, two)
    assert print_of(partial(keywords, **one)) != print_of(partial(keywords, **two))
    assert print_of(named, one) == print_of(named, two)


def by_constant():
    yield os.environ[KEY]


def by_parameter(key="ROWS_MODE"):
    yield os.getenv(key)


def by_expanding():
    yield os.path.expandvars("$ROWS_MODE/a")


@pytest.mark.parametrize("rows", [by_constant, by_parameter, by_expanding])
def test_variables_whose_names_are_values_count(rows, monkeypatch) -> None:
    prints = set()
    for value in ("one", "two"):
        monkeypatch.setenv(KEY, value)
        prints.add(print_of(rows))
    monkeypatch.delenv(KEY)
    assert len({*prints, print_of(rows)}) == 3


def by_command_line():
    yield sys.argv


def by_directory():
    yield os.getcwd()


def test_the_command_line_and_the_working_directory_count(monkeypatch, tmp_path) -> None:
    before = print_of(by_command_line), print_of(by_directory), print_of(named)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["other"])
    after = print_of(by_command_line), print_of(by_directory), print_of(named)
    assert [one == other for one, other in zip(before, after, strict=True)] == [False, False, True]


def test_variables_whose_names_cannot_be_known_are_told() -> None:
    def rows():
        yield dict(os.environ)

    assert any("can't be known" in note for note in report(rows).notes)


def test_draws_of_torch_under_other_names_count() -> None:
    torch = pytest.importorskip("torch")
    nn = torch.nn

    def by_method():
        values = torch.empty(2)
        yield values.uniform_()

    def by_layer():
        yield nn.Conv2d(1, 1, 1)

    def by_init():
        yield nn.init.xavier_uniform_(torch.empty(2, 2))

    def without():
        yield torch.zeros(2)

    drawn = [
        any(one.how == "random state" for one in report(rows).taken)
        for rows in (by_method, by_layer, by_init, without)
    ]
    assert drawn == [True, True, True, False]


def test_the_level_that_a_logger_inherits_counts_for_code_that_asks_for_it() -> None:
    log = logging.getLogger("fpcache.tests.inherits.one")
    above = logging.getLogger("fpcache.tests.inherits")

    def rows():
        yield log.isEnabledFor(logging.DEBUG)

    before = print_of(rows)
    above.setLevel(logging.DEBUG)
    assert print_of(rows) != before
    above.setLevel(logging.NOTSET)
    assert print_of(rows) == before


def test_a_default_that_no_keyword_can_replace_counts() -> None:
    def with_default(value):
        def rows(place=value, /, **kw):
            yield place, kw

        return rows

    assert print_of(with_default(1), {"place": 0}) != print_of(with_default(2), {"place": 0})
    assert print_of(partial(with_default(1), place=0)) != print_of(partial(with_default(2), place=0))


class Doubling(partial):
    def __call__(self, *args):
        yield 2


def test_a_partial_with_a_call_of_its_own_counts_by_that() -> None:
    assert print_of(Doubling(draw, 1)) != print_of(partial(draw, 1))
    assert print_of(Doubling(draw, 1)) != print_of(Doubling(draw, 2))


def test_a_dataset_of_a_class_of_ones_own_is_refused() -> None:
    datasets = pytest.importorskip("datasets")

    class Own(datasets.Dataset):
        pass

    made = Own(datasets.Dataset.from_dict({"a": [1]}).data)
    with pytest.raises(UnfingerprintableValueError, match="attributes of its own"):
        report(by_argument, {"source": made})
