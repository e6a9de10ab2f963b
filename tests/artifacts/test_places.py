"""Where artifacts go: explicit, kept or temporary; names that can't leave the base."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest

from fpcache import artifacts
from fpcache.artifacts import ArtifactsWarning, DatasetState, cache_dir_for
from fpcache.artifacts.names import below, module_name, safe_name
from fpcache.artifacts.places import state_of
from fpcache.errors import FpcacheError, StoreError, StoreUnavailableError

STATE = DatasetState("squad-plain", "fp1-0123")


@pytest.fixture
def base(tmp_path, monkeypatch):
    monkeypatch.setenv("FPCACHE_ARTIFACTS_DIR", str(tmp_path / "base"))
    monkeypatch.setattr("fpcache.artifacts.switches._chosen", None)
    return tmp_path / "base"


def test_kept_artifacts_lie_by_configuration_state_and_module(base) -> None:
    found = cache_dir_for(STATE, "embeddings")
    assert found == base / "squad-plain" / "fp1-0123" / "embeddings"
    assert found.is_dir()
    assert cache_dir_for(STATE, "embeddings") == found
    assert cache_dir_for(STATE, json) == found.parent / "json"


def test_without_a_variable_they_lie_in_the_cache_directory(monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("FPCACHE_ARTIFACTS_DIR", raising=False)
    monkeypatch.setenv("FPCACHE_DIR", str(tmp_path))
    assert artifacts.base_directory() == tmp_path / "artifacts"


def test_an_explicit_directory_wins_over_all(base, tmp_path, monkeypatch) -> None:
    artifacts.enable_caching(False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cache_dir_for(STATE, "embeddings", tmp_path / "mine") == tmp_path / "mine"
        assert cache_dir_for(object(), "embeddings", str(tmp_path / "mine")) == tmp_path / "mine"
    assert (tmp_path / "mine").is_dir()


def test_an_explicit_directory_that_is_a_file_is_an_error(base, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailableError, match="is a file"):
        cache_dir_for(STATE, "embeddings", tmp_path / "file")


@pytest.mark.parametrize(
    ("said", "enabled"), [("1", True), ("on", True), ("", True), ("0", False), ("No", False)]
)
def test_the_variable_decides_until_the_switch_is_used(base, monkeypatch, said, enabled) -> None:
    monkeypatch.setenv("FPCACHE_ARTIFACTS", said)
    assert artifacts.is_caching_enabled() is enabled
    artifacts.enable_caching(not enabled)
    assert artifacts.is_caching_enabled() is not enabled


def test_a_variable_with_another_word_is_an_error(base, monkeypatch) -> None:
    monkeypatch.setenv("FPCACHE_ARTIFACTS", "perhaps")
    with pytest.raises(FpcacheError, match="FPCACHE_ARTIFACTS is 'perhaps'"):
        artifacts.is_caching_enabled()
    with pytest.raises(TypeError, match="True or False"):
        artifacts.enable_caching("yes")


def test_switched_off_they_are_temporary_with_a_warning_that_says_how_to_switch_on(base) -> None:
    artifacts.enable_caching(False)
    with pytest.warns(ArtifactsWarning, match=r"enable_caching\(\)"):
        found = cache_dir_for(STATE, "embeddings")
    assert found.is_dir()
    assert not base.exists()
    with pytest.warns(ArtifactsWarning):
        assert cache_dir_for(STATE, "embeddings") == found


def test_a_dataset_without_fingerprint_gets_a_new_temporary_directory_each_time(base) -> None:
    places = set()
    for _ in range(2):
        with pytest.warns(ArtifactsWarning, match="DatasetState"):
            places.add(cache_dir_for([1, 2], "embeddings"))
    assert len(places) == 2


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="for root no directory is read-only")
def test_a_base_that_is_read_only_is_told_and_replaced(base) -> None:
    base.mkdir()
    base.chmod(0o500)
    try:
        with pytest.warns(ArtifactsWarning, match="FPCACHE_ARTIFACTS_DIR"):
            assert cache_dir_for(STATE, "embeddings").is_dir()
    finally:
        base.chmod(0o700)


def test_a_base_that_can_not_be_made_is_told_and_replaced(base, tmp_path) -> None:
    base.write_text("a file")
    with pytest.warns(ArtifactsWarning, match="FPCACHE_ARTIFACTS_DIR"):
        found = cache_dir_for(STATE, "embeddings")
    assert found.is_dir()
    assert not found.is_relative_to(base)


PROGRAM = """
import warnings
warnings.simplefilter("ignore")
from fpcache import artifacts
artifacts.enable_caching(False)
place = artifacts.cache_dir_for(artifacts.DatasetState("a", "b"), "m")
(place / "x").write_text("x")
print(place)
"""


def test_the_temporary_directory_is_gone_when_the_process_ends() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    place = Path(done.stdout.strip())
    assert place.is_absolute()
    assert not place.exists()
    assert not place.parent.parent.parent.exists()


def test_states_are_taken_from_what_is_given() -> None:
    assert state_of(SimpleNamespace(config="a", fingerprint="b")) == DatasetState("a", "b")
    assert state_of(SimpleNamespace(config="a", fingerprint=None)) is None
    one, two = DatasetState("a", "b"), DatasetState("a", "c")
    both = state_of({"train": one, "test": two})
    assert both == state_of({"test": two, "train": one}) != state_of({"train": two, "test": one})
    assert state_of({"train": one, "test": object()}) is None
    with pytest.raises(ValueError, match="fingerprint"):
        DatasetState("a", " ")


# ---------------------------------------------------------------- names

ODD = [
    "../../etc/passwd", "..", ".", "", "a/b", "a\\b", "C:\\x", "con", "NUL.txt", "aux", "trailing.",
    "trailing ", "größe", "名前", "a" * 300, "UPPER", "upper", "new\nline", "zero\0", "~", "$HOME", "a:b",
    "-rf", "\udc80",
]  # fmt: skip


def test_every_name_becomes_one_harmless_directory(tmp_path) -> None:
    names = [safe_name(text) for text in ODD]
    assert len({name.lower() for name in names}) == len(ODD)
    for text, name in zip(ODD, names, strict=True):
        assert len(name) <= 80
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789._=-")
        assert name.strip("._- ") == name
        assert below(tmp_path, text) == tmp_path / name
        (tmp_path / name).mkdir()


def test_a_name_that_looks_like_a_marked_one_is_marked_itself() -> None:
    marked = safe_name("A")
    assert safe_name(marked) != marked
    assert safe_name("plain-name") == "plain-name"


def test_links_do_not_lead_out_of_the_base(base, tmp_path) -> None:
    (tmp_path / "outside").mkdir()
    base.mkdir()
    (base / "squad-plain").symlink_to(tmp_path / "outside")
    with pytest.raises(StoreError, match="through a link"):
        cache_dir_for(STATE, "embeddings")
    assert list((tmp_path / "outside").iterdir()) == []


def test_modules_classes_and_functions_give_their_names() -> None:
    assert module_name("embeddings") == "embeddings"
    assert module_name(json) == "json"
    assert module_name(Path) == f"{Path.__module__}.Path"
    assert module_name(Path("x")).endswith("Path")
    assert module_name(test_modules_classes_and_functions_give_their_names).endswith("give_their_names")
    with pytest.raises(ValueError, match="empty"):
        module_name(" ")


def test_messages_say_what_is_wrong_with_which_directory(tmp_path, monkeypatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailableError, match=r"file is a file\. Give explicit= another one"):
        cache_dir_for(DatasetState("a", "b"), "m", tmp_path / "file")
    monkeypatch.setenv("FPCACHE_ARTIFACTS_DIR", str(tmp_path / "file"))
    with pytest.warns(ArtifactsWarning, match="Set FPCACHE_ARTIFACTS_DIR to a directory") as told:
        cache_dir_for(DatasetState("a", "b"), "m")
    assert "FPCACHE_DIR" not in str(told[0].message)


def test_warnings_point_at_the_line_that_called(monkeypatch) -> None:
    monkeypatch.setenv("FPCACHE_ARTIFACTS", "0")
    with pytest.warns(ArtifactsWarning) as by_place:
        cache_dir_for(DatasetState("a", "b"), "m")
    with pytest.warns(ArtifactsWarning) as by_items:
        artifacts.generate(DatasetState("a", "b"), "m", lambda: [1])
    assert [one.filename for one in (*by_place, *by_items)] == [__file__, __file__]
