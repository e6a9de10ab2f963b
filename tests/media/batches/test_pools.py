"""Workers that end, that are asked for from within workers, and that stay for the next batch."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

import in_workers
import pytest

from fpcache.media import fingerprint, fingerprint_batch
from fpcache.media.batches import clusters, pools, windows

TEXTS = [f"a text of a few words, number {n}" for n in range(9)]


@pytest.mark.parametrize("name", ["processes", "loky", "dask"])
def test_only_the_item_that_ends_its_worker_fails(name, request, monkeypatch, caplog):
    monkeypatch.setenv("FPCACHE_TESTS_PID", str(os.getpid()))
    if name == "dask":
        request.getfixturevalue("cluster")
    for module in (pools, windows, clusters):
        monkeypatch.setattr(module, "work", in_workers.fatal)
    items = [*TEXTS[:4], in_workers.FATAL, *TEXTS[4:]]
    found = fingerprint_batch(items, backend=name, workers=2)
    assert [bool(one) for one in found] == [item != in_workers.FATAL for item in items]
    assert "leave it out" in str(found[4])
    assert all(fingerprint_batch([f"{text}, again" for text in TEXTS], backend=name, workers=2))


@pytest.mark.parametrize(
    ("outer", "name"),
    [
        ("processes", "processes"), ("loky", "processes"), ("loky", "loky"), ("multiprocessing", "processes"),
        ("multiprocessing", "loky"), ("loky", "joblib"), ("dask", "dask"), ("dask", "processes"),
    ],
)  # fmt: skip
def test_a_worker_may_run_a_batch_of_its_own(outer, name, request):
    expected = [fingerprint(text).digest for text in TEXTS[:6]]
    if outer == "dask":
        client = request.getfixturevalue("cluster")
        # As many as there are threads of workers: each would wait for one that is free.
        found = client.gather(client.map(in_workers.nested, [name] * 2, pure=False))
    elif outer == "processes":
        with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as executor:
            found = list(executor.map(in_workers.nested, [name] * 2))
    else:
        if outer == "multiprocessing" and "ray.util.joblib.ray_backend" in sys.modules:
            pytest.skip("an earlier test had Ray put its own processes in their place")
        from joblib import Parallel, delayed

        found = Parallel(2, backend=outer)(delayed(in_workers.nested)(name) for _ in range(2))
    assert found == [expected] * 2


def test_the_processes_stay_for_the_next_batch():
    fingerprint_batch(TEXTS[:2], backend="processes", workers=1)
    first = set(pools._executors[1]._processes)
    fingerprint_batch(TEXTS[2:], backend="processes", workers=1)
    assert set(pools._executors[1]._processes) == first


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_starts_processes_of_its_own():
    fingerprint_batch(TEXTS[:2], backend="processes", workers=1)
    child = os.fork()
    if child == 0:
        os._exit(0 if not pools._executors else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_script_without_a_guard_runs_once(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from fpcache import media\n"
        f"print([one.digest for one in media.fingerprint_batch({TEXTS!r}, backend='processes', workers=2)])\n"
    )
    environment = {**os.environ, "FPCACHE_DIR": str(tmp_path / "cache")}
    told = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, env=environment, timeout=120
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [str([fingerprint(text).digest for text in TEXTS])]
