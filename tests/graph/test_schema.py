from __future__ import annotations

import pytest

from fpcache.errors import GraphSchemaError
from fpcache.graph import GraphComponent, GraphSchema, SchemaNode, validate


def source():
    return [1, 2]


def double(numbers, factor=2):
    return [factor * number for number in numbers]


async def later(numbers):
    return numbers


class Scale(GraphComponent):
    default_config = {"factor": 2}

    def run(self, numbers):
        return [self.config["factor"] * number for number in numbers]


class NeedsUnknownPackage(Scale):
    @staticmethod
    def required_packages():
        return ["a-package-that-nobody-has"]


SOURCE = SchemaNode(uses=source, is_input=True)


def chain(length: int) -> GraphSchema:
    nodes = {"n0": SOURCE}
    for number in range(1, length):
        nodes[f"n{number}"] = SchemaNode(needs={"numbers": f"n{number - 1}"}, uses=double)
    return GraphSchema(dict(reversed(nodes.items())))


def test_order_puts_each_node_after_what_it_needs() -> None:
    assert chain(4).order() == ("n0", "n1", "n2", "n3")


def test_order_copes_with_chains_longer_than_the_recursion_limit() -> None:
    assert len(chain(3000).order()) == 3000


def test_minimal_keeps_targets_and_what_they_need() -> None:
    schema = GraphSchema(
        {
            "source": SOURCE,
            "wanted": SchemaNode(needs={"numbers": "source"}, uses=double, is_target=True),
            "unwanted": SchemaNode(needs={"numbers": "source"}, uses=double),
        }
    )
    assert list(schema.minimal()) == ["source", "wanted"]
    assert schema.minimal(["unwanted"]).targets() == ("unwanted",)


def test_minimal_refuses_a_target_that_is_not_there() -> None:
    with pytest.raises(GraphSchemaError, match="no node `n9`.*`n0`"):
        chain(2).minimal(["n9"])


def test_a_schema_cannot_be_changed() -> None:
    schema = chain(2)
    with pytest.raises(TypeError):
        schema.nodes["n0"] = SOURCE  # type: ignore[index]
    with pytest.raises(TypeError):
        schema["n1"].needs["numbers"] = "n1"  # type: ignore[index]


def test_with_config_leaves_the_original_alone() -> None:
    schema = chain(2)
    changed = schema.with_config("n1", factor=3)
    assert dict(changed["n1"].config) == {"factor": 3}
    assert dict(schema["n1"].config) == {}


def target(**parts) -> SchemaNode:
    return SchemaNode(**({"needs": {"numbers": "source"}, "uses": double, "is_target": True} | parts))


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (target(is_target=False), "no node is a target"),
        (target(needs={"numbers": "sorce"}), "node `node` needs `sorce`.*did you mean `source`"),
        (target(needs={"numbers": "node"}), "node `node` needs itself: node → node"),
        (target(is_input=True), "node `node` is an input"),
        (target(uses=None), "node `node` has nothing to run"),
        (target(uses=later), "node `node`: `later` is async"),
        (target(needs={}), "node `node`: `double` needs an argument `numbers`"),
        (target(config={"factr": 3}), "node `node`: `double` takes no argument `factr`"),
        (target(config={"numbers": 3}), "node `node` gets `numbers` from its config and from a node"),
        (target(uses=Scale, fn="rum"), "node `node`: Scale has no method `rum`"),
        (target(uses=Scale, constructor="make"), "node `node`: Scale has no constructor `make`"),
        (target(uses=Scale, needs={"n": "source"}), "node `node`: `Scale.run` needs an argument `numbers`"),
        (target(uses=NeedsUnknownPackage), "node `node` requires the package `a-package-that-nobody-has`"),
    ],
)
def test_what_is_wrong_is_said_with_the_name_of_the_node(node, message) -> None:
    with pytest.raises(GraphSchemaError, match=message):
        validate(GraphSchema({"source": SOURCE, "node": node}))


def test_a_schema_without_faults_passes() -> None:
    nodes = {"source": SOURCE, "function": target(config={"factor": 3}), "component": target(uses=Scale)}
    schema = GraphSchema(nodes)
    validate(schema)
    assert set(schema.nodes) == {"source", "function", "component"}


def test_a_circle_is_shown_as_one() -> None:
    nodes = {"source": SOURCE, "a": target(needs={"numbers": "b"}), "b": target(needs={"numbers": "a"})}
    with pytest.raises(GraphSchemaError, match="a → b → a"):
        validate(GraphSchema(nodes))
