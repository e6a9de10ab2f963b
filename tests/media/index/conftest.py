from __future__ import annotations

import os
import secrets
import sqlite3
import uuid

import pytest

from fpcache.media import MediaIndex

pytest.importorskip("numpy", reason="needs the media extra")

SERVER = os.environ.get("FPCACHE_QDRANT_URL", "")


class Home:
    """Where the test's index is: opens it, as often as wanted, and closes all in the end."""

    def __init__(self) -> None:
        self._opened: list[MediaIndex] = []

    def __call__(self, kind=None, **options) -> MediaIndex:
        self._opened.append(self._open(kind, options))
        return self._opened[-1]

    def close(self) -> None:
        for index in self._opened:
            index.close()


class FileHome(Home):
    def __init__(self, folder) -> None:
        super().__init__()
        self._path = folder / "media.sqlite"

    def _open(self, kind, options):
        return MediaIndex(self._path, kind, **options)

    def make_old(self, item_id: str, algorithm: str) -> None:
        """Have an item be of another version."""
        with sqlite3.connect(self._path) as connection:
            connection.execute("UPDATE items SET algorithm = ? WHERE id = ?", (algorithm, item_id))


class QdrantHome(Home):
    def __init__(self, client) -> None:
        super().__init__()
        self.client, self.collection = client, f"test-{secrets.token_hex(6)}"

    def _open(self, kind, options):
        return MediaIndex(kind=kind, client=self.client, collection=self.collection, **options)

    def make_old(self, item_id: str, algorithm: str) -> None:
        from fpcache.media.index.qdrant.points import point_id

        self.client.set_payload(self.collection, {"algorithm": algorithm}, points=[point_id(item_id)])

    def close(self) -> None:
        super().close()
        self.client.delete_collection(self.collection)
        self.client.close()


def qdrant_home(place: str, tmp_path) -> QdrantHome:
    package = pytest.importorskip("qdrant_client", reason="needs the extra qdrant")
    if place == "server":
        if not SERVER:
            pytest.skip("needs a Qdrant server, named by FPCACHE_QDRANT_URL")
        return QdrantHome(package.QdrantClient(url=SERVER))
    if place == "folder":
        return QdrantHome(package.QdrantClient(path=str(tmp_path / str(uuid.uuid4()))))
    return QdrantHome(package.QdrantClient(":memory:"))


@pytest.fixture
def own_key(tmp_path, monkeypatch):
    """Sign with a key of the test's own."""
    monkeypatch.setenv("FPCACHE_KEY_FILE", str(tmp_path / "key"))


@pytest.fixture
def open_index(tmp_path):
    """Open the test's index in a file."""
    home = FileHome(tmp_path)
    yield home
    home.close()


@pytest.fixture(params=["memory", "server"])
def open_collection(request, tmp_path, own_key):
    """Open the test's index in a collection, without a server and on one."""
    home = qdrant_home(request.param, tmp_path)
    yield home
    home.close()


@pytest.fixture(params=["file", "memory", "server"])
def open_any(request, tmp_path, own_key):
    """Open the test's index wherever one can be: what holds for one holds for all."""
    home = FileHome(tmp_path) if request.param == "file" else qdrant_home(request.param, tmp_path)
    yield home
    home.close()
