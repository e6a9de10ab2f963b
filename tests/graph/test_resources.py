"""Directories that nodes write, found again by what is in them."""

from __future__ import annotations

import os
import pickle
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from fpcache.errors import StoreError, UncacheableError
from fpcache.fingerprints import fingerprint
from fpcache.graph import ModelStorage, Resource


def write(storage, **files):
    with storage.write_to() as written:
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


def test_its_fingerprint_is_what_is_in_it(storage) -> None:
    assert fingerprint(write(storage, a="1")) == fingerprint(write(storage, a="1"))
    assert fingerprint(write(storage, a="1")) != fingerprint(write(storage, a="2"))
    with pytest.raises(TypeError, match="a Resource is its files alone"):
        type("Scored", (Resource,), {})


def test_the_resource_is_there_only_afterwards(storage) -> None:
    with storage.write_to() as written, pytest.raises(ValueError, match="when the `with` statement"):
        _ = written.resource
    assert storage.has(written.resource)


def test_what_fails_while_it_is_written_leaves_nothing(storage) -> None:
    def fail():
        with storage.write_to() as written:
            (written.directory / "half").write_text("h")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(storage.directory.iterdir()) == []


def test_links_are_refused(storage, tmp_path) -> None:
    (tmp_path / "elsewhere").write_text("secret")

    def link():
        with storage.write_to() as written:
            (written.directory / "link").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UncacheableError, match="`link` is neither file nor directory"):
        link()
    assert list(storage.directory.iterdir()) == []


def test_a_missing_and_a_changed_resource_are_told(storage) -> None:
    resource = write(storage, weights="0.5")
    (storage.directory / resource.digest / "weights").write_text("0.6")
    with pytest.raises(StoreError, match="in .* were changed"):
        storage.tree(resource)
    shutil.rmtree(storage.directory)
    with (
        pytest.raises(StoreError, match="files of a resource in .* are not there"),
        storage.read_from(resource),
    ):
        pass


@pytest.mark.parametrize("name", ["../out", "/etc/out", "a/../../out", "", "a//b", "a\\b", "."])
def test_no_kept_name_leads_elsewhere(storage, tmp_path, name) -> None:
    with pytest.raises(StoreError, match="leads elsewhere"):
        storage.take(Resource("0" * 32), {name: b"x"})
    assert not (tmp_path / "out").exists()
    with pytest.raises(StoreError, match="no digest"):
        storage.has(Resource("../.."))


def test_kept_files_that_are_not_the_resource_are_refused(storage, tmp_path) -> None:
    resource = write(ModelStorage(tmp_path / "other"), weights="0.5")
    with pytest.raises(StoreError, match="are not what was written"):
        storage.take(resource, {"weights": b"0.6"})
    assert not storage.has(resource)
    storage.take(resource, {"weights": b"0.5"})
    assert storage.tree(resource).files.keys() == {"weights"}


def test_a_storage_of_its_own_goes_with_it() -> None:
    storage = ModelStorage()
    resource = write(storage, weights="0.5")
    directory = storage.directory
    assert pickle.loads(pickle.dumps(storage)).has(resource)
    assert directory.is_dir()
    del storage
    assert not os.path.exists(directory)


def test_reading_checks_what_is_read(storage) -> None:
    resource = write(storage, weights="0.5")
    place = storage.directory / resource.digest

    def spoil():
        with storage.read_from(resource) as directory:
            (directory / "weights").write_text("0.6")

    with pytest.raises(StoreError, match="a resource is only read"):
        spoil()
    assert not storage.has(resource)
    with pytest.raises(StoreError, match="were changed"), storage.read_from(resource):
        pass
    assert write(storage, weights="0.5") == resource  # written anew, it takes the place of the damaged one
    assert (place / "weights").read_text() == "0.5"
    (place / "weights").unlink()
    storage.take(resource, {"weights": b"0.5"})
    with storage.read_from(resource) as directory:
        assert (directory / "weights").read_text() == "0.5"


def test_a_check_that_is_remembered_sees_a_later_change(storage) -> None:
    resource = write(storage, weights="0.5")
    path = storage.directory / resource.digest / "weights"
    time.sleep(2.1)  # so that the check is remembered
    assert storage.has(resource)
    assert storage.has(resource)
    before = path.stat()
    path.write_text("0.6")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not storage.has(resource)


def test_empty_directories_and_what_may_be_executed_count(storage, tmp_path) -> None:
    with storage.write_to() as written:
        (written.directory / "empty" / "deep").mkdir(parents=True)
        script = written.directory / "run.sh"
        script.write_text("true")
        script.chmod(0o755)
    plain = write(storage, **{"run.sh": "true"})
    assert written.resource != plain
    tree, other = storage.tree(written.resource), ModelStorage(tmp_path / "other")
    other.take(written.resource, tree.files, tree.executable)
    with other.read_from(written.resource) as directory:
        assert (directory / "empty" / "deep").is_dir()
        assert os.access(directory / "run.sh", os.X_OK)


def test_names_that_not_every_system_can_read_are_refused(storage) -> None:
    for name in ("a\\b", "new\nline"):
        with pytest.raises(UncacheableError, match="no name that every system can read"):
            write(storage, **{name: "1"})


def test_a_storage_of_its_own_is_one_in_all_threads() -> None:
    for _ in range(50):
        storage = ModelStorage()
        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(lambda one: one.directory, [storage] * 8))) == 1
