"""What a cached cell changes in place is changed in place by a hit: in the very objects that are live."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import expect
from fpcache.testing.sessions.edits import run_edit_run, run_twice

BOTH = pytest.mark.parametrize("mode", ["auto", "explicit"])


@BOTH
def test_containers_are_changed_in_place(transcript, mode):
    _, warm = run_twice(
        transcript,
        """
        from collections import Counter, OrderedDict, defaultdict, deque
        # %%
        a, d, s, q, b = [1], {"x": [1]}, {1}, deque([1, 2], maxlen=2), bytearray(b"ab")
        c, o, f = Counter("aab"), OrderedDict(a=1, b=2), defaultdict(list)
        kept = [a, d, s, q, b, c, o, f]
        # %%
        a.append([2])
        d["y"] = d.pop("x"); d["y"].append(a)
        s |= {2, 3}
        q.append(3)
        b += b"c"
        c.update("b")
        o.move_to_end("a")
        f["k"].append(1)
        # %%
        [one is other for one, other in zip(kept, [a, d, s, q, b, c, o, f])], d["y"][1] is a, list(o), kept
        """,
        mode=mode,
    )
    table = [
        "a.append",
        'd["y"] =',
        'd["y"].append',
        "s |=",
        "q.append",
        "b +=",
        "c.update",
        "o.move",
        'f["k"]',
    ]
    expect(warm, dict.fromkeys(table, "hit"))


@BOTH
def test_augmenting_twice_advances_twice(transcript, mode):
    cells = """
        x, names = 1, ["a"]
        # %%
        x += 1; names += ["b"]
        # %%
        x += 1; names += ["b"]
        # %%
        (x, names)
    """
    cold, warm = run_twice(transcript, cells, mode=mode)
    expect(cold, {"x += 1": "miss, miss"})
    expect(warm, {"x += 1": "hit, hit", "names +=": "hit, hit", "(x, names)": "hit"})
    _, warm = run_edit_run(transcript, cells, ("x, names = 1", "x, names = 2"), mode=mode)
    expect(warm, {"x += 1": "hit, miss: `x` changed (int 2 → int 3)", "names +=": "hit, hit"})


def test_a_statement_that_appends_to_its_input_may_be_run_again_in_one_session(transcript):
    cells = [
        "data = []",
        "data.append(len(data))",
        "data.append(len(data))",
        "data.append(len(data))",
        "data",
    ]
    cold, warm = run_twice(transcript, cells)
    expect(cold, {"data.append": "miss, miss, miss"})
    expect(warm, {"data.append": "hit, hit, hit"})


def test_the_user_may_change_an_output_and_the_next_hit_is_clean(transcript):
    cells = ["def make(): return [1, 2]", "out = make()", "out.append(3); out[0] = 9", "out = make()", "out"]
    cold, warm = run_twice(transcript, cells)
    expect(cold, {"out = make()": "miss, hit"})
    expect(warm, {"out = make()": "hit, hit", "out.append": "hit", "out[0] =": "hit"})
    assert warm.value("out") == ["list", 1, 2]


@BOTH
def test_a_deleted_name_stays_deleted(transcript, mode):
    cells = """
        x, y = [1], 2
        keep = x
        # %%
        keep.append(sum(x)); del x
        # %%
        del y
        # %%
        "x" in dir(), "y" in dir(), keep
        # %%
        x
    """
    _, warm = run_twice(transcript, cells, mode=mode)
    expect(warm, {"keep.append": "hit", "del x": "hit", "del y": "hit"})
    assert warm[4].error == "NameError"


@BOTH
def test_globals_that_functions_bump_are_bumped(transcript, mode):
    cells = """
        n, calls = 0, []
        def bump(by=1):
            global n, fresh
            n += by
            fresh = [n]
            calls.append(n)
            return n
        # %%
        a = bump()
        b = bump()
        # %%
        (n, fresh, calls, a, b)
    """
    _, warm = run_twice(transcript, cells, mode=mode)
    expect(warm, {"a = bump()": "hit", "b = bump()": "hit", "(n, fresh": "hit"})
    _, warm = run_edit_run(transcript, cells, ("n, calls = 0", "n, calls = 5"), mode=mode)
    expect(warm, {"a = bump()": "miss: `n` changed", "b = bump()": "miss"})


def test_closures_cells_and_attributes_of_functions_are_changed_in_place(transcript):
    _, warm = run_twice(
        transcript,
        """
        def counter():
            n = 0
            def up():
                nonlocal n
                n += 1
                up.calls = n
                return n
            def now(): return n
            return up, now
        # %%
        up, now = counter()
        # %%
        first = up()
        second = up()
        # %%
        now(), up.calls
        # %%
        up(), now()
        """,
    )
    expect(
        warm, {"up, now =": "hit", "first = up()": "hit", "second = up()": "hit", "now(), up.calls": "hit"}
    )


def test_instances_with_dict_and_slots_are_changed_in_place(transcript):
    _, warm = run_twice(
        transcript,
        """
        class Account:
            total = 0
            def __init__(self): self.log, self.balance = [], 0
            def pay(self, n):
                self.log.append(n)
                self.balance += n
                Account.total += n
        class Point:
            __slots__ = ("x", "__y")
            def __init__(self, x, y): self.x, self.__y = x, y
            def move(self):
                self.x += 1
                del self.__y
        # %%
        account, point = Account(), Point(1, 2)
        log = account.log
        # %%
        account.pay(5)
        point.move()
        # %%
        log is account.log, log, account.balance, point.x, hasattr(point, "_Point__y"), Account.total
        """,
    )
    expect(warm, {"account, point": "hit", "point.move()": "hit"})


@BOTH
def test_random_generators_are_advanced(transcript, mode):
    pytest.importorskip("numpy")
    cells = """
        import random
        import numpy as np
        # %%
        rng, legacy, own = np.random.default_rng(0), np.random.RandomState(0), random.Random(0)
        same = rng
        # %%
        a = rng.random(3)
        b = legacy.rand(2)
        c = own.random()
        own.shuffle(d := [1, 2, 3, 4])
        # %%
        e = same.integers(1000), legacy.randint(1000), own.randrange(1000)
        # %%
        e, rng is same
    """
    _, warm = run_twice(transcript, cells, mode=mode)
    expect(
        warm, dict.fromkeys(["rng, legacy", "a = rng", "b = legacy", "c = own", "own.shuffle", "e ="], "hit")
    )
    _, warm = run_edit_run(transcript, cells, ("rng.random(3)", "rng.random(4)"), mode=mode)
    expect(warm, {"a = rng": "miss", "b = legacy": "hit", "c = own": "hit", "e =": "miss"})


@BOTH
def test_the_global_random_states_are_as_after_a_run(transcript, mode):
    pytest.importorskip("numpy")
    cells = """
        import random
        import numpy as np
        # %%
        random.seed(1); np.random.seed(2)
        # %%
        a = np.random.rand(3), random.random()
        b = np.random.rand(2)
        # %%
        state = np.random.get_state()
        c = np.random.rand()
        # %%
        np.random.set_state(state)
        d = np.random.rand()
        # %%
        c == d, random.random()
    """
    _, warm = run_twice(transcript, cells, mode=mode)
    expect(warm, {"a = np": "hit", "b = np": "hit", "c = np": "hit", "d = np": "hit"})


def test_an_array_is_changed_in_the_memory_it_has(transcript):
    pytest.importorskip("numpy")
    cells = """
        import numpy as np
        # %%
        base = np.zeros((4, 3))
        row, col, kept = base[1], base[:, 2], [base]
        flat = base.ravel()
        # %%
        base[2] = 5
        row += 1
        col[:] = [7, 8, 9, 10]
        # %%
        base.sort(axis=0); np.negative(base, out=base)
        # %%
        flat.sum(), row, col, kept[0] is base, col.base is base
        # %%
        row[0] = 100; base[1, 0], flat[3]
    """
    _, warm = run_twice(transcript, cells)
    expect(
        warm,
        {
            "base[2] = 5": "hit",
            "row += 1": "hit",
            "col[:] =": "hit",
            "base.sort": "hit",
            "np.negative": "hit",
        },
    )
    _, warm = run_edit_run(transcript, cells, ("row, col, kept = base[1]", "row, col, kept = base[1].copy()"))
    expect(warm, {"row += 1": "hit", "base.sort": "miss: `base` changed"})


@BOTH
def test_columns_are_added_to_the_frame_that_is_there(transcript, mode):
    pytest.importorskip("pandas")
    cells = """
        import pandas as pd
        def enrich(frame):
            frame["c"] = frame["a"] * 2
            frame.loc[0, "a"] = 100
            return frame["c"].sum()
        # %%
        df = pd.DataFrame({"a": [1, 2, 3], "b": [1.5, 2.5, 3.5]})
        same, old = df, df["b"]
        # %%
        df["x"] = df["a"] + df["b"]
        # %%
        total = enrich(df)
        # %%
        df.index = ["p", "q", "r"]; df.attrs["unit"] = "m"; df.columns = [*"abyc"]
        del df["b"]
        df.insert(0, "first", [7, 8, 9])
        # %%
        same is df, df, old, total, df.attrs
    """
    _, warm = run_twice(transcript, cells, mode=mode)
    table = ['df["x"]', "total = enrich", "df.index", "df.attrs", "df.columns", "del df", "df.insert"]
    expect(warm, dict.fromkeys(table, "hit"))
    _, warm = run_edit_run(transcript, cells, ('frame["a"] * 2', 'frame["a"] * 3'), mode=mode)
    expect(
        warm, {'df["x"]': "hit", "total = enrich": "miss: function `enrich` was edited", "df.columns": "miss"}
    )


def test_a_frame_edited_through_a_slice_and_a_series_of_it(transcript):
    pytest.importorskip("pandas")
    _, warm = run_twice(
        transcript,
        """
        import pandas as pd
        # %%
        df = pd.DataFrame({"a": range(6), "b": list("xyzxyz")})
        part, col = df.iloc[2:4], df["a"]
        # %%
        part.loc[:, "a"] = 0
        col.iloc[0] = 50
        df.loc[5, "b"] = "changed"
        # %%
        (df, part, col)
        # %%
        df["b"] = df["b"].astype("category"); df.at[0, "a"] = 7
        # %%
        (df, part, col, df.dtypes)
        """,
    )
    expect(warm, {"part.loc": "hit", "col.iloc": "hit", "df.loc": "hit", 'df["b"] =': "hit", "df.at": "hit"})


def test_a_generator_is_never_taken_from_the_cache(transcript):
    _, warm = run_twice(
        transcript,
        """
        g = (n * n for n in range(10))
        it = iter([1, 2, 3])
        # %%
        a = next(g), next(g)
        b = next(it)
        # %%
        c = list(g), list(it)
        """,
    )
    expect(warm, {"g =": "uncacheable", "a =": "uncacheable: generator", "c =": "uncacheable"})


@pytest.mark.kernel
def test_changes_in_place_hit_in_a_real_kernel(transcript):
    pytest.importorskip("jupyter_client")
    pytest.importorskip("pandas")
    _, warm = run_twice(
        transcript,
        """
        import numpy as np, pandas as pd
        np.random.seed(0)
        df = pd.DataFrame({"a": [1, 2]}); same = df
        rng = np.random.default_rng(0)
        # %%
        df["b"] = rng.random(2)
        # %%
        df["c"] = df["b"].cumsum(); df
        # %%
        same is df, rng.random()
        """,
        kernel=True,
    )
    expect(warm, {'df["b"]': "hit", 'df["c"]': "hit", "df": "hit", "same is df": "hit"})


@pytest.mark.parametrize(
    "change", ["late[-1:] = 7", "late[-1:] = 7; late.flags.writeable = False", "late += 1"]
)
def test_a_view_is_changed_that_may_still_be_written_to_where_its_owner_may_not(transcript, change):
    _, warm = run_twice(
        transcript,
        f"""
        import numpy as np
        owner = np.arange(6.0)
        late = owner[1:4]
        owner.flags.writeable = False
        # %%
        {change}
        # %%
        owner.tolist(), late.tolist(), owner.flags.writeable, late.flags.writeable
        """,
    )
    expect(warm, {"late": "hit"})


def test_a_function_is_given_another_name(transcript):
    cells = """
        def f(): return 1
        def named(given):
            given.__name__, given.__qualname__, given.__doc__ = "g", "h", "i"
            return 1
        # %%
        a = named(f)
        # %%
        f.__name__, f.__qualname__, f.__doc__, f()
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"a = named(f)": "hit", "f.__name__": "hit"})
