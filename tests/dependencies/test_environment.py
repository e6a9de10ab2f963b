"""Environment variables and the working directory."""

from __future__ import annotations

import os

import pytest


@pytest.mark.parametrize(
    "read",
    [
        lambda: os.environ["MODE_OF_TEST"],
        lambda: os.environ.get("MODE_OF_TEST"),
        lambda: os.getenv("MODE_OF_TEST"),
        lambda: "MODE_OF_TEST" in os.environ,
        lambda: os.path.expandvars("$MODE_OF_TEST"),
        lambda: os.environb[b"MODE_OF_TEST"],
        lambda: dict(os.environ),
        lambda: sorted(os.environ.items()),
        lambda: repr(os.environ),
        lambda: {**os.environ},
        lambda: os.environ | {},
    ],
)
def test_a_variable_that_was_read_counts(watch, monkeypatch, read):
    monkeypatch.setenv("MODE_OF_TEST", "1")
    run = watch(read)
    assert run.broken() is None
    monkeypatch.setenv("MODE_OF_TEST", "2")
    assert run.broken() in ("environment variable `MODE_OF_TEST` changed", "environment variables changed")


def test_a_variable_that_was_missing_and_is_set_counts(watch, monkeypatch):
    monkeypatch.delenv("MODE_OF_TEST", raising=False)
    run = watch(lambda: os.environ.get("MODE_OF_TEST"))
    monkeypatch.setenv("MODE_OF_TEST", "2")
    assert run.broken() == "environment variable `MODE_OF_TEST` is set now"


def test_a_variable_that_is_gone_counts(watch, monkeypatch):
    monkeypatch.setenv("MODE_OF_TEST", "1")
    run = watch(lambda: os.environ.get("MODE_OF_TEST"))
    monkeypatch.delenv("MODE_OF_TEST")
    assert run.broken() == "environment variable `MODE_OF_TEST` is gone"


def test_the_value_itself_is_not_kept(watch, monkeypatch):
    monkeypatch.setenv("MODE_OF_TEST", "a-secret")
    run = watch(lambda: os.environ["MODE_OF_TEST"])
    assert "a-secret" not in repr(run.seen)


def test_other_variables_and_the_kernels_own_do_not_count(watch, monkeypatch):
    monkeypatch.setenv("JPY_PARENT_PID", "1")
    run = watch(lambda: (os.environ.get("JPY_PARENT_PID"), dict(os.environ)))
    monkeypatch.setenv("JPY_PARENT_PID", "2")
    assert run.broken() is None


def test_a_variable_set_first_is_no_dependency(watch, monkeypatch):
    monkeypatch.setenv("MODE_OF_TEST", "1")

    def set_and_read():
        os.environ["MODE_OF_TEST"] = "2"
        return os.environ["MODE_OF_TEST"]

    run = watch(set_and_read)
    assert run.broken() is None


def test_variables_set_and_removed_are_effects(watch, monkeypatch):
    monkeypatch.setenv("GONE_OF_TEST", "1")
    monkeypatch.delenv("MODE_OF_TEST", raising=False)

    def change():
        os.environ["MODE_OF_TEST"] = "ä"
        del os.environ["GONE_OF_TEST"]

    run = watch(change)
    monkeypatch.setenv("GONE_OF_TEST", "1")
    monkeypatch.delenv("MODE_OF_TEST")
    assert run.unready() is None
    run.apply()
    assert os.environ["MODE_OF_TEST"] == "ä"
    assert "GONE_OF_TEST" not in os.environ


def test_the_working_directory_counts_when_asked_for(watch, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    run = watch(lambda: os.path.abspath("x"))
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    assert run.broken() == f"the working directory is `{tmp_path}/sub` now"
    monkeypatch.chdir(tmp_path)
    assert run.broken() is None


def test_a_change_of_the_working_directory_is_an_effect(watch, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    run = watch(lambda: os.chdir("sub"))
    os.chdir(tmp_path)
    assert (run.broken(), run.unready()) == (None, None)
    run.apply()
    assert os.getcwd() == str(tmp_path / "sub")
    os.chdir(tmp_path)
    (tmp_path / "sub").rmdir()
    assert run.unready() == f"the directory `{tmp_path}/sub` is gone"
