"""Writes: what is put back, what only the user's code may do, and what is refused."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

import pytest

from fpcache.own_work import quiet


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_missing_file_is_put_back_with_content_and_mode(watch):
    def run_it():
        Path("out.bin").write_bytes(b"\0line\n\xff")
        os.chmod("out.bin", 0o640)

    run = watch(run_it)
    assert (run.refusals(), run.effect_names(), run.unready()) == ([], ["out.bin"], None)
    os.unlink("out.bin")
    assert run.unready() is None
    run.apply()
    assert Path("out.bin").read_bytes() == b"\0line\n\xff"
    assert os.stat("out.bin").st_mode & 0o777 == 0o640
    assert os.listdir() == ["out.bin"]


def test_a_file_edited_by_hand_makes_the_code_run(watch):
    run = watch(lambda: Path("out.txt").write_text("a"))
    Path("out.txt").write_text("mine")
    assert run.unready() == "`out.txt` has other content than the run left"


def test_apply_never_overwrites(watch):
    run = watch(lambda: Path("out.txt").write_text("a"))
    Path("out.txt").write_text("mine")
    with pytest.raises(Exception, match="other content"):
        run.apply()
    assert Path("out.txt").read_text() == "mine"


def test_an_equal_file_is_left_alone(watch):
    run = watch(lambda: Path("out.txt").write_text("a"))
    before = os.stat("out.txt")
    run.apply()
    assert os.stat("out.txt") == before


def test_a_file_where_a_link_is_now_makes_the_code_run(watch):
    run = watch(lambda: Path("out.txt").write_text("a"))
    os.rename("out.txt", "other.txt")
    os.symlink("other.txt", "out.txt")
    assert run.unready() is not None


def test_what_was_read_before_it_was_overwritten_counts_as_it_was(watch):
    Path("counter.txt").write_text("1")

    def count():
        value = int(Path("counter.txt").read_text()) + 1
        Path("counter.txt").write_text(str(value))
        return value

    run = watch(count)
    assert (run.refusals(), run.names("file"), run.effect_names()) == ([], ["counter.txt"], ["counter.txt"])
    assert run.broken() == "`counter.txt` changed on disk"
    Path("counter.txt").write_text("1")
    assert run.broken() is None
    assert run.unready() == "`counter.txt` has other content than the run left"


def test_a_counter_that_starts_from_nothing_runs_again(watch):
    def count():
        path = Path("counter.txt")
        path.write_text(str(int(path.read_text()) + 1 if path.exists() else 1))

    run = watch(count)
    assert run.broken() == "`counter.txt` exists now"


@pytest.mark.parametrize("mode", ["a", "r+"])
def test_a_change_of_part_of_a_file_depends_on_what_was_there(watch, mode):
    Path("log.txt").write_text("one\n")

    def change():
        with open("log.txt", mode) as file:
            file.write("two\n")

    run = watch(change)
    assert run.names("file") == ["log.txt"]
    assert run.broken() == "`log.txt` changed on disk"


def test_an_overwrite_through_a_link_keeps_the_digest_of_what_was_read(watch):
    Path("data.txt").write_text("old")
    os.link("data.txt", "alias.txt")

    def swap():
        text = Path("data.txt").read_text()
        Path("alias.txt").write_text("new")
        return text

    run = watch(swap)
    assert run.broken() == "`data.txt` changed on disk"
    Path("data.txt").write_text("old")
    assert run.broken() is None


def test_reading_back_what_was_written_is_no_dependency(watch):
    def write_and_read():
        Path("out.txt").write_text("a")
        return Path("out.txt").read_text(), os.path.exists("out.txt"), os.listdir(".")

    run = watch(write_and_read)
    os.unlink("out.txt")
    assert run.names("file") == []
    assert run.broken() is None


def test_a_temporary_file_that_comes_and_goes_leaves_nothing(watch):
    def use():
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("a")
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "b").write_text("b")
        Path("here.tmp").write_text("c")
        os.unlink("here.tmp")

    run = watch(use)
    assert (run.refusals(), run.effect_names(), run.names("file")) == ([], [], [])
    assert run.broken() is None


def test_an_atomic_write_is_a_write_of_its_target(watch):
    Path("out.txt").write_text("old")

    def write():
        Path("out.txt.part").write_text("new")
        os.replace("out.txt.part", "out.txt")

    run = watch(write)
    assert (run.refusals(), run.effect_names()) == ([], ["out.txt"])


def test_a_folder_written_aside_and_moved_into_place_is_kept(watch):
    def write():
        os.makedirs("model.part/deep")
        Path("model.part/deep/w.bin").write_text("w")
        os.rename("model.part", "model")

    run = watch(write)
    assert run.refusals() == []
    shutil.rmtree("model")
    assert run.unready() is None
    run.apply()
    assert Path("model/deep/w.bin").read_text() == "w"


def test_made_directories_are_put_back(watch):
    def write():
        os.makedirs("out/deep", exist_ok=True)
        Path("out/deep/a.txt").write_text("a")

    run = watch(write)
    assert run.broken() is None
    shutil.rmtree("out")
    assert (run.broken(), run.unready()) == (None, None)
    run.apply()
    assert Path("out/deep/a.txt").read_text() == "a"


def test_a_directory_made_strictly_must_be_missing_still(watch):
    run = watch(lambda: os.mkdir("out"))
    assert run.broken() == "`out` exists now"


def test_a_missing_parent_that_the_run_did_not_make_makes_the_code_run(watch):
    Path("out").mkdir()
    run = watch(lambda: Path("out/a.txt").write_text("a"))
    shutil.rmtree("out")
    assert run.unready() == "the directory of `out/a.txt` is gone"


@pytest.mark.parametrize("lose", [lambda: os.unlink("data.txt"), lambda: os.rename("data.txt", "b.txt")])
def test_losing_a_file_that_was_there_is_refused(watch, lose):
    Path("data.txt").write_text("a")
    assert watch(lose).refusals() == ["deleted or moved `data.txt`"]


def test_removing_and_writing_anew_is_a_write(watch):
    Path("out.txt").write_text("old")

    def renew():
        os.unlink("out.txt")
        Path("out.txt").write_text("new")

    run = watch(renew)
    assert (run.refusals(), run.effect_names()) == ([], ["out.txt"])


def test_links_and_pipes_are_refused(watch):
    Path("data.txt").write_text("a")
    assert watch(lambda: os.symlink("data.txt", "link.txt")).refusals()
    assert watch(lambda: os.link("data.txt", "hard.txt")).refusals()
    assert watch(lambda: os.mkfifo("pipe")).refusals()


def test_a_write_through_a_link_is_refused(watch):
    Path("data.txt").write_text("a")
    os.symlink("data.txt", "link.txt")
    assert watch(lambda: Path("link.txt").write_text("b")).refusals()


def test_modes_and_times_set_on_other_files_are_refused(watch):
    Path("data.txt").write_text("a")
    assert watch(lambda: os.chmod("data.txt", 0o600)).refusals()
    assert watch(lambda: os.utime("data.txt", (1, 1))).refusals()


def test_a_copy_keeps_the_times_it_was_given(watch):
    Path("data.txt").write_text("a")
    os.utime("data.txt", (1000, 1000))
    run = watch(lambda: shutil.copy2("data.txt", "copy.txt"))
    assert (run.refusals(), run.names("file")) == ([], ["data.txt"])
    assert run.broken() is None
    os.unlink("copy.txt")
    run.apply()
    assert os.stat("copy.txt").st_mtime == 1000


def test_a_write_that_nobody_saw_is_refused(watch):
    def write_unseen():
        with quiet():
            Path("unseen.bin").write_text("a")

    import time

    def later():
        time.sleep(0.03)
        write_unseen()

    assert watch(later).refusals() == ["`unseen.bin` was written while it ran, by code that can't be watched"]


def test_the_notebook_and_hidden_files_may_change_meanwhile(watch):
    import time

    def later():
        time.sleep(0.03)
        with quiet():
            for name in ("book.ipynb", ".hidden", "server.log"):
                Path(name).write_text("a")

    assert watch(later).refusals() == []


def test_a_file_whose_time_lies_ahead_is_not_taken_for_a_change(watch):
    Path("future.txt").write_text("a")
    os.utime("future.txt", (9e9, 9e9))
    import time

    time.sleep(0.03)
    assert watch(lambda: 1).refusals() == []


def test_a_file_opened_before_and_written_now_is_refused(watch):
    import time

    with open("log.txt", "w") as file:

        def log():
            time.sleep(0.03)
            file.write("line\n")
            file.flush()

        run = watch(log)
    assert [reason.split(",")[-1] for reason in run.refusals()][:1] == [" which an earlier cell opened"]


def test_a_file_left_open_is_refused(watch):
    run = watch(lambda: open("log.txt", "w"))  # noqa: SIM115
    assert any("open for writing" in reason for reason in run.refusals())
    run.value.close()


def test_too_much_is_refused(watch):
    run = watch(lambda: Path("big.bin").write_bytes(b"0" * 100), settings={"max_written_bytes": 10})
    assert run.refusals() == ["wrote more than 0 MiB of files"]


def test_a_database_read_and_changed_is_both(watch):
    connection = sqlite3.connect("a.db")
    connection.execute("create table t (x)")
    connection.commit()
    connection.close()

    def change():
        connection = sqlite3.connect("a.db")
        connection.execute("insert into t values (1)")
        connection.commit()
        connection.close()

    run = watch(change)
    assert (run.refusals(), run.names("file"), run.effect_names()) == ([], ["a.db"], ["a.db"])
    assert run.broken() == "`a.db` changed on disk"


def test_a_failed_open_for_writing_leaves_no_effect(watch):
    Path("folder").mkdir()
    run = watch(lambda: open("folder", "w"))  # noqa: SIM115
    assert isinstance(run.value, IsADirectoryError)
    assert run.effect_names() == []


def test_directories_made_inside_new_ones_are_made_again(watch):
    run = watch(lambda: os.makedirs("a/b/c"))
    shutil.rmtree("a")
    assert (run.refusals(), run.unready()) == ([], None)
    run.apply()
    assert os.path.isdir("a/b/c")


def test_a_file_that_is_removed_and_written_anew_has_to_exist(watch):
    Path("f.txt").write_text("old")

    def run_it():
        os.remove("f.txt")
        Path("f.txt").write_text("new")

    run = watch(run_it)
    assert (run.refusals(), run.broken()) == ([], None)
    os.unlink("f.txt")
    assert run.broken() == "`f.txt` is gone"
