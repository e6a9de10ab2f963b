from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest


class ReplayCodec:
    """The codec of recordings, for values that refer to nothing outside."""

    def dump(self, value: object):
        from fpcache.replay import codec

        return codec.dump(value, nodes=(), namespace={})

    def load(self, stream: memoryview, buffers: Sequence[memoryview]) -> object:
        from fpcache.replay import codec

        return codec.load(stream, buffers, nodes=(), namespace={})


@pytest.fixture
def trainer(tmp_path: Path):
    from fpcache.graph import GraphTrainer, OutputCache
    from fpcache.store import LocalStore

    return GraphTrainer(OutputCache(LocalStore(tmp_path / "graphs", key=b"k" * 32), ReplayCodec()))
