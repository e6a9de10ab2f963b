"""Schemas as documents: what comes back is the same, and what could not is an error."""

from __future__ import annotations

import collections
import enum
import functools
import json
import math
import operator
import statistics
import subprocess
import sys
import textwrap

import pytest

from fpcache.errors import GraphSchemaError
from fpcache.graph import GraphComponent, GraphSchema, SchemaNode


def source():
    return [3, 1, 2]


@functools.lru_cache
def double(numbers, factor=2):
    return [factor * number for number in numbers]


class Scale(GraphComponent):
    def run(self, numbers):
        return [self.config["factor"] * number for number in numbers]

    class Inner(GraphComponent):
        def run(self):
            return 1

    @classmethod
    def make(cls):
        return [1]


class Callable:
    def __call__(self, numbers):
        return numbers


class Level(enum.IntEnum):
    LOW = 1


INSTANCE = Callable()
FORMS = {
    "dict": (GraphSchema.to_dict, GraphSchema.from_dict),
    "json": (GraphSchema.to_json, GraphSchema.from_json),
    "yaml": (GraphSchema.to_yaml, GraphSchema.from_yaml),
}


@pytest.fixture(params=sorted(FORMS))
def form(request):
    if request.param == "yaml":
        pytest.importorskip("yaml", reason="YAML documents need the extra yaml")
    return FORMS[request.param]


def one(**parts) -> GraphSchema:
    return GraphSchema({"node": SchemaNode(**parts)})


def document(**fields) -> dict:
    return {"format": 1, "nodes": {"node": fields}}


FULL = GraphSchema(
    {
        "later": SchemaNode(needs={"numbers": "numbers"}, uses=double, config={"factor": 3}, is_target=True),
        "numbers": SchemaNode(uses=source, is_input=True),
        "scaled": SchemaNode(
            needs={"numbers": "later"},
            uses=Scale,
            fn="other",
            constructor="load",
            resource="scaled",
            eager=True,
            is_target=True,
        ),
        "inner": SchemaNode(uses=Scale.Inner, config={"deep": {"a": [1, 1.0, True, None, "1"], "": {}}}),
        "drawn only": SchemaNode(),
    }
)


def test_a_schema_comes_back_equal_and_in_the_same_order(form) -> None:
    write, read = form
    back = read(write(FULL))
    assert back == FULL
    assert list(back) == list(FULL)
    assert back["later"].uses is double


def test_defaults_are_left_out_and_what_is_used_is_a_name() -> None:
    assert FULL.to_dict()["nodes"]["later"] == {
        "needs": {"numbers": "numbers"},
        "uses": f"{__name__}:double",
        "config": {"factor": 3},
        "is_target": True,
    }
    assert FULL.to_dict()["nodes"]["drawn only"] == {"uses": None}
    assert FULL.to_dict()["nodes"]["inner"]["uses"] == f"{__name__}:Scale.Inner"


def test_writing_twice_gives_the_same_text(form) -> None:
    write, read = form
    assert write(read(write(FULL))) == write(FULL)


def test_a_document_is_a_copy_that_shares_nothing_with_the_schema() -> None:
    schema = one(config={"sizes": [1]})
    data = schema.to_dict()
    back = GraphSchema.from_dict(data)
    data["nodes"]["node"]["config"]["sizes"].append(2)
    assert back == schema == one(config={"sizes": [1]})


@pytest.mark.parametrize("uses", [list, math.sqrt, statistics.mean, operator.itemgetter, Scale.make, print])
def test_what_has_a_name_is_found_again(uses) -> None:
    assert GraphSchema.from_dict(one(uses=uses).to_dict())["node"].uses == uses


def local():
    def inner(numbers):
        return numbers

    return inner


@pytest.mark.parametrize(
    ("uses", "message"),
    [
        (lambda numbers: numbers, "node `node`: a lambda has no name.*with def"),
        (local(), "node `node`: `local.<locals>.inner` is local to a function.*top level of a module"),
        (functools.partial(source), "node `node`: an object of the class `partial` has no name"),
        (INSTANCE, "node `node`: an object of the class `Callable` has no name"),
        (INSTANCE.__call__, "node `node`: .*:Callable.__call__` is another object by now"),
        ([].append, "node `node`: an object of the class `builtin_function_or_method` has no name"),
        ("source", "node `node`: an object of the class `str` has no name"),
    ],
)
def test_what_has_no_name_is_refused(uses, message) -> None:
    with pytest.raises(GraphSchemaError, match=message):
        one(uses=uses).to_dict()


def test_a_function_that_was_defined_anew_is_refused(monkeypatch) -> None:
    schema = one(uses=source)
    monkeypatch.setattr(sys.modules[__name__], "source", local())
    with pytest.raises(GraphSchemaError, match="`.*:source` is another object by now"):
        schema.to_dict()
    monkeypatch.delattr(sys.modules[__name__], "source")
    with pytest.raises(GraphSchemaError, match="node `node`: `source` can't be found again"):
        schema.to_dict()


