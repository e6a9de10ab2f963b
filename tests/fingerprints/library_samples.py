"""Named sample values of optional libraries; each function imports what it needs."""

from __future__ import annotations

from typing import Any

__all__ = ["ARROW", "NUMPY", "PANDAS", "POLARS", "SCIPY", "SKLEARN", "TORCH"]


def _fill(table: dict[str, Any], module: str, /, **sources: str) -> None:
    """Add one function per expression; `module` is imported as its usual short name."""
    for name, source in sources.items():
        table[name.replace("_", " ")] = _maker(module, source)


def _maker(module: str, source: str) -> Any:
    def make() -> Any:
        import importlib

        names = {
            "np": "numpy",
            "pd": "pandas",
            "pa": "pyarrow",
            "pl": "polars",
            "torch": "torch",
            "sp": "scipy.sparse",
            "sk": "sklearn",
            "datetime": "datetime",
        }
        wanted = {
            short: importlib.import_module(full) for short, full in names.items() if f"{short}." in source
        }
        return eval(source, wanted)

    return make


NUMPY: dict[str, Any] = {}
_fill(
    NUMPY,
    "numpy",
    int64_zeros="np.zeros(4, dtype='i8')",
    float64_zeros="np.zeros(4)",
    minus_zeros="-np.zeros(4)",
    reshaped="np.zeros((2, 2))",
    matrix_a="np.arange(6).reshape(2, 3)",
    fortran="np.asfortranarray(np.arange(6).reshape(2, 3))",
    transposed="np.arange(6).reshape(2, 3).T",
    empty="np.zeros((0, 3))",
    empty_other="np.zeros((3, 0))",
    zero_dim="np.array(1.5)",
    big_endian="np.arange(4, dtype='>i8')",
    days="np.array(['2020-01-01'], dtype='M8[D]')",
    seconds="np.array(['2020-01-01'], dtype='M8[s]')",
    deltas="np.array([1], dtype='m8[s]')",
    text="np.array(['a', 'bc'])",
    raw="np.array([b'a', b'bc'])",
    objects="np.array([1, 'a', None, [1]], dtype=object)",
    object_ints="np.array([1, 2, 3], dtype=object)",
    booleans="np.array([True, False])",
    nan="np.array([np.nan])",
    half="np.zeros(3, dtype='f2')",
    long_double="np.arange(3, dtype=np.longdouble)",
    complexes="np.zeros(3, dtype='c16')",
    strings="np.array(['a', 'longer than sixteen bytes'], dtype=np.dtypes.StringDType())",
    structured="np.array([(1, 2.0)], dtype=[('a', 'i4'), ('b', 'f8')])",
    structured_renamed="np.array([(1, 2.0)], dtype=[('a', 'i4'), ('c', 'f8')])",
    structured_aligned="np.array([(1, 2.0)], dtype=np.dtype([('a', 'i1'), ('b', 'f8')], align=True))",
    structured_objects="np.array([(1, 'x')], dtype=[('a', 'i4'), ('b', 'O')])",
    subarrays="np.zeros(2, dtype=[('a', 'i4', (2,))])",
    records="np.rec.array([(1, 2.0)], dtype=[('a', 'i4'), ('b', 'f8')])",
    masked="np.ma.array([1, 2], mask=[0, 1])",
    masked_other="np.ma.array([1, 2], mask=[1, 0])",
    masked_none="np.ma.array([1, 2])",
    masked_filled="np.ma.array([1, 2], mask=[0, 1], fill_value=7)",
    np_matrix="np.matrix([[1, 2]])",
    scalar="np.float64(1.0)",
    scalar_int="np.int64(1)",
    scalar_int32="np.int32(1)",
    scalar_bool="np.bool_(True)",
    scalar_text="np.str_('a')",
    scalar_date="np.datetime64('2020-01-01', 'D')",
    dtype="np.dtype('f8')",
    dtype_big="np.dtype('>f8')",
    generator="np.random.default_rng(0)",
    generator_1="np.random.default_rng(1)",
    random_state="np.random.RandomState(0)",
    random_state_1="np.random.RandomState(1)",
    philox="np.random.Generator(np.random.Philox(0))",
    seed_sequence="np.random.SeedSequence(0)",
)

