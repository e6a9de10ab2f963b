"""Values of Python's own types: what changes a fingerprint and what doesn't."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from samples import ALL, Colour, Frozen, MyDict, Plain, Point, Record, Slotted

from fpcache.errors import UnfingerprintableValueError
from fpcache.fingerprints import fingerprint, walk
from fpcache.fingerprints.walking import digest_among


@pytest.mark.parametrize("name", ALL)
def test_a_value_made_again_has_the_same_fingerprint(name: str) -> None:
    assert fingerprint(ALL[name]()) == fingerprint(ALL[name]())


@pytest.mark.parametrize("name", ALL)
def test_a_pickle_round_trip_keeps_the_fingerprint(name: str) -> None:
    assert fingerprint(pickle.loads(pickle.dumps(ALL[name]()))) == fingerprint(ALL[name]())


def test_no_two_samples_have_the_same_fingerprint() -> None:
    found = {name: fingerprint(make()) for name, make in ALL.items()}
    assert len(set(found.values())) == len(found)


def test_a_fingerprint_has_the_format_prefix_and_32_digits() -> None:
    prefix, _, digits = fingerprint(1).partition("-")
    assert prefix == "fp1"
    assert len(digits) == 32
    assert int(digits, 16) >= 0


DIFFERENT: list[tuple[Any, Any]] = [
    ([1, [2]], [[1], 2]),
    (["ab", "c"], ["a", "bc"]),
    ({"a": "bc"}, {"ab": "c"}),
    ([[1, 2], [3]], [[1], [2, 3]]),
    ([(1, 2), (3,)], [(1,), (2, 3)]),
    ([(1, 2)] * 2, [[1, 2], [1, 2]]),
    ([{"a": 1}, {"b": 2}], [{"a": 1, "b": 2}, {}]),
    ([1.0, 2], [1, 2.0]),
    ([1] * 70_000, [1] * 69_999 + [2]),
    ([[n] for n in range(70_000)], [[n] for n in range(69_999)] + [[0]]),
    ({1: 1}, {True: 1}),
    ({1}, {True}),
    ({1}, {1.0}),
    ({0.0}, {-0.0}),
    (complex(0.0, -0.0), complex(0.0, 0.0)),
    (("list", 1), ["list", 1]),
    ((("a",),), ("a",)),
    ("None", None),
    ({1, 2}, frozenset({1, 2})),
    (Plain(a=1, b=2), Plain(b=2, a=1)),
    (Record(1, [1]), Record(1, [2])),
    (Slotted(1, 2), Slotted(2, 1)),
    (Point(1, 2), (1, 2)),
    (MyDict(a=1), {"a": 1}),
    ([Record(1), Record(2)], [Record(1), Record(1)]),
    ({frozenset({1, 2}), frozenset({3})}, {frozenset({1}), frozenset({2, 3})}),
    ({(1, ("a",))}, {(1, ("b",))}),
    (range(0, 3, 2), range(0, 4, 2)),
    (slice(1, 2), slice(1, 2, None).__reduce__()[1]),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_visibly_different_values_have_different_fingerprints(one: Any, other: Any) -> None:
    assert fingerprint(one) != fingerprint(other)


def test_sharing_of_mutable_objects_counts() -> None:
    shared = [1]
    assert fingerprint([shared, shared]) != fingerprint([[1], [1]])
    assert fingerprint({"a": shared, "b": shared}) != fingerprint({"a": [1], "b": [1]})
    record = Record(1)
    assert fingerprint([record, record]) != fingerprint([Record(1), Record(1)])
    assert fingerprint([record, record.b]) != fingerprint([Record(1), []])
    assert fingerprint((shared, shared)) != fingerprint(([1], [1]))


def test_which_object_is_shared_counts() -> None:
    a, b = [1], [1]
    assert fingerprint([a, b, a]) != fingerprint([a, b, b])


def test_a_shared_instance_dict_counts() -> None:
    one, other = Plain(a=1), Plain(a=1)
    apart = fingerprint([one, other])
    other.__dict__ = one.__dict__
    assert fingerprint([one, other]) != apart
    assert fingerprint([one, vars(one)]) != fingerprint([one, {"a": 1}])


@pytest.mark.parametrize(
    "make",
    [
        lambda: (1, (2, "x")),
        lambda: frozenset({1, (2,)}),
        lambda: "text",
        lambda: 2**80,
        ALL["datetime utc"],
        ALL["decimal"],
        lambda: (ALL["date"](), ALL["path"]()),
    ],
)
def test_sharing_of_immutable_values_does_not_count(make: Callable[[], Any]) -> None:
    one = make()
    assert fingerprint([one, one]) == fingerprint([make(), copy.deepcopy(make())])


def test_nan_equals_itself_however_it_was_made() -> None:
    made = [float("nan"), float("inf") - float("inf"), -float("nan")]
    assert len({fingerprint(nan) for nan in made}) == 1
    assert len({fingerprint([1.0, nan]) for nan in made}) == 1
    assert len({fingerprint({"a": nan, "b": "x"}) for nan in made}) == 1
    assert len({fingerprint({nan, 1.0}) for nan in made}) == 1
    assert len({fingerprint((nan, (nan,))) for nan in made}) == 1


def test_a_set_counts_no_order() -> None:
    names = [f"name {n}" for n in range(100)]
    assert fingerprint(set(names)) == fingerprint({*names[50:], *names[:50]})
    frozen = [Frozen(n) for n in range(20)]
    assert fingerprint(set(frozen)) == fingerprint({Frozen(n) for n in reversed(range(20))})


def test_a_set_of_objects_hashed_by_address_has_a_stable_fingerprint() -> None:
    assert fingerprint({Plain(a=n) for n in range(20)}) == fingerprint({Plain(a=19 - n) for n in range(20)})


def test_what_a_sets_element_shares_with_the_outside_counts() -> None:
    one, two = Plain(a=1), Plain(a=2)
    assert fingerprint([{one, two}, one]) != fingerprint([{one, two}, two])
    assert fingerprint([{one, two}, one]) != fingerprint([{one, two}, Plain(a=1)])


def test_an_element_that_holds_its_set_ends() -> None:
    def make() -> Any:
        one, two = Plain(a=1), Plain(a=2)
        one.home = two.home = {one, two}
        return one.home

    assert fingerprint(make()) == fingerprint(make())


def test_equal_elements_of_a_set_are_marked_ambiguous() -> None:
    walked = walk({Plain(a=1), Plain(a=1)})
    elements = {rank for rank, node in enumerate(walked.nodes) if type(node) is Plain}
    assert len(elements) == 2
    assert elements <= walked.ambiguous
    assert not walk({Plain(a=1), Plain(a=2)}).ambiguous


def test_only_sets_ordered_by_the_hash_seed_are_noted() -> None:
    assert walk({"a", "b"}).has_seeded_set
    assert walk([{("a", 1), ("b", 2)}]).has_seeded_set
    assert not walk({1, 2, 3}).has_seeded_set
    assert not walk({(1, 2), (3, 4)}).has_seeded_set
    assert not walk({"a"}).has_seeded_set


def test_deep_and_cyclic_values_end() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    other: Any = 2
    for _ in range(100_000):
        other = [other]
    assert fingerprint(deep) != fingerprint(other)
    while isinstance(deep, list):
        deep = deep.pop()
    while isinstance(other, list):
        other = other.pop()


def test_deep_tuples_end() -> None:
    deep: Any = ()
    for _ in range(5_000):
        deep = (deep,)
    assert fingerprint(deep) == fingerprint((deep[0],))


def test_cycles_of_another_length_differ() -> None:
    short: list[Any] = [1]
    short.append(short)
    long: list[Any] = [1]
    long.append([1, long])
    assert fingerprint(short) != fingerprint(long)


def test_a_tuple_that_repeats_itself_is_not_expanded() -> None:
    grown: Any = (1,)
    held: Any = ([1],)
    frozen: Any = frozenset()
    for _ in range(200):
        grown, held = (grown, grown), (held, held)
        frozen = frozenset({frozen, 1}) if len(frozen) > 1 else frozenset({frozen})
    assert fingerprint([grown, held, frozen]) != fingerprint([grown, held])


def test_a_change_eight_levels_deep_changes_the_fingerprint() -> None:
    def make(leaf: int) -> Any:
        return {"a": [{"b": ({"c": [Record(1, [leaf])]},)}]}

    assert fingerprint(make(1)) != fingerprint(make(2))


class LyingReduce:
    def __init__(self, x: int) -> None:
        self.x = x

    def __reduce__(self) -> Any:
        return (LyingReduce, (0,))


class Hostile:
    def __init__(self, x: int) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no ==")

    def __hash__(self) -> int:
        raise RuntimeError("no hash")

    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("no attributes")


def test_a_reduce_that_leaves_state_out_hides_nothing() -> None:
    assert fingerprint(LyingReduce(1)) != fingerprint(LyingReduce(2))


def test_methods_that_raise_are_not_called() -> None:
    assert fingerprint(Hostile(1)) == fingerprint(Hostile(1))
    assert fingerprint([Hostile(1), Hostile(1)]) != fingerprint([Hostile(1), Hostile(2)])


def test_no_temporary_gets_the_place_of_a_freed_one() -> None:
    class Fresh:
        def __init__(self, n: int) -> None:
            self.n = n

        def __fpcache_fingerprint__(self) -> Any:
            return [[self.n]]

    assert fingerprint([Fresh(n % 2) for n in range(200)]) == fingerprint([Fresh(n % 2) for n in range(200)])
    assert fingerprint([Fresh(1), Fresh(1)]) != fingerprint([Fresh(1), Fresh(2)])


def test_enum_members_are_told_apart() -> None:
    assert fingerprint(Colour.RED) != fingerprint(Colour.BLUE)


def test_where_a_memoryview_looks_counts() -> None:
    data = bytearray(8)
    assert fingerprint([data, memoryview(data)[:2]]) != fingerprint([data, memoryview(data)[2:4]])
    assert fingerprint([data, memoryview(data)]) != fingerprint([data, memoryview(bytearray(8))])
    assert fingerprint(memoryview(data)[::-2]) == fingerprint(memoryview(bytearray(8))[::-2])


def test_an_allowance_ends_a_walk_with_its_own_error() -> None:
    def end(ahead_s: float) -> None:
        raise TimeoutError("too long")

    with pytest.raises(TimeoutError, match="too long"):
        walk([[1], ["a"]], allowance=end)


@pytest.mark.parametrize(
    "value", [[Plain() for _ in range(20_000)], [{"a": [i]} for i in range(20_000)], bytearray(200_000_000)]
)
def test_what_surely_takes_longer_than_is_allowed_is_not_begun(value: object) -> None:
    def allow(ahead_s: float) -> None:
        if ahead_s > 0.005:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        walk(value, allowance=allow)


def test_functions_of_two_namespaces_are_both_followed() -> None:
    def make(second: int) -> Any:
        scopes: list[dict[str, Any]] = [{"n": 1, "__name__": "made"}, {"n": second, "__name__": "made"}]
        for scope in scopes:
            exec("def f(): return n", scope)
        return [scope["f"] for scope in scopes]

    assert fingerprint(make(1)) == fingerprint(make(1))
    assert fingerprint(make(1)) != fingerprint(make(2))


def test_nodes_are_the_mutable_objects_in_canonical_order() -> None:
    inner = [1]
    outer = {"a": inner, "b": (1, 2), "c": "x"}
    assert walk(outer).nodes == (outer, inner)


def _generator() -> Any:
    yield 1


def _with_lock() -> Any:
    import threading

    return Plain(parts=[1, {"lock": threading.Lock()}])


def _open_file() -> Any:
    return open(__file__)


REFUSED: dict[str, Callable[[], Any]] = {
    "generator": _generator,
    "lock": _with_lock,
    "file": _open_file,
    "iterator of set": lambda: iter({1, 2}),
    "count": lambda: __import__("itertools").count(),
    "weakref": lambda: __import__("weakref").ref(Plain),
    "socket": lambda: __import__("socket").socket(),
    "database": lambda: __import__("sqlite3").connect(":memory:"),
    "thread": lambda: __import__("threading").Thread(),
    "system random": lambda: __import__("random").SystemRandom(),
}


@pytest.mark.parametrize("name", REFUSED)
def test_values_with_hidden_or_outside_state_are_refused(name: str) -> None:
    value = REFUSED[name]()
    with pytest.raises(UnfingerprintableValueError, match="can't be fingerprinted"):
        fingerprint(value)
    if hasattr(value, "close"):
        value.close()


def test_a_refusal_names_the_path_inside_the_value() -> None:
    with pytest.raises(UnfingerprintableValueError) as caught:
        walk(_with_lock(), "model")
    assert caught.value.path == "model.parts[1]['lock']"
    assert "model.parts[1]['lock']" in str(caught.value)


def test_a_refusal_inside_records_names_the_record() -> None:
    with pytest.raises(UnfingerprintableValueError) as caught:
        walk([Plain(a=1, b=[]), Plain(a=2, b=[_generator()])], "xs")
    assert caught.value.path == "xs[1].b[0]"


def test_a_list_iterator_counts_with_its_position() -> None:
    one, other = iter([1, 2]), iter([1, 2])
    assert fingerprint(one) == fingerprint(other)
    next(one)
    assert fingerprint(one) != fingerprint(other)


def test_known_objects_stand_for_their_place_and_not_for_their_content():
    known, other = [1], [1]
    walks = [walk(known)]
    one = digest_among({"a": known}, "", [known], walks)
    known.append(2)
    assert digest_among({"a": known}, "", [known], walks) == one
    assert digest_among({"a": other}, "", [known], walks) != one


def test_memory_that_is_shared_with_known_objects_counts():
    numpy = pytest.importorskip("numpy")
    known = numpy.zeros(5)
    digests = [
        digest_among([value], "", [known], [walk(known)]) for value in (known[:3], known[1:4], numpy.zeros(3))
    ]
    assert len(set(digests)) == 3


def test_the_attributes_of_a_known_object_are_known_too():
    class Holder:
        pass

    known = Holder()
    walks = [walk(known)]
    assert digest_among([vars(known)], "", [known], walks) != digest_among([{}], "", [known], walks)


def test_looking_at_the_attributes_of_a_memory_file_does_not_change_it():
    file = io.StringIO("abc")
    before = fingerprint(file)
    assert vars(file) == {}
    assert fingerprint(file) == before
    file.name = "mine"
    assert fingerprint(file) != before