class Text(str):
    pass


SHARED: list[int] = []
CIRCLE: list[object] = []
CIRCLE.append(CIRCLE)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ((1, 2), r"config `option` is of the class `tuple`.*write a list"),
        ([{"a": {1}}], r"config `option`\[0\]\['a'\] is of the class `set`.*sorted list"),
        ({1: 2}, r"config `option` has the key 1.*use texts as keys"),
        ({True: 2}, r"config `option` has the key True"),
        ({Text("a"): 2}, r"config `option` has the key 'a'"),
        (math.nan, r"config `option` is nan"),
        ([-math.inf], r"config `option`\[0\] is -inf"),
        (b"a", r"config `option` is of the class `bytes`.*hex"),
        (object, r"config `option` is of the class `type`"),
        (1j, r"config `option` is of the class `complex`"),
        (Text("a"), r"config `option` is of the class `.*test_documents.Text`"),
        (Level.LOW, r"config `option` is of the class `.*Level`"),
        (collections.OrderedDict(a=1), r"config `option` is of the class `collections.OrderedDict`"),
        ("\ud83d", r"config `option` holds half of a surrogate pair"),
        ({"\udc00": 1}, r"the key '\\udc00' of config `option` holds half"),
        pytest.param(10**5000, r"config `option` has more digits", id="10**5000"),
        ([SHARED, SHARED], r"config `option`\[1\] is an object that stands in another place"),
        (CIRCLE, r"config `option`\[0\] is an object that stands in another place"),
    ],
)
def test_config_that_json_would_change_is_refused_with_its_place(value, message, form) -> None:
    with pytest.raises(GraphSchemaError, match=f"node `node`: {message}"):
        form[0](one(config={"option": value}))


def test_numpy_numbers_are_refused_although_one_is_a_float() -> None:
    np = pytest.importorskip("numpy")
    with pytest.raises(GraphSchemaError, match=r"config `rate` is of the class `numpy.float64`"):
        one(config={"rate": np.float64(0.1)}).to_dict()


def test_nesting_too_deep_to_write_or_read_is_an_error(form) -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(GraphSchemaError, match="nested too deeply"):
        form[0](one(config={"deep": deep}))
    with pytest.raises(GraphSchemaError, match="nested too deeply"):
        GraphSchema.from_json("[" * 100_000 + "]" * 100_000)


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (GraphSchema({1: SchemaNode()}), "the node's name 1 is not a text"),
        (one(is_target=1), "node `node`: `is_target` is 1; it must be true or false"),
        (one(fn=None), "node `node`: `fn` is None; it must be a text"),
        (one(needs={"a": 1}), "node `node`: `needs` has 'a': 1"),
        (one(config={1: 2}), "node `node`: its config has the option 1; options are texts"),
    ],
)
def test_fields_of_another_type_are_refused_when_written(schema, message) -> None:
    with pytest.raises(GraphSchemaError, match=message):
        schema.to_dict()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "a graph's document is a mapping with `format` and `nodes`, not"),
        ({"nodes": {}}, "the document's `format` is None; write the number 1"),
        ({"format": True, "nodes": {}}, "the document's `format` is True"),
        ({"format": 2, "nodes": {}}, "the document has format 2, and this fpcache reads 1"),
        ({"format": 1, "node": {}}, "the document has no field 'node'; did you mean `nodes`"),
        ({"format": 1}, "the document's `nodes` is None; write a mapping"),
        ({"format": 1, "nodes": {1: {}}}, "the node's name 1 is not a text"),
        ({"format": 1, "nodes": {"node": "uses"}}, "node `node`: it is 'uses'; write a mapping"),
        (document(need={}), "node `node`: it has no field 'need'; did you mean `needs`"),
        (document(xyz={}), "node `node`: it has no field 'xyz'; there are `needs`, `uses`"),
        (document(needs=["a"]), "node `node`: `needs` is .*; write a mapping of names of parameters"),
        (document(needs={"a": None}), "node `node`: `needs` has 'a': None"),
        (document(config=[]), "node `node`: `config` is .*; write a mapping"),
        (document(config={"a": (1,)}), "node `node`: config `a` is of the class `tuple`"),
        (document(fn=1), "node `node`: `fn` is 1; it must be a text"),
        (document(is_input="yes"), "node `node`: `is_input` is 'yes'; it must be true or false"),
        (document(resource=1), "node `node`: `resource` is 1; it must be a text or null"),
        (document(eager=1), "node `node`: `eager` is 1; it must be true or false"),
        (document(uses=1), "node `node`: `uses` is 1; write null or"),
        (document(uses="statistics.mean"), "node `node`: `uses` is 'statistics.mean'; write \"module:qual"),
        (document(uses=":mean"), "node `node`: `uses` is ':mean'; write"),
        (document(uses=".a:mean"), "node `node`: `uses` is '.a:mean'; write"),
        (document(uses="statistics:mean."), "node `node`: `uses` is 'statistics:mean.'; write"),
        (document(uses="statistcs:mean"), "node `node`: there is no module `statistcs`; did you mean `stat"),
        (document(uses="email.mesage:M"), "no module `email.mesage`; did you mean `email.message`"),
        (document(uses="statistics.x:mean"), "node `node`: there is no module `statistics.x`"),
        (document(uses="statistics:maen"), "node `node`: `statistics` has no `maen`; did you mean `mean`"),
        (document(uses="statistics:mean.x"), "node `node`: `statistics` has no `mean.x`"),
        (document(uses="math:pi"), "node `node`: `math:pi` is an object of the class `float`, which can't"),
        (document(uses="os:path"), "node `node`: `os:path` is a module, which can't be called"),
        (document(uses="m:f.<locals>.g"), "node `node`: there is no module `m`"),
    ],
)
def test_a_wrong_document_is_told_with_the_name_of_the_node(data, message) -> None:
    with pytest.raises(GraphSchemaError, match=message):
        GraphSchema.from_dict(data)


