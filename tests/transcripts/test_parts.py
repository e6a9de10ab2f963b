"""Inputs with parts that can't be changed in place; displayed widgets; options of a later run."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import assert_same, expect

pytestmark = pytest.mark.usefixtures("libraries_loaded")

PARTS = """
class Cfg:
    items = []
    count = 0
pair = (1, [2])
def add(k):
    Cfg.items.append(k)
def bump():
    Cfg.count += 1
def keep(x, seen=[]):
    seen.append(x)
    return list(seen)
def into_tuple():
    pair[1].append(3)
# %%
add(3)
# %%
r = keep(1)
# %%
into_tuple()
# %%
bump()
# %%
print(Cfg.items, Cfg.count, r, keep(2), pair)
"""


def test_a_list_in_a_class_a_tuple_or_a_default_is_changed_in_place_and_a_class_is_not(transcript):
    plain = transcript.plain(PARTS)
    cold, warm = transcript.run(PARTS), transcript.run(PARTS)
    assert_same(plain, cold)
    assert_same(plain, warm)
    expect(
        warm, {"add(3)": "hit", "r = keep(1)": "hit", "into_tuple()": "hit", "bump()": "uncacheable: `Cfg`"}
    )


def test_a_pipeline_is_fitted_by_a_hit(transcript):
    pytest.importorskip("sklearn")
    cells = """
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
X, y = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]], [0, 0, 1, 1]
scale = StandardScaler()
pipe = Pipeline([("scale", scale), ("model", LogisticRegression())])
# %%
pipe.fit(X, y);
# %%
print(pipe.predict(X), pipe.steps[0][1] is scale, scale.mean_)
"""
    plain = transcript.plain(cells)
    cold, warm = transcript.run(cells), transcript.run(cells)
    assert_same(plain, cold, states=False)
    assert_same(plain, warm, states=False)
    expect(warm, {"pipe.fit(X, y)": "hit"})


@pytest.mark.kernel
def test_a_finished_progress_bar_is_kept_as_its_last_text_and_another_widget_runs(transcript):
    pytest.importorskip("ipywidgets")
    pytest.importorskip("tqdm")
    cells = """
from tqdm.auto import tqdm
import ipywidgets
from IPython.display import display
# %%
total = 0
for i in tqdm(range(5)):
    total += i
# %%
display(ipywidgets.IntSlider())
"""
    transcript.run(cells, kernel=True)
    warm = transcript.run(cells, kernel=True)
    expect(
        warm,
        {"for i in tqdm(range(5)): …": "hit", "display(ipywidgets.IntSlider())": "uncacheable: live widget"},
    )
    shown = warm.cells[1].outputs[0]["data"]
    assert "5/5" in shown["text/plain"]


@pytest.mark.kernel
def test_pyplots_interactive_mode_counts(transcript):
    pytest.importorskip("matplotlib")
    cells = """
import matplotlib.pyplot as plt
# %%
_ = plt.plot([1, 2])
# %%
plt.ion()
# %%
_ = plt.plot([1, 3])
"""
    transcript.run(cells, kernel=True)
    warm = transcript.run(cells, ("plt.ion()", "plt.ioff()"), kernel=True)
    assert [row.status for row in warm.cells[3].rows] != ["hit"]


def test_a_time_to_live_given_later_counts_for_what_is_stored(transcript):
    cells = ["y = sum(range(10))"]
    transcript.run(cells, mode="explicit", options="--quiet")
    run = transcript.run(cells, mode="explicit", options="--quiet --ttl 0.01s")  # a new process takes longer
    expect(run, {"y = sum(range(10))": "miss: --ttl"})
