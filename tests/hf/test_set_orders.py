"""The order of sets: that of numbers counts, and of texts it is told where code may go through them."""

from __future__ import annotations

import pytest

from .asking import holding, print_of, report


def display():
    for word in {"to", "be", "or"}:
        yield [word]


def display_of_values(word="to"):
    for one in {word, "be"}:
        yield [one]


def call():
    for word in set("to be or".split()):  # noqa: SIM905
        yield [word]


def by_name():
    words = set("to be".split())  # noqa: SIM905
    yield list(words)


def comprehension():
    words = {word.lower() for word in ["To", "Be"]}
    for word in words:
        yield [word]


def popped():
    words = {"to", "be"}
    yield words.pop()


def joined():
    yield " ".join({"to", "be"})


GOING_THROUGH = [display, display_of_values, call, by_name, comprehension, popped, joined]


@pytest.mark.parametrize("rows", GOING_THROUGH, ids=lambda one: one.__name__)
def test_going_through_a_set_of_texts_is_told(rows) -> None:
    assert any("hash seed" in note for note in report(rows).notes)


def in_display(word="to"):
    yield word in {"to", "be"}


def seen_before():
    seen = set()
    for word in ["to", "be"]:
        if word not in seen:
            seen.add(word)
            yield [word]


def put_in_order():
    for word in sorted(set(["to", "be"])):  # noqa: C405
        yield [word]


def numbers():
    for one in {1, 2, 3}:
        yield [one]


@pytest.mark.parametrize(
    "rows", [in_display, seen_before, put_in_order, numbers], ids=lambda one: one.__name__
)
def test_sets_that_give_no_order_are_not_told(rows) -> None:
    assert not any("hash seed" in note for note in report(rows).notes)


def test_hashing_is_told() -> None:
    def rows():
        yield hash("x")

    assert any("another hash" in note for note in report(rows).notes)


def test_the_order_of_numbers_in_a_set_counts() -> None:
    one, other = set([8, 16]), set([16, 8])  # noqa: C405
    assert one == other
    assert list(one) != list(other)
    assert print_of(holding(one)) != print_of(holding(other))
    assert print_of(holding(one)) == print_of(holding(set([8, 16])))  # noqa: C405
    assert print_of(holding({"a", "b"})) == print_of(holding({"b", "a"}))
