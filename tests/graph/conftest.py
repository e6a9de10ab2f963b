from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fpcache.errors import UncacheableError
from fpcache.graph import GraphTrainer, OutputCache
from fpcache.store import LocalStore


@dataclass(frozen=True)
class Pickled:
    stream: bytes
    buffers: Sequence[bytes] = ()


class PickleCodec:
    """The simplest codec that keeps the protocol."""

    def dump(self, value: object) -> Pickled:
        buffers: list[pickle.PickleBuffer] = []
        try:
            stream = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
        except (TypeError, pickle.PicklingError, AttributeError) as error:
            raise UncacheableError(str(error)) from error
        return Pickled(stream, [bytes(buffer.raw()) for buffer in buffers])

    def load(self, stream: memoryview, buffers: Sequence[memoryview]) -> object:
        return pickle.loads(stream, buffers=buffers)


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
    return GraphTrainer(OutputCache(LocalStore(store_directory, key=b"k" * 32), PickleCodec()))