PANDAS: dict[str, Any] = {}
_fill(
    PANDAS,
    "pandas",
    frame="pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']})",
    frame_renamed="pd.DataFrame({'a': [1, 2], 'c': ['x', 'y']})",
    frame_reordered="pd.DataFrame({'b': ['x', 'y'], 'a': [1, 2]})",
    frame_float="pd.DataFrame({'a': [1.0, 2.0], 'b': ['x', 'y']})",
    frame_object="pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}, dtype=object)",
    frame_indexed="pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}, index=[1, 2])",
    frame_index_named="pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}, index=pd.Index([1, 2], name='i'))",
    frame_columns_named="pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}).rename_axis(columns='c')",
    frame_category="pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}).astype({'b': 'category'})",
    frame_category_reordered="pd.DataFrame({'a': [1, 2], 'b': pd.Categorical(['x', 'y'], ['y', 'x'])})",
    frame_category_ordered="pd.DataFrame({'a': [1, 2], 'b': pd.Categorical(['x', 'y'], ordered=True)})",
    frame_nullable="pd.DataFrame({'a': pd.array([1, None], dtype='Int64')})",
    frame_nullable_float="pd.DataFrame({'a': pd.array([1, None], dtype='Float64')})",
    frame_boolean="pd.DataFrame({'a': pd.array([True, None], dtype='boolean')})",
    frame_wide="pd.DataFrame([[1.0, 2.0, 3.0]])",
    frame_lists="pd.DataFrame({'a': [[1], [2]]})",
    frame_empty="pd.DataFrame()",
    frame_empty_columns="pd.DataFrame(columns=['a'])",
    frame_duplicated="pd.DataFrame([[1, 'a']], columns=['a', 'a'])",
    frame_unique="pd.DataFrame({'a': [1]}).set_flags(allows_duplicate_labels=False)",
    frame_sparse="pd.DataFrame({'a': pd.arrays.SparseArray([0, 0, 1])})",
    frame_arrow="pd.DataFrame({'a': pd.array([1, None], dtype='int64[pyarrow]')})",
    frame_python_str="pd.DataFrame({'a': pd.array(['a', None], dtype='string[python]')})",
    frame_arrow_str="pd.DataFrame({'a': pd.array(['a', None], dtype='string[pyarrow]')})",
    frame_dates="pd.DataFrame({'a': pd.date_range('2020', periods=2)})",
    frame_dates_utc="pd.DataFrame({'a': pd.date_range('2020', periods=2, tz='UTC')})",
    frame_dates_berlin="pd.DataFrame({'a': pd.date_range('2020', periods=2, tz='Europe/Berlin')})",
    frame_dates_s="pd.DataFrame({'a': pd.date_range('2020', periods=2).as_unit('s')})",
    frame_intervals="pd.DataFrame({'a': pd.interval_range(0, 2)})",
    frame_periods="pd.DataFrame({'a': pd.period_range('2020', periods=2, freq='M')})",
    series="pd.Series([1, 2])",
    series_named="pd.Series([1, 2], name='a')",
    series_deltas="pd.Series(pd.to_timedelta([1, 2], unit='s'))",
    index="pd.Index([1, 2])",
    index_of_str="pd.Index(['a', 'b'])",
    range_index="pd.RangeIndex(1, 3)",
    date_index="pd.date_range('2020', periods=3, freq='D')",
    date_index_no_freq="pd.DatetimeIndex(['2020-01-01', '2020-01-02', '2020-01-03'], freq=None)",
    multi_index="pd.MultiIndex.from_product([['a', 'b'], [1, 2]])",
    multi_index_named="pd.MultiIndex.from_product([['a', 'b'], [1, 2]], names=['x', 'y'])",
    categorical="pd.Categorical(['a', 'b'])",
    categorical_index="pd.CategoricalIndex(['a', 'b'])",
    interval_index="pd.interval_range(0, 3)",
    interval_index_left="pd.interval_range(0, 3, closed='left')",
    timestamp="pd.Timestamp('2020')",
    timestamp_s="pd.Timestamp('2020').as_unit('ns')",
    timestamp_utc="pd.Timestamp('2020', tz='UTC')",
    delta="pd.Timedelta(1, 's')",
    period="pd.Period('2020', 'M')",
    interval="pd.Interval(0, 1)",
    nat="pd.NaT",
    na="pd.NA",
    offset="pd.offsets.MonthEnd(2)",
    business="pd.offsets.CustomBusinessDay(holidays=['2020-01-01'])",
    business_other="pd.offsets.CustomBusinessDay(holidays=['2020-01-02'])",
    category_dtype="pd.CategoricalDtype(['a'])",
    zoned_dtype="pd.DatetimeTZDtype('ns', 'UTC')",
)

