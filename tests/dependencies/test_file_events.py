"""The dispatcher of events, and functions replaced while something watches."""

from __future__ import annotations

import os
import pickle
import shutil
import threading
from pathlib import Path

import pytest

from fpcache.dependencies import file_events, interception
from fpcache.dependencies.interception import Point


@pytest.fixture
def seen():
    return []


def test_only_subscribed_events_arrive_and_only_until_unsubscribed(tmp_path, seen):
    subscription = file_events.subscribe(lambda event, args: seen.append((event, args[0])), ["open"])
    (tmp_path / "a").write_text("a")
    os.listdir(tmp_path)
    file_events.unsubscribe(subscription)
    file_events.unsubscribe(subscription)
    (tmp_path / "b").write_text("b")
    assert seen == [("open", str(tmp_path / "a"))] or [Path(seen[0][1])] == [tmp_path / "a"]
    assert file_events._by_event == {}


def test_a_callback_that_fails_is_kept_from_the_user(tmp_path):
    def fail(event, args):
        raise ValueError("ours")

    subscription = file_events.subscribe(fail, ["open"])
    (tmp_path / "a").write_text("a")
    file_events.unsubscribe(fail)
    assert [str(fault) for fault in subscription.faults] == ["ours"]


def test_what_a_callback_opens_is_not_an_event(tmp_path, seen):
    (tmp_path / "a").write_text("a")

    def read(event, args):
        seen.append(Path(args[0]).read_text())

    subscription = file_events.subscribe(read, ["open"])
    (tmp_path / "a").read_text()
    file_events.unsubscribe(subscription)
    assert seen == ["a"]


def run_in(thread_type, tmp_path, seen, *, before):
    go = threading.Event()

    def work():
        go.wait()
        (tmp_path / "a").write_text("a")

    thread = thread_type(target=work)
    if before:
        thread.start()
    subscription = file_events.subscribe(lambda event, args: seen.append(args[0]), ["open"])
    if not before:
        thread.start()
    go.set()
    thread.join()
    file_events.unsubscribe(subscription)


def test_threads_of_earlier_cells_count(tmp_path, seen):
    run_in(threading.Thread, tmp_path, seen, before=True)
    assert len(seen) == 1


def test_the_kernels_own_threads_do_not_count(tmp_path, seen):
    kernel_thread = type("KernelThread", (threading.Thread,), {"__module__": "ipykernel.somewhere"})
    run_in(kernel_thread, tmp_path, seen, before=True)
    assert seen == []


def test_a_thread_started_meanwhile_counts_whatever_its_class(tmp_path, seen):
    kernel_thread = type("KernelThread", (threading.Thread,), {"__module__": "ipykernel.somewhere"})
    run_in(kernel_thread, tmp_path, seen, before=False)
    assert len(seen) == 1


def test_nested_recordings_both_see_and_the_last_puts_back(tmp_path):
    original = os.stat
    point = Point(os, "stat", "fpcache.test")
    first = interception.install([point])
    second = interception.install([Point(os, "stat", "fpcache.test")])
    interception.release(first)
    assert os.stat is not original
    interception.release(second)
    interception.release(second)
    assert os.stat is original


def test_what_others_replaced_meanwhile_stays_theirs(monkeypatch):
    points = interception.install([Point(os, "stat", "fpcache.test")])
    inner = os.stat

    def theirs(*args, **kwargs):
        return inner(*args, **kwargs)

    monkeypatch.setattr(os, "stat", theirs)
    interception.release(points)
    assert os.stat is theirs
    assert os.stat("/").st_mode
    monkeypatch.undo()
    os.stat = inner._original


def test_a_replaced_builtin_still_is_what_the_standard_library_asks_for(tmp_path):
    points = interception.install([Point(os, name, "fpcache.test") for name in ("stat", "open", "lstat")])
    try:
        assert os.stat in os.supports_dir_fd
        assert os.stat in os.supports_follow_symlinks
        assert pickle.loads(pickle.dumps(os.stat)) == os.stat
        (tmp_path / "a").write_text("a")
        shutil.copy2(tmp_path / "a", tmp_path / "b", follow_symlinks=False)
        with pytest.raises(FileNotFoundError) as caught:
            os.stat(tmp_path / "nothing")
    finally:
        interception.release(points)
    assert [frame.path for frame in caught.traceback] == [Path(__file__)]


def test_tracebacks_are_as_if_nothing_watched(watch):
    import traceback

    def fail():
        os.environ["NOTHING_OF_TEST"]

    def frames(run):
        with pytest.raises(KeyError) as caught:
            run()
        return [frame.name for frame in traceback.extract_tb(caught.tb)][-2:]

    assert frames(lambda: watch(fail)) == frames(fail) == ["fail", "__getitem__"]


def test_a_fork_watches_nothing():
    subscription = file_events.subscribe(lambda event, args: None, ["open"])
    child = os.fork()
    if child == 0:
        os._exit(len(file_events._by_event))
    _, status = os.waitpid(child, 0)
    file_events.unsubscribe(subscription)
    assert os.waitstatus_to_exitcode(status) == 0
