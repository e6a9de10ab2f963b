"""What pandas shares between its objects decides whether a write copies; that must be so after a hit."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import expect
from fpcache.testing.sessions.edits import run_twice

pytest.importorskip("pandas", minversion="3.0", reason="copies on write by itself since 3.0")

pytestmark = pytest.mark.usefixtures("libraries_loaded")

VIEWS = {
    "shown": "f['x']",
    "a series": "s = f['x']",
    "a frame": "s = f[['x', 'z']]",
    "rows": "s = f[1:]",
    "in a list": "s = [f['x'], f['z']]",
    "renamed": "s = f.rename(columns={'x': 'w'})",
    "of a series": "s = t[:2]",
    "an own one": "s = f['x'].copy()",
    "of another column": "s = f['y']",
}
WRITES = {"one place": "f.loc[0, 'x'] = 4", "a series": "t.iloc[0] = 7", "the view": "s = 0; t.iloc[1] = 9"}


def often_the_first(table):
    """Return a table's values as parameters, of which all but the first are tried at night."""
    return [
        pytest.param(value, id=name, marks=[pytest.mark.nightly] if place else [])
        for place, (name, value) in enumerate(table.items())
    ]


@pytest.mark.parametrize("write", often_the_first(WRITES))
@pytest.mark.parametrize("view", list(VIEWS.values()), ids=list(VIEWS))
def test_an_array_follows_a_frame_after_a_hit_as_after_a_run(transcript, view, write):
    cells = f"""
        import pandas as pd
        f = pd.DataFrame({{'x': [1, 2, 3], 'y': ['a', 'b', None], 'z': [4, 5, 6]}})
        t = pd.Series([1, 2, 3])
        # %%
        a = f['x'].to_numpy()
        b = t.to_numpy()
        # %%
        {view}
        # %%
        {write}
        # %%
        a.tolist(), b.tolist(), f.values.tolist(), t.tolist()
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {view: "hit"})


CHANGES = {
    "a scalar": "f['n'] = 1",
    "a series": "f['n'] = t",
    "put first": "f.insert(0, 'n', t)",
    "replaced": "f['x'] = f['x'] * 2",
    "dropped": "del f['x']",
    "renamed": "f.columns = list('pqr')",
    "in a derived one": "c['n'] = 1",
    "renamed in a derived one": "c.columns = ['p', 'q']",
    "in place": "f.loc[1, 'z'] = 8",
    "in place in a derived one": "c.loc[1, 'z'] = 8",
    "sorted": "f.sort_values(by='z', inplace=True)",
    "named": "t.name = 'u'",
}


@pytest.mark.parametrize(
    "write",
    often_the_first({"f, v": "f.iloc[0, -1] = 4; v.iloc[1] = 6", "t, c": "t.iloc[0] = 7; c.iloc[0, 0] = 5"}),
)
@pytest.mark.parametrize("change", list(CHANGES.values()), ids=list(CHANGES))
def test_who_shares_with_a_frame_is_the_same_after_it_was_changed_by_a_hit(transcript, change, write):
    cells = f"""
        import uuid
        import numpy as np
        import pandas as pd
        f = pd.DataFrame({{'x': [1, 2, 3], 'y': ['a', 'b', None], 'z': [4, 5, 6]}})
        t = pd.Series([1, 2, 3])
        c = f[['x', 'z']]
        v = c['z']
        # %%
        {change}
        # %%
        frames = [f, t, c, v]
        def shares():
            arrays = [block.values for frame in frames for block in frame._mgr.blocks]
            arrays = [array for array in arrays if isinstance(array, np.ndarray)]
            users = [[block.refs.has_reference() for block in frame._mgr.blocks] for frame in frames]
            uuid.uuid4()  # so that it is run, not restored
            return [[np.shares_memory(one, other) for one in arrays] for other in arrays], users
        # %%
        shares()
        # %%
        taken = [f.iloc[:, -1].to_numpy(), t.to_numpy(), c.iloc[:, 0].to_numpy(), v.to_numpy()]
        # %%
        {write}
        # %%
        [list(one) for one in taken], f.values.tolist(), t.tolist(), c.values.tolist(), v.tolist()
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {change: "hit"})


