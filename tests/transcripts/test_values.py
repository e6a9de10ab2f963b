"""A value counts with all of it that can be seen: what changed runs its readers again, what is equal hits."""

from __future__ import annotations

import pytest
from harness import expect
from run_edit_run import run_edit_run, run_one_then_other, run_twice

# Pairs of values that a program can tell apart; trap numbers of the design in the margin.
PLAIN_VALUES = {
    "appended": ("[1, 2]", "[1, 2, 3]"),
    "eight_levels_deep": ("[[[[[[[[1]]]]]]]]", "[[[[[[[[2]]]]]]]]"),
    "a_long_list": ("list(range(300_000))", "list(range(299_999)) + [0]"),
    "int_bool": ("1", "True"),
    "int_float": ("1", "1.0"),
    "signed_zero": ("0.0", "-0.0"),
    "str_bytes": ("'a'", "b'a'"),
    "tuple_list": ("(1, 2)", "[1, 2]"),
    "bytes_bytearray": ("b'ab'", "bytearray(b'ab')"),
    "large_int": ("2**70", "2**70 + 1"),
    "dict_order": ("{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}"),
    "set_frozenset": ("{1, 2}", "frozenset({1, 2})"),
    "unorderable_set": ("{1, 'a', None, (2,)}", "{1, 'a', None, (3,)}"),
    "no_separators": ("['ab', 'c']", "['a', 'bc']"),
    "no_brackets": ("[[1], 2]", "[[1, 2]]"),
    "key_or_value": ("{'a': 'b'}", "{'ab': ''}"),
    "none_text": ("None", "'None'"),
    "complex_sign": ("complex(0, 0.0)", "complex(0, -0.0)"),
    "string_type": ("'1'", "1"),
    "surrogate": ("'\\ud800'", "'\\ud801'"),
    "long_text": ("'x' * 1000 + 'a'", "'x' * 1000 + 'b'"),
    "range_list": ("range(3)", "[0, 1, 2]"),
    "slice_": ("slice(1)", "slice(0, 1)"),
    "decimal_zeros": ("decimal.Decimal('1.0')", "decimal.Decimal('1.00')"),
    "time_zone": (
        "datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)",
        "datetime.datetime(2020, 1, 1)",
    ),
    "fold_": ("datetime.datetime(2020, 1, 1, fold=0)", "datetime.datetime(2020, 1, 1, fold=1)"),
    "counter_dict": ("collections.Counter('ab')", "dict(collections.Counter('ab'))"),
    "default_factory": ("collections.defaultdict(int)", "collections.defaultdict(list)"),
    "deque_limit": ("collections.deque([1], 3)", "collections.deque([1], 4)"),
    "pattern_flags": ("re.compile('a')", "re.compile('a', re.I)"),
    "path_text": ("pathlib.Path('a')", "'a'"),
    "namespace_attribute": ("types.SimpleNamespace(a=1)", "types.SimpleNamespace(b=1)"),
}

NUMPY_VALUES = {
    "dtype_": ("np.zeros(3, 'i8')", "np.zeros(3)"),
    "element": ("np.arange(5)", "np.array([0, 1, 2, 3, 5])"),
    "shape": ("np.zeros((2, 3))", "np.zeros((3, 2))"),
    "transposed": ("np.arange(4).reshape(2, 2)", "np.arange(4).reshape(2, 2).T"),
    "memory_order": ("np.zeros((2, 3))", "np.zeros((2, 3), order='F')"),
    "scalar": ("1.0", "np.float64(1)"),
    "one_of_millions": ("np.zeros(2_000_000)", "np.append(np.zeros(1_999_999), 1e-300)"),
    "middle_of_millions": ("np.zeros(2_000_000)", "np.r_[np.zeros(1_000_000), 1, np.zeros(999_999)]"),
    "strided": ("np.arange(6)[::2]", "np.array([0, 2, 5])[::1]"),
    "byte_order": ("np.arange(3, dtype='<i4')", "np.arange(3, dtype='>i4')"),
    "time_unit": ("np.array(['2020'], 'M8[s]')", "np.array(['2020'], 'M8[ms]')"),
    "objects": ("np.array([1, 'a', None], object)", "np.array([1, 'b', None], object)"),
    "object_type": ("np.array([1], object)", "np.array([True], object)"),
    "mask": ("np.ma.array([1, 2], mask=[0, 1])", "np.ma.array([1, 2], mask=[1, 0])"),
    "fill_value": ("np.ma.array([1], fill_value=1)", "np.ma.array([1], fill_value=2)"),
    "field_names": ("np.zeros(2, [('a', 'i4')])", "np.zeros(2, [('b', 'i4')])"),
    "array_scalar_shape": ("np.array(1)", "np.array([1])"),
    "read_only": ("np.zeros(3)", "np.broadcast_to(0.0, 3)"),
    "generator_state": ("np.random.default_rng(1)", "np.random.default_rng(2)"),
}

