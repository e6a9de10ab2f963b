"""Directories that nodes write, found again by what is in them."""

from __future__ import annotations

import os
import pickle
import shutil

import pytest

from fpcache.errors import StoreError, UncacheableError
from fpcache.fingerprints import fingerprint
from fpcache.graph import ModelStorage, Resource


def write(storage, name="train", **files):
    with storage.write_to(name) as written:
        for path, text in files.items():
            place = written.directory / path.replace("__", "/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
    return written.resource


@pytest.fixture
def storage(tmp_path) -> ModelStorage:
    return ModelStorage(tmp_path / "models")


def test_what_was_written_is_read_again(storage) -> None:
    resource = write(storage, weights="0.5", vocabulary__words="a b")
    with storage.read_from(resource) as directory:
        assert (directory / "weights").read_text() == "0.5"
        assert (directory / "vocabulary" / "words").read_text() == "a b"


def test_a_resource_is_its_names_and_contents(storage, tmp_path) -> None:
    digests = {
        write(ModelStorage(tmp_path / str(number)), **files).digest
        for number, files in enumerate(
            [{"a": "1"}, {"a": "1"}, {"a": "2"}, {"b": "1"}, {"a": "1", "b": ""}, {"a__b": "1"}, {"a": "1b"}]
        )
    }
    assert len(digests) == 6


def test_its_fingerprint_does_not_tell_who_wrote_it(storage) -> None:
    assert fingerprint(write(storage, "one", a="1")) == fingerprint(write(storage, "other", a="1"))
    assert fingerprint(write(storage, "one", a="1")) != fingerprint(write(storage, "one", a="2"))


def test_the_resource_is_there_only_afterwards(storage) -> None:
    with storage.write_to("train") as written, pytest.raises(ValueError, match="when the `with` statement"):
        _ = written.resource
    assert written.resource.name == "train"


def test_what_fails_while_it_is_written_leaves_nothing(storage) -> None:
    def fail():
        with storage.write_to("train") as written:
            (written.directory / "half").write_text("h")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(storage.directory.iterdir()) == []


def test_links_are_refused(storage, tmp_path) -> None:
    (tmp_path / "elsewhere").write_text("secret")

    def link():
        with storage.write_to("train") as written:
            (written.directory / "link").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UncacheableError, match="`link` is neither file nor directory"):
        link()
    assert list(storage.directory.iterdir()) == []


def test_a_missing_and_a_changed_resource_are_told(storage) -> None:
    resource = write(storage, weights="0.5")
    (storage.directory / resource.digest / "weights").write_text("0.6")
    with pytest.raises(StoreError, match="`train` in .* were changed"):
        storage.files(resource)
    shutil.rmtree(storage.directory)
    with pytest.raises(StoreError, match="files of resource `train` are not in"), storage.read_from(resource):
        pass


@pytest.mark.parametrize("name", ["../out", "/etc/out", "a/../../out", "", "a//b", "a\\b", "."])
def test_no_kept_name_leads_elsewhere(storage, tmp_path, name) -> None:
    with pytest.raises(StoreError, match="leads elsewhere"):
        storage.take(Resource("train", "0" * 32), {name: b"x"})
    assert not (tmp_path / "out").exists()
    with pytest.raises(StoreError, match="no digest"):
        storage.has(Resource("train", "../.."))


def test_kept_files_that_are_not_the_resource_are_refused(storage, tmp_path) -> None:
    resource = write(ModelStorage(tmp_path / "other"), weights="0.5")
    with pytest.raises(StoreError, match="are not what was written"):
        storage.take(resource, {"weights": b"0.6"})
    assert not storage.has(resource)
    storage.take(resource, {"weights": b"0.5"})
    assert storage.files(resource).keys() == {"weights"}


def test_a_storage_of_its_own_goes_with_it() -> None:
    storage = ModelStorage()
    resource = write(storage, weights="0.5")
    directory = storage.directory
    assert pickle.loads(pickle.dumps(storage)).has(resource)
    assert directory.is_dir()
    del storage
    assert not os.path.exists(directory)