TOGETHER = {
    "parts": "p = g(); d = {'all': p, 'part': p[:2]}",
    "rows": "d = (lambda g: {'all': g, 'train': g[:2], 'test': g[2:]})(g())",
    "columns": "d = (lambda g: {'all': g, 'x': g['x'], 'every second': g['x'][::-2]})(g())",
    "turned": "d = (lambda g: {'all': g, 'turned': g.T, 'x': g[['x']].T})(g()[['x', 'z']])",
    "an index": "d = (lambda g: {'all': g, 'index': g.set_index('x'), 'i': pd.Index(g['z'])})(g())",
    "nullable": "d = (lambda g: {'all': g, 'part': g[1:], 'x': g['x']})(g().convert_dtypes())",
    "of objects": "d = (lambda g: {'all': g, 'part': g[1:]})(g().astype(object))",
    "kinds": "d = (lambda g: {'all': g, 'part': g[1:]})(g().astype({'x': 'category', 'z': 'datetime64[ns]'}))",
    "apart": "d = {'all': g(), 'other': g()[:2]}",
    "of an input": "d = {'all': h, 'part': h[1:], 'x': h['x'], 'i': pd.Index(h['x']), 'down': h[::-1], 't': h.T}",
    "of a typed input": "d = {'part': n[1:], 'x': n['x'], 'c': n['c'][::2], 'w': n['w'], 'o': n[['o']], 'y': n.T}",
    "of an index": "d = {'s': pd.Series(k.index), 'r': k.reset_index(), 'i': k.index.rename('u')}",
}


@pytest.mark.parametrize("made", list(TOGETHER.values()), ids=list(TOGETHER))
def test_what_a_statement_gives_shares_memory_as_after_a_run(transcript, made):
    cells = f"""
        import uuid
        import numpy as np
        import pandas as pd
        def g():
            return pd.DataFrame({{'x': [1, 2, 3], 'y': ['a', 'b', None], 'z': [4, 5, 6]}})
        h = pd.DataFrame({{'x': [1, 2, 3], 'z': [4, 5, 6]}})
        n = pd.DataFrame({{'x': pd.array([1, None, 3], dtype='Int64'), 'c': pd.Categorical(['a', 'b', 'a'])}})
        n['w'], n['o'] = pd.date_range('2020', periods=3), pd.Series([1, 'a', None], dtype=object)
        k = pd.DataFrame({{'a': [1, 2, 3]}}, index=pd.Index([10, 30, 20], name='k'))
        # %%
        {made}
        # %%
        frames = [h, n, k, *(one for one in d.values() if hasattr(one, '_mgr'))]
        def shares():
            values = [block.values for frame in frames for block in frame._mgr.blocks]
            inner = [getattr(one, '_ndarray', getattr(one, '_data', one)) for one in values]
            inner = [one for one in inner if isinstance(one, np.ndarray)]
            users = [[block.refs.has_reference() for block in frame._mgr.blocks] for frame in frames]
            uuid.uuid4()  # so that it is run, not restored
            return [[np.shares_memory(one, other) for one in inner] for other in inner], users
        # %%
        shares()
        # %%
        for one in frames:
            one.iloc[0] = one.iloc[-1]
        # %%
        [str(one) for one in frames], shares()
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {made.partition(";")[0][:25]: "hit"})


def test_an_index_that_a_change_leaves_alone_stays_the_same_object(transcript):
    cells = """
        import pandas as pd
        d = pd.DataFrame({'a': [1, 2, 1], 'b': ['x', 'y', 'x']})
        kept = d.index, d.columns
        # %%
        d['b'] = 1
        # %%
        d.index is kept[0], d.columns is kept[1]
        # %%
        d['n'] = 1
        # %%
        d.index is kept[0], d.columns is kept[1], list(d)
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"d['b'] = 1": "hit", "d['n'] = 1": "hit"})


def test_an_array_follows_a_frame_that_a_restored_view_was_taken_of(transcript):
    cells = """
        import pandas as pd
        f = pd.DataFrame({'x': [1, 2, 3], 'z': [4., 5., 6.]})
        # %%
        s = f['x']
        # %%
        b = s.to_numpy()
        # %%
        s = s + 1
        # %%
        f.loc[0, 'x'] = 9
        # %%
        b.tolist()
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"s = f['x']": "hit"})


def test_a_column_of_another_type_is_stored_although_pandas_counts_it_with_the_old_one(transcript):
    cells = """
        import pandas as pd
        f = pd.DataFrame({'x': [1, 2, 3], 'y': ['a', 'b', None]})
        # %%
        f['y'] = f['y'].astype('category')
        # %%
        f['x'] = f['x'].astype('Int64')
        # %%
        s = f['x'].astype('int64')
        # %%
        a = s.to_numpy()
        # %%
        s = None
        f.loc[0, 'x'] = 9
        # %%
        a.tolist(), f, f.dtypes
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"f['y'] =": "hit", "f['x'] =": "hit", "s = f": "hit"})


def test_a_frame_in_other_blocks_is_told_from_a_damaged_result(transcript):
    """An equal frame may be stored in other blocks, which a change in place finds out only when it is restored."""
    begin = """
        import pandas as pd
        f = pd.DataFrame({'x': [1, 2, 3], 'y': [4., 5., 6.]})
        # %%
        f.insert(0, 'i', 3)
    """
    change = "\n        # %%\n        f['x'] = f['x'] + 2"
    transcript.run(begin + change)
    run = transcript.run(begin + "\n        # %%\n        f = f.copy()" + change)
    expect(
        run,
        {"f['x']": "miss: the stored result can't be applied (an input frame lies in memory in another way"},
    )
    assert run.faults == ()
