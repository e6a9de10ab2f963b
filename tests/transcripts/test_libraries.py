"""Figures, models, tensors, progress bars: what notebooks are made of, taken from the cache."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import assert_same, expect
from fpcache.testing.sessions.edits import run_edit_run, run_one_then_other, run_twice

pytestmark = pytest.mark.usefixtures("libraries_loaded")
BOTH = pytest.mark.parametrize("mode", ["auto", "explicit"])


def images(run, cell):
    """Return the pictures that a cell showed."""
    return [out["data"]["image/png"] for out in run[cell].outputs if "image/png" in out.get("data", {})]


@pytest.mark.parametrize("made", ["t = s | {1}", "t = s.copy()", "t = [s | {1}, ax]"])
def test_a_set_beside_an_artist_has_the_order_of_what_it_was_made_of(transcript, made):
    cells = f"""
        import matplotlib.pyplot as plt
        s = set([0, 8])
        # %%
        fig, ax = plt.subplots(figsize=(1, 1)); {made}
        # %%
        del fig, ax; plt.close("all"); [list(item) for item in t if isinstance(item, set)] or list(t)
        # %%
        t = 0
    """
    _, warm = run_edit_run(transcript, cells, ("[0, 8]", "[8, 0]"))
    expect(warm, {"fig, ax =": "miss"})
    _, warm = run_twice(transcript, cells)
    expect(warm, {"fig, ax =": "hit"})


def test_what_holds_itself_may_stand_beside_artists_and_iterators(transcript):
    _, warm = run_twice(
        transcript,
        """
        import matplotlib.pyplot as plt
        # %%
        fig, ax = plt.subplots(figsize=(1, 1)); loop = [ax, {}]; loop[1]["loop"] = loop; same = loop[1]; plt.close(fig)
        # %%
        fig = ax = None; n = len(loop); held = [loop, iter([1])]
        # %%
        deep = [loop[0]]
        for _ in range(2000): deep = [deep]
        # %%
        del deep
        # %%
        loop[1]["loop"] is loop, loop[1] is same, next(held[1])
    """,
    )
    expect(warm, {"fig, ax = plt.subplots": "hit", "deep": "uncacheable"})


@BOTH
def test_a_figure_is_shown_once_and_from_the_cache_again(transcript, mode):
    pytest.importorskip("matplotlib")
    cells = """
        import matplotlib.pyplot as plt
        # %%
        print("before")
        fig, ax = plt.subplots(figsize=(2, 2))
        ax.plot([1, 2, 3])
        ax.set_title("a")
        print("after")
        # %%
        y = len(ax.lines), ax.get_title(), ax.figure is fig, plt.get_fignums()
        # %%
        ax.lines[0].set_color("red"); fig
    """
    cold, warm = run_twice(transcript, cells, mode=mode)
    expect(warm, {"fig, ax = plt.subplots": "hit"})
    assert len(images(warm, 1)) == 1
    assert images(cold, 1) == images(warm, 1)
    assert len(images(warm, 3)) == 1
    cold, warm = run_edit_run(transcript, cells, ('set_title("a")', 'set_title("b")'), mode=mode)
    expect(warm, {"fig, ax = plt.subplots": "miss"})


def test_statements_of_pyplot_make_one_figure(transcript):
    pytest.importorskip("matplotlib")
    cells = """
        import matplotlib.pyplot as plt
        def slow(n): return [k * k for k in range(n)]
        # %%
        values = slow(5)
        plt.figure(figsize=(2, 2))
        plt.plot(values)
        plt.title("one")
        # %%
        plt.plot([3, 1, 2]); plt.show()
        plt.plot([1, 2, 3]); plt.close("all")
        # %%
        _ = plt.hist([1, 2, 2, 3], bins=3)
        # %%
        plt.get_fignums()
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"values = slow(5)": "hit", "plt.figure": "hit", "_ = plt.hist": "hit"})
    assert [len(images(warm, n)) for n in range(5)] == [0, 1, 1, 1, 0]
    _, warm = run_edit_run(transcript, cells, ('"one"', '"another"'))
    expect(warm, {"values = slow(5)": "hit", "plt.figure": "miss", "_ = plt.hist": "hit"})


