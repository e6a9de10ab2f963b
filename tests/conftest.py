"""What every test starts from: none of the caller's fpcache settings, a cache and a key of its own run."""

import os

import pytest

from fpcache.testing.sessions import Transcript


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_the_caller(tmp_path_factory):
    """Take the settings out of the environment; the cache directory is the run's own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("FPCACHE_")]:
            patch.delenv(name)
        patch.setenv("FPCACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def transcript(tmp_path):
    """A cache and a working directory in which sessions can be run one after the other."""
    return Transcript(tmp_path)
