"""Values of optional libraries: what changes a fingerprint and what doesn't."""

from __future__ import annotations

import pickle
from typing import Any

import library_samples
import pytest

from fpcache.errors import UnfingerprintableValueError
from fpcache.fingerprints import fingerprint, join, walk

MODULES = {
    "NUMPY": "numpy",
    "PANDAS": "pandas",
    "ARROW": "pyarrow",
    "POLARS": "polars",
    "SCIPY": "scipy",
    "SKLEARN": "sklearn",
    "PIL": "PIL",
    "TORCH": "torch",
}
CASES = [(table, name) for table in MODULES for name in getattr(library_samples, table)]

CHANGED_BY_PICKLE = {
    ("NUMPY", "big endian"),  # comes back in native byte order
    ("NUMPY", "masked none"),  # comes back with a mask of False
    ("SCIPY", "dok"),  # comes back with other integers as keys
    ("TORCH", "expanded"),
    ("TORCH", "storage"),  # can't be pickled alone
}


def _make(table: str, name: str) -> Any:
    pytest.importorskip(MODULES[table])
    return getattr(library_samples, table)[name]()


@pytest.mark.parametrize(("table", "name"), CASES)
def test_a_value_made_again_has_the_same_fingerprint(table: str, name: str) -> None:
    value = _make(table, name)
    first = fingerprint(value)
    assert fingerprint(_make(table, name)) == first
    assert fingerprint(value) == first, "taking a fingerprint changed the value"


@pytest.mark.parametrize(("table", "name"), [case for case in CASES if case not in CHANGED_BY_PICKLE])
def test_a_pickle_round_trip_keeps_the_fingerprint(table: str, name: str) -> None:
    value = _make(table, name)
    assert fingerprint(pickle.loads(pickle.dumps(value))) == fingerprint(value)


@pytest.mark.parametrize("table", MODULES)
def test_no_two_samples_have_the_same_fingerprint(table: str) -> None:
    pytest.importorskip(MODULES[table])
    found: dict[str, str] = {}
    for name, make in getattr(library_samples, table).items():
        digest = fingerprint(make())
        assert digest not in found, f"{name} and {found.get(digest)} have one fingerprint"
        found[digest] = name


def test_one_element_of_two_million_counts() -> None:
    np = pytest.importorskip("numpy")
    array = np.zeros(2_000_000)
    before = fingerprint(array)
    array[1_234_567] = 1e-300
    assert fingerprint(array) != before


def test_an_array_and_its_view_differ_from_an_array_and_a_copy() -> None:
    np = pytest.importorskip("numpy")
    x = np.arange(10)
    assert fingerprint([x, x[:3]]) != fingerprint([x, x[:3].copy()])
    assert fingerprint([x, x[1:4]]) != fingerprint([np.arange(10), x[1:4]])


def test_overlap_between_roots_counts() -> None:
    np = pytest.importorskip("numpy")
    x = np.arange(10)
    view = join({"v": walk(x[:3]), "x": walk(x)})
    copied = join({"v": walk(x[:3].copy()), "x": walk(x)})
    same = join({"v": walk(x[:3]), "x": walk(x)})
    assert view != copied
    assert view == same


def test_writeable_and_layout_of_an_array_count() -> None:
    np = pytest.importorskip("numpy")
    fixed = np.arange(3)
    fixed.flags.writeable = False
    assert fingerprint(fixed) != fingerprint(np.arange(3))
    wide = np.arange(12).reshape(3, 4)
    assert fingerprint(wide[:, ::2]) != fingerprint(wide[:, ::2].copy())


def test_padding_of_structured_arrays_does_not_count() -> None:
    np = pytest.importorskip("numpy")
    dtype = np.dtype([("a", "i1"), ("b", "f8")], align=True)
    clean, dirty = np.zeros(3, dtype), np.frombuffer(b"\xff" * 48, dtype).copy()
    dirty["a"], dirty["b"] = 0, 0.0
    assert fingerprint(clean) == fingerprint(dirty)


def test_a_list_inside_an_object_array_counts() -> None:
    np = pytest.importorskip("numpy")
    array = np.array([1, [1, 2]], dtype=object)
    before = fingerprint(array)
    array[1].append(3)
    assert fingerprint(array) != before


def test_attributes_of_an_array_subclass_count() -> None:
    np = pytest.importorskip("numpy")

    class Tagged(np.ndarray):  # type: ignore[misc,name-defined]
        pass

    one, other = np.zeros(2).view(Tagged), np.zeros(2).view(Tagged)
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(one) != fingerprint(np.zeros(2))
    other.tag = "b"
    assert fingerprint(one) != fingerprint(other)


