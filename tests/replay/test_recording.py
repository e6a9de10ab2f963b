"""A recording is applied whole or not at all."""

from __future__ import annotations

import pytest
from round_trips import notebook, replay, stored

from fpcache.errors import CorruptEntryError, UncacheableError
from fpcache.replay.codec import dump, load
from fpcache.replay.mutations import state_of
from fpcache.replay.recording import Manifest, Payload, apply, capture, obstacles, restore


def test_names_are_bound_and_deleted():
    namespace = {"old": 1, "x": 0}
    replay(Payload(bound={"x": 5}, deleted=("old", "never there")), [], [], namespace)
    assert namespace == {"x": 5}


def test_a_mutated_input_bound_to_a_second_name_is_one_object():
    recorded, live = [1], [1]
    recorded.append(2)
    namespace = {"x": live}
    payload = Payload(bound={"y": recorded}, states=((0, state_of(recorded)),))
    replay(payload, [recorded], [live], namespace)
    assert namespace["y"] is live
    assert live == [1, 2]


def test_bound_values_results_and_mutations_share_new_objects():
    recorded, live = [], []
    new = {"n": 1}
    recorded.append(new)
    namespace = {"x": live}
    payload = Payload(bound={"y": new}, states=((0, state_of(recorded)),), results=(new, None))
    restored = replay(payload, [recorded], [live], namespace)
    assert live[0] is namespace["y"]
    assert restored.results[0] is namespace["y"]
    assert restored.results[1] is None


def test_replaying_twice_gives_independent_objects():
    dumped = capture(Payload(bound={"x": [1]}), [], {})
    first, second = (restore(dumped.stream, stored(dumped), [], {}) for _ in range(2))
    first.bound["x"].append(2)
    assert second.bound["x"] == [1]


def test_restoring_changes_nothing_that_is_live():
    recorded, live = [1, 2], [1]
    dumped = capture(Payload(bound={"y": 1}, states=((0, state_of(recorded)),)), [recorded], {})
    namespace: dict[str, object] = {}
    restore(dumped.stream, [], [live], namespace)
    assert (live, namespace) == ([1], {})


def test_a_wrapped_function_of_the_same_name_refers_to_the_old_one():
    namespace = notebook("def f(): return 1\nold = f\ndef wrap(g): return lambda: g() + 1\nf = wrap(f)")
    old, wrapped = namespace["old"], namespace["f"]
    del namespace["old"]
    live = notebook("def f(): return 1\ndef wrap(g): return lambda: g() + 1")
    live_old = live["f"]
    dumped = capture(Payload(bound={"f": wrapped}), [old], namespace)
    apply(restore(dumped.stream, [], [live_old], live), [live_old], live)
    assert live["f"]() == 2
    assert live["f"].__closure__[0].cell_contents is live_old


def test_obstacles_name_the_node_and_the_reason():
    payload = Payload(states=((1, state_of([1])),))
    ((index, reason),) = obstacles(payload, [None, {}])
    assert index == 1
    assert "was a `builtins.list`" in reason


def test_nothing_is_applied_where_one_input_cannot_be_changed():
    first, second = [1], {}
    namespace: dict[str, object] = {}
    payload = Payload(bound={"y": 1}, states=((0, state_of([1, 2])), (1, state_of([1]))))
    with pytest.raises(UncacheableError):
        apply(payload, [first, second], namespace)
    assert (first, second, namespace) == ([1], {}, {})


def test_a_manifest_describes_the_payload_and_survives_json():
    recorded = [1]
    payload = Payload({"x": 1}, ("y",), ((0, state_of(recorded)),), (3,))
    dumped = capture(payload, [recorded], {})
    manifest = Manifest.of(payload, dumped, [recorded])
    assert (manifest.bound, manifest.deleted, manifest.changed) == (("x",), ("y",), (0,))
    assert (manifest.node_count, manifest.result_count, manifest.size_bytes) == (1, 1, dumped.size_bytes)
    assert Manifest.from_bytes(manifest.to_bytes()) == manifest


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"what": 1}'])
def test_a_damaged_manifest_is_corrupt(data):
    with pytest.raises(CorruptEntryError):
        Manifest.from_bytes(data)


def test_bytes_that_are_no_payload_are_corrupt():
    dumped = dump([1], nodes=(), namespace={})
    with pytest.raises(CorruptEntryError):
        restore(dumped.stream, [], [], {})


def test_an_object_that_cannot_be_rebuilt_is_an_error_and_no_crash():
    namespace = notebook(
        "class C:\n    def __getstate__(self): return 1\n"
        "    def __setstate__(self, state): raise OSError('gone')\nc = C()"
    )
    dumped = capture(Payload(bound={"c": namespace["c"]}), [], namespace)
    with pytest.raises(UncacheableError, match="can't be rebuilt here \\(OSError: gone\\)"):
        load(dumped.stream, nodes=(), namespace=namespace)


def test_attributes_are_restored_though_setstate_would_drop_them():
    namespace = notebook(
        "class Dropping(dict):\n    def __setstate__(self, state): pass\n"
        "class Slotted:\n    __slots__ = ('a', '__dict__')\n    def __setstate__(self, state): pass\n"
        "d = Dropping(k=1); d.x = [1]\ns = Slotted(); s.a = d; s.b = 2"
    )
    bound = {"d": namespace["d"], "s": namespace["s"]}
    dumped = capture(Payload(bound=bound), [], namespace)
    restored = restore(dumped.stream, dumped.buffers, [], namespace).bound
    assert (restored["d"], restored["d"].x) == ({"k": 1}, [1])
    assert restored["s"].a is restored["d"]
    assert restored["s"].b == 2
