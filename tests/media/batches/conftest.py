from __future__ import annotations

import sys
from pathlib import Path

import pytest

joblib = pytest.importorskip("joblib", reason="needs the media extra")

sys.path.insert(0, str(Path(__file__).parent))  # workers are told of it, and import `in_workers`


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Without vectors, except where a test asks for them."""
    from fpcache.media import methods

    monkeypatch.setattr(methods, "_network", lambda *asked: "no FPCACHE_IMAGE_WEIGHTS in these tests")


@pytest.fixture
def cluster():
    """A Dask cluster of two processes, which joblib's backend finds by itself."""
    distributed = pytest.importorskip("distributed", reason="needs the dask extra")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as made,
        distributed.Client(made) as client,
    ):
        yield client


@pytest.fixture(scope="session")
def ray_cluster():
    """A Ray cluster of two workers on this machine."""
    ray = pytest.importorskip("ray", reason="needs Ray, which fpcache doesn't install")
    register_ray = pytest.importorskip("ray.util.joblib").register_ray
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    register_ray()
    yield
    ray.shutdown()


@pytest.fixture(params=["processes", "loky", "threading", "sequential", "dask", "ray"])
def backend(request):
    """Each backend that can be had here, by name."""
    if request.param in ("dask", "ray"):
        request.getfixturevalue("cluster" if request.param == "dask" else "ray_cluster")
    return request.param
