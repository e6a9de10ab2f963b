"""Files are inputs and results: read by content, listed, missing, written, edited by hand since."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import Do, assert_same, differences, expect
from fpcache.testing.sessions.edits import run_edit_run, run_twice

BOTH = pytest.mark.parametrize("mode", ["auto", "explicit"])


def write(name, text, mode="w"):
    return Do(f"open({name!r}, {mode!r}).write({text!r})")


@BOTH
def test_a_file_that_changed_on_disk_is_read_again(transcript, mode):
    cells = """
        total = sum(map(int, open("numbers.txt").read().split()))
        # %%
        twice = total * 2
        other = len(open("other.txt").read())
    """
    files = {"numbers.txt": "1 2 3", "other.txt": "abc"}
    run_twice(transcript, cells, mode=mode, files=files)
    changed = files | {"numbers.txt": "1 2 4"}
    warm = transcript.run(cells, mode=mode, files=changed)
    expect(
        warm,
        {"total": "miss: `numbers.txt` changed on disk", "twice": "miss: `total` changed", "other": "hit"},
    )
    assert_same(transcript.plain(cells, files=changed), warm)


def test_a_file_that_was_only_touched_is_not_read_again(transcript):
    cells = 'total = sum(map(int, open("numbers.txt").read().split()))'
    transcript.run(cells, files={"numbers.txt": "1 2 3"})
    warm = transcript.run(
        [Do("import os; os.utime('numbers.txt', (1, 1))"), cells], files={"numbers.txt": "1 2 3"}
    )
    expect(warm, {"total": "hit"})


def test_the_same_words_in_another_order_of_lines_are_another_content(transcript):
    cells = 'first = open("numbers.txt").readline()'
    transcript.run(cells, files={"numbers.txt": "1\n2\n"})
    warm = transcript.run(cells, files={"numbers.txt": "2\n1\n"})
    expect(warm, {"first": "miss: `numbers.txt` changed on disk"})


def test_a_file_changed_between_two_cells_of_one_session_is_read_again(transcript):
    cells = ["a = open('f').read()", write("f", "2"), "b = open('f').read()", "a = open('f').read()"]
    plain = transcript.plain(cells, files={"f": "1"})
    for _ in range(2):
        run = transcript.run(cells, files={"f": "1"})
        assert_same(plain, run)
    assert (run.value("a"), run.value("b")) == ("2", "2")


def test_libraries_reading_and_writing_tables_are_seen(transcript):
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    cells = """
        import numpy as np, pandas as pd
        frame = pd.DataFrame({"a": [1, 2, 3]})
        column = frame.a.to_numpy()
        frame.to_csv("f.csv", index=False)
        frame.to_parquet("f.parquet")
        frame.to_json("f.json")
        frame.to_pickle("f.pickle")
        np.save("f.npy", column)
        np.savez("f.npz", column)
        np.savetxt("f.txt", column)
        # %%
        csv = pd.read_csv("f.csv")
        parquet = pd.read_parquet("f.parquet")
        json = pd.read_json("f.json")
        pickle = pd.read_pickle("f.pickle")
        npy = np.load("f.npy")
        mapped = np.load("f.npy", mmap_mode="r").sum()
        npz = np.load("f.npz")["arr_0"]
        txt = np.loadtxt("f.txt")
    """
    writers = ["frame.to_csv", "frame.to_parquet", "frame.to_json", "frame.to_pickle"]
    writers += ["np.save(", "np.savez(", "np.savetxt("]
    readers = ["csv", "parquet", "json", "pickle", "npy", "mapped", "npz", "txt"]
    # np.savez writes the time of day into the archive, so that file is another one after each run.
    transcript.run(cells)
    warm = transcript.run(cells)
    expect(warm, dict.fromkeys([*writers, *(f"{name} =" for name in readers)], "hit"))
    assert differences(transcript.plain(cells), warm, files=False) == []
    edit = ("[1, 2, 3]", "[1, 2, 4]")
    warm = transcript.run(cells, edit)
    expect(warm, {f"{name} =": "miss: changed on disk" for name in readers})
    assert differences(transcript.plain(cells, edit), warm, files=False) == []


@pytest.mark.usefixtures("torch_loaded")
def test_tensors_saved_by_a_hit_lie_on_the_disk(transcript):
    cells = """
        import torch
        weights = torch.arange(4.0)
        torch.save({"w": weights}, "model.pt")
        # %%
        back = torch.load("model.pt")["w"]
    """
    _, warm = run_edit_run(transcript, cells)
    expect(warm, {"torch.save": "hit", "back": "hit"})
    warm = transcript.run(cells, ("arange(4.0)", "ones(4)"))
    expect(warm, {"torch.save": "miss", "back": "miss: `model.pt` changed on disk"})
    assert_same(transcript.plain(cells, ("arange(4.0)", "ones(4)")), warm)


def test_frames_written_by_polars_lie_on_the_disk_after_a_hit(transcript):
    pytest.importorskip("polars")
    cells = """
        import polars as pl
        frame = pl.DataFrame({"a": [1, 2]})
        frame.write_csv("a.csv"); frame.write_parquet("a.parquet")
        # %%
        back = pl.read_parquet("a.parquet"), pl.read_csv("a.csv")
    """
    _, warm = run_edit_run(transcript, cells)
    expect(warm, {"frame.write_csv": "hit", "frame.write_parquet": "hit", "back": "hit"})


def test_a_directory_that_is_listed_is_an_input(transcript):
    cells = """
        import glob, os
        from pathlib import Path
        listed = sorted(os.listdir("data"))
        tables = sorted(glob.glob("data/*.csv"))
        paths = sorted(str(p) for p in Path("data").rglob("*.txt"))
    """
    files = {"data/a.csv": "1", "data/b.csv": "2", "data/deep/c.txt": "3"}
    run_twice(transcript, cells, files=files)
    more = files | {"data/deep/d.txt": "4"}
    warm = transcript.run(cells, files=more)
    expect(warm, {"listed": "hit", "tables": "hit", "paths": "miss: the files in"})
    assert_same(transcript.plain(cells, files=more), warm)
    more |= {"data/e.csv": "5"}
    warm = transcript.run(cells, files=more)
    expect(warm, {"listed": "miss: the files in `data` are others now", "tables": "miss"})
    assert_same(transcript.plain(cells, files=more), warm)


def test_a_file_that_was_looked_for_and_not_found_is_an_input(transcript):
    cells = """
        import os
        from pathlib import Path
        known = os.path.exists("config.txt")
        size = Path("config.txt").stat().st_size if Path("config.txt").is_file() else -1
        # %%
        try:
            text = open("config.txt").read()
        except FileNotFoundError:
            text = "default"
    """
    run_twice(transcript, cells)
    files = {"config.txt": "own"}
    warm = transcript.run(cells, files=files)
    expect(
        warm,
        {
            "known": "miss: `config.txt` exists now",
            "size": "miss: `config.txt` exists now",
            "try": "miss: `config.txt` exists now",
        },
    )
    assert_same(transcript.plain(cells, files=files), warm)
    gone = transcript.run(cells)
    expect(gone, {"known": "hit", "size": "hit", "try": "hit"})


def test_written_appended_and_deleted_files_are_as_after_a_run(transcript):
    cells = """
        import os, shutil
        n = open("new.txt", "w").write("new")
        m = open("log.txt", "a").write("one more\\n")
        os.remove("old.txt")
        # %%
        os.makedirs("out/deep"); k = open("out/deep/x.bin", "wb").write(bytes(range(256)))
        os.rename("out/deep/x.bin", "out/x.bin")
        name = shutil.copy("out/x.bin", "copy.bin")
    """
    transcript.files = {"log.txt": "begun\n", "old.txt": "old"}
    _, warm = run_edit_run(transcript, cells)
    expect(
        warm,
        """
        n = open("new.txt"      | hit
        m = open("log.txt"      | miss: `log.txt`
        os.remove("old.txt")    | uncacheable: deleted or moved `old.txt`
        os.makedirs("out/deep") | hit
        k = open(               | hit
        os.rename(              | uncacheable: deleted or moved
        name = shutil.copy(     | hit
        """,
    )


@BOTH
def test_a_log_that_has_grown_since_is_appended_to_by_the_code(transcript, mode):
    cells = 'n = open("log.txt", "a").write("one more\\n")'
    transcript.run(cells, files={"log.txt": "begun\n"}, mode=mode)
    grown = {"log.txt": "begun\nby hand\n"}
    warm = transcript.run(cells, files=grown, mode=mode)
    assert warm.files["log.txt"] == b"begun\nby hand\none more\n"
    expect(warm, {"n": "miss: `log.txt` changed on disk"})


@BOTH
def test_a_written_file_edited_by_hand_since_is_overwritten_by_the_code_only(transcript, mode):
    cells = """
        text = "result".upper()
        n = open("result.txt", "w").write(text)
    """
    transcript.run(cells, mode=mode)
    by_hand = {"result.txt": "edited by hand"}
    warm = transcript.run(cells, files=by_hand, mode=mode)
    expect(warm, {"text": "hit", "n": "miss: `result.txt`"})
    assert warm.files["result.txt"] == b"RESULT"
    assert_same(transcript.plain(cells, files=by_hand), warm)


def test_a_counter_kept_in_a_file_advances_with_every_run(transcript):
    cell = """
        import pathlib
        def bump():
            path = pathlib.Path("count.txt")
            n = int(path.read_text()) + 1 if path.exists() else 1
            path.write_text(str(n))
            return n
        n = bump()
    """
    cells = [cell, "n = bump()", "n = bump()"]
    plain = transcript.plain(cells)
    for _ in range(2):
        run = transcript.run(cells)
        assert_same(plain, run)
    assert run.value("n") == 3
    onwards = [transcript.run(cells, files={"count.txt": "7"}) for _ in range(2)]
    assert [run.value("n") for run in onwards] == [10, 10]
    expect(onwards[1], {"n = bump()": "miss, miss, miss"})  # only the code itself overwrites a file


def test_files_read_by_parallel_workers_are_inputs(transcript):
    pytest.importorskip("joblib")
    cells = """
        from joblib import Parallel, delayed
        def size(n):
            return len(open(f"part{n}.txt").read())
        # %%
        sizes = Parallel(n_jobs=2)(delayed(size)(n) for n in range(3))
    """
    files = {f"part{n}.txt": "x" * n for n in range(3)}
    run_twice(transcript, cells, files=files)
    warm = transcript.run(cells, files=files)
    expect(warm, {"sizes": "hit"})
    changed = files | {"part2.txt": "longer"}
    warm = transcript.run(cells, files=changed)
    expect(warm, {"sizes": "miss: `part2.txt` changed on disk"})
    assert_same(transcript.plain(cells, files=changed), warm)


def test_an_open_file_is_never_taken_for_another(transcript):
    cells = """
        file = open("f.txt")
        # %%
        first = file.read(1)
        second = file.read(1)
        # %%
        import sqlite3
        base = sqlite3.connect(":memory:")
        rows = base.execute("select 1 + 1").fetchall()
        # %%
        file.close(); base.close()
    """
    transcript.files = {"f.txt": "abc"}
    plain = transcript.plain(cells)
    for _ in range(2):
        run = transcript.run(cells)
        assert_same(plain, run, ignore=["file", "base"])
        expect(
            run,
            {
                "file = ": "uncacheable",
                "first": "uncacheable",
                "second": "uncacheable",
                "rows": "uncacheable",
            },
        )


@BOTH
def test_a_closed_file_is_a_value_like_any_other(transcript, mode):
    cells = """
        import json
        with open("a.json") as file:
            settings = json.load(file)
        with open("b.txt", encoding="latin-1") as text:
            lines = [line.strip() for line in text]
        with open("out.bin", "wb") as out:
            out.write(b"bytes")
        # %%
        shown = repr([file, text, out]), file.closed, text.newlines, out.mode
    """
    _, warm = run_twice(transcript, cells, mode=mode, files={"a.json": "[1]", "b.txt": "one\ntwo\n"})
    expect(warm, {"with open": "hit", "shown": "hit"})


def test_a_closed_hdf5_file_is_a_value_like_any_other(transcript):
    pytest.importorskip("h5py")
    cells = """
        import h5py
        with h5py.File("a.h5", "w") as file:
            file["x"] = [1, 2]
        with h5py.File("a.h5") as back:
            x = back["x"][:]
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"with h5py": "hit"})


def test_a_file_read_through_a_helper_and_a_default_argument_is_an_input(transcript):
    cells = """
        from pathlib import Path
        HERE = Path("settings.json")
        def load(path=HERE):
            import json
            with path.open() as file:
                return json.load(file)
        # %%
        settings = load()
    """
    run_twice(transcript, cells, files={"settings.json": '{"a": 1}'})
    warm = transcript.run(cells, files={"settings.json": '{"a": 2}'})
    expect(warm, {"settings": "miss: `settings.json` changed on disk"})
    assert warm.value("settings") == ["dict", "a", 2] or "2" in str(warm.value("settings"))
