"""Functions of known libraries that open files without Python seeing it, and the arguments that name them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["OPENERS", "ROOTS", "Opener"]


@dataclass(frozen=True, slots=True)
class Opener:
    """One such function.

    Attributes
    ----------
    module : str
        The module that it hangs on.
    name : str
        Its name there; ``Class.method`` for methods.
    index : int
        The position of the path among the arguments (with ``self`` for methods).
    keyword : str
        The name of that argument.
    mode : str
        ``r``, ``w``, ``a``, ``r+``; ``?n=d``: the argument ``mode``, at position n, is ``d`` by default.
    """

    module: str
    name: str
    index: int
    keyword: str
    mode: str


def _several(module: str, mode: str, keyword: str, names: str, index: int = 0) -> tuple[Opener, ...]:
    return tuple(Opener(module, name, index, keyword, mode) for name in names.split())


_ARROW = (
    *_several("pyarrow.parquet.core", "r", "source", "ParquetFile.__init__", 1),
    *_several("pyarrow.parquet.core", "r", "path_or_paths", "ParquetDataset.__init__", 1),
    *_several("pyarrow.parquet.core", "w", "where", "ParquetWriter.__init__", 1),
    *_several("pyarrow._feather", "r", "source", "FeatherReader"),
    *_several("pyarrow._feather", "w", "dest", "write_feather", 1),
    *_several("pyarrow.orc", "r", "source", "ORCFile.__init__", 1),
    *_several("pyarrow.orc", "r", "source", "read_table"),
    *_several("pyarrow.orc", "w", "where", "ORCWriter.__init__", 1),
    *_several("pyarrow.csv", "r", "input_file", "read_csv open_csv"),
    *_several("pyarrow.csv", "w", "output_file", "write_csv", 1),
    *_several("pyarrow.csv", "w", "sink", "CSVWriter"),
    *_several("pyarrow.json", "r", "input_file", "read_json open_json"),
    *_several("pyarrow.dataset", "r", "source", "dataset _filesystem_dataset"),
    *_several("pyarrow.dataset", "r", "metadata_path", "parquet_dataset"),
    *_several("pyarrow.dataset", "w", "base_dir", "write_dataset", 1),
    *_several(
        "pyarrow.ipc", "w", "sink", "RecordBatchFileWriter.__init__ RecordBatchStreamWriter.__init__", 1
    ),
    *(
        opener
        for module in ("pyarrow", "pyarrow.lib")
        for opener in (
            Opener(module, "OSFile", 0, "path", "?1=r"),
            Opener(module, "memory_map", 0, "path", "?1=r"),
            Opener(module, "create_memory_map", 0, "path", "w"),
            Opener(module, "input_stream", 0, "source", "r"),
            Opener(module, "output_stream", 0, "source", "w"),
        )
    ),
)
_POLARS_READS = (
    "read_avro read_csv read_csv_batched read_excel read_ipc read_ipc_schema read_ipc_stream read_json "
    "read_lines read_ndjson read_ods read_parquet read_parquet_metadata read_parquet_schema read_delta "
    "scan_csv scan_ipc scan_lines scan_ndjson scan_parquet scan_delta"
)
_POLARS = (
    *_several("polars", "r", "source", _POLARS_READS),
    *_several(
        "polars",
        "w",
        "file",
        "DataFrame.write_avro DataFrame.write_csv DataFrame.write_ipc DataFrame.write_ipc_stream "
        "DataFrame.write_json DataFrame.write_ndjson DataFrame.write_parquet",
        1,
    ),
    *_several("polars", "r+", "target", "DataFrame.write_delta LazyFrame.sink_delta", 1),
    *_several("polars", "w", "workbook", "DataFrame.write_excel", 1),
    *_several(
        "polars",
        "w",
        "path",
        "LazyFrame.sink_csv LazyFrame.sink_ipc LazyFrame.sink_ndjson LazyFrame.sink_parquet",
        1,
    ),
)
_TORCH = (
    Opener("torch.serialization", "_open_zipfile_writer_file.__init__", 1, "name", "w"),
    Opener("torch.serialization", "_open_zipfile_reader.__init__", 1, "name_or_buffer", "r"),
    Opener("torch", "from_file", 0, "filename", "r"),
    Opener("torch", "UntypedStorage.from_file", 0, "filename", "r"),
    Opener("torch.jit", "load", 0, "f", "r"),
    Opener("torch.jit", "save", 1, "f", "w"),
    Opener("torch.jit._script", "RecursiveScriptModule.save", 1, "f", "w"),
    Opener("torchvision.io.image", "read_file", 0, "path", "r"),
    Opener("torchvision.io.image", "write_file", 0, "filename", "w"),
)
_OTHERS = (
    Opener("h5py", "File.__init__", 1, "name", "?2=r"),
    Opener("tables.file", "File.__init__", 1, "filename", "?2=r"),
    Opener("netCDF4", "Dataset", 0, "filename", "?1=r"),
    Opener("soundfile", "SoundFile.__init__", 1, "file", "?2=r"),
    *_several("cv2", "r", "filename", "imread imreadmulti VideoCapture"),
    *_several("cv2", "w", "filename", "imwrite imwritemulti VideoWriter"),
    Opener("safetensors", "safe_open", 0, "filename", "r"),
    Opener("safetensors.torch", "safe_open", 0, "filename", "r"),
    Opener("safetensors.torch", "serialize_file", 1, "filename", "w"),
    Opener("safetensors.numpy", "serialize_file", 1, "filename", "w"),
    Opener("faiss", "read_index", 0, "fname", "r"),
    Opener("faiss", "write_index", 1, "fname", "w"),
    Opener("lightgbm.basic", "Booster.__init__", 3, "model_file", "r"),
    Opener("lightgbm.basic", "Booster.save_model", 1, "filename", "w"),
    Opener("xgboost.core", "Booster.load_model", 1, "fname", "r"),
    Opener("xgboost.core", "Booster.save_model", 1, "fname", "w"),
    Opener("onnxruntime", "InferenceSession.__init__", 1, "path_or_bytes", "r"),
    Opener("av", "open", 0, "file", "?1=r"),
    Opener("dbm.gnu", "open", 0, "filename", "r+"),
    Opener("dbm.ndbm", "open", 0, "filename", "r+"),
    Opener("duckdb", "connect", 0, "database", "r+"),
    *_several("duckdb", "r", "path", "read_csv read_parquet read_json from_csv_auto from_parquet"),
)

OPENERS: tuple[Opener, ...] = (*_ARROW, *_POLARS, *_TORCH, *_OTHERS)

ROOTS: frozenset[str] = frozenset(opener.module for opener in OPENERS)
"""The modules that ``OPENERS`` name: looked for when they are loaded, never imported."""