ARROW: dict[str, Any] = {}
_fill(
    ARROW,
    "pyarrow",
    ints="pa.array([1, 2, 3])",
    ints_null="pa.array([1, None, 3])",
    ints32="pa.array([1, 2, 3], pa.int32())",
    booleans="pa.array([True, None, False])",
    strings="pa.array(['a', None, 'bc'])",
    large_strings="pa.array(['a', None, 'bc'], pa.large_string())",
    view_strings="pa.array(['a', None, 'bc'], pa.string_view())",
    binary="pa.array([b'a', None, b'bc'])",
    lists="pa.array([[1], None, [2, 3], []])",
    lists_moved="pa.array([[1, 2], None, [3], []])",
    fixed_lists="pa.array([[1, 2], [3, 4]], pa.list_(pa.int64(), 2))",
    structs="pa.array([{'a': 1}, None])",
    maps="pa.array([[('a', 1)]], pa.map_(pa.string(), pa.int64()))",
    dictionaries="pa.array(['a', 'b', 'a']).dictionary_encode()",
    decimals="pa.array([1, None]).cast(pa.decimal128(25, 2))",
    stamps="pa.array([1, None], pa.timestamp('s'))",
    stamps_utc="pa.array([1, None], pa.timestamp('s', 'UTC'))",
    nulls="pa.nulls(3)",
    chunked="pa.chunked_array([[1], [2]])",
    chunked_once="pa.chunked_array([[1, 2]])",
    table="pa.table({'a': [1], 'b': ['x']})",
    table_metadata="pa.table({'a': [1], 'b': ['x']}).replace_schema_metadata({'k': 'v'})",
    batch="pa.record_batch({'a': [1], 'b': ['x']})",
    schema="pa.schema([('a', pa.int64())])",
    schema_required="pa.schema([pa.field('a', pa.int64(), nullable=False)])",
    scalar="pa.scalar(1)",
    type="pa.int64()",
)

POLARS: dict[str, Any] = {}
_fill(
    POLARS,
    "polars",
    frame="pl.DataFrame({'a': [1, None], 'b': ['x', 'y']})",
    frame_reordered="pl.DataFrame({'b': ['x', 'y'], 'a': [1, None]})",
    frame_category="pl.DataFrame({'a': [1, None], 'b': pl.Series(['x', 'y'], dtype=pl.Categorical)})",
    frame_enum="pl.DataFrame({'a': [1, None], 'b': pl.Series(['x', 'y'], dtype=pl.Enum(['x', 'y']))})",
    frame_lists="pl.DataFrame({'a': [[1], [2, 3]]})",
    frame_structs="pl.DataFrame({'a': [{'x': 1}, {'x': None}]})",
    frame_dates="pl.DataFrame({'a': pl.Series([1, 2]).cast(pl.Datetime('us'))})",
    frame_dates_ms="pl.DataFrame({'a': pl.Series([1, 2]).cast(pl.Datetime('ms'))})",
    series="pl.Series('a', [1, 2])",
    series_other="pl.Series('b', [1, 2])",
    series_int8="pl.Series('a', [1, 2], dtype=pl.Int8)",
    dtype="pl.Datetime('us')",
)

