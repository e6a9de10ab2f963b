"""Threads, tasks, signals, paths and planted attributes: what a replay restores or refuses."""

from __future__ import annotations

import asyncio
import atexit
import builtins
import json
import os
import signal
import sys
import threading

import pytest

from fpcache.dependencies import process_state
from fpcache.dependencies.context import Context


@pytest.fixture
def ran(cells):
    found = cells(process_state)
    found.live("import sys, os, threading, signal, atexit, json, time, builtins")
    return found


def test_a_run_that_changes_nothing_has_no_effect(ran):
    found = ran.run("x = json.dumps([1])")
    assert found.seen.effects == ()
    assert found.reasons == []


def test_paths_arguments_and_limits_come_back(ran):
    path, argv, limit, mask = list(sys.path), list(sys.argv), sys.getrecursionlimit(), os.umask(0o022)
    try:
        found = ran.run(
            "sys.path.insert(0, '/added'); sys.argv[:] = ['a']; sys.setrecursionlimit(4321); os.umask(0o27)"
        )
        sys.path[:], sys.argv[:] = path, argv
        sys.setrecursionlimit(limit)
        os.umask(0o022)
        assert [process_state.ready(effect, Context()) for effect in found.seen.effects] == [None] * 4
        found.apply()
        assert (sys.path[0], sys.argv, sys.getrecursionlimit()) == ("/added", ["a"], 4321)
        assert os.umask(mask) == 0o27
    finally:
        sys.path[:], sys.argv[:] = path, argv
        sys.setrecursionlimit(limit)
        os.umask(mask)


def test_a_thread_at_work_is_refused_and_one_that_ended_is_not(ran):
    ran.namespace["done"] = done = threading.Event()
    found = ran.run("t = threading.Thread(target=done.wait, name='mine'); t.start()")
    done.set()
    assert found.reasons == ["started a thread that is still running (`mine`)"]
    assert ran.run("t = threading.Thread(target=len, args=('',)); t.start(); t.join()").reasons == []


def test_an_idle_executor_is_no_effect_and_a_busy_one_is(ran):
    ran.live("from concurrent.futures import ThreadPoolExecutor")
    assert ran.run("e = ThreadPoolExecutor(2); x = list(e.map(len, ['a', 'b']))").reasons == []
    for call in ("threading.Event().wait, 1", "time.sleep, 1"):
        ran.live("e.shutdown(); e = ThreadPoolExecutor(1)")
        # The pool's thread starts within the run, and is at work when the run ends.
        found = ran.run(f"f = e.submit({call}); time.sleep(0.1)")
        assert ["still running" in reason for reason in found.reasons] == [True]
    ran.live("e.shutdown()")


def test_an_idle_pool_of_threads_is_no_effect_and_a_busy_one_is(ran):
    ran.live("from multiprocessing.pool import ThreadPool")
    assert ran.run("p = ThreadPool(2); x = p.map(len, ['a', 'b']); time.sleep(0.1)").reasons == []
    found = ran.run("q = ThreadPool(1); r = q.apply_async(time.sleep, (1,)); time.sleep(0.1)")
    assert ["still running" in reason for reason in found.reasons] == [True]
    ran.live("p.terminate(); q.terminate()")


def test_a_thread_that_only_bears_a_services_name_is_refused(ran):
    ran.namespace["done"] = done = threading.Event()
    found = ran.run("t = threading.Thread(target=done.wait, name='tqdm_monitor'); t.start()")
    done.set()
    assert len(found.reasons) == 1


def test_the_monitor_of_a_progress_bar_is_no_effect(ran):
    tqdm = pytest.importorskip("tqdm")
    ran.namespace["tqdm"] = tqdm.tqdm
    assert ran.run("for i in tqdm(range(3)):\n    pass").reasons == []


def test_parallel_fits_leave_only_idle_workers(ran):
    pytest.importorskip("joblib")
    ran.live("from joblib import Parallel, delayed")
    assert ran.run("x = Parallel(n_jobs=2)(delayed(len)('ab') for _ in range(4))").reasons == []


def test_a_pending_task_is_refused_and_a_finished_one_is_not():
    async def main() -> list[list[str]]:
        reasons = []
        for wait in (30, 0):
            probe = process_state.probe(Context())
            probe.start()
            task = asyncio.ensure_future(asyncio.sleep(wait))
            await asyncio.sleep(0.01)
            probe.stop()
            reasons.append([refusal.reason for refusal in probe.observation().refusals])
            task.cancel()
        return reasons

    assert asyncio.run(main()) == [["started a task that is still pending"], []]


def test_signal_handlers_and_exit_functions_are_refused(ran):
    before = signal.getsignal(signal.SIGUSR1)
    found = ran.run("signal.signal(signal.SIGUSR1, lambda *a: None)")
    signal.signal(signal.SIGUSR1, before)
    assert found.reasons == ["changed the handler of SIGUSR1"]
    assert ran.run("atexit.register(len, '')").reasons == ["registered a function to run at exit"]
    atexit.unregister(len)


def test_replaced_streams_are_refused_and_redirected_ones_are_not(ran):
    stream = sys.stdout
    try:
        assert ran.run("import io; sys.stdout = io.StringIO()").reasons == ["replaced `sys.stdout`"]
    finally:
        sys.stdout = stream
    assert (
        ran.run("import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()): print(1)").reasons
        == []
    )


def test_a_planted_function_is_refused(ran):
    original = json.dumps
    try:
        assert ran.run("json.dumps = lambda value: ''").reasons == ["replaced `json.dumps`"]
    finally:
        json.dumps = original
    found = ran.run("builtins.extra = 3")
    del builtins.extra
    assert found.reasons == ["replaced `builtins.extra`"]


def test_a_library_that_fills_its_own_namespace_is_no_effect(ran):
    ran.live("import email, xml")
    assert ran.run("import email.mime.text, xml.dom.minidom; x = (email, xml)").reasons == []
