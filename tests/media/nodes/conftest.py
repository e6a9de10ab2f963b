from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def trainer(tmp_path: Path):
    from fpcache.graph import GraphTrainer, OutputCache
    from fpcache.outputs import ReplayCodec
    from fpcache.store import LocalStore

    return GraphTrainer(OutputCache(LocalStore(tmp_path / "graphs", key=b"k" * 32), ReplayCodec()))
