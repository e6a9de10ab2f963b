"""What existed before a run is referred to, never copied."""

from __future__ import annotations

import dataclasses
import json
import random
import sys
import threading
import types
from collections import OrderedDict

import pytest
from round_trips import notebook, replay, round_trip, without

from fpcache.errors import UncacheableError
from fpcache.replay.codec import dump, load
from fpcache.replay.recording import Payload, capture


def test_a_name_bound_to_an_input_is_that_input():
    items = [1, 2]
    namespace = {"x": items}
    replay(Payload(bound={"y": items}), [items], [items], namespace)
    assert namespace["y"] is items


def test_a_reference_is_resolved_on_the_node_with_the_same_index():
    recorded, live = [[1], {"a": 1}], [[1], {"a": 1}]
    dumped = dump({"found": recorded[1]}, nodes=recorded, namespace={})
    assert load(dumped.stream, nodes=live, namespace={})["found"] is live[1]


def test_an_input_inside_a_new_container_stays_the_input():
    inner = [1]
    assert round_trip({"k": (inner, [inner])}, [inner])["k"][1][0] is inner


def test_a_set_element_that_is_an_input_stays_the_same_object():
    element = notebook("class E: pass\ne = E()")["e"]
    assert next(iter(round_trip({element}, [element]))) is element


def test_two_names_of_one_object_stay_one_object():
    shared: list[object] = []
    restored = round_trip({"a": shared, "b": shared, "c": []})
    assert restored["a"] is restored["b"]
    assert restored["a"] is not restored["c"]


def test_cycles_are_kept():
    ring: list[object] = [1]
    ring.append({"ring": ring})
    restored = round_trip(ring)
    assert restored[1]["ring"] is restored


def test_an_instance_refers_to_the_notebooks_class():
    namespace = notebook("class C:\n    def __init__(self): self.v = 1\nc = C()")
    restored = round_trip(namespace["c"], namespace=without(namespace, "c"))
    assert type(restored) is namespace["C"]
    assert restored.v == 1


def test_the_class_defined_at_the_replay_is_used_not_the_recorded_one():
    source = "class C: pass\nclass D(C):\n    class Inner: pass"
    recorded, live = notebook(source), notebook(source)
    dumped = dump([recorded["D"](), recorded["D"].Inner()], nodes=(), namespace=recorded)
    one, two = load(dumped.stream, nodes=(), namespace=live)
    assert type(one) is live["D"]
    assert type(two) is live["D"].Inner
    assert dumped.names == ("D",)


def test_an_instance_of_an_earlier_definition_is_refused():
    namespace = notebook("class C: pass\nc = C()\nclass C: pass")
    with pytest.raises(UncacheableError, match="earlier definition of the class `C`"):
        round_trip(namespace["c"], namespace=without(namespace, "c"))


def test_a_class_made_by_the_component_is_refused():
    namespace = notebook("def make():\n    class Local: pass\n    return Local()\nx = make()")
    with pytest.raises(UncacheableError, match="makes a class"):
        round_trip(namespace["x"], namespace=without(namespace, "x"))


def test_a_missing_class_at_the_replay_is_an_error_that_names_it():
    recorded = notebook("class C: pass")
    dumped = dump(recorded["C"](), nodes=(), namespace=recorded)
    with pytest.raises(UncacheableError, match="`C`, which is not defined"):
        load(dumped.stream, nodes=(), namespace={})


def test_a_global_that_is_no_input_is_referred_to_by_name_and_reported():
    registry = {"a": 1}
    namespace = {"registry": registry}
    dumped = dump([registry], nodes=(), namespace=namespace)
    assert dumped.names == ("registry",)
    assert load(dumped.stream, nodes=(), namespace=namespace)[0] is registry


def test_what_the_component_bound_is_no_reference_even_where_the_namespace_has_it_already():
    made = [1]
    namespace = {"x": made}
    dumped = capture(Payload(bound={"x": made}), [], namespace)
    assert dumped.names == ()
    assert load(dumped.stream, nodes=(), namespace={}).bound["x"] == [1]


def test_the_shells_history_names_are_no_references():
    value = [1]
    assert dump(value, nodes=(), namespace={"_": value, "_7": value, "Out": {7: value}}).names == ()


def test_modules_functions_and_classes_of_libraries_are_the_same_objects():
    values = (json, json.dumps, OrderedDict, len, types.FunctionType, type(None), type(...), random.randint)
    restored = round_trip(values)
    assert all(one is other or one == other for one, other in zip(restored, values, strict=True))
    assert restored[7].__self__ is random.randint.__self__


def test_sentinels_and_single_objects_of_libraries_stay_themselves():
    restored = round_trip((dataclasses.MISSING, sys.path, ..., NotImplemented))
    assert restored[0] is dataclasses.MISSING
    assert restored[1] is sys.path


def test_a_bare_object_nobody_names_is_new_and_one():
    mark = object()
    one, other = round_trip([mark, mark])
    assert one is other
    assert one is not mark


@pytest.mark.parametrize(
    ("make", "described"),
    [
        (threading.Lock, "lock"),
        (lambda: (n for n in [1]), "generator"),
        (lambda: sys.__stdout__, "open file"),
        (lambda: memoryview(b"1"), "memoryview"),
        (threading.Thread, "(lock|_ThreadHandle)"),
    ],
)
def test_what_cannot_be_stored_is_refused_with_its_path(make, described):
    with pytest.raises(UncacheableError, match=r"`model\['part'\]\[1\].*`.*" + described):
        capture(Payload(bound={"model": {"part": [0, make()]}}), [], {})


def test_a_weak_reference_and_a_coroutine_are_refused():
    import weakref

    async def later():
        return 1

    pending = later()
    for value in (weakref.ref(threading.Thread), pending):
        with pytest.raises(UncacheableError):
            round_trip({"x": value})
    pending.close()


def test_an_attribute_that_cannot_be_stored_is_named():
    namespace = notebook("class C: pass\nc = C()")
    namespace["c"].handle = sys.__stdout__
    with pytest.raises(UncacheableError, match=r"`c\.handle`"):
        capture(Payload(bound={"c": namespace["c"]}), [], namespace)


def test_an_object_whose_reduction_raises_is_refused():
    namespace = notebook("class C:\n    def __reduce__(self): raise RuntimeError('no')\nc = C()")
    with pytest.raises(UncacheableError, match="can't be stored \\(no\\)"):
        capture(Payload(bound={"c": namespace["c"]}), [], namespace)


def test_a_value_nested_too_deeply_is_refused_and_does_not_crash():
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(UncacheableError, match="nested too deeply"):
        dump(deep, nodes=(), namespace={})


def test_large_bytes_like_values_survive():
    value = {"a": bytearray(b"x" * 200_000), "b": b"y" * 200_000}
    restored = round_trip(value)
    assert restored == value
    restored["a"].append(1)


def test_writing_an_instance_leaves_no_mark_on_its_class():
    namespace = notebook("class C:\n    pass\nc = C()\nc.x = 1")
    before = set(vars(namespace["C"]))
    capture(Payload(bound={"c": namespace["c"]}), [], namespace)
    assert set(vars(namespace["C"])) == before
