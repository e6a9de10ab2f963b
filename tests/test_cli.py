"""The `fpcache` command: what it prints, and how it exits."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import types

import pytest

from fpcache import doctor
from fpcache.cli import main
from fpcache.store import LocalStore
from fpcache.testing import an_entry


@pytest.fixture(autouse=True)
def cache_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("FPCACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("FPCACHE_KEY_FILE", str(tmp_path / "key"))
    return tmp_path / "cache"


@pytest.fixture
def store(cache_directory):
    store = LocalStore()
    store.put(an_entry("a", label="model = fit(X)", name="mine", duration_s=12.0), {"payload": b"x" * 2048})
    pinned = store.put(
        an_entry("b", label="df = load()", duration_s=3.0, source="df = load('100%')"), {"payload": b"y"}
    )
    store.pin(pinned.entry_id)
    store.touch(pinned.entry_id, 4.0)
    yield store
    store.close()


@pytest.mark.usefixtures("store")
def test_stats_tell_what_is_held_and_saved(capsys, cache_directory):
    assert main(["stats"]) == 0
    told = capsys.readouterr().out
    assert str(cache_directory) in told
    assert "2 (1 pinned)" in told
    assert "4.0 s" in told


@pytest.mark.usefixtures("store")
def test_stats_as_json(capsys):
    assert main(["stats", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["entries"], told["size_bytes"], told["hits"], told["saved_s"]) == (2, 2049, 1, 4.0)


@pytest.mark.usefixtures("store")
def test_ls_sorts_limits_and_searches(capsys):
    assert main(["ls", "--sort", "duration", "--limit", "1"]) == 0
    told = capsys.readouterr().out
    assert "model = fit(X)" in told
    assert "2.0 KiB" in told
    assert "mine" in told
    assert "df = load()" not in told
    assert main(["ls", "--search", "100%"]) == 0
    told = capsys.readouterr().out
    assert "pinned" in told
    assert "model" not in told


@pytest.mark.usefixtures("store")
def test_ls_as_json(capsys):
    assert main(["ls", "--json", "--sort", "label"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [entry["label"] for entry in told] == ["df = load()", "model = fit(X)"]
    assert told[1]["name"] == "mine"


def test_ls_of_an_empty_cache_says_so(capsys):
    assert main(["ls"]) == 0
    assert main(["ls", "--search", "z"]) == 0
    assert capsys.readouterr().out == "no entries\nno entries with 'z'\n"


def test_clear_keeps_pinned_entries(store, capsys):
    assert main(["clear", "--yes"]) == 0
    assert capsys.readouterr().out == "forgot 1 entries, freed 2.0 KiB, kept 1 pinned\n"
    assert [entry.key for entry in store.entries()] == ["b"]


def test_clear_all_takes_pinned_entries_too(store):
    assert main(["clear", "--yes", "--all"]) == 0
    assert store.entries() == ()


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("answer", "code", "left"), [("y\n", 0, 1), ("\n", 1, 2), ("no\n", 1, 2)])
def test_clear_asks_first(store, monkeypatch, answer, code, left):
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    assert main(["clear"]) == code
    assert len(store.entries()) == left


def test_clear_without_a_terminal_needs_yes(store, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert main(["clear"]) == 2
    assert "--yes" in capsys.readouterr().err
    assert len(store.entries()) == 2


@pytest.mark.parametrize(
    "arguments", [[], ["nothing"], ["ls", "--limit", "-1"], ["ls", "--sort", "x"], ["stats", "x"]]
)
def test_bad_usage_exits_with_2(arguments, capsys):
    assert main(arguments) == 2
    assert "usage: fpcache" in capsys.readouterr().err


def test_help_and_version_exit_with_0(capsys):
    assert main(["--help"]) == 0
    assert "doctor" in capsys.readouterr().out
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("fpcache ")


@pytest.mark.parametrize("command", ["stats", "ls", "clear"])
def test_a_cache_that_can_not_be_opened_exits_with_1_and_says_why(command, cache_directory, capsys):
    cache_directory.mkdir()
    (cache_directory / "index.sqlite").write_bytes(b"nonsense" * 100)
    assert main([command]) == 1
    told = capsys.readouterr().err
    assert told.startswith("fpcache: The cache index")
    assert "move it away" in told


@pytest.mark.usefixtures("store")
def test_doctor_finds_a_sound_cache(capsys, cache_directory, monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda program: None)
    assert main(["doctor"]) == 0
    told = capsys.readouterr().out
    lines = dict(line[2:].split(maxsplit=1) for line in told.splitlines() if line[2:].count(" "))
    assert lines["GPU"].strip() == "CPU (no CUDA device)"
    assert lines["Python"].strip().startswith(f"{sys.version_info.major}.{sys.version_info.minor}")
    assert "2 (1 pinned), 2.0 KiB" in told
    assert "write test       passed" in told
    assert sorted(path.name for path in cache_directory.iterdir() if path.name.startswith(".doctor")) == []


def test_doctor_tells_of_damage_and_fails(store, capsys):
    ref = store.look_up("a")[0].blobs["payload"]
    store._blobs.path(ref.digest).write_bytes(b"short")
    assert main(["doctor"]) == 1
    told = capsys.readouterr()
    assert "! integrity" in told.out
    assert ref.digest in told.out
    assert "1 problem found" in told.err


def test_doctor_tells_of_an_unusable_directory_and_fails(cache_directory, capsys):
    cache_directory.write_bytes(b"")
    assert main(["doctor"]) == 1
    assert "is a file" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "code", "expected"),
    [("Big One, 80 GiB\n", 0, "Big One, 80 GiB (torch is not installed)"), ("", 9, "CPU (no CUDA device)")],
)
def test_doctor_believes_nvidia_smi(monkeypatch, answer, code, expected):
    def smi(command, **_):
        return subprocess.CompletedProcess(command, code, stdout=answer)

    monkeypatch.setattr(doctor.shutil, "which", lambda program: program)
    monkeypatch.setattr(doctor.subprocess, "run", smi)
    monkeypatch.setattr(doctor, "installed_version", lambda package: None)
    assert doctor._gpu().startswith(expected)


def test_demo_gets_its_own_arguments(monkeypatch):
    demo = types.ModuleType("fpcache.demo")
    demo.main = lambda arguments: len(arguments)
    monkeypatch.setitem(sys.modules, "fpcache.demo", demo)
    monkeypatch.setattr("fpcache.demo", demo, raising=False)
    assert main(["demo", "--keep-cache", "--output", "x"]) == 3


@pytest.mark.usefixtures("store")
def test_a_closed_pipe_is_no_error():
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [sys.executable, "-m", "fpcache.cli", "ls"]
    ended = subprocess.run(command, stdout=write_end, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write_end)
    assert (ended.returncode, ended.stderr) == (0, "")
