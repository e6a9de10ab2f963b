"""On a server: what can't be trusted is passed over, what can't be reached or does not fit is told."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcache.errors import MediaError, StoreUnavailableError, UntrustedEntryError
from fpcache.media import MediaIndex

from ..conftest import np
from .conftest import qdrant_home
from .made_fingerprints import image, text
from .test_filters import keys, passes, values, wanted


def ids(matches):
    return [match.id for match in matches]


def points_of(home):
    from fpcache.media.index.qdrant.points import point_id

    return lambda item_id: [point_id(item_id)]


@pytest.mark.parametrize("field", ["data", "metadata", "signature", "added", "id"])
def test_what_another_changed_is_passed_over_with_a_warning(open_collection, field, caplog):
    index = open_collection()
    index.add("a", image(1), {"year": 1})
    index.add("b", image(1), {"year": 1})
    points = points_of(open_collection)
    (other,) = open_collection.client.retrieve(open_collection.collection, points("b"))
    forged = {"id": "c", "metadata": '{"year": 2}', "signature": "00" * 32, "added": 5}
    forged["data"] = other.payload["data"][:-8] + "AAAAAAA="
    change = {field: forged[field]}
    open_collection.client.set_payload(open_collection.collection, change, points=points("b"))
    with caplog.at_level(logging.WARNING, "fpcache"):
        assert ids(index.search(image(1))) == ["a"]
    assert "1 items" in caplog.text
    with pytest.raises(UntrustedEntryError, match="signature"):
        index.get("b")
    index.remove("b")
    assert len(index) == 1


@pytest.mark.parametrize(
    "change", [{"id": None}, {"id": 3}, {"added": "x"}, "id", "added", "algorithm"], ids=str
)
def test_one_broken_point_leaves_the_others_to_be_found(open_collection, change):
    index = open_collection()
    for name in "abc":
        index.add(name, image(1))
    points, client = points_of(open_collection)("b"), open_collection.client
    if isinstance(change, str):
        client.delete_payload(open_collection.collection, [change], points=points)
    else:
        client.set_payload(open_collection.collection, change, points=points)
    assert ids(index.search(image(1))) == ["a", "c"]
    assert index.find_duplicates() == [["a", "c"]]


def test_another_user_s_items_are_no_items(open_collection, monkeypatch, tmp_path, caplog):
    open_collection().add("a", text(1))
    monkeypatch.setenv("FPCACHE_KEY_FILE", str(tmp_path / "other key"))
    with caplog.at_level(logging.WARNING, "fpcache"):
        assert open_collection().search(text(1)) == []
    assert "FPCACHE_KEY_FILE" in caplog.text


def test_vectors_of_another_size_are_a_clear_error(open_collection):
    index = open_collection()
    index.add("a", image(1))
    longer = image(2)
    longer = type(longer)(
        longer.kind,
        longer.digest,
        longer.algorithm,
        type(longer.parts)(longer.parts.hashes, {}, np.ones(64, np.float16) / 8, longer.parts.model),
    )
    for call in (lambda: index.add("b", longer), lambda: index.update("a", longer)):
        with pytest.raises(MediaError, match="vectors of 32 numbers .* has 64"):
            call()
    assert len(index) == 1


def test_another_program_s_collection_is_left_as_it_is(open_collection):
    from qdrant_client import models

    client, name = open_collection.client, open_collection.collection
    client.create_collection(name, models.VectorParams(size=3, distance=models.Distance.DOT))
    with pytest.raises(StoreUnavailableError, match="is no media index"):
        open_collection()
    client.delete_collection(name)
    codes = models.VectorParams(size=64, distance=models.Distance.DOT)
    tokens = {"tokens": models.SparseVectorParams()}
    client.create_collection(name, {"codes": codes}, sparse_vectors_config=tokens)
    with pytest.raises(StoreUnavailableError, match="codes of 64 bits"):
        open_collection()


def test_a_newer_format_is_refused(open_collection):
    from fpcache.media.index.qdrant.collection import _ABOUT

    open_collection()
    open_collection.client.set_payload(open_collection.collection, {"format": 99}, points=[_ABOUT])
    with pytest.raises(StoreUnavailableError, match="newer"):
        open_collection()


def test_a_server_that_cannot_be_reached_is_a_clear_error(own_key):
    pytest.importorskip("qdrant_client", reason="needs the extra qdrant")
    with pytest.raises(StoreUnavailableError, match=r"qdrant://127.0.0.1:9/photos can't be reached"):
        MediaIndex("qdrant://127.0.0.1:9/photos")


@pytest.mark.parametrize(
    "address",
    ["qdrant://host", "qdrant://", "qdrant:///photos", "qdrant://host/a/b", "qdrant://host:x/a",
     "qdrant://me:secret@host/a", "qdrants://host/a?b=c"],
)  # fmt: skip
def test_addresses_that_name_no_collection_are_refused(address):
    with pytest.raises(MediaError, match="address"):
        MediaIndex(address)


def test_an_address_of_an_encrypted_server():
    from fpcache.media.index.qdrant.connecting import parsed

    assert parsed("qdrants://[::1]/a").url == "https://[::1]:6333"
    assert parsed("qdrant://a:1/b").url == "http://a:1"


def test_either_a_path_or_a_client(tmp_path):
    for given_ in ({}, {"client": object()}, {"path": tmp_path / "a", "client": object(), "collection": "a"}):
        with pytest.raises(MediaError, match="path or address, or by client= and collection="):
            MediaIndex(**given_)


def test_what_is_kept_in_a_folder_is_there_again(tmp_path, own_key):
    package = pytest.importorskip("qdrant_client", reason="needs the extra qdrant")
    for _ in range(2):
        client = package.QdrantClient(path=str(tmp_path / "store"))
        with MediaIndex(client=client, collection="photos") as index:
            if len(index) == 0:
                index.add("a", image(1), {"year": 1})
        assert MediaIndex(client=client, collection="photos").get("a").fingerprint == image(1)
        client.close()


def test_codes_are_asked_for_in_all_orientations():
    from fpcache.media.image import hash_distance
    from fpcache.media.index.qdrant.points import oriented

    random = np.random.default_rng(1)
    one, others = random.integers(0, 256, (1, 32), np.uint8), random.integers(0, 256, (50, 32), np.uint8)
    bits = np.unpackbits(others, axis=1)
    found = (oriented(one)[:, None] != bits[None]).sum(axis=2).min(axis=0)
    assert found.tolist() == hash_distance(one, others).tolist()


@pytest.fixture(scope="module")
def holding():
    """Return a function that says which metadata a filter chooses, by itself and with the last check."""
    pytest.importorskip("qdrant_client", reason="needs the extra qdrant")
    from qdrant_client import models

    from fpcache.media.index.qdrant.filters import facets_of, pushed_down
    from fpcache.media.index.qdrant.filters import passes as passes_exactly

    home = qdrant_home("memory", None)
    home.client.create_collection(home.collection, {})

    def chosen(items, where):
        home.client.delete_collection(home.collection)
        home.client.create_collection(home.collection, {})
        points = [
            models.PointStruct(id=place, vector={}, payload=facets_of(item))
            for place, item in enumerate(items)
        ]
        home.client.upsert(home.collection, points)
        must, must_not = pushed_down(where)
        asked = models.Filter(must=must, must_not=must_not)
        found = [point.id for point in home.client.scroll(home.collection, asked, limit=100)[0]]
        return found, [place for place in found if passes_exactly(items[place], where)]

    yield chosen
    home.client.close()


@given(
    st.lists(st.dictionaries(keys, values, max_size=3), min_size=1, max_size=6),
    st.dictionaries(keys, wanted, max_size=2),
)
@settings(max_examples=150, deadline=None)
def test_a_server_s_filter_lets_through_all_that_is_wanted(holding, items, where):
    found, exactly = holding(items, where)
    expected = [
        place
        for place, item in enumerate(items)
        if all(passes(item.get(key), one) for key, one in where.items())
    ]
    assert exactly == expected
    if not any(isinstance(one, tuple) for one in where.values()):
        assert found == expected
