"""A pipeline as users write one: in a module that every process imports; it counts its runs in files."""

from __future__ import annotations

import importlib
import sys
import textwrap
from pathlib import Path

import pytest

from fpcache import outputs
from fpcache.graph import GraphTrainer, OutputCache
from fpcache.store import LocalStore

MODULE = """
import os, time, pathlib
from fpcache.graph import GraphComponent, GraphSchema, SchemaNode

def note(text):
    # by a file whose name is no input of the code
    place = pathlib.Path(os.environ["PIPELINE_RAN"])
    (place / f"{text}-{time.time_ns()}-{os.getpid()}").touch()

def read(count=3):
    return list(range(count))

def slowly(numbers, by, seconds=0.0):
    note(f"slowly {by}")
    time.sleep(seconds)
    return [number + by for number in numbers]

def total(left, right):
    note("total")
    return sum(left) + sum(right)

def stream(numbers):
    note("stream")
    return (number for number in numbers)

def spoil(numbers):
    note("spoil")
    numbers.append(100)
    return len(numbers)

def fails(numbers):
    note("fails")
    raise ZeroDivisionError("no such thing")

def dies_once(numbers, place):
    note("dies_once")
    marker = pathlib.Path(place)
    if not marker.exists():
        marker.touch()
        os._exit(1)
    return sum(numbers)

class Train(GraphComponent):
    @classmethod
    def create(cls, config, context):
        component = cls(config)
        component.context = context
        return component

    def run(self, numbers):
        note("train")
        with self.context.write_resource() as written:
            (written.directory / "most").write_text(str(max(numbers)))
        return written.resource

class Apply(Train):
    def run(self, model):
        note("apply")
        with self.context.read_resource(model) as directory:
            return int((directory / "most").read_text())

def needs(**needs):
    return needs

def diamond(seconds=0.0, by=(1, 2)):
    return GraphSchema({
        "source": SchemaNode(uses=read, is_input=True),
        "left": SchemaNode(needs(numbers="source"), slowly, {"by": by[0], "seconds": seconds}),
        "right": SchemaNode(needs(numbers="source"), slowly, {"by": by[1], "seconds": seconds}),
        "total": SchemaNode(needs=needs(left="left", right="right"), uses=total, is_target=True),
    })

def single(uses, **config):
    return GraphSchema({
        "source": SchemaNode(uses=read, is_input=True),
        "copy": SchemaNode(needs=needs(numbers="source"), uses=slowly, config={"by": 0}),
        "node": SchemaNode(needs=needs(numbers="copy"), uses=uses, config=config, is_target=True),
    })

def model():
    return GraphSchema({
        "source": SchemaNode(uses=read, is_input=True),
        "train": SchemaNode(needs=needs(numbers="source"), uses=Train, is_target=True),
        "apply": SchemaNode(needs=needs(model="train"), uses=Apply, is_target=True),
    })
"""


@pytest.fixture(scope="package")
def module_directory(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("pipeline")
    (directory / "fpcache_test_pipeline.py").write_text(textwrap.dedent(MODULE))
    (directory / "ran").mkdir()
    return directory


@pytest.fixture
def pipeline(module_directory, monkeypatch):
    monkeypatch.syspath_prepend(str(module_directory))
    monkeypatch.setenv("PIPELINE_RAN", str(module_directory / "ran"))
    yield importlib.import_module("fpcache_test_pipeline")
    sys.modules.pop("fpcache_test_pipeline", None)


@pytest.fixture
def ran(module_directory):
    """Return, and forget, which nodes' code ran, in all processes."""

    def take() -> list[str]:
        found = sorted((module_directory / "ran").iterdir(), key=lambda path: path.stat().st_mtime_ns)
        names = [path.name.partition("-")[0] for path in found]
        for path in found:
            path.unlink()
        return names

    take()
    return take


@pytest.fixture
def cache(tmp_path) -> OutputCache:
    return OutputCache(LocalStore(tmp_path / "cache", key=b"k" * 32), outputs.ReplayCodec())


@pytest.fixture
def in_order(cache) -> GraphTrainer:
    return GraphTrainer(cache)
