"""Reads: what is seen, what isn't the component's, and what a look-up says."""

from __future__ import annotations

import glob
import json
import linecache
import os
import threading
from pathlib import Path

import pytest

from fpcache.own_work import quiet


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def put(name: str, text: str) -> Path:
    path = Path(name)
    path.write_text(text)
    return path


def test_a_changed_file_breaks_the_recording(watch):
    put("data.csv", "a")
    run = watch(lambda: Path("data.csv").read_text())
    assert (run.value, run.broken(), run.refusals()) == ("a", None, [])
    put("data.csv", "b")
    assert run.broken() == "`data.csv` changed on disk"


def test_a_touched_file_still_holds(watch):
    path = put("data.csv", "a")
    run = watch(path.read_text)
    os.utime(path, (1, 1))
    assert run.broken() is None


def test_a_deleted_file_breaks_the_recording(watch):
    path = put("data.csv", "a")
    run = watch(path.read_text)
    path.unlink()
    assert run.broken() == "`data.csv` is gone"


def test_an_edit_within_a_tick_that_keeps_size_and_time_is_seen(watch):
    path = put("data.csv", "aaaa")
    times = os.stat(path)
    run = watch(path.read_text)
    assert run.broken() is None
    path.write_text("bbbb")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert run.broken() == "`data.csv` changed on disk"


def test_an_old_file_edited_with_its_time_restored_is_seen(watch):
    path = put("data.csv", "aaaa")
    os.utime(path, (1_000_000, 1_000_000))
    run = watch(path.read_text)
    run.broken()
    path.write_text("bbbb")
    os.utime(path, (1_000_000, 1_000_000))
    assert run.broken() == "`data.csv` changed on disk"


def test_a_relative_path_is_looked_up_from_the_present_directory(watch, tmp_path, monkeypatch):
    put("data.csv", "a")
    run = watch(lambda: Path("data.csv").read_text())
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert run.broken() == "`data.csv` is gone"
    put("data.csv", "a")
    assert run.broken() is None


def test_a_relative_path_after_chdir_names_the_file_that_was_read(watch, tmp_path):
    Path("sub").mkdir()
    put("sub/data.csv", "a")

    def run_inside():
        os.chdir("sub")
        try:
            return Path("data.csv").read_text()
        finally:
            os.chdir("..")

    run = watch(run_inside)
    put("sub/data.csv", "b")
    assert run.broken() == f"`{tmp_path}/sub/data.csv` changed on disk"


def test_a_file_that_was_missing_and_appears_breaks_the_recording(watch):
    def load():
        try:
            with open("cache.json") as file:
                return json.load(file)
        except FileNotFoundError:
            return None

    run = watch(load)
    assert (run.value, run.broken()) == (None, None)
    put("cache.json", "1")
    assert run.broken() == "`cache.json` exists now"


@pytest.mark.parametrize(
    "look",
    [os.path.exists, os.path.isfile, lambda p: Path(p).exists(), lambda p: Path(p).is_file(), os.path.lexists,
     lambda p: os.access(p, os.R_OK)],
)  # fmt: skip
def test_a_look_for_a_missing_file_counts(watch, look):
    run = watch(lambda: look("cache.json"))
    assert (run.value, run.broken()) == (False, None)
    put("cache.json", "1")
    assert run.broken() == "`cache.json` exists now"


def test_a_look_for_a_present_file_counts(watch):
    path = put("cache.json", "1")
    run = watch(lambda: os.path.exists("cache.json"))
    put("cache.json", "2")
    assert run.broken() is None
    path.unlink()
    assert run.broken() == "`cache.json` is gone"


def test_a_size_that_was_asked_for_counts(watch):
    put("a.bin", "12")
    run = watch(lambda: os.path.getsize("a.bin"))
    put("a.bin", "34")
    assert run.broken() is None
    put("a.bin", "345")
    assert run.broken() == "`a.bin` has another size"


def test_a_modification_time_that_was_asked_for_counts(watch):
    put("a.bin", "12")
    run = watch(lambda: os.path.getmtime("a.bin"))
    os.utime("a.bin", (5, 5))
    assert run.broken() == "`a.bin` has another modification time"


def test_all_of_a_stat_counts(watch):
    put("a.bin", "12")
    run = watch(lambda: Path("a.bin").stat().st_mode)
    os.chmod("a.bin", 0o600 if run.value & 0o777 != 0o600 else 0o644)
    assert run.broken() == "`a.bin` changed on disk"


def test_a_directory_listed_breaks_when_a_file_is_added(watch):
    Path("data").mkdir()
    put("data/a.csv", "1")
    run = watch(lambda: os.listdir("data"))
    assert run.broken() is None
    put("data/b.csv", "1")
    assert run.broken() == "the files in `data` are others now"


@pytest.mark.parametrize("find", [lambda: glob.glob("*.csv"), lambda: glob.glob("./*.csv")])
def test_glob_counts_only_names_that_match(watch, find):
    put("a.csv", "1")
    run = watch(find)
    put("notes.txt", "1")
    assert run.broken() is None
    put("b.csv", "1")
    assert run.broken() is not None


@pytest.mark.parametrize(
    "find", [lambda: sorted(Path().glob("*.csv")), lambda: list(Path().iterdir()), lambda: list(os.walk("."))]
)
def test_other_listings_count_in_full(watch, find):
    put("a.csv", "1")
    run = watch(find)
    assert run.broken() is None
    put("b.csv", "1")
    assert run.broken() is not None