def test_a_figure_of_pandas_takes_the_title_given_after_it(transcript):
    pytest.importorskip("pandas")
    pytest.importorskip("matplotlib")
    cells = """
        import pandas as pd, matplotlib.pyplot as plt
        df = pd.DataFrame({"a": [1, 2, 3]})
        # %%
        df.plot(figsize=(2, 2))
        plt.title("title")
        # %%
        df["a"].hist(figsize=(2, 2));
    """
    _cold, warm = run_twice(transcript, cells)
    expect(warm, {"df.plot": "hit", 'df["a"].hist': "hit"})
    assert [len(images(warm, n)) for n in range(3)] == [0, 1, 1]
    _, edited = run_edit_run(transcript, cells, ('"title"', '"other"'))
    assert images(edited, 1) != images(warm, 1)
    assert len(images(edited, 1)) == 1


@pytest.mark.kernel
def test_figures_in_a_real_kernel(transcript):
    pytest.importorskip("jupyter_client")
    pytest.importorskip("matplotlib")
    _, warm = run_twice(
        transcript,
        """
        import matplotlib.pyplot as plt
        # %%
        plt.plot([1, 2])
        plt.xlabel("x")
        print("text")
        # %%
        fig, axes = plt.subplots(1, 2, figsize=(2, 2)); axes[0].plot([3, 4]);
        # %%
        fig
        # %%
        axes.shape, axes[0].figure is fig
        """,
        kernel=True,
    )
    expect(warm, {"plt.plot": "hit", "fig, axes": "hit"})
    assert [len(images(warm, n)) for n in range(5)] == [0, 1, 1, 1, 0]


FIT = """
    import random
    import numpy as np
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    random.seed(0); np.random.seed(0)
    # %%
    digits = load_digits()
    X, y = digits.data[:200], digits["target"][:200]
    # %%
    model = LogisticRegression(max_iter=200)
    same = model
    # %%
    model.fit(X, y)
    # %%
    forest = RandomForestClassifier(5, random_state=0).fit(X, y)
    score = forest.score(X, y)
    # %%
    pipe = make_pipeline(StandardScaler(), LogisticRegression())
    pipe.fit(X, y);
    # %%
    (same is model, model.score(X, y), score, pipe.predict(X[:3]), pipe[1].coef_.sum().round(6))
"""


@BOTH
def test_models_are_fitted_in_place(transcript, mode):
    pytest.importorskip("sklearn")
    _, warm = run_twice(transcript, FIT, mode=mode)
    table = ["digits =", "X, y =", "model.fit", "forest =", "score =", "pipe =", "pipe.fit", "(same"]
    expect(warm, dict.fromkeys(table, "hit"))


def test_an_edited_setting_refits_what_it_concerns(transcript):
    pytest.importorskip("sklearn")
    _, warm = run_edit_run(transcript, FIT, ("max_iter=200", "max_iter=150"))
    expect(
        warm, {"digits =": "hit", "model.fit": "miss: `model` changed", "forest =": "hit", "pipe.fit": "hit"}
    )


def test_a_search_over_worker_processes_hits(transcript):
    pytest.importorskip("sklearn")
    cells = """
        import random
        import numpy as np
        from sklearn.datasets import load_iris
        from sklearn.model_selection import GridSearchCV, cross_val_score
        from sklearn.svm import SVC
        random.seed(0); np.random.seed(0)
        # %%
        X, y = load_iris(return_X_y=True)
        # %%
        search = GridSearchCV(SVC(), {"C": [0.1, 1]}, n_jobs=2, cv=2).fit(X, y)
        same = search
        # %%
        scores = cross_val_score(SVC(), X, y, cv=2, n_jobs=2).round(3)
        same is search, search.best_params_, search.best_score_.round(3), scores
    """
    plain, _, warm = transcript.plain(cells), transcript.run(cells), transcript.run(cells)
    assert_same(plain, warm, ignore=["search", "same"])  # which tells how long each fit took
    expect(warm, {"X, y =": "hit", "search =": "hit", "scores =": "hit", "same is search": "hit"})


