"""Worker processes: what they read counts, what can't be known is refused."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.txt", "b.txt"):
        Path(name).write_text(name)


def read_text(path):
    return Path(path).read_text()


def read_file_and_write(path):
    Path(path + ".out").write_text(read_text(path))


def read_mode(_):
    return os.environ.get("MODE_OF_TEST")


def run_command(_):
    return os.system("true")


def assert_reads_both(run, folder):
    assert run.value == ["a.txt", "b.txt"]
    assert run.refusals() == []
    assert [name.rpartition("/")[2] for name in run.names("file")] == ["a.txt", "b.txt"]
    Path("b.txt").write_text("changed")
    assert "b.txt` changed on disk" in run.broken()


def loky_run(function, items):
    from joblib import Parallel, delayed

    return Parallel(n_jobs=2)(delayed(function)(item) for item in items)


def test_files_read_by_a_new_and_by_an_idle_loky_pool_count(watch, tmp_path):
    pytest.importorskip("joblib")
    names = [str(tmp_path / "a.txt"), str(tmp_path / "b.txt")]
    from joblib.externals.loky import get_reusable_executor

    def local(path):  # by value: a test module isn't importable in a worker
        return open(path).read()

    get_reusable_executor().shutdown(wait=True)
    for _ in ("new", "idle"):
        run = watch(lambda: loky_run(local, names))
        assert_reads_both(run, tmp_path)
        Path("b.txt").write_text("b.txt")
    get_reusable_executor().shutdown(wait=True)


def test_grid_search_with_two_jobs_is_not_refused(watch):
    pytest.importorskip("sklearn")
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GridSearchCV

    x, y = [[float(i)] for i in range(20)], list(range(20))
    for _ in ("new", "idle"):
        run = watch(lambda: GridSearchCV(Ridge(), {"alpha": [1, 2]}, n_jobs=2, cv=2).fit(x, y).best_params_)
        assert (run.refusals(), run.names("file"), run.effect_names()) == ([], [], [])
        assert run.broken() is None


@pytest.mark.parametrize("how", ["map", "imap", "apply_async", "starmap", "executor"])
def test_files_read_by_pools_count(watch, tmp_path, how):
    fork = multiprocessing.get_context("fork")

    def run_it():
        names = ["a.txt", "b.txt"]
        if how == "executor":
            with ProcessPoolExecutor(1, mp_context=fork) as executor:
                return list(executor.map(read_text, names))
        with fork.Pool(1) as pool:
            if how == "apply_async":
                return [pool.apply_async(read_text, (name,)).get() for name in names]
            if how == "starmap":
                return pool.starmap(read_text, [(name,) for name in names])
            return list(getattr(pool, how)(read_text, names))

    assert_reads_both(watch(run_it), tmp_path)


def test_a_pool_of_an_earlier_cell_counts(watch, tmp_path):
    with multiprocessing.get_context("fork").Pool(1) as pool:
        pool.map(str, "12")
        assert_reads_both(watch(lambda: pool.map(read_text, ["a.txt", "b.txt"])), tmp_path)


def test_an_initializer_counts(watch):
    def run_it():
        with multiprocessing.get_context("fork").Pool(1, initializer=read_text, initargs=("a.txt",)) as pool:
            return pool.map(str, [1])

    run = watch(run_it)
    assert (run.refusals(), run.names("file")) == ([], ["a.txt"])


def test_a_forked_process_counts(watch):
    def run_it():
        process = multiprocessing.get_context("fork").Process(target=read_text, args=("a.txt",))
        process.start()
        process.join()

    run = watch(run_it)
    assert (run.refusals(), run.names("file")) == ([], ["a.txt"])


def test_a_process_that_was_killed_is_refused(watch):
    import time

    def run_it():
        process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
        process.start()
        process.kill()
        process.join()

    assert [reason[:16] for reason in watch(run_it).refusals()] == ["worker processes"]


def test_files_written_by_workers_are_put_back(watch):
    def run_it():
        with multiprocessing.get_context("fork").Pool(1) as pool:
            pool.map(read_file_and_write, ["a.txt"])

    run = watch(run_it)
    assert (run.refusals(), run.effect_names()) == ([], ["a.txt.out"])
    os.unlink("a.txt.out")
    run.apply()
    assert read_text("a.txt.out") == "a.txt"


def test_variables_read_by_workers_count(watch, monkeypatch):
    monkeypatch.setenv("MODE_OF_TEST", "1")

    def run_it():
        with multiprocessing.get_context("fork").Pool(1) as pool:
            return pool.map(read_mode, [0])

    run = watch(run_it)
    assert (run.value, run.broken()) == (["1"], None)
    monkeypatch.setenv("MODE_OF_TEST", "2")
    assert run.broken() == "environment variable `MODE_OF_TEST` changed"


def test_a_worker_that_runs_commands_is_refused(watch):
    def run_it():
        with multiprocessing.get_context("fork").Pool(1) as pool:
            pool.map(run_command, [0])

    assert watch(run_it).refusals() == ["ran other processes (`true`)"]


def test_an_exception_in_a_worker_reaches_the_user(watch):
    def run_it():
        with multiprocessing.get_context("fork").Pool(1) as pool:
            pool.map(read_text, ["nothing.txt"])

    assert isinstance(watch(run_it).value, FileNotFoundError)


def test_thread_pools_are_left_alone(watch):
    from multiprocessing.pool import ThreadPool

    def run_it():
        with ThreadPool(1) as pool:
            return pool.map(read_text, ["a.txt"])

    run = watch(run_it)
    assert (run.value, run.refusals(), run.names("file")) == (["a.txt"], [], ["a.txt"])
