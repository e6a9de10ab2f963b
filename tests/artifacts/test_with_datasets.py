"""Artifacts of datasets of the library `datasets`."""

from __future__ import annotations

import pytest

from fpcache import artifacts
from fpcache.artifacts import ArtifactsWarning, cache_dir_for, generate
from fpcache.hf import from_generator

datasets = pytest.importorskip("datasets", reason="needs the hf extra")
pytestmark = pytest.mark.hf


@pytest.fixture(autouse=True)
def base(tmp_path, monkeypatch):
    monkeypatch.setenv("FPCACHE_ARTIFACTS_DIR", str(tmp_path / "base"))
    monkeypatch.setattr("fpcache.artifacts.switches._chosen", None)
    return tmp_path / "base"


def numbers(count=3):
    for n in range(count):
        yield {"n": n}


def test_a_dataset_gives_configuration_and_fingerprint(base, tmp_path) -> None:
    made = from_generator(numbers, cache_dir=str(tmp_path / "cache"))
    assert cache_dir_for(made, "m") == base / "generator-default" / made._fingerprint / "m"
    mapped = made.map(lambda row: {"n": row["n"] + 1})
    assert cache_dir_for(mapped, "m").parent.name == mapped._fingerprint != made._fingerprint
    both = datasets.DatasetDict({"a": made, "b": mapped})
    assert cache_dir_for(both, "m") == cache_dir_for(both, "m") != cache_dir_for(made, "m")
    assert cache_dir_for(datasets.Dataset.from_dict({"n": [1]}), "m").is_relative_to(base / "unnamed")


def test_a_stream_has_a_fingerprint_where_fpcache_made_it(base) -> None:
    stream = from_generator(numbers, streaming=True)
    assert cache_dir_for(stream, "m").is_relative_to(base)
    with pytest.warns(ArtifactsWarning, match="hf.from_generator"):
        assert not cache_dir_for(datasets.IterableDataset.from_generator(numbers), "m").is_relative_to(base)


def test_with_caching_of_the_library_off_its_temporary_directory_is_used(base, tmp_path) -> None:
    made = from_generator(numbers, cache_dir=str(tmp_path / "cache"))
    datasets.disable_caching()
    try:
        with pytest.warns(ArtifactsWarning, match=r"datasets.enable_caching\(\)"):
            found = cache_dir_for(made, "m")
    finally:
        datasets.enable_caching()
    shared = datasets.fingerprint.get_temporary_cache_files_directory()
    assert str(found).startswith(shared)
    assert not base.exists()
    assert cache_dir_for(made, "m").is_relative_to(base)


def test_a_captured_dataset_counts_by_its_fingerprint(tmp_path) -> None:
    def squares_of(dataset):
        def squares(start):
            for row in dataset.skip(start):
                yield row["n"] ** 2

        return squares

    three = from_generator(numbers, cache_dir=str(tmp_path / "cache"))
    again = from_generator(numbers, cache_dir=str(tmp_path / "cache"))
    four = from_generator(numbers, gen_kwargs={"count": 4}, cache_dir=str(tmp_path / "cache"))
    first = generate(three, "squares", squares_of(three))
    second = generate(again, "squares", squares_of(again))
    assert (first.how, second.how, list(second)) == ("generated", "reused", [0, 1, 4])
    assert list(generate(four, "squares", squares_of(four))) == [0, 1, 4, 9]
    assert [one.dataset_config for one in artifacts.list()] == ["generator-default"] * 2