def test_a_loop_with_a_progress_bar_hits(transcript):
    pytest.importorskip("tqdm")
    cells = """
        from tqdm.auto import tqdm, trange
        # %%
        total = 0
        for n in tqdm(range(5)):
            total += n
        # %%
        squares = [n * n for n in trange(4, leave=False)]
        # %%
        (total, squares)
    """
    plain = transcript.plain(cells)
    _, warm = transcript.run(cells), transcript.run(cells)
    expect(warm, {"for n in tqdm": "hit", "squares =": "hit", "(total": "hit"})
    assert warm.value("squares") == plain.value("squares")
    assert warm[3].result() == plain[3].result()
    assert "5/5" in warm[1].stream("stderr")


@pytest.mark.kernel
def test_a_progress_bar_in_a_real_kernel_hits(transcript):
    pytest.importorskip("jupyter_client")
    pytest.importorskip("ipywidgets")
    pytest.importorskip("tqdm")
    cells = "from tqdm.auto import tqdm\n# %%\ntotal = 0\nfor n in tqdm(range(5)): total += n\n# %%\ntotal"
    _, warm = transcript.run(cells, kernel=True), transcript.run(cells, kernel=True)
    expect(warm, {"for n in tqdm": "hit", "total": "hit"})
    assert warm[2].result() == "10"


TRAIN = """
    import torch
    torch.manual_seed(0)
    x, y = torch.randn(16, 3), torch.randn(16, 1)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Dropout(0.5), torch.nn.Linear(4, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    weight = model[0].weight
    def step():
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()
    # %%
    losses = [step() for _ in range(3)]
    # %%
    before = weight.detach().clone()
    after = step()
    # %%
    (weight is model[0].weight, bool((weight != before).any()), losses, after)
"""


@pytest.mark.usefixtures("torch_loaded")
@pytest.mark.parametrize("mode", ["auto", pytest.param("explicit", marks=pytest.mark.nightly)])
def test_a_training_loop_moves_the_model_that_is_live(transcript, mode):
    _, warm = run_twice(transcript, TRAIN, mode=mode)
    expect(warm, {"losses =": "hit", "before =": "hit", "after =": "hit"})
    _, warm = run_edit_run(transcript, TRAIN, ("after = step()", "after = step() + 1"), mode=mode)
    expect(warm, {"losses =": "hit", "after =": "miss"})


@pytest.mark.usefixtures("torch_loaded")
def test_gradients_of_a_backward_pass_are_there_after_a_hit(transcript):
    _, warm = run_twice(
        transcript,
        """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        held = [w]
        # %%
        loss = (w * w).sum()
        loss.backward()
        # %%
        w.grad, held[0].grad is w.grad
        # %%
        with torch.no_grad():
            w -= 0.1 * w.grad
            w.grad.zero_()
        # %%
        w, held[0] is w
        """,
    )
    expect(warm, {"w = torch": "hit", "loss =": "uncacheable", "with torch": "hit", "w, held": "hit"})


@pytest.mark.usefixtures("torch_loaded")
def test_views_of_tensors_and_of_arrays_stay_views(transcript):
    _, warm = run_twice(
        transcript,
        """
        import numpy as np, torch
        np.random.seed(0)
        # %%
        base = torch.arange(6.0); view = base.view(2, 3); array = base.numpy()
        source = np.zeros(3); tensor = torch.from_numpy(source)
        # %%
        base[0] = 10
        source[1] = 7
        view.mul_(2)
        # %%
        base, view, array, source, tensor
        # %%
        array[5] = -1; tensor[0] = 4; base[5].item(), view[1, 2].item(), source[0]
        """,
    )
    expect(warm, {"base = ": "hit", "base[0] =": "hit", "source[1] =": "hit", "view.mul_": "hit"})


