"""Arrays of memory that nobody has set: code that fills them hits in a new process, and nothing else is touched."""

from __future__ import annotations

import ast
import threading

import numpy as np
import pytest
from daily import daily

from fpcache.session.unset_memory import names_of_unset, set_to_zero
from fpcache.testing.sessions import assert_same, expect

# The blocks of arrays that are gone are what NumPy takes for the next: so what lies there is known.
LEFT_OVER = """
    import time, numpy as np
    # %%
    left_over = [np.full(12, {number}.) for _ in range(50)]
    # %%
    del left_over
    {make}
    # %%
    {fill}
    # %%
    time.sleep(.03); {{'total': float(out.sum())}}
"""
FILL = "for at in range(len(out)): out[at] = at * at; time.sleep(.02)"
QUICK = {"config": {"FPCache": {"min_seconds": 0.01}}}  # so that making the array is not cached


MAKING = [
    "out = np.empty(12)",
    "out: object = np.empty(12, dtype='f8')",
    "out = same = np.empty((12,))",
    "model = np.ones(12); out = np.empty_like(model)",
    "from numpy import empty; out = empty(shape=12, order='F')",
    "out, size = np.empty(12), 12",
    "import numpy; out = numpy.empty(12)",
]


@pytest.mark.parametrize("make", daily(MAKING, 2))
def test_a_loop_that_fills_an_empty_array_hits_in_a_new_process(transcript, make):
    first, second = (LEFT_OVER.format(make=make, fill=FILL, number=number) for number in (1, 2))
    for cells, wanted in ((first, "miss"), (second, "hit")):
        run = transcript.run(cells, **QUICK)
        assert_same(transcript.plain(cells), run)
        expect(run, {"out = np": "plain"} if "out = np" in make else {})
        expect(run, {"for at": wanted})


def test_what_is_not_filled_is_no_input_that_differs(transcript):
    """Half of the array stays as it was: each run shows what lay there, and a hit one of them."""
    cells = [
        LEFT_OVER.format(
            make="out = np.empty(12)", fill="for at in range(6): out[at] = 1; time.sleep(.03)", number=n
        )
        for n in (1, 2)
    ]
    first, second = (transcript.run(text, **QUICK) for text in cells)
    expect(second, {"for at": "hit"})
    assert first.cells[-1].outputs == second.cells[-1].outputs
    assert "6.0" in str(second.cells[-1].outputs)


def test_an_own_function_of_the_same_name_is_left_alone(transcript):
    pytest.importorskip("torch")
    """The user may put anything in their place, compiled functions too."""
    cells = """
        import numpy as np, torch
        class Own:
            @staticmethod
            def empty(n): return np.arange(1., n)
            empty_like = empty
        own, kept = Own(), np.empty
        def empty(n): return np.arange(2., n)
        # %%
        a = own.empty(5); b = empty(6); c = own.empty_like(7)
        # %%
        np.empty = empty
        d = np.empty(8)
        np.empty = np.arange
        # %%
        e = np.empty(4)
        # %%
        np.empty = np.vectorize(lambda n: np.full(1, n + 1.))
        f = np.empty(4)
        np.empty = kept
        # %%
        torch.empty, unset = torch.ones, torch.empty
        # %%
        g = torch.empty(4)
        # %%
        torch.empty = unset
        # %%
        print(a, b, c, d, e, f, g)
    """
    plain = transcript.plain(cells)
    for _ in range(2):
        assert_same(plain, transcript.run(cells))


KEPT = {
    "a name twice": "a, a = np.empty(3), x",
    "a star": "b, a, c = *pair, np.empty(3)",
    "a name in two targets": "(b, a) = (a, c) = np.empty(3), x",
    "an item that fills": "a = box[0] = np.empty(3)",
    "an attribute that fills": "a = box.field = np.empty(3)",
    "filled in the next statement": "a = np.empty(3); a[:] = 5",
    "with `out`": "a = np.add(x, 1)",
    "like an array of an own class": "a = np.empty_like(own)",
    "like what an expression gives": "a = np.empty_like(own.view())",
    "with keywords that nobody knows": "a = np.empty(**{'shape': 3, 'like': own})",
    "views": "a, b = np.empty((2, 3))",
    "an annotation that fills": "a: fill() = np.empty(3)",
}


class Own(np.ndarray):
    """Says itself what an array like it holds."""

    def __array_function__(self, func, types, args, kwargs):
        return np.full(3, 7.0)


class Box:
    """Fills what it is given."""

    def __setitem__(self, key, value):
        value[:] = 9

    def __setattr__(self, name, value):
        value[:] = 9


