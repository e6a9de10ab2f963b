"""Processes that a run starts."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "start",
    [
        lambda: subprocess.run(["true"], check=True),
        lambda: subprocess.check_output("echo 1", shell=True),
        lambda: os.system("true"),
        lambda: os.popen("true").close(),
        lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0),
        lambda: os.waitpid(os.spawnlp(os.P_NOWAIT, "true", "true"), 0),
    ],
)
def test_other_processes_are_refused(watch, start):
    assert [reason[:19] for reason in watch(start).refusals()] == ["ran other processes"]


def test_a_fork_is_refused(watch):
    def fork():
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)

    assert watch(fork).refusals() == ["ran other processes"]


def test_commands_that_tell_of_the_machine_pass(watch):
    if not any(os.access(os.path.join(folder, "uname"), os.X_OK) for folder in ("/bin", "/usr/bin")):
        pytest.skip("no uname here")
    assert watch(lambda: subprocess.check_output(["uname"])).refusals() == []


def test_a_command_is_named(watch):
    run = watch(lambda: subprocess.run([sys.executable, "-c", ""], check=True))
    assert run.refusals() == [f"ran other processes (`{os.path.basename(sys.executable)}`)"]