def test_polars_and_arrow_and_sparse_results_are_restored(transcript):
    pytest.importorskip("polars")
    pytest.importorskip("scipy")
    _, warm = run_twice(
        transcript,
        """
        import numpy as np, polars as pl, scipy.sparse as sp
        np.random.seed(0)
        # %%
        frame = pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None]})
        grouped = frame.group_by("b", maintain_order=True).agg(pl.col("a").sum())
        matrix = sp.csr_matrix(np.eye(3))
        # %%
        frame.with_columns(c=pl.col("a") * 2)
        # %%
        grouped, (matrix @ matrix).sum()
        """,
    )
    expect(warm, {"frame = ": "hit", "grouped =": "hit", "matrix =": "hit", "frame.with": "hit"})


def test_models_are_numbered_as_after_a_plain_run_where_some_are_shown_from_the_cache(transcript):
    pytest.importorskip("sklearn")
    cells = """
        import random, time
        from sklearn.linear_model import LinearRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        def fit(n):
            time.sleep(0.02)
            return make_pipeline(StandardScaler(), LinearRegression()).fit([[0.0], [1.0]], [0, n])
        random.seed(1)  # importing scikit-learn draws a number
        # %%
        fit(1)
        # %%
        fit(2)
        # %%
        shown = fit(3)._repr_html_()
        # %%
        fit(4)
    """
    _, warm = run_edit_run(transcript, cells, ("fit(2)", "fit(5)"))
    expect(
        warm,
        {
            "fit(1)": "hit",
            "fit(5)": "miss",
            "shown": "uncacheable: given to one display after another",
            "fit(4)": "hit",
        },
    )
    inserted = cells.replace("fit(1)", "fit(0)\n        # %%\n        fit(1)")
    _, warm = run_one_then_other(transcript, cells, inserted)
    expect(warm, {"fit(0)": "miss", "fit(1)": "hit", "fit(4)": "hit"})
    assert 'id="sk-container-id-2"' in warm[2].outputs[0]["data"]["text/html"]


@pytest.mark.parametrize("made", ["numpy.empty(400)", "numpy.empty_like(base)"])
def test_memory_with_chance_content_belongs_to_what_fills_it(transcript, made):
    cells = f"""
        import numpy
        base = numpy.arange(400.0)
        junk = [numpy.random.default_rng(n).random(400) for n in range(50)]; del junk
        # %%
        one = {made}
        two = {made}
        for n in range(400):
            one[n] = n * 2
            two[n] = one[n] + 1
        total = one.sum() + two.sum()
        # %%
        three = {made}
        k = 1
        three[:] = k
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"one = ": "hit", "total": "hit", "three = ": "hit"})
    _, warm = run_edit_run(transcript, cells, ("n * 2", "n * 3"))
    expect(warm, {"one = ": "miss", "total": "miss"})


@pytest.mark.parametrize(
    "call",
    ["sns.set_theme(palette=NAME)", pytest.param("sns.set_color_codes(NAME)", marks=pytest.mark.nightly)],
)
def test_the_letters_for_colors_are_as_seaborn_set_them(transcript, call):
    pytest.importorskip("seaborn")
    cells = f"""
        import seaborn as sns, matplotlib.colors as colors
        def style(name):
            {call.replace("NAME", "name")}
            return name
        # %%
        x = style("deep")
        # %%
        y = colors.to_rgba("b"), colors.to_rgb("k")
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"x": "hit", "y": "hit"})
    _, edited = run_edit_run(transcript, cells, ("deep", "muted"))
    expect(edited, {"x": "miss", "y": "miss: `color b`"})