def test_a_module_that_fails_to_import_is_told(tmp_path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "breaks_on_import.py").write_text("1 / 0\n")
    (tmp_path / "needs_another.py").write_text("import a_module_that_nobody_has\n")
    (tmp_path / "raises_late.py").write_text("def __getattr__(name): raise ValueError('not today')\n")
    for uses, message in {
        "breaks_on_import:f": "importing `breaks_on_import` failed with ZeroDivisionError",
        "needs_another:f": "the module `needs_another` needs `a_module_that_nobody_has`; install it",
        "raises_late:f": "asking `raises_late` for `f` failed with ValueError: not today",
    }.items():
        with pytest.raises(GraphSchemaError, match=f"node `node`: {message}"):
            GraphSchema.from_dict(document(uses=uses))


def test_a_document_is_read_in_another_process(tmp_path) -> None:
    (tmp_path / "steps.py").write_text("def double(numbers):\n    return [2 * n for n in numbers]\n")
    code = """
        import sys
        from fpcache.graph import GraphSchema
        schema = GraphSchema.from_json(sys.stdin.read())
        print(schema["doubled"].uses(numbers=[1, 2]), "yaml" in sys.modules)
    """
    text = json.dumps({"format": 1, "nodes": {"doubled": {"uses": "steps:double", "is_target": True}}})
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        input=text, cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "[2, 4] False\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "this is no JSON: .*line 1"),
        ('{"format": 1, "nodes": {"a": {}, "a": {}}}', "`a` stands twice"),
        ('{"format": 1, "nodes": {"node": {"config": {"a": NaN}}}}', "holds NaN, which JSON does not have"),
        ('{"format": 1, "nodes": {"node": {"config": {"a": 1e999}}}}', "node `node`: config `a` is inf"),
        ('{"format": ' + "1" * 5000 + "}", "this is no JSON"),
        (b"{}", "from_json takes a text, not bytes"),
    ],
)
def test_wrong_json_is_told(text, message) -> None:
    with pytest.raises(GraphSchemaError, match=message):
        GraphSchema.from_json(text)


def test_a_graph_that_was_read_runs_and_hits_what_was_stored_before(trainer) -> None:
    schema = GraphSchema(
        {
            "numbers": SchemaNode(uses=source, is_input=True),
            "scaled": SchemaNode({"numbers": "numbers"}, Scale, {"factor": 3}, is_target=True),
        }
    )
    assert trainer.train(schema).outputs == {"scaled": [9, 3, 6]}
    again = trainer.train(GraphSchema.from_json(schema.to_json()))
    assert again.outputs == {"scaled": [9, 3, 6]}
    assert again.executed == ("numbers",)


def test_a_notebook_shows_the_picture_and_repr_is_one_short_line() -> None:
    shown = FULL._repr_mimebundle_()
    assert set(shown) == {"text/plain", "image/svg+xml"}
    assert "– later          ← numbers" in shown["text/plain"]
    assert repr(FULL) == (
        "<GraphSchema of 5 nodes: later, numbers, scaled, inner, drawn only; targets: later, scaled>"
    )
    assert repr(one()) == "<GraphSchema of 1 node: node>"
    assert repr(GraphSchema({})) == "<GraphSchema of 0 nodes: none>"
    many = GraphSchema({f"n{number}": SchemaNode() for number in range(1000)})
    assert repr(many) == "<GraphSchema of 1000 nodes: n0, n1, n2, n3, n4, n5, …>"


def test_a_schema_with_a_circle_is_shown_as_text_that_says_so() -> None:
    shown = one(needs={"a": "node"})._repr_mimebundle_()
    assert set(shown) == {"text/plain"}
    assert "node `node` needs itself" in shown["text/plain"]