def test_a_record_scalar_that_views_an_array_differs_from_a_copy() -> None:
    np = pytest.importorskip("numpy")
    rows = np.zeros(2, dtype=[("a", "i4")])
    assert fingerprint([rows, rows[0]]) != fingerprint([rows, rows[0].copy()])


def test_a_draw_changes_a_generator() -> None:
    np = pytest.importorskip("numpy")
    for make in (np.random.default_rng, np.random.RandomState):
        drawn = make(0)
        drawn.random()
        assert fingerprint(drawn) != fingerprint(make(0))


def test_generators_on_one_bit_generator_are_shared() -> None:
    np = pytest.importorskip("numpy")
    bits = np.random.PCG64(0)
    shared = [np.random.Generator(bits), np.random.Generator(bits)]
    assert fingerprint(shared) != fingerprint([np.random.default_rng(0), np.random.default_rng(0)])


def test_one_cell_of_a_frame_counts() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": range(60_000), "b": ["x"] * 60_000})
    before = fingerprint(frame)
    frame.loc[41_000, "b"] = "y"
    assert fingerprint(frame) != before


def test_a_list_inside_a_column_counts() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [[1], [2]]})
    before = fingerprint(frame)
    frame["a"].iloc[0].append(3)
    assert fingerprint(frame) != before


def test_attrs_of_frames_and_series_count() -> None:
    pd = pytest.importorskip("pandas")
    for value in (pd.DataFrame({"a": [1]}), pd.Series([1])):
        before = fingerprint(value)
        value.attrs["unit"] = ["m"]
        tagged = fingerprint(value)
        assert tagged != before
        value.attrs["unit"].append("s")
        assert fingerprint(value) != tagged


def test_the_path_of_a_lock_in_attrs_is_told() -> None:
    pd = pytest.importorskip("pandas")
    import threading

    frame = pd.DataFrame({"a": [1]})
    frame.attrs["lock"] = threading.Lock()
    with pytest.raises(UnfingerprintableValueError) as caught:
        walk(frame, "df")
    assert caught.value.path == "df.attrs['lock']"


def test_how_columns_lie_in_blocks_does_not_count() -> None:
    pd = pytest.importorskip("pandas")
    whole = pd.DataFrame({"a": [1, 2], "b": [3, 4], "c": [5, 6]})
    grown = pd.DataFrame({"a": [1, 2]})
    grown["b"], grown["c"] = [3, 4], [5, 6]
    rows = pd.DataFrame([[1, 3, 5], [2, 4, 6]], columns=["a", "b", "c"])
    assert fingerprint(whole) == fingerprint(grown) == fingerprint(rows)


def test_reading_a_frame_does_not_change_its_fingerprint() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": pd.date_range("2020", periods=2)})
    before = fingerprint(frame)
    for use in (repr, lambda f: f.describe(), lambda f: f["b"].str.upper(), lambda f: f.index.is_unique):
        use(frame)
    frame["c"].dt.year.sum()
    assert fingerprint(frame) == before


def test_what_lies_under_a_missing_value_does_not_count() -> None:
    pd = pytest.importorskip("pandas")
    one = pd.array([1, 2], dtype="Int64")
    other = pd.array([1, 7], dtype="Int64")
    one[1] = other[1] = pd.NA
    assert fingerprint(pd.Series(one)) == fingerprint(pd.Series(other))


def test_unused_categories_count() -> None:
    pd = pytest.importorskip("pandas")
    one, other = pd.Categorical(["a"], ["a"]), pd.Categorical(["a"], ["a", "b"])
    assert fingerprint(one) != fingerprint(other)


def test_a_frame_that_shares_memory_with_an_array_differs() -> None:
    pd, np = pytest.importorskip("pandas"), pytest.importorskip("numpy")
    array = np.arange(6.0).reshape(3, 2)
    shared = fingerprint([array, pd.DataFrame(array, copy=False)])
    assert shared != fingerprint([array, pd.DataFrame(array, copy=True)])


def test_a_subclass_of_a_frame_counts_with_its_metadata() -> None:
    pd = pytest.importorskip("pandas")

    class Measured(pd.DataFrame):  # type: ignore[misc]
        _metadata = ["unit"]

    one, other = Measured({"a": [1]}), Measured({"a": [1]})
    one.unit = other.unit = "m"
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(one) != fingerprint(pd.DataFrame({"a": [1]}))
    other.unit = "s"
    assert fingerprint(one) != fingerprint(other)


def test_slices_and_null_slots_of_arrow_arrays_do_not_count() -> None:
    pa = pytest.importorskip("pyarrow")
    lists = [[9], [1], None, [2, 3]]
    for made in ([9, 1, None, 3], ["z", "a", None, "bc"], lists, [None, True, None, False]):
        assert fingerprint(pa.array(made)[1:]) == fingerprint(pa.array(made[1:]))


