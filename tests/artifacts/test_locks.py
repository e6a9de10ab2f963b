"""One writer at a time; the lock of one that died is free."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from fpcache.artifacts.locks import locked

PROGRAM = """
import sys
from pathlib import Path
from fpcache.artifacts.locks import locked
with locked(Path(sys.argv[1])) as held:
    print(held, flush=True)
    sys.stdin.read()
"""


def test_a_held_lock_is_told_where_nobody_waits(tmp_path) -> None:
    with locked(tmp_path / "lock") as first, locked(tmp_path / "lock", wait=False) as second:
        assert (first, second) == (True, False)
    with locked(tmp_path / "lock", wait=False) as third:
        assert third


def test_a_waiting_thread_comes_after_the_holder(tmp_path) -> None:
    order = []

    def wait():
        with locked(tmp_path / "lock"):
            order.append("waiter")

    with locked(tmp_path / "lock"):
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join(0.3)
        order.append("holder")
    thread.join()
    assert order == ["holder", "waiter"]


def test_a_killed_process_frees_its_lock(tmp_path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", PROGRAM, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "True\n"
        with locked(path, wait=False) as held:
            assert not held
        process.kill()
        process.wait()
        with locked(path, wait=False) as held:
            assert held


@pytest.mark.skipif(sys.platform == "win32", reason="there, an open file can't be removed")
def test_a_lock_whose_file_was_removed_is_not_taken_for_the_present_one(tmp_path) -> None:
    path, held = tmp_path / "lock", []

    def wait(create):
        try:
            with locked(path, create=create):
                held.append(path.exists())
        except FileNotFoundError:
            held.append("gone")

    for create in (False, True):
        with locked(path):
            thread = threading.Thread(target=wait, args=(create,))
            thread.start()
            thread.join(0.3)
            path.unlink()
        thread.join()
    assert held == ["gone", True]
