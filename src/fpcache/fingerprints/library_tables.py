"""Handlers for types of optional libraries: dotted name → (handler, is it a node).

Libraries named here are never imported by fpcache: a name is looked up when a
value of that type is at hand.
"""

from __future__ import annotations

__all__ = ["LIBRARIES"]

_NUMPY = {
    "numpy.ndarray": ("encode_array", True),
    "numpy.generic": ("encode_scalar", False),
    "numpy.void": ("encode_record", True),
    "numpy.dtype": ("encode_dtype", False),
    "numpy.ma.MaskedArray": ("encode_masked", True),
    "numpy.ma.core.MaskedArray": ("encode_masked", True),
    "numpy.ma.core.MaskedConstant": ("encode_masked_constant", True),
    "numpy.random._generator.Generator": ("encode_generator", True),
    "numpy.random.mtrand.RandomState": ("encode_random_state", True),
    "numpy.random.bit_generator.BitGenerator": ("encode_bit_generator", True),
    "numpy.random.bit_generator.SeedSequence": ("encode_seed_sequence", True),
    "numpy.flatiter": ("refuse_iterator", False),
    "numpy.nditer": ("refuse_iterator", False),
}
_PANDAS = {
    f"{module}.{cls}": (handler, is_node)
    for cls, (modules, handler, is_node) in {
        "DataFrame": (("pandas", "pandas.core.frame"), "encode_frame", True),
        "Series": (("pandas", "pandas.core.series"), "encode_series", True),
        "Index": (("pandas", "pandas.core.indexes.base"), "encode_index", True),
        "MultiIndex": (("pandas", "pandas.core.indexes.multi"), "encode_multi_index", True),
        "RangeIndex": (("pandas", "pandas.core.indexes.range"), "encode_range_index", True),
        "ExtensionArray": (
            ("pandas.api.extensions", "pandas.core.arrays.base"),
            "encode_extension_array",
            True,
        ),
        "Timestamp": (("pandas", "pandas._libs.tslibs.timestamps"), "encode_timestamp", False),
        "Timedelta": (("pandas", "pandas._libs.tslibs.timedeltas"), "encode_timedelta", False),
        "Period": (("pandas", "pandas._libs.tslibs.period"), "encode_period", False),
        "Interval": (("pandas", "pandas._libs.interval"), "encode_interval", False),
        "NaTType": (("pandas.api.typing", "pandas._libs.tslibs.nattype"), "encode_missing", False),
        "NAType": (("pandas.api.typing", "pandas._libs.missing"), "encode_missing", False),
    }.items()
    for module in modules
} | {"pandas._libs.tslibs.offsets.BaseOffset": ("encode_offset", False)}
_ARROW = {
    "pyarrow.lib.Array": ("encode_array", True),
    "pyarrow.lib.ChunkedArray": ("encode_chunked", True),
    "pyarrow.lib.Table": ("encode_table", True),
    "pyarrow.lib.RecordBatch": ("encode_table", True),
    "pyarrow.lib.Schema": ("encode_schema", False),
    "pyarrow.lib.Field": ("encode_field", False),
    "pyarrow.lib.DataType": ("encode_type", False),
    "pyarrow.lib.Scalar": ("encode_scalar", False),
    "pyarrow.lib.Buffer": ("encode_buffer", True),
}
_POLARS = {
    "polars.dataframe.frame.DataFrame": ("encode_frame", True),
    "polars.series.series.Series": ("encode_series", True),
    "polars.lazyframe.frame.LazyFrame": ("refuse_lazy", False),
    "polars.expr.expr.Expr": ("encode_expression", False),
}
_TORCH = {
    "torch.Tensor": ("encode_tensor", True),
    "torch.nn.modules.module.Module": ("encode_module", True),
    "torch.optim.optimizer.Optimizer": ("encode_optimizer", True),
    "torch.dtype": ("encode_name", False),
    "torch.device": ("encode_name", False),
    "torch.layout": ("encode_name", False),
    "torch.memory_format": ("encode_name", False),
    "torch.qscheme": ("encode_name", False),
    "torch.Size": ("encode_size", False),
    "torch.autograd.function.FunctionCtx": ("refuse_step", False),
    "torch._C.Generator": ("encode_generator", True),
    "torch.Generator": ("encode_generator", True),
    "torch.storage.UntypedStorage": ("encode_storage", True),
    "torch.storage.TypedStorage": ("encode_typed_storage", True),
}
_SCIPY = {
    "scipy.sparse._base._spbase": ("encode_sparse", True),
    "scipy.sparse._base.spmatrix": ("encode_sparse", True),
}
_SKLEARN = {
    "sklearn.base.BaseEstimator": ("encode_estimator", True),
}
_PYDANTIC = {
    "pydantic._internal._decorators.Decorator": ("encode_decorator", True),
}
_PIL = {
    "PIL.Image.Image": ("encode_image", True),
}
_H5PY = {
    "h5py._hl.files.File": ("encode_hdf5", True),
}

LIBRARIES: dict[str, tuple[str, bool]] = {
    name: (f"{module}:{function}", is_node)
    for module, table in {
        "numpy_values": _NUMPY,
        "pandas_values": _PANDAS,
        "arrow_values": _ARROW,
        "polars_values": _POLARS,
        "torch_values": _TORCH,
        "scipy_values": _SCIPY,
        "sklearn_values": _SKLEARN,
        "pydantic_values": _PYDANTIC,
        "pil_values": _PIL,
        "closed_files": _H5PY,
    }.items()
    for name, (function, is_node) in table.items()
}
