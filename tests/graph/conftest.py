from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fpcache.graph import GraphTrainer, OutputCache
from fpcache.replay import codec
from fpcache.store import LocalStore


class ReplayCodec:
    """The codec of recordings, for values that refer to nothing outside."""

    def dump(self, value: object) -> codec.Dumped:
        return codec.dump(value, nodes=(), namespace={})

    def load(self, stream: memoryview, buffers: Sequence[memoryview]) -> object:
        return codec.load(stream, buffers, nodes=(), namespace={})


@dataclass
class Recorder:
    """A hook that writes down what it is told."""

    events: list[tuple[str, ...]] = field(default_factory=list)

    def on_status(self, step, status) -> None:
        self.events.append(("status", step.name, status.verdict))

    def on_start(self, step) -> None:
        self.events.append(("start", step.name))

    def on_finish(self, step, outcome) -> None:
        self.events.append(("finish", step.name, "failed" if outcome.failed else "done"))


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def store_directory(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def trainer(store_directory: Path) -> GraphTrainer:
    return GraphTrainer(OutputCache(LocalStore(store_directory, key=b"k" * 32), ReplayCodec()))