def test_sizes_told_by_scandir_count(watch):
    Path("data").mkdir()
    put("data/a.csv", "1")
    run = watch(lambda: sum(entry.stat().st_size for entry in os.scandir("data")))
    assert (run.value, run.broken()) == (1, None)
    put("data/a.csv", "12")
    assert run.broken() == "the files in `data` are others now"


def test_a_link_that_leads_elsewhere_counts(watch):
    put("one.csv", "1")
    put("two.csv", "2")
    os.symlink("one.csv", "data.csv")
    run = watch(lambda: Path("data.csv").read_text())
    os.unlink("data.csv")
    os.symlink("two.csv", "data.csv")
    assert run.broken() == "`data.csv` changed on disk"


def test_a_thread_of_the_component_counts(watch):
    put("data.csv", "1")

    def run_in_thread():
        thread = threading.Thread(target=lambda: Path("data.csv").read_text())
        thread.start()
        thread.join()

    assert watch(run_in_thread).names("file") == ["data.csv"]


def test_a_pool_thread_of_an_earlier_cell_counts(watch):
    from concurrent.futures import ThreadPoolExecutor

    put("data.csv", "1")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        run = watch(lambda: pool.submit(lambda: Path("data.csv").read_text()).result())
    assert run.names("file") == ["data.csv"]


def test_a_file_changed_while_it_is_read_is_refused(watch):
    path = put("data.csv", "1")

    def read_and_lose():
        text = path.read_text()
        with quiet():  # stands for another process
            path.write_text("22")
        return text

    assert "`data.csv` changed while it was read" in watch(read_and_lose).refusals()


def test_what_python_and_libraries_read_of_their_own_does_not_count(watch):
    def use():
        linecache.getline(os.__file__, 1)
        return Path(os.__file__).read_text()[:10]

    assert watch(use).names("file") == []


def test_an_import_of_a_local_module_is_not_a_file_read(watch, monkeypatch, tmp_path):
    import importlib

    put("local_sums.py", "value = 1")
    monkeypatch.syspath_prepend(str(tmp_path))
    run = watch(lambda: importlib.import_module("local_sums").value)
    assert (run.value, run.names("file"), run.names("listing")) == (1, [], [])


def test_a_data_file_of_a_local_package_counts(watch, monkeypatch, tmp_path):
    import pkgutil

    Path("local_pack").mkdir()
    put("local_pack/__init__.py", "")
    put("local_pack/data.txt", "1")
    monkeypatch.syspath_prepend(str(tmp_path))
    run = watch(lambda: pkgutil.get_data("local_pack", "data.txt"))
    assert run.names("file") == [f"{tmp_path}/local_pack/data.txt"]


def test_a_relative_open_in_a_directory_descriptor_is_resolved(watch, tmp_path):
    Path("sub").mkdir()
    put("sub/a.bin", "1")
    put("a.bin", "other")

    def read():
        folder = os.open("sub", os.O_RDONLY)
        try:
            descriptor = os.open("a.bin", os.O_RDONLY, dir_fd=folder)
            os.close(descriptor)
        finally:
            os.close(folder)

    assert str(tmp_path / "sub" / "a.bin") in watch(read).names("file")


def test_an_existing_path_among_strings_counts_as_read(watch):
    put("model.bin", "1")
    run = watch(lambda: None, "model.bin", "nothing.bin", "hello\nworld", ".", "/")
    assert run.names("file") == ["model.bin"]
    put("model.bin", "2")
    assert run.broken() == "`model.bin` changed on disk"


def test_a_path_string_that_is_only_written_is_no_read(watch):
    put("out.csv", "old")
    run = watch(lambda: Path("out.csv").write_text("new"), "out.csv")
    assert (run.names("file"), run.effect_names()) == ([], ["out.csv"])


def test_files_below_a_directory_string_count_where_nothing_was_seen_to_use_them(watch):
    Path("data").mkdir()
    put("data/a.bin", "1")
    run = watch(lambda: None, "data")
    assert run.names("tree") == ["data"]
    put("data/new.bin", "1")
    assert run.broken() is None
    put("data/a.bin", "2")
    assert run.broken() == "files in `data` changed on disk"


def test_a_directory_string_that_explains_seen_reads_is_no_more(watch):
    Path("data").mkdir()
    put("data/a.bin", "1")
    put("data/b.bin", "1")
    run = watch(lambda: Path("data/a.bin").read_text(), "data")
    assert (run.names("tree"), run.names("file")) == ([], ["data/a.bin"])


def test_entropy_from_a_device_is_refused(watch):
    assert (
        "reads entropy from a device"
        in watch(lambda: os.close(os.open("/dev/urandom", os.O_RDONLY))).refusals()
    )


def test_ignored_paths_do_not_count(watch):
    Path("skip").mkdir()
    put("skip/a.bin", "1")
    run = watch(lambda: Path("skip/a.bin").read_text(), settings={"ignore_paths": ("skip",)})
    assert run.names("file") == []


def test_a_path_object_that_raises_breaks_only_the_users_own_call(watch):
    class Odd:
        def __fspath__(self):
            raise RuntimeError("odd")

    with pytest.raises(RuntimeError, match="odd"):
        watch(lambda: open(Odd()))  # noqa: SIM115
    with pytest.raises(RuntimeError, match="odd"):
        watch(lambda: os.stat(Odd()))
