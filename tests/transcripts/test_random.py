"""Random states are inputs and results; unseeded ones start, in a new kernel, where the recorded run did."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import assert_same, expect
from fpcache.testing.sessions.edits import run_edit_run, run_twice

BOTH = pytest.mark.parametrize("mode", ["auto", "explicit"])
REPLAY = {"before": ('%config FPCache.unseeded = "replay"',)}
RUN = {"before": ('%config FPCache.unseeded = "run"',)}


@BOTH
def test_after_a_hit_the_next_draw_is_the_one_of_a_plain_run(transcript, mode):
    pytest.importorskip("numpy")
    cells = """
        import random
        import numpy as np
        random.seed(1); np.random.seed(2)
        # %%
        a = [random.random() for _ in range(3)]
        b = np.random.rand(3)
        # %%
        c = random.random(), np.random.randint(100)
        # %%
        d = random.gauss(0, 1), np.random.normal()
    """
    run_twice(transcript, cells, mode=mode)
    warm = transcript.run(cells, mode=mode)
    expect(warm, {"a =": "hit", "b =": "hit", "c =": "hit", "d =": "hit"})
    edit = ("c = random.random(),", "c = 0,")
    warm = transcript.run(cells, edit, mode=mode)
    expect(warm, {"a =": "hit", "b =": "hit", "c =": "miss: edited", "d =": "miss: random"})
    assert_same(transcript.plain(cells, edit), warm)


@BOTH
def test_another_seed_runs_what_draws_and_nothing_else(transcript, mode):
    pytest.importorskip("numpy")
    cells = """
        import numpy as np
        np.random.seed(0)
        # %%
        noise = np.random.rand(4)
        calm = np.ones(4).sum()
        # %%
        sample = noise + calm
    """
    _, warm = run_edit_run(transcript, cells, ("seed(0)", "seed(1)"), mode=mode)
    expect(warm, {"noise": "miss: random", "calm": "hit", "sample": "miss: `noise` changed"})


def test_generators_are_values_that_a_hit_advances(transcript):
    pytest.importorskip("numpy")
    cells = """
        import random
        import numpy as np
        rng = np.random.default_rng(7); old = np.random.RandomState(3); own = random.Random(5)
        # %%
        a = rng.random(2), old.rand(2), own.random()
        # %%
        b = rng.integers(100), old.randint(9), own.randrange(9)
    """
    _, warm = run_edit_run(transcript, cells)
    expect(warm, {"rng": "hit", "a =": "hit", "b =": "hit"})
    edit = ("default_rng(7)", "default_rng(8)")
    warm = transcript.run(cells, edit)
    expect(warm, {"rng": "miss", "old": "hit", "a =": "miss: `rng` changed", "b =": "miss"})
    assert_same(transcript.plain(cells, edit), warm)


def test_a_state_that_is_saved_and_put_back_gives_the_same_draw(transcript):
    pytest.importorskip("numpy")
    cells = """
        import random
        import numpy as np
        np.random.seed(3); random.seed(3)
        # %%
        saved = np.random.get_state(), random.getstate()
        # %%
        first = np.random.rand(2).tolist(), random.random()
        # %%
        np.random.set_state(saved[0]); random.setstate(saved[1])
        # %%
        again = np.random.rand(2).tolist(), random.random()
        # %%
        same = first == again
    """
    _, warm = run_edit_run(transcript, cells)
    expect(warm, {"first": "hit", "again": "hit", "same": "hit"})
    assert warm.value("same") == ["bool", True]


def test_a_second_draw_is_a_new_draw(transcript):
    pytest.importorskip("numpy")
    cell = "a = np.random.rand()"
    draws = []
    for settings in (REPLAY, RUN):
        for _ in range(2):
            run = transcript.run(["import numpy as np", cell, "b = a", cell, "c = a", cell], **settings)
            draws.append([run.value(name) for name in "bca"])
            assert draws[-1][0] != draws[-1][1] != draws[-1][2] != draws[-1][0]
    assert draws[0] == draws[1] != draws[2] != draws[3]


SPLIT = """
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split
    X = np.arange(40.0).reshape(20, 2); y = np.arange(20) % 2
    # %%
    X_train, X_test, y_train, y_test = train_test_split(X, y)
    # %%
    import time
    def fit(X, y):
        time.sleep(0.1)
        return LogisticRegression().fit(X, y)
    model = fit(X_train, y_train)
    # %%
    score = model.score(X_test, y_test)
    draw = np.random.rand()