@pytest.fixture
def alone(monkeypatch):
    """No thread but this one, whatever other tests have left."""
    monkeypatch.setattr(threading, "enumerate", lambda: [threading.main_thread()])


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_what_may_hold_something_is_not_set(text):
    own = np.ones(3).view(Own)
    before = {"np": np, "x": np.ones(3), "pair": [np.ones(3), np.ones(3)], "own": own, "box": Box()}
    before["fill"] = lambda: namespace["a"].fill(7)
    nodes, namespace = ast.parse(text).body, dict(before)
    found = names_of_unset(nodes, namespace)
    exec(text, namespace)
    copies = {name: value.copy() for name, value in namespace.items() if isinstance(value, np.ndarray)}
    set_to_zero(found, namespace)
    for name, value in copies.items():
        np.testing.assert_array_equal(namespace[name], value)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    "text", ["a = np.empty(9_000_000)", "a, b = np.empty(5_000_000), np.empty(5_000_000)"]
)
def test_much_memory_stays_as_it_is(text):
    namespace = {"np": np}
    exec(text, namespace)
    namespace["a"][-1] = 4
    names = names_of_unset(ast.parse(text).body, namespace)
    set_to_zero(names, namespace)
    assert names[0] == "a"
    assert namespace["a"][-1] == 4


@pytest.mark.parametrize(
    "text", ["a = np.empty(9_000_000)", "a = np.empty(3, dtype=object)", "a = np.empty(0)"]
)
def test_large_arrays_and_objects_stay_as_they_are(text):
    namespace = {"np": np}
    exec(text, namespace)
    array = namespace["a"]
    if array.size > 3:
        array[-1] = 4
    set_to_zero(["a"], namespace)
    assert array.size == 0 or array[-1] in (4, None)


@pytest.mark.usefixtures("alone")
def test_a_tensor_is_set_unseen():
    torch = pytest.importorskip("torch")
    namespace = {"torch": torch, "like": torch.ones(50)}
    for text in (
        "a = torch.empty(50)",
        "a = torch.empty_like(like)",
        "a = torch.empty((5, 10), requires_grad=True)",
    ):
        nodes = ast.parse(text).body
        exec(text, namespace)
        namespace["a"].data.fill_(3)
        version = namespace["a"]._version
        assert names_of_unset(nodes, namespace) == ["a"]
        set_to_zero(["a"], namespace)
        assert not namespace["a"].any()
        assert namespace["a"]._version == version


def test_a_tensor_that_pytorch_sets_itself_stays_so():
    torch = pytest.importorskip("torch")
    torch.use_deterministic_algorithms(True)
    try:
        namespace = {"a": torch.empty(4)}
        set_to_zero(["a"], namespace)
        assert namespace["a"].isnan().all()
    finally:
        torch.use_deterministic_algorithms(False)


def test_an_expression_of_the_users_is_not_asked_for_its_name():
    class Asked:
        def __getattr__(self, name):
            raise AssertionError(f"asked for {name}")

    asked = Asked()
    assert names_of_unset(ast.parse("a = asked(3)").body, {"asked": asked}) == []
    assert names_of_unset(ast.parse("a = asked.empty(3)").body, {"asked": asked}) == []


def test_an_array_that_is_shown_as_it_is_made_keeps_what_was_shown(transcript):
    cells = """
        %config InteractiveShell.ast_node_interactivity = 'last_expr_or_assign'
        import numpy as np
        # %%
        left_over = np.full(12, 5.); del left_over
        out = np.empty(12)
        # %%
        print(out.sum())
    """
    run = transcript.run(cells)
    assert ("60.0" in str(run.cells[2].outputs)) == ("5., 5." in str(run.cells[1].outputs))


def test_a_mode_of_pytorch_may_set_it(transcript):
    pytest.importorskip("torch")
    cells = """
        import torch
        from torch.overrides import TorchFunctionMode
        class Ones(TorchFunctionMode):
            def __torch_function__(self, func, types, args=(), kwargs=None):
                return (torch.ones if func is torch.empty else func)(*args, **(kwargs or {}))
        mode = Ones()
        mode.__enter__(); x = torch.empty(3)
        mode.__exit__(None, None, None); x.tolist()
    """
    assert_same(transcript.plain(cells), transcript.run(cells))


def test_a_thread_may_set_it(transcript):
    cells = """
        import numpy as np, threading, time
        def fill():
            while "x" not in globals(): time.sleep(0)
            x[:] = 5
        thread = threading.Thread(target=fill); thread.start()
        # %%
        x = np.empty(1_000_000)
        # %%
        thread.join(); extremes = x.min(), x.max()
    """
    run = transcript.run(cells)
    assert_same(transcript.plain(cells), run, ignore=("thread",))


def test_setting_it_is_no_work_of_the_statement(transcript):
    """Memory that is only set apart takes no time, and stays too quick to be stored."""
    cells = """
        import numpy as np
        # %%
        x = np.empty(8_000_000); y = np.empty(8_000_000)
    """
    run = transcript.run(cells, **QUICK)
    assert {row.status for row in run.rows()} == {"plain"}


@pytest.mark.nightly
def test_it_is_set_in_a_real_kernel(transcript):
    cells = [LEFT_OVER.format(make="out = np.empty(12)", fill=FILL, number=number) for number in (1, 2)]
    transcript.run(cells[0], kernel=True, **QUICK)
    expect(transcript.run(cells[1], kernel=True, **QUICK), {"for at": "hit"})
