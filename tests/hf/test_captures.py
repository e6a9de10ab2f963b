"""A callable taken apart into code and named values."""

from __future__ import annotations

import json
from functools import partial, wraps

from fpcache.hf.captures import take_apart


def names(function, arguments=None):
    return {name: (one.how, one.value) for name, one in take_apart(function, arguments or {}).brought.items()}


def rows(first, limit=2, *, step=1):
    yield from range(first, limit, step)


class Loader:
    def rows(self, first, limit=3):
        yield first, limit

    @classmethod
    def all(cls):
        yield cls


def test_defaults_and_arguments_have_the_names_of_parameters() -> None:
    assert names(rows) == {"limit": ("default", 2), "step": ("default", 1)}
    given = names(rows, {"first": 0, "step": 5})
    assert given == {"limit": ("default", 2), "first": ("argument", 0), "step": ("argument", 5)}


def test_partials_are_looked_through() -> None:
    assert names(partial(rows, 7, step=3)) == {
        "limit": ("default", 2),
        "first": ("partial", 7),
        "step": ("partial", 3),
    }
    assert names(partial(partial(rows, 7), 8))["limit"] == ("default", 2)
    loader = Loader()
    assert names(partial(loader.rows, 7)) == {
        "self": ("self", loader),
        "limit": ("default", 3),
        "first": ("partial", 7),
    }


def test_bound_methods_bring_what_they_are_bound_to() -> None:
    assert names(Loader.all) == {"self": ("self", Loader)}


def test_two_values_of_one_name_are_told_apart() -> None:
    def make(first):
        def inner(second):
            yield first, second

        return inner

    assert names(make(1), {"first": 2}) == {"first": ("closure", 1), "argument.first": ("argument", 2)}


def test_the_core_keeps_what_makes_a_function_and_no_value() -> None:
    def decorate(function):
        @wraps(function)
        def inner(*args):
            return function(*args)

        inner.mark = 1
        return inner

    taken = take_apart(decorate(rows), {})
    assert (taken.core.__name__, taken.core.__module__, taken.core.mark) == ("rows", __name__, 1)
    assert not hasattr(taken.core, "__wrapped__")
    assert taken.brought["function"].value is rows


def test_installed_functions_and_c_code_stay_whole() -> None:
    for function in (json.dumps, len, "abc".upper, list):
        assert take_apart(function, {}).core is function


def test_a_variable_that_is_not_bound_yet_is_none() -> None:
    def make():
        def inner():
            return later

        found = names(inner)
        later = 1
        return found, later

    assert make()[0] == {"later": ("closure", None)}
