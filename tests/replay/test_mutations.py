"""A mutation is put into the object that is there; every referrer sees it."""

from __future__ import annotations

import array
import functools
import io
import random
import threading
from collections import Counter, OrderedDict, defaultdict, deque

import pytest
from round_trips import notebook, replay, round_trip

from fpcache.errors import UncacheableError
from fpcache.replay.live_frames import live_frames
from fpcache.replay.mutations import can_transplant, obstacle, state_of, transplant
from fpcache.replay.recording import Payload, apply


def mutate(recorded, live, change, namespace=None):
    """Change `recorded`, then replay that change on `live`; both were equal."""
    frames = live_frames([recorded])
    change(recorded)
    payload = Payload(states=((0, state_of(recorded)),))
    replay(payload, [recorded], [live], namespace if namespace is not None else {}, frames)
    return live


CHANGES = {
    "list": (lambda: [1, 2, 3], lambda v: v.append(4)),
    "dict": (lambda: {"a": 1, "b": 2}, lambda v: v.update(c=v.pop("a"))),
    "set": (lambda: {1, 2}, lambda v: v.add(3)),
    "deque": (lambda: deque([1, 2], maxlen=2), lambda v: v.append(3)),
    "bytearray": (lambda: bytearray(b"ab"), lambda v: v.extend(b"cd")),
    "ordered dict": (lambda: OrderedDict(a=1, b=2), lambda v: v.move_to_end("a")),
    "default dict": (lambda: defaultdict(list, a=[1]), lambda v: v["b"].append(1)),
    "counter": (lambda: Counter("aab"), lambda v: v.update("b")),
    "array": (lambda: array.array("i", [1, 2]), lambda v: v.append(3)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_containers_keep_identity_and_take_content_and_order(name):
    make, change = CHANGES[name]
    recorded, live = make(), make()
    holder = [live]
    mutate(recorded, live, change)
    assert live == recorded
    assert list(live) == list(recorded)
    assert holder[0] is live


def test_children_that_are_inputs_stay_and_new_ones_come_in():
    recorded_child, live_child = [1], [1]
    recorded, live = [recorded_child], [live_child]
    recorded.insert(0, {"new": recorded_child})
    recorded_child.append(2)
    states = ((0, state_of(recorded)), (1, state_of(recorded_child)))
    replay(Payload(states=states), [recorded, recorded_child], [live, live_child], {})
    assert live[1] is live_child
    assert live[0]["new"] is live_child
    assert live_child == [1, 2]


def test_a_list_that_comes_to_hold_itself():
    recorded, live = [1], [1]
    mutate(recorded, live, lambda v: v.append(v))
    assert live[1] is live


def test_an_instance_keeps_identity_dict_and_slots():
    source = (
        "class P:\n    __slots__ = ('x', 'y')\nclass C(P):\n    pass\nc = C(); c.x = 1; c.y = 2; c.z = [3]"
    )
    recorded, live = notebook(source), notebook(source)

    def change(c):
        del c.x
        c.y = 5
        c.w = c.z
        del c.z

    attributes = live["c"].__dict__
    mutate(recorded["c"], live["c"], change, live)
    assert not hasattr(live["c"], "x")
    assert live["c"].y == 5
    assert live["c"].__dict__ == {"w": [3]}
    assert live["c"].__dict__ is attributes


def test_a_subclass_of_a_container_keeps_both_of_its_halves():
    source = "class L(list):\n    def append(self, v): raise RuntimeError\nx = L([1]); x.note = 'a'"
    recorded, live = notebook(source), notebook(source)

    def change(x):
        list.append(x, 2)
        x.note = "b"

    mutate(recorded["x"], live["x"], change, live)
    assert (list(live["x"]), live["x"].note) == ([1, 2], "b")


def test_a_functions_attributes_and_defaults():
    source = "def f(a=1): return a\nf.calls = 0"
    recorded, live = notebook(source), notebook(source)

    def change(f):
        f.calls = 7
        f.__defaults__ = (2,)

    function = live["f"]
    mutate(recorded["f"], function, change, live)
    assert (function.calls, function()) == (7, 2)


def test_a_cell_takes_the_new_content():
    source = (
        "def make():\n"
        "    n = 0\n"
        "    def up():\n        nonlocal n\n        n += 1\n        return n\n"
        "    return up\n"
        "up = make()"
    )
    recorded, live = notebook(source), notebook(source)
    recorded["up"]()
    cell = live["up"].__closure__[0]
    mutate(recorded["up"].__closure__[0], cell, lambda c: None, live)
    assert live["up"]() == 2


def test_text_and_byte_streams():
    for kind, text in ((io.StringIO, "abc"), (io.BytesIO, b"abc")):
        recorded, live = kind(text), kind(text)
        mutate(recorded, live, lambda v, text=text: (v.seek(1), v.write(text)))
        assert (live.getvalue(), live.tell()) == (recorded.getvalue(), recorded.tell())


def test_random_generators_of_python():
    recorded, live = random.Random(1), random.Random(1)
    mutate(recorded, live, lambda r: r.random())
    assert live.random() == recorded.random()


def test_partials():
    recorded, live = functools.partial(int, base=2), functools.partial(int, base=2)
    mutate(recorded, live, lambda p: p.keywords.update(base=8))
    assert live("10") == 8


@pytest.mark.parametrize(
    "value", [threading.Lock(), (n for n in ()), ValueError("x"), iter([1]), type("C", (), {})]
)
def test_what_cannot_be_changed_in_place_says_so(value):
    assert "can't be changed in place" in can_transplant(value)
    with pytest.raises(UncacheableError, match="can't be changed in place"):
        state_of(value)


def test_an_object_of_another_class_is_refused():
    state = state_of([1])
    with pytest.raises(UncacheableError, match="was a `builtins.list`"):
        transplant(deque([1]), state)


def test_an_object_takes_another_class_that_has_the_same_layout():
    live = notebook(
        "class Old: pass\nclass New: pass\nclass Wide: __slots__ = 'a', 'b'\na, b, w = Old(), Old(), Wide()"
    )
    a, b = live["a"], live["b"]
    a.n, a.__class__ = 1, live["New"]
    state = state_of(a, live["Old"])
    transplant(b, state)
    assert (type(b), b.n) == (live["New"], 1)
    assert "can't become a" in (obstacle(live["w"], state) or "")


def test_memory_in_use_is_an_obstacle_before_anything_is_changed():
    recorded, live = bytearray(b"ab"), bytearray(b"ab")
    other = [1]
    view = memoryview(live)
    recorded.append(1)
    payload = Payload(bound={"y": 1}, states=((0, state_of([1, 2])), (1, state_of(recorded))))
    namespace: dict[str, object] = {}
    with pytest.raises(UncacheableError, match="memory is in use"):
        apply(payload, [other, live], namespace)
    assert (other, namespace, bytes(live)) == ([1], {}, b"ab")
    view.release()
    assert obstacle(live, state_of(recorded)) is None


def test_keys_without_a_hash_are_an_obstacle():
    source = "class K:\n    v = 1\n    def __hash__(self): return hash(self.v)\nk = K()\nk.v = 2\nd = {}"
    live = notebook(source)
    state = state_of({live["k"]: 1})
    live["k"].v = []
    assert "without a hash" in obstacle(live["d"], state)


class TestArrays:
    numpy = pytest.importorskip("numpy")

    def test_an_array_changes_in_place_for_all_its_views(self):
        recorded, live = self.numpy.arange(6.0), self.numpy.arange(6.0)
        view = live[2:4]
        mutate(recorded, live, lambda a: a.__setitem__(slice(None), -1))
        assert view.tolist() == [-1, -1]

    def test_a_state_does_not_follow_the_array(self):
        live = self.numpy.arange(3)
        state = state_of(live)
        live[:] = 9
        transplant(live, state)
        assert live.tolist() == [0, 1, 2]

    def test_fortran_strided_and_object_arrays(self):
        base = self.numpy.arange(24).reshape(4, 6)
        for make in (
            lambda: base.copy(order="F"),
            lambda: base.copy()[::2, ::-1],
            lambda: base.astype(object),
        ):
            recorded, live = make(), make()
            mutate(recorded, live, lambda a: a.__imul__(2))
            assert (live == recorded).all()

    def test_masks_of_masked_arrays(self):
        recorded = self.numpy.ma.array([1, 2, 3])
        live = self.numpy.ma.array([1, 2, 3])
        mutate(recorded, live, lambda a: a.__setitem__(1, self.numpy.ma.masked))
        assert live.mask.tolist() == [False, True, False]

    def test_another_shape_is_refused(self):
        recorded, live = self.numpy.zeros(3), self.numpy.zeros(3)
        recorded.resize(5, refcheck=False)
        with pytest.raises(UncacheableError, match="shape"):
            transplant(live, state_of(recorded))

    def test_a_read_only_view_of_bytes_is_refused_unless_nothing_changes(self):
        live = self.numpy.frombuffer(b"abc", "u1")
        assert obstacle(live, state_of(live)) is None
        assert "can't be written to" in obstacle(live, state_of(self.numpy.frombuffer(b"abd", "u1")))

    def test_a_locked_array_is_unlocked_written_and_left_as_the_run_left_it(self):
        recorded, live = self.numpy.zeros(2), self.numpy.zeros(2)
        recorded[0] = 1
        for value in (recorded, live):
            value.flags.writeable = False
        transplant(live, state_of(recorded))
        assert (live.tolist(), live.flags.writeable) == ([1, 0], False)

    @pytest.mark.parametrize("make", ["default_rng", "RandomState", "PCG64", "MT19937", "Philox"])
    def test_random_generators_of_numpy(self, make):
        recorded, live = (getattr(self.numpy.random, make)(3) for _ in range(2))

        def draw(generator):
            return generator.random_raw() if hasattr(generator, "random_raw") else generator.normal()

        mutate(recorded, live, draw)
        assert draw(live) == draw(recorded)

    def test_a_generator_that_spawned_is_refused(self):
        recorded, live = self.numpy.random.default_rng(1), self.numpy.random.default_rng(1)
        recorded.spawn(2)
        with pytest.raises(UncacheableError, match="spawned"):
            transplant(live, state_of(recorded))


class TestFrames:
    pandas = pytest.importorskip("pandas")

    def frame(self):
        frame = self.pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]})
        frame.attrs["k"] = [1]
        return frame

    def test_a_frame_takes_new_columns_values_and_attributes(self):
        recorded, live = self.frame(), self.frame()

        def change(frame):
            frame["c"] = frame["a"] * 2
            frame.loc[0, "b"] = "z"
            frame.attrs["k2"] = 2
            frame.index = ["r", "s"]
            del frame["a"]

        holder = [live]
        mutate(recorded, live, change)
        self.pandas.testing.assert_frame_equal(live, recorded)
        assert live.attrs == recorded.attrs
        assert holder[0] is live
        assert live.loc["r", "c"] == 2
        live["d"] = 1
        assert "d" not in recorded

    def test_frames_taken_before_keep_their_values(self):
        recorded, live = self.frame(), self.frame()
        taken, _ = live["a"], recorded["a"]
        mutate(recorded, live, lambda frame: frame.__setitem__("a", [8, 9]))
        assert taken.tolist() == [1, 2]
        assert live["a"].tolist() == [8, 9]

    def test_the_index_object_stays_where_it_is_an_input(self):
        recorded, live = self.frame(), self.frame()
        recorded["c"] = 1
        states = ((0, state_of(recorded)),)
        index = live.index
        replay(Payload(states=states), [recorded, recorded.index], [live, index], {})
        assert live.index is index
        assert list(live) == ["a", "b", "c"]

    def test_a_series_takes_values_and_name(self):
        recorded, live = (self.pandas.Series([1.0, 2.0], name="s") for _ in range(2))

        def change(series):
            series.iloc[0] = 5
            series.name = "t"

        mutate(recorded, live, change)
        self.pandas.testing.assert_series_equal(live, recorded)

    def test_an_array_follows_what_the_run_wrote_in_place(self):
        recorded, live = self.frame(), self.frame()
        values = live["a"].to_numpy()
        mutate(recorded, live, lambda frame: frame.__setitem__("c", 1))
        mutate(recorded, live, lambda frame: frame.loc.__setitem__((0, "a"), 7))
        assert values.tolist() == live["a"].tolist() == [7, 2]

    def test_another_user_of_the_memory_is_an_obstacle_to_a_write(self):
        recorded, live = self.frame(), self.frame()
        taken = live["a"]
        with pytest.raises(UncacheableError, match="shares its memory"):
            mutate(recorded, live, lambda frame: frame.loc.__setitem__((0, "a"), 7))
        assert taken.tolist() == live["a"].tolist() == [1, 2]

    @pytest.mark.parametrize(
        "how", ["read", "consolidated", "selected", "indexed", "restored", "two-dimensional"]
    )
    def test_frames_of_many_origins_have_no_obstacle(self, how):
        frame = {
            "read": lambda: self.pandas.read_csv(io.StringIO("a,b,c\n1,2.5,x\n3,4.5,y")),
            "consolidated": lambda: self.frame().assign(c=1, d=2).copy(),
            "selected": lambda: self.frame().assign(c=1)[["a", "c"]],
            "indexed": lambda: self.frame().set_index("a", drop=False),
            "restored": lambda: round_trip(self.frame()),
            "two-dimensional": lambda: self.pandas.DataFrame([[1, 2], [3, 4]]),
        }[how]()
        assert obstacle(frame, state_of(frame)) is None

    def test_names_of_an_index(self):
        recorded, live = self.pandas.Index([1, 2]), self.pandas.Index([1, 2])
        mutate(recorded, live, lambda index: setattr(index, "name", "n"))
        assert live.name == "n"

    def test_extension_arrays(self):
        recorded, live = (self.pandas.array([1, None], dtype="Int64") for _ in range(2))
        mutate(recorded, live, lambda a: a.__setitem__(1, 5))
        assert live.tolist() == [1, 5]


