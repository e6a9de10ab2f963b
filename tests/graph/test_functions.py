"""Functions that say more of themselves than their code does."""

from __future__ import annotations

import pytest

import fpcache
from fpcache.graph import GraphSchema, SchemaNode
from fpcache.graph.functions import facts_of

WORLD = {"digest": "first"}


def addon(config):
    return WORLD["digest"], config["factor"]


@fpcache.component(packages=["numpy"], addon=addon, config={"factor": 2})
def scale(numbers, factor):
    return [factor * number for number in numbers]


@fpcache.component
def plain(numbers):
    return sum(numbers)


def graph(uses, **config) -> GraphSchema:
    return GraphSchema(
        {
            "source": SchemaNode(uses=lambda: [1, 2], is_input=True),
            "node": SchemaNode(needs={"numbers": "source"}, uses=uses, config=config, is_target=True),
        }
    )


def test_it_is_called_as_before() -> None:
    assert scale([1, 2], factor=3) == [3, 6]
    assert plain([1, 2]) == 3
    assert facts_of(scale).packages == ("numpy",)
    assert facts_of(len).packages == ()


def test_its_defaults_are_merged(trainer) -> None:
    assert trainer.train(graph(scale)).outputs == {"node": [2, 4]}
    assert trainer.train(graph(scale, factor=2)).executed == ("source",)
    assert trainer.train(graph(scale, factor=3)).outputs == {"node": [3, 6]}


def test_its_addon_counts(trainer, monkeypatch) -> None:
    trainer.train(graph(scale))
    assert trainer.train(graph(scale)).executed == ("source",)
    monkeypatch.setitem(WORLD, "digest", "second")
    assert trainer.train(graph(scale)).executed == ("source", "node")


def test_the_versions_of_its_packages_count(trainer) -> None:
    trainer.train(graph(scale))
    entry = trainer.cache.nearest("node")
    assert "package numpy" in entry.parts
    trainer.train(graph(plain))


def test_options_count_however_it_is_written(trainer, monkeypatch) -> None:
    def read(numbers):
        return sum(numbers)

    marked = fpcache.component(read, addon=lambda config: WORLD["digest"])
    trainer.train(graph(marked))
    monkeypatch.setitem(WORLD, "digest", "second")
    assert trainer.train(graph(marked)).executed == ("source", "node")


def test_one_function_is_one_component() -> None:
    def read(numbers, k):
        return k

    fpcache.component(config={"k": 1})(read)
    with pytest.raises(TypeError, match="is a component already"):
        fpcache.component(config={"k": 2})(read)
    with pytest.raises(TypeError, match="can't be made a component"):
        fpcache.component(len)


def test_packages_are_a_list() -> None:
    with pytest.raises(TypeError, match=r"packages=\['numpy'\]"):
        fpcache.component(packages="numpy")