PANDAS_VALUES = {
    "column_name": ("pd.DataFrame({'a': [1]})", "pd.DataFrame({'b': [1]})"),
    "column_order": ("pd.DataFrame({'a': [1], 'b': [1]})", "pd.DataFrame({'b': [1], 'a': [1]})"),
    "index": ("pd.DataFrame({'a': [1]})", "pd.DataFrame({'a': [1]}, index=[5])"),
    "index_name": ("pd.Index([1])", "pd.Index([1], name='n')"),
    "column_dtype": ("pd.DataFrame({'a': [1]})", "pd.DataFrame({'a': [1.0]})"),
    "category": ("pd.Series(['a', 'b'])", "pd.Series(['a', 'b'], dtype='category')"),
    "categories": ("pd.Categorical(['a'], ['a', 'b'])", "pd.Categorical(['a'], ['b', 'a'])"),
    "one_of_60k_rows": (
        "pd.DataFrame({'a': range(60_000)})",
        "pd.DataFrame({'a': [*range(43_210), -1, *range(43_211, 60_000)]})",
    ),
    "attrs": ("pd.DataFrame({'a': [1]})", "with_attrs(pd.DataFrame({'a': [1]}))"),
    "list_in_a_cell": ("pd.DataFrame({'a': [[1]]})", "pd.DataFrame({'a': [[1, 2]]})"),
    "series_name": ("pd.Series([1], name='a')", "pd.Series([1], name='b')"),
    "time_zone": ("pd.Series(pd.to_datetime(['2020']))", "pd.Series(pd.to_datetime(['2020'], utc=True))"),
    "nullable": ("pd.Series([1, 2])", "pd.Series([1, 2], dtype='Int64')"),
    "missing_kind": ("pd.Series([None], dtype=object)", "pd.Series([float('nan')], dtype=object)"),
    "frequency": ("pd.date_range('2020', periods=2)", "pd.DatetimeIndex(['2020-01-01', '2020-01-02'])"),
    "columns_name": ("pd.DataFrame({'a': [1]})", "pd.DataFrame({'a': [1]}).rename_axis(columns='c')"),
    "sparse": ("pd.Series([0, 1])", "pd.Series([0, 1], dtype='Sparse[int]')"),
}


def expect_each_change_to_be_seen(transcript, imports, values):
    """Bind all first values, then all second ones; equal ones made again must hit."""

    def cells(side, make):
        text = "\n".join(f"{name} = {make(pair[side])}" for name, pair in values.items())
        uses = "\n".join(f"use_{name} = use({name})" for name in values)
        return [f"{imports}\ndef use(value): return type(value).__name__", text, uses]

    before, after, rebuilt = (
        cells(0, str),
        cells(1, str),
        cells(1, lambda text: f"[{text} for _ in range(1)][0]"),
    )
    _, warm = run_one_then_other(transcript, before, after)
    expect(warm, {f"use_{name} ": f"miss: `{name}` changed" for name in values})
    _, again = run_one_then_other(transcript, after, rebuilt)
    expect(again, {f"use_{name} ": "hit" for name in values})


def test_plain_values_that_differ_are_told_apart(transcript):
    imports = "import collections, datetime, decimal, pathlib, re, types"
    expect_each_change_to_be_seen(transcript, imports, PLAIN_VALUES)


def test_arrays_that_differ_are_told_apart(transcript):
    pytest.importorskip("numpy")
    expect_each_change_to_be_seen(transcript, "import numpy as np", NUMPY_VALUES)


def test_frames_that_differ_are_told_apart(transcript):
    pytest.importorskip("pandas")
    imports = "import pandas as pd\ndef with_attrs(df): df.attrs['k'] = 1; return df"
    expect_each_change_to_be_seen(transcript, imports, PANDAS_VALUES)