TORCH: dict[str, Any] = {}
_fill(
    TORCH,
    "torch",
    zeros="torch.zeros(2, 3)",
    minus_zeros="-torch.zeros(2, 3)",
    ints="torch.zeros(2, 3, dtype=torch.int64)",
    half="torch.zeros(2, 3, dtype=torch.bfloat16)",
    reshaped="torch.zeros(3, 2)",
    transposed="torch.zeros(3, 2).t()",
    gradient="torch.zeros(2, 3, requires_grad=True)",
    parameter="torch.nn.Parameter(torch.zeros(2, 3))",
    scalar="torch.tensor(1.0)",
    empty="torch.zeros(0)",
    expanded="torch.zeros(1, 3).expand(2, 3)",
    booleans="torch.tensor([True, False])",
    meta="torch.zeros(2, 3, device='meta')",
    sparse="torch.eye(3).to_sparse()",
    sparse_csr="torch.eye(3).to_sparse_csr()",
    complexes="torch.ones(2, dtype=torch.complex64)",
    conjugate="torch.ones(2, dtype=torch.complex64).conj()",
    dtype="torch.float32",
    device="torch.device('cpu')",
    size="torch.Size([1, 2])",
    generator="torch.Generator().manual_seed(0)",
    generator_1="torch.Generator().manual_seed(1)",
    storage="torch.zeros(2).untyped_storage()",
    relu="torch.nn.ReLU()",
    relu_eval="torch.nn.ReLU().eval()",
    dropout="torch.nn.Dropout(0.1)",
    sequence="torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Dropout(0.5))",
    norm="torch.nn.BatchNorm1d(3)",
    recurrent="torch.nn.LSTM(2, 2).apply(lambda m: [p.data.zero_() for p in m.parameters()])",
    sgd="torch.optim.SGD([torch.nn.Parameter(torch.zeros(2))], lr=0.1)",
    sgd_other="torch.optim.SGD([torch.nn.Parameter(torch.zeros(2))], lr=0.2)",
)

SCIPY: dict[str, Any] = {}
_fill(
    SCIPY,
    "scipy",
    csr="sp.csr_array([[1, 0], [0, 2]])",
    csr_matrix="sp.csr_matrix([[1, 0], [0, 2]])",
    csc="sp.csc_array([[1, 0], [0, 2]])",
    coo="sp.coo_array([[1, 0], [0, 2]])",
    dia="sp.dia_array([[1, 0], [0, 2]])",
    lil="sp.lil_array([[1, 0], [0, 2]])",
    dok="sp.dok_array([[1, 0], [0, 2]])",
    bsr="sp.bsr_array([[1, 0], [0, 2]])",
    stored_zero="sp.csr_array(([1, 2, 0], [0, 1, 0], [0, 1, 3]), shape=(2, 2))",
    float="sp.csr_array([[1.0, 0], [0, 2]])",
)


def _forest(fit: bool) -> Any:
    import numpy
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(n_estimators=3, random_state=0)
    return model.fit(numpy.arange(20.0).reshape(10, 2), numpy.arange(10) % 2) if fit else model


def _pipeline() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=2.0))


def _image(mode: str) -> Any:
    from PIL import Image

    return Image.new(mode, (4, 3))


SKLEARN: dict[str, Any] = {
    "forest": lambda: _forest(False),
    "fitted forest": lambda: _forest(True),
    "pipeline": _pipeline,
}

PIL: dict[str, Any] = {
    "grey image": lambda: _image("L"),
    "colour image": lambda: _image("RGB"),
    "palette image": lambda: _image("P"),
}
