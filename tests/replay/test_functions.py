"""Functions are restored as functions of the notebook that replays."""

from __future__ import annotations

import functools
import json

import pytest
from round_trips import notebook, round_trip, without

from fpcache.errors import UncacheableError
from fpcache.replay.codec import dump, load
from fpcache.replay.recording import Payload, capture, restore


def test_a_function_from_before_is_referred_to():
    namespace = notebook("def f(): return 1")
    assert round_trip({"fs": [namespace["f"]]}, namespace=namespace)["fs"][0] is namespace["f"]


def test_a_function_bound_by_the_component_is_stored_by_value():
    namespace = notebook("f = lambda x: x + 1")
    dumped = capture(Payload(bound={"f": namespace["f"]}), [], namespace)
    restored = restore(dumped.stream, [], [], live := notebook("")).bound["f"]
    assert restored(1) == 2
    assert restored.__globals__ is live


def test_a_made_function_has_the_code_of_the_function_that_made_it():
    source = "def make(n):\n    def add(x):\n        return x + n\n    return add"
    old, new = notebook(source), notebook("# moved\n" + source)
    dumped = capture(Payload(bound={"add": old["make"](2)}), [old["make"]], old)
    restored = restore(dumped.stream, [], [new["make"]], new).bound["add"]
    assert restored(1) == 3
    assert restored.__code__ is new["make"](5).__code__
    assert restored.__code__.co_firstlineno == 3


def test_a_restored_function_sees_later_edits_of_globals():
    namespace = notebook("k = 1\ndef make():\n    return lambda x: x * k\nf = make()")
    restored = round_trip(namespace["f"], namespace=before) if (before := without(namespace, "f")) else None
    before["k"] = 10
    assert restored(2) == 20


def test_a_snapshot_of_the_namespace_does_for_recording():
    namespace = notebook("k = 1\nf = lambda: k")
    dumped = dump(namespace["f"], nodes=(), namespace={**without(namespace, "f")})
    live = notebook("k = 5")
    assert load(dumped.stream, nodes=(), namespace=live)() == 5


def test_closures_share_their_cell_after_a_replay():
    namespace = notebook(
        "def make():\n"
        "    n = 0\n"
        "    def up():\n        nonlocal n\n        n += 1\n"
        "    def get(): return n\n"
        "    return up, get\n"
        "pair = make()"
    )
    up, get = round_trip(namespace["pair"], namespace=without(namespace, "pair"))
    up()
    assert (get(), namespace["pair"][1]()) == (1, 0)


def test_a_closure_shared_with_an_input_is_shared_after_a_replay():
    namespace = notebook(
        "def make():\n"
        "    n = 0\n"
        "    def up():\n        nonlocal n\n        n += 1\n"
        "    def get(): return n\n"
        "    return up, get\n"
        "up, get = make()"
    )
    up = namespace["up"]
    nodes = [up, up.__closure__[0]]
    get = round_trip(namespace["get"], nodes, without(namespace, "up", "get"))
    up()
    assert get() == 1


def test_a_function_that_refers_to_itself_through_its_closure():
    namespace = notebook(
        "def make():\n    def f(n): return 1 if n == 0 else n * f(n - 1)\n    return f\nf = make()"
    )
    restored = round_trip(namespace["f"], namespace=without(namespace, "f"))
    assert restored(5) == 120
    assert restored.__closure__[0].cell_contents is restored


def test_mutually_recursive_closures_keep_their_identities():
    namespace = notebook(
        "def make():\n"
        "    def even(n): return n == 0 or odd(n - 1)\n"
        "    def odd(n): return n != 0 and even(n - 1)\n"
        "    return even, odd\n"
        "pair = make()"
    )
    even, odd = round_trip(namespace["pair"], namespace=without(namespace, "pair"))
    cells = dict(zip(even.__code__.co_freevars, even.__closure__, strict=True))
    assert cells["odd"].cell_contents is odd
    assert even(10)


def test_an_empty_closure_cell_stays_empty():
    namespace = notebook(
        "def make():\n    def f(): return later\n    if 0: later = 1\n    return f\nf = make()"
    )
    with pytest.raises(NameError):
        round_trip(namespace["f"], namespace=without(namespace, "f"))()


def test_everything_a_function_carries_is_kept():
    namespace = notebook(
        "def make():\n"
        "    def f(a: int, b=[1], *, c={'k': 2}) -> str:\n        'doc'\n"
        "    f.note = ['n']\n    return f\n"
        "f = make()"
    )
    function = namespace["f"]
    restored = round_trip(function, namespace=without(namespace, "f"))
    for name in (
        "__defaults__",
        "__kwdefaults__",
        "__annotations__",
        "__doc__",
        "__qualname__",
        "__dict__",
        "__module__",
    ):
        assert getattr(restored, name) == getattr(function, name)


def test_a_default_that_is_an_input_is_that_input():
    namespace = notebook("box = []\nf = lambda b=box: b")
    assert round_trip(namespace["f"], [namespace["box"]], without(namespace, "f"))() is namespace["box"]


def test_bound_methods_keep_function_and_object():
    namespace = notebook("class C:\n    def m(self): return self\nc = C()")
    method, owner = round_trip((namespace["c"].m, namespace["c"]), namespace=without(namespace, "c"))
    assert method() is owner
    assert method.__func__ is namespace["C"].m


def test_partials_and_wrapped_functions_work():
    namespace = notebook(
        "import functools\n"
        "def deco(f):\n    @functools.wraps(f)\n    def inner(*a): return f(*a) + 1\n    return inner\n"
        "def f(x): return x\n"
        "p = functools.partial(deco(f), 3)"
    )
    assert round_trip(namespace["p"], namespace=without(namespace, "p"))() == 4


def test_a_cached_function_is_found_by_name_or_refused():
    namespace = notebook("import functools\n@functools.lru_cache\ndef f(x): return x")
    assert round_trip([namespace["f"]], namespace=namespace)[0] is namespace["f"]
    with pytest.raises(UncacheableError, match="lru_cache"):
        round_trip({"g": functools.lru_cache(lambda: 1)}, namespace=namespace)


def test_a_closure_of_a_library_keeps_the_librarys_globals():
    wrapped = functools.wraps(json.dumps)(functools.partial(json.dumps))
    method = functools.partialmethod(json.dumps)._make_unbound_method()
    restored = round_trip({"w": wrapped, "m": method})
    assert restored["m"].__globals__ is functools.__dict__
    assert restored["w"]([1]) == "[1]"


def test_a_function_with_foreign_globals_is_refused():
    namespace: dict[str, object] = {"__name__": "nowhere"}
    exec("def f(): return 1", namespace)
    with pytest.raises(UncacheableError, match="globals are no module's"):
        round_trip(namespace["f"])
