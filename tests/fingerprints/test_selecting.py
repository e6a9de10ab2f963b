"""A walk that leaves out what its caller names."""

from __future__ import annotations

from functools import partial

from fpcache.fingerprints.selecting import SelectingEncoder
from fpcache.fingerprints.walking import walk


class Holder:
    def __init__(self, kept, dropped):
        self.kept, self.dropped = kept, dropped


def digest(value, *, ask=lambda path, value: None, is_left_out=lambda path, value, holder: False):
    return walk(value, "value", make=partial(SelectingEncoder, ask=ask, is_left_out=is_left_out)).digest


def test_with_nothing_left_out_the_digest_is_the_plain_one() -> None:
    for value in (1, "a", [1, [2]], {"a": Holder(1, [2])}, len, Holder):
        assert digest(value) == walk(value).digest


def test_paths_are_told_as_in_errors() -> None:
    asked = []
    digest([Holder({"a": (1, [2])}, None), 3], ask=lambda path, value: asked.append(path))
    assert {"value", "value[0]", "value[0].kept", "value[0].kept['a']"} <= set(asked)


def test_what_is_left_out_counts_by_what_stands_for_it() -> None:
    def standing_for(text):
        return lambda path, value: text if path.endswith(".dropped") else None

    one, two = Holder([1], object), Holder([1], print)
    assert digest(one, ask=standing_for("x")) == digest(two, ask=standing_for("x"))
    assert digest(one, ask=standing_for("x")) != digest(one, ask=standing_for("y")) != digest(one)
    assert digest(Holder([2], object), ask=standing_for("x")) != digest(one, ask=standing_for("x"))


def test_an_attribute_that_is_left_out_may_be_missing() -> None:
    with_it, without = Holder(1, 2), Holder(1, 2)
    del without.dropped

    def is_left_out(path, value, holder):
        return path == "value.dropped" and holder is vars(with_it)

    assert digest(with_it, is_left_out=is_left_out) == digest(without)
    assert digest(with_it) != digest(without)


class Slotted:
    __slots__ = ("dropped", "kept")


def test_a_slot_that_is_left_out_may_be_empty() -> None:
    with_it, without = Slotted(), Slotted()
    with_it.kept = without.kept = 1
    with_it.dropped = object

    def is_left_out(path, value, holder):
        return path == "value.dropped" and isinstance(holder, Slotted)

    assert digest(with_it, is_left_out=is_left_out) == digest(without, is_left_out=is_left_out)
    assert digest(with_it) != digest(without)
