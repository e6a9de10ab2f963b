"""What pandas shares between its objects decides whether a write copies; that must be so after a hit."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import expect
from fpcache.testing.sessions.edits import run_twice

pytest.importorskip("pandas", minversion="3.0", reason="copies on write by itself since 3.0")

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


@pytest.mark.parametrize("write", list(WRITES.values()), ids=list(WRITES))
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