def test_chunks_of_a_polars_series_do_not_count() -> None:
    pl = pytest.importorskip("polars")
    one = pl.concat([pl.Series("a", [1, 2]), pl.Series("a", [3])], rechunk=False)
    assert fingerprint(one) == fingerprint(pl.Series("a", [1, 2, 3]))


def test_a_lazy_query_is_refused() -> None:
    pl = pytest.importorskip("polars")
    with pytest.raises(UnfingerprintableValueError, match="collect"):
        fingerprint(pl.LazyFrame({"a": [1]}))


def test_a_stored_zero_of_a_sparse_array_counts_and_a_cached_flag_does_not() -> None:
    sp = pytest.importorskip("scipy.sparse")
    one = sp.csr_array([[1, 0], [0, 2]])
    before = fingerprint(one)
    assert one.has_sorted_indices
    assert one.has_canonical_format
    assert fingerprint(one) == before
    with_zero = sp.csr_array(([1, 2, 0], [0, 1, 0], [0, 1, 3]), shape=(2, 2))
    assert fingerprint(with_zero) != before


def test_a_fitted_estimator_differs_from_an_unfitted_one() -> None:
    pytest.importorskip("sklearn")
    forest = library_samples.SKLEARN
    assert fingerprint(forest["forest"]()) != fingerprint(forest["fitted forest"]())


def test_a_tensor_on_an_autograd_graph_is_refused() -> None:
    torch = pytest.importorskip("torch")
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(UnfingerprintableValueError, match="grad_fn"):
        fingerprint(x * 2)


def test_gradient_hooks_attributes_and_mode_count() -> None:
    torch = pytest.importorskip("torch")
    seen = set()
    for change in (
        lambda x: None,
        lambda x: x.sum().backward(),
        lambda x: x.register_hook(lambda g: g),
        lambda x: x.requires_grad_(False),
        lambda x: setattr(x, "tag", 1),
    ):
        x = torch.ones(2, requires_grad=True)
        change(x)
        seen.add(fingerprint(x))
    assert len(seen) == 5


def test_shared_parameters_differ_from_equal_ones() -> None:
    torch = pytest.importorskip("torch")

    def make(tied: bool) -> Any:
        one, two = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
        for parameter in (*one.parameters(), *two.parameters()):
            torch.nn.init.zeros_(parameter)
        if tied:
            two.weight = one.weight
        return torch.nn.Sequential(one, two)

    assert fingerprint(make(True)) != fingerprint(make(False))
    assert fingerprint(make(False)) == fingerprint(make(False))


def test_memory_shared_by_a_tensor_and_an_array_counts() -> None:
    torch = pytest.importorskip("torch")
    array = torch.zeros(3).numpy().copy()
    assert fingerprint([array, torch.from_numpy(array)]) != fingerprint([array, torch.tensor(array)])


def test_an_optimizer_counts_with_its_state_and_ties_to_parameters() -> None:
    torch = pytest.importorskip("torch")

    def make() -> Any:
        weight = torch.nn.Parameter(torch.ones(2))
        return weight, torch.optim.Adam([weight], lr=0.1)

    weight, adam = make()
    fresh = fingerprint([weight, adam])
    assert fresh == fingerprint(list(make()))
    assert fresh != fingerprint([torch.nn.Parameter(torch.ones(2)), adam])
    weight.sum().backward()
    adam.step()
    adam.zero_grad(set_to_none=True)  # pickling drops .grad
    stepped = fingerprint(adam)
    assert stepped != fingerprint(make()[1])
    assert fingerprint(pickle.loads(pickle.dumps(adam))) == stepped


def test_an_optimizer_with_a_schedule_has_a_fingerprint() -> None:
    torch = pytest.importorskip("torch")
    weight = torch.nn.Parameter(torch.ones(2))
    sgd = torch.optim.SGD([weight], lr=0.1)
    before = fingerprint(sgd)
    schedule = torch.optim.lr_scheduler.StepLR(sgd, 1)
    assert fingerprint(schedule)
    assert fingerprint(sgd) != before


def test_a_figure_is_refused() -> None:
    figure = pytest.importorskip("matplotlib.figure")
    with pytest.raises(UnfingerprintableValueError, match="figure"):
        fingerprint(figure.Figure())


def test_one_pixel_and_the_info_of_an_image_count() -> None:
    pytest.importorskip("PIL")
    image = library_samples.PIL["colour image"]()
    before = fingerprint(image)
    image.putpixel((1, 1), (1, 2, 3))
    changed = fingerprint(image)
    assert changed != before
    image.info["dpi"] = (72, 72)
    assert fingerprint(image) != changed
