"""Values of further libraries survive with what makes them useful."""

from __future__ import annotations

import pytest
from round_trips import notebook, round_trip, without

from fpcache.errors import UncacheableError


@pytest.fixture
def pyplot():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    yield pyplot
    pyplot.close("all")


def test_a_figure_is_detached_from_pyplot(pyplot):
    figure, axes = pyplot.subplots()
    axes.plot([1, 2, 3], label="line")
    axes.set_title("title")
    pyplot.close("all")
    pyplot.figure(1)
    before = pyplot.get_fignums()
    restored, its_axes = round_trip((figure, axes))
    assert pyplot.get_fignums() == before
    assert its_axes.figure is restored
    assert its_axes.get_title() == "title"
    assert its_axes.lines[0].get_ydata().tolist() == [1, 2, 3]


def test_an_open_figure_does_not_reappear_in_pyplot(pyplot):
    figure = pyplot.figure()
    restored = round_trip(figure)
    assert restored is not figure
    assert pyplot.get_fignums() == [figure.number]
    assert restored.canvas.manager is None


def test_a_figure_with_a_function_of_the_notebook(pyplot):
    axes = pyplot.subplots()[1]
    namespace = notebook("f = lambda x, pos: 'y'")
    axes.xaxis.set_major_formatter(namespace["f"])
    assert round_trip(axes, namespace=without(namespace, "f")).xaxis.get_major_formatter()(1) == "y"


def test_polars_frames():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"a": [1, None], "s": ["x", "y"], "l": [[1], []]})
    restored, column = round_trip((frame, frame["a"]))
    assert restored.equals(frame)
    assert column.equals(frame["a"])


def test_arrow_tables_keep_their_memory_out_of_the_stream():
    arrow = pytest.importorskip("pyarrow")
    table = arrow.table({"a": list(range(50_000)), "s": ["x"] * 50_000})
    assert round_trip(table).equals(table)
    assert round_trip(table.slice(3, 2)).equals(table.slice(3, 2))


def test_sparse_matrices_share_their_data_arrays():
    scipy = pytest.importorskip("scipy.sparse")
    matrix = scipy.csr_matrix([[0, 1.0], [2, 0]])
    restored, data = round_trip((matrix, matrix.data))
    data[0] = 50
    assert restored.toarray().tolist() == [[0, 50.0], [2, 0]]


def test_images():
    image = pytest.importorskip("PIL.Image").new("RGB", (300, 200), "red")
    assert round_trip(image) == image


def test_a_pipeline_predicts_as_before():
    pytest.importorskip("sklearn")
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    namespace = notebook("def twice(x): return x * 2\ng = lambda x: x + 1")
    numpy = pytest.importorskip("numpy")
    data = numpy.arange(40.0).reshape(20, 2)
    for function in (namespace["twice"], namespace["g"]):
        model = make_pipeline(FunctionTransformer(function), RandomForestClassifier(5, random_state=0))
        model.fit(data, [0, 1] * 10)
        restored = round_trip(model, namespace=without(namespace, "g"))
        assert (restored.predict(data) == model.predict(data)).all()


def test_an_array_on_the_memory_of_an_input_model_is_refused():
    tree = pytest.importorskip("sklearn.tree").DecisionTreeRegressor().fit([[0], [1], [2]], [0, 1, 2]).tree_
    assert round_trip(tree.threshold).tolist() == tree.threshold.tolist()
    with pytest.raises(UncacheableError, match="lies on the memory of"):
        round_trip(tree.threshold, [tree])