class TestTensors:
    torch = pytest.importorskip("torch")

    def test_a_tensor_changes_in_place_for_views_and_arrays(self):
        recorded, live = self.torch.zeros(4), self.torch.zeros(4)
        view, seen = live[1:3], live.numpy()
        mutate(recorded, live, lambda t: t.fill_(3))
        assert view.tolist() == [3, 3]
        assert seen.tolist() == [3, 3, 3, 3]

    def test_a_gradient_arrives_and_an_existing_one_stays_the_same_object(self):
        recorded, live = (self.torch.ones(2, requires_grad=True) for _ in range(2))
        mutate(recorded, live, lambda t: (t * 2).sum().backward())
        assert live.grad.tolist() == [2, 2]
        assert live.is_leaf

    def test_training_moves_the_live_model_and_its_optimizer(self):
        def make():
            self.torch.manual_seed(0)
            model = self.torch.nn.Linear(2, 1)
            return model, self.torch.optim.Adam(model.parameters(), lr=0.1)

        def nodes(model, optimizer):
            return [model, *model.parameters(), optimizer, optimizer.param_groups, *optimizer.param_groups]

        def train(model, optimizer):
            model(self.torch.ones(1, 2)).sum().backward()
            optimizer.step()

        (recorded, its_optimizer), (live, optimizer) = make(), make()
        before = nodes(recorded, its_optimizer)
        train(recorded, its_optimizer)
        states = tuple((index, state_of(node)) for index, node in enumerate(before))
        held = live.weight
        replay(Payload(states=states), before, nodes(live, optimizer), {})
        assert live.weight is held
        assert optimizer.param_groups[0]["params"][0] is held
        assert self.torch.equal(held, recorded.weight)
        train(recorded, its_optimizer)
        train(live, optimizer)
        assert self.torch.equal(live.weight, recorded.weight)

    def test_another_shape_is_refused(self):
        with pytest.raises(UncacheableError, match="shape"):
            transplant(self.torch.zeros(2), state_of(self.torch.zeros(3)))


def test_a_fitted_estimator_is_fitted_in_place():
    linear = pytest.importorskip("sklearn.linear_model")
    recorded, live = linear.LinearRegression(), linear.LinearRegression()
    mutate(recorded, live, lambda model: model.fit([[0], [1]], [0, 2]))
    assert live.predict([[2]])[0] == pytest.approx(4)


def test_a_random_forest_is_fitted_in_place():
    ensemble = pytest.importorskip("sklearn.ensemble")
    recorded, live = (ensemble.RandomForestClassifier(5, random_state=0) for _ in range(2))
    mutate(recorded, live, lambda model: model.fit([[0], [1], [2], [3]], [0, 0, 1, 1]))
    assert live.predict([[3]]).tolist() == [1]


def test_a_wrapper_changed_in_place_goes_on_sharing_the_annotations_of_what_it_wraps():
    namespace = notebook("from functools import wraps\ndef f(x: int): ...\n@wraps(f)\ndef g(x): ...")
    transplant(namespace["g"], state_of(namespace["g"]))
    assert namespace["g"].__annotations__ is namespace["f"].__annotations__