"""


@pytest.mark.parametrize("min_seconds", [0, 0.05])
@BOTH
def test_an_unseeded_split_and_the_fit_below_it_hit_in_a_second_kernel(transcript, mode, min_seconds):
    pytest.importorskip("sklearn")
    settings = {"mode": mode, "environment": {"FPCACHE_MIN_SECONDS": str(min_seconds)}, **REPLAY}
    first = transcript.run(SPLIT, **settings)
    second = transcript.run(SPLIT, **settings)
    expect(second, {"model": "hit"})
    for name in ("X_train", "y_test", "model", "score", "draw"):
        assert first.value(name) == second.value(name)
    assert first.states["numpy"] == second.states["numpy"]


def test_an_unseeded_split_is_a_new_one_where_the_setting_says_so(transcript):
    pytest.importorskip("sklearn")
    first, second = (transcript.run(SPLIT, **RUN) for _ in range(2))
    expect(second, {"X_train": "miss: random", "model": "miss: `X_train` changed"})
    assert first.value("X_train") != second.value("X_train")


@BOTH
def test_unseeded_samples_are_the_recorded_ones_in_a_new_kernel(transcript, mode):
    cells = """
        import random
        a = random.random()
        # %%
        b = random.random()
        # %%
        c = a + b
    """
    runs = [transcript.run(cells, mode=mode, **REPLAY) for _ in range(3)]
    for run in runs[1:]:
        assert (run.value("a"), run.value("b")) == (runs[0].value("a"), runs[0].value("b"))
    expect(runs[1], {"a =": "hit", "b =": "hit", "c =": "hit"})
    plain_again = [transcript.run(cells, mode=mode, **RUN) for _ in range(2)]
    assert plain_again[0].value("a") != plain_again[1].value("a")


def test_a_draw_before_the_recorded_one_makes_it_a_new_sample(transcript):
    cells = """
        import random
        a = random.random()
        # %%
        b = random.random()
    """
    first = transcript.run(cells, **REPLAY)
    shifted = transcript.run(
        cells, ("a = random.random()", "z = random.random(); a = random.random()"), **REPLAY
    )
    assert shifted.value("a") != shifted.value("z")
    assert shifted.value("b") not in (shifted.value("a"), shifted.value("z"))
    assert first.value("b") != shifted.value("b")


def test_torch_states_are_inputs_and_results(transcript):
    pytest.importorskip("torch")
    cells = """
        import torch
        generator = torch.manual_seed(0)
        # %%
        a = torch.rand(3)
        layer = torch.nn.Linear(2, 1)
        # %%
        b = torch.randn(2)
    """
    transcript.run(cells)
    warm = transcript.run(cells)
    expect(warm, {"a =": "hit", "layer": "hit", "b =": "hit"})
    assert_same(transcript.plain(cells), warm, ignore=["generator"])
    edit = ("manual_seed(0)", "manual_seed(1)")
    warm = transcript.run(cells, edit)
    expect(warm, {"a =": "miss: random", "layer": "miss: random", "b =": "miss: random"})
    assert_same(transcript.plain(cells, edit), warm, ignore=["generator"])


def test_a_function_that_seeds_leaves_the_state_as_a_run_does(transcript):
    pytest.importorskip("numpy")
    cells = """
        import numpy as np
        def make(n):
            np.random.seed(n)
            return np.random.rand(2)
        # %%
        a = make(4)
        # %%
        b = np.random.rand(2)
    """
    _, warm = run_edit_run(transcript, cells)
    expect(warm, {"a =": "hit", "b =": "hit"})
    _, warm = run_edit_run(transcript, cells, ("make(4)", "make(5)"))
    expect(warm, {"a =": "miss", "b =": "miss: random"})


def test_pandas_and_scikit_learn_draws_are_seen(transcript):
    pytest.importorskip("sklearn")
    cells = """
        import numpy as np, pandas as pd
        from sklearn.ensemble import RandomForestClassifier
        np.random.seed(1)
        frame = pd.DataFrame({"a": range(10)})
        # %%
        rows = frame.sample(3)
        shuffled = frame.sample(frac=1, random_state=4)
        # %%
        forest = RandomForestClassifier(n_estimators=3).fit(frame, frame.a % 2)
        # %%
        last = np.random.rand()
    """
    transcript.run(cells)
    warm = transcript.run(cells)
    expect(warm, {"rows": "hit", "shuffled": "hit", "forest": "hit", "last": "hit"})
    assert_same(transcript.plain(cells), warm, states=False)
    edit = ("seed(1)", "seed(2)")
    warm = transcript.run(cells, edit)
    expect(warm, {"rows": "miss: random", "shuffled": "hit", "forest": "miss", "last": "miss: random"})
    assert_same(transcript.plain(cells, edit), warm, states=False)


def test_a_seed_whose_state_begins_like_a_text_is_replayed(transcript):
    cells = "import numpy as np\n# %%\nnp.random.seed(123); x = 1\n# %%\ny = np.random.rand(3)"
    _, warm = run_twice(transcript, cells)
    expect(warm, {"y =": "hit"})
