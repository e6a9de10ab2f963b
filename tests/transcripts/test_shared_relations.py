"""What objects know of each other besides their values: views of tensors, indexes that frames share."""

from __future__ import annotations

import pytest
from daily import daily

from fpcache.testing.sessions import expect
from fpcache.testing.sessions.edits import run_twice

TENSORS = {
    "a gradient through a view": """
        import torch
        out = torch.zeros(3, 2); w = torch.ones(2, requires_grad=True)
        # %%
        view = out[1]
        # %%
        view.copy_(w * 3)
        out.sum().backward() if out.requires_grad else None
        print(out.requires_grad, w.grad)
    """,
    "an error after a change": """
        import torch
        x = torch.ones(3); w = torch.ones(3, requires_grad=True)
        # %%
        view = x[:2]
        # %%
        y = (w * x).sum()
        view.add_(1)
        try: y.backward(); told = "ok"
        except RuntimeError as error: told = str(error)[:40]
        print(told, w.grad, x._version, view._version)
    """,
    "a base that comes to need gradients": """
        import torch
        torch.manual_seed(0)
        x = torch.nn.Embedding(5, 3).weight.requires_grad_(False)
        # %%
        view = x[1:3]; halves = x.chunk(2)
        # %%
        x.requires_grad_(True)
        # %%
        globals(); print(view.requires_grad, view._base is x, halves[0].requires_grad, (halves[0] * 3).sum().requires_grad)
    """,
    "other views": """
        import torch
        x = torch.arange(6.)
        # %%
        view = [x.t(), x[::2], x.view(2, 3).T, x.reshape(3, 2), x[2], x[None], x.view(torch.int32), x.detach(), x.data]
        # %%
        globals(); print([(v._base is x, v._is_view(), v.shape, v.stride(), v.dtype, v.tolist()) for v in view])
    """,
}


@pytest.mark.usefixtures("torch_loaded")
@pytest.mark.parametrize("cells", TENSORS.values(), ids=TENSORS)
def test_a_restored_view_is_a_view(transcript, cells):
    _, warm = run_twice(transcript, cells)
    expect(warm, {"view =": "hit"})


FRAME = """
    import pandas as pd
    df = pd.DataFrame({{"x": [1., 2., 3.]}}, index=pd.Index([1, 2, 3]))
    {sharing}
    # %%
    {change}
    # %%
    {name}.index.name = "when"; {name}.columns.name = "what"
    globals(); print(shared.name, other.name, df.index.name, {name}.index is df.index)
"""
CHANGES = [
    "{}.fillna(0, inplace=True)",
    "{}.dropna(inplace=True)",
    "{}.sort_values('x', inplace=True)",
    "{}.drop(columns=[], inplace=True)",
    "{}.rename(index={{}}, inplace=True)",
    "def tidy(d): d.sort_values(d.columns[0], inplace=True)\n    # %%\n    tidy({})",
]


@pytest.mark.parametrize("change", daily(CHANGES, 2))
def test_an_index_that_was_replaced_by_an_equal_one_is_no_longer_shared(transcript, change):
    pytest.importorskip("pandas")
    held = FRAME.format(sharing="shared, other = df.index, df.columns", change=change.format("df"), name="df")
    run_twice(transcript, held)
    between = "f = pd.DataFrame({'x': [4., 5., 6.]}, index=df.index); shared, other = f.index, f.columns"
    run_twice(transcript, FRAME.format(sharing=between, change=change.format("f"), name="f"))


def test_an_index_that_nothing_else_uses_may_be_replaced(transcript):
    pytest.importorskip("pandas")
    cells = """
        import pandas as pd
        df = pd.DataFrame({"x": [1., 2., 3.], "y": [3., 2., 1.]}, index=pd.Index([1, 2, 3]))
        # %%
        df.sort_values("y", inplace=True)
        # %%
        z = df.x.sum()
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"df.sort": "hit", "z =": "hit"})


def test_a_set_of_one_text_is_in_the_same_order_under_every_hash_seed(transcript):
    pytest.importorskip("pandas")
    cells = """
        import pandas as pd
        df = pd.DataFrame({"g": ["a", "b", "a"], "v": [1., 2., 3.]})
        # %%
        g = df.groupby("g"); one = frozenset({"text"}); some = [frozenset({"x"}), {"y": frozenset({"z"})}]
        # %%
        mean = g["v"].mean()
        # %%
        parts = {key: len(part) for key, part in g}
        # %%
        def use(*x): return [list(y) for y in x]
        # %%
        listed = use(one, *some)
    """
    plain = transcript.plain(cells, seed=1)
    for seed, wanted in ((1, "miss"), (2, "hit"), (3, "hit")):
        run = transcript.run(cells, seed=seed)
        expect(run, {"mean =": wanted, "parts =": wanted, "listed =": wanted})
    assert plain.cells[-1].error == run.cells[-1].error == ""
