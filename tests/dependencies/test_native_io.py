"""Files that libraries open by themselves: seen, and everything as before afterwards."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def assert_reads(watch, read, name):
    run = watch(read)
    assert run.refusals() == []
    assert name in run.names("file")
    assert run.broken() is None
    os.truncate(name, 3)
    assert run.broken() == f"`{name}` changed on disk"


def assert_writes(watch, write, name):
    run = watch(write)
    assert run.refusals() == []
    assert name in run.effect_names()
    content = Path(name).read_bytes()
    os.unlink(name)
    assert (run.broken(), run.unready()) == (None, None)
    run.apply()
    assert Path(name).read_bytes() == content


def test_numpy_files(watch):
    np = pytest.importorskip("numpy")
    assert_writes(watch, lambda: np.arange(9.0).tofile("a.bin"), "a.bin")
    assert_reads(watch, lambda: np.fromfile("a.bin"), "a.bin")
    assert_writes(watch, lambda: np.save("a.npy", np.arange(9)), "a.npy")
    assert_reads(watch, lambda: np.load("a.npy", mmap_mode="r").sum(), "a.npy")
    np.zeros(9).tofile("m.bin")
    assert_reads(watch, lambda: float(np.memmap("m.bin").sum()), "m.bin")


def test_torch_files(watch):
    torch = pytest.importorskip("torch")
    assert_writes(watch, lambda: torch.save({"w": torch.zeros(3)}, "w.pt"), "w.pt")
    assert_reads(watch, lambda: torch.load("w.pt"), "w.pt")
    torch.save({"w": torch.zeros(3)}, "w.pt")
    assert_reads(watch, lambda: torch.load("w.pt", mmap=True), "w.pt")


def test_arrow_files(watch):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.csv as csv
    import pyarrow.feather as feather
    import pyarrow.orc as orc
    import pyarrow.parquet as pq

    table = pa.table({"a": [1, 2]})
    assert_writes(watch, lambda: pq.write_table(table, "a.parquet"), "a.parquet")
    assert_reads(watch, lambda: pq.read_table("a.parquet"), "a.parquet")
    assert_writes(watch, lambda: feather.write_feather(table, "a.arrow"), "a.arrow")
    assert_reads(watch, lambda: feather.read_table("a.arrow", memory_map=False), "a.arrow")
    assert_writes(watch, lambda: orc.write_table(table, "a.orc"), "a.orc")
    assert_reads(watch, lambda: orc.read_table("a.orc"), "a.orc")
    assert_writes(watch, lambda: csv.write_csv(table, "a.csv"), "a.csv")
    assert_reads(watch, lambda: csv.read_csv("a.csv"), "a.csv")
    Path("a.bin").write_bytes(b"12345")
    assert_reads(watch, lambda: pa.OSFile("a.bin").read(), "a.bin")
    Path("a.bin").write_bytes(b"12345")
    assert_reads(watch, lambda: pa.memory_map("a.bin").read(), "a.bin")


def test_an_arrow_dataset_reads_all_its_files(watch):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.dataset as ds
    import pyarrow.parquet as pq

    Path("d").mkdir()
    pq.write_table(pa.table({"a": [1]}), "d/1.parquet")
    run = watch(lambda: ds.dataset("d").to_table().num_rows)
    assert (run.value, run.names("file"), run.names("listing")) == (1, ["d/1.parquet"], ["d"])
    pq.write_table(pa.table({"a": [1]}), "d/2.parquet")
    assert run.broken() == "the files in `d` are others now"


def test_an_arrow_dataset_written_is_put_back(watch):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    run = watch(lambda: pq.write_to_dataset(pa.table({"a": [1, 2]}), "d", partition_cols=["a"]))
    assert run.refusals() == []
    assert len([name for name in run.effect_names() if name.endswith(".parquet")]) == 2


def test_pandas_files(watch):
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"a": [1, 2]})
    assert_writes(watch, lambda: frame.to_parquet("a.parquet"), "a.parquet")
    assert_reads(watch, lambda: pd.read_parquet("a.parquet"), "a.parquet")
    assert_writes(watch, lambda: frame.to_feather("a.feather"), "a.feather")
    assert_writes(watch, lambda: frame.to_csv("a.csv"), "a.csv")
    assert_reads(watch, lambda: pd.read_csv("a.csv"), "a.csv")


def test_polars_files(watch):
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"a": [1, 2]})
    for kind in ("csv", "parquet", "ipc", "ndjson", "json"):
        name = f"a.{kind}"
        assert_writes(watch, lambda k=kind, n=name: getattr(frame, f"write_{k}")(n), name)
        assert_reads(watch, lambda k=kind, n=name: getattr(pl, f"read_{k}")(n), name)


def test_a_lazy_frame_of_an_earlier_cell_reads_its_files_when_collected(watch):
    pl = pytest.importorskip("polars")
    pl.DataFrame({"a": [1, 2]}).write_parquet("a.parquet")
    lazy = pl.scan_parquet("a.parquet")
    assert_reads(watch, lambda: lazy.select("a").collect().height, "a.parquet")


def test_a_glob_given_to_a_native_reader_counts_its_folder(watch):
    pl = pytest.importorskip("polars")
    Path("d").mkdir()
    pl.DataFrame({"a": [1]}).write_csv("d/1.csv")
    run = watch(lambda: pl.read_csv("d/*.csv").height)
    assert (run.value, run.names("file")) == (1, ["d/1.csv"])
    pl.DataFrame({"a": [1]}).write_csv("d/2.csv")
    assert run.broken() == "the files in `d` are others now"


def test_hdf5_files(watch):
    h5py = pytest.importorskip("h5py")

    def write():
        with h5py.File("a.h5", "w") as file:
            file["x"] = [1, 2]

    assert_writes(watch, write, "a.h5")
    assert_reads(watch, lambda: h5py.File("a.h5").close(), "a.h5")


def test_other_formats(watch):
    joblib = pytest.importorskip("joblib")
    image = pytest.importorskip("PIL.Image")
    io = pytest.importorskip("scipy.io")
    assert_writes(watch, lambda: joblib.dump([1], "a.joblib"), "a.joblib")
    assert_reads(watch, lambda: joblib.load("a.joblib"), "a.joblib")
    assert_writes(watch, lambda: image.new("RGB", (2, 2)).save("a.png"), "a.png")
    assert_reads(watch, lambda: image.open("a.png").load(), "a.png")
    run = watch(lambda: image.new("RGB", (2, 2)).save("b.png"))
    assert (run.broken(), run.unready()) == (None, None)  # though Pillow looks whether it is there
    assert_writes(watch, lambda: io.savemat("a.mat", {"x": [1]}), "a.mat")
    assert_reads(watch, lambda: io.loadmat("a.mat"), "a.mat")


def test_a_library_imported_while_it_runs_is_watched(tmp_path):
    import subprocess

    code = (
        "import sys, os; sys.path.insert(0, sys.argv[1])\n"
        "from conftest import watched\n"
        "open('a.csv', 'w').write('a\\n1\\n')\n"
        "def run():\n    import polars\n    return polars.read_csv('a.csv').height\n"
        "run = watched(run)\n"
        "import polars\n"
        "assert run.value == 1 and run.names('file') == ['a.csv'], run\n"
        "assert 'interception' not in polars.read_csv.__code__.co_filename\n"
        "assert not any(type(f).__name__ == 'LateImports' for f in sys.meta_path)\n"
        "assert 'exec_module' not in vars(polars.__spec__.loader)\n"
    )
    pytest.importorskip("polars")
    here = os.path.dirname(__file__)
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(os.path.abspath(folder) for folder in sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code, here], cwd=tmp_path, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_an_opener_imported_by_name_is_refused(watch):
    pl = pytest.importorskip("polars")
    pl.DataFrame({"a": [1]}).write_csv("a.csv")
    by_name = pl.read_csv
    reading = SimpleNamespace(roots=[SimpleNamespace(value=by_name)])
    run = watch(lambda: by_name("a.csv"), reading=reading)
    assert run.refusals() == ["reaches files through `read_csv`, imported by name"]


def test_a_look_by_a_function_imported_by_name_is_refused(watch):
    by_name = os.stat
    reading = SimpleNamespace(roots=[SimpleNamespace(value=by_name)])
    assert watch(lambda: by_name("."), reading=reading).refusals()


def test_an_arrow_file_system_of_the_users_own_is_refused(watch):
    fs = pytest.importorskip("pyarrow.fs")
    Path("a.bin").write_bytes(b"1")
    run = watch(lambda: fs.LocalFileSystem().open_input_file("a.bin").read())
    assert run.refusals() == ["reaches files through a pyarrow file system, out of sight"]
    reading = SimpleNamespace(roots=[SimpleNamespace(value=fs.LocalFileSystem())])
    assert watch(lambda: None, reading=reading).refusals()


def test_everything_is_put_back(watch):
    pa = pytest.importorskip("pyarrow")
    torch = pytest.importorskip("torch")
    before = (
        os.stat,
        os.open,
        os.getcwd,
        pa.OSFile,
        torch.from_file,
        dict(vars(os._Environ)),
        list(sys.meta_path),
    )
    writer = torch.serialization._open_zipfile_writer_file.__init__

    def fail():
        assert os.stat is not before[0]
        assert isinstance(pa.OSFile, type)
        raise OSError("midway")

    watch(fail)
    after = (
        os.stat,
        os.open,
        os.getcwd,
        pa.OSFile,
        torch.from_file,
        dict(vars(os._Environ)),
        list(sys.meta_path),
    )
    assert all(a is b or a == b for a, b in zip(before, after, strict=True))
    assert after[0] is before[0]
    assert torch.serialization._open_zipfile_writer_file.__init__ is writer
