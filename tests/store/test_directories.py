"""The cache lives in a private directory of the user, or says why it can't."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from fpcache.errors import StoreUnavailableError
from fpcache.store import LocalStore, default_directory
from fpcache.store.directories import prepare_directory

KEY = b"k" * 32


def test_the_environment_chooses_the_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("FPCACHE_DIR", str(tmp_path / "mine"))
    assert default_directory() == tmp_path / "mine"
    assert LocalStore(key=KEY).directory == tmp_path / "mine"


def test_a_chosen_directory_may_start_at_home_or_be_relative(tmp_path, monkeypatch):
    monkeypatch.setenv("FPCACHE_DIR", "~/mine")
    assert default_directory() == Path.home() / "mine"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FPCACHE_DIR", "mine")
    assert default_directory() == tmp_path / "mine"


def test_without_a_choice_it_is_the_users_cache_directory(monkeypatch):
    monkeypatch.delenv("FPCACHE_DIR", raising=False)
    assert "fpcache" in default_directory().name
    monkeypatch.setenv("FPCACHE_DIR", "")
    assert "fpcache" in default_directory().name


def test_a_new_directory_is_private(tmp_path):
    prepare_directory(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


def test_a_file_in_its_place_is_refused(tmp_path):
    (tmp_path / "cache").touch()
    with pytest.raises(StoreUnavailableError, match=r"is a file.*FPCACHE_DIR"):
        LocalStore(tmp_path / "cache", key=KEY)


def test_a_place_where_nothing_can_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailableError, match=r"can't be created.*FPCACHE_DIR"):
        LocalStore(tmp_path / "file" / "cache", key=KEY)


def test_an_unwritable_directory_is_refused(tmp_path, monkeypatch):
    # Root may write anywhere, so what the system answers is set here.
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    with pytest.raises(StoreUnavailableError, match=r"can't be written to.*FPCACHE_DIR"):
        LocalStore(tmp_path, key=KEY)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has no user ids")
def test_the_directory_of_another_user_is_refused(tmp_path, monkeypatch):
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(StoreUnavailableError, match=r"belongs to another user.*FPCACHE_DIR"):
        LocalStore(tmp_path, key=KEY)
