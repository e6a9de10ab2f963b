"""Schemas as YAML: every word comes back as it was, whatever YAML makes of it elsewhere."""

from __future__ import annotations

import builtins
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcache import fingerprint
from fpcache.errors import GraphSchemaError
from fpcache.graph import GraphSchema, SchemaNode

yaml = pytest.importorskip("yaml", reason="YAML documents need the extra yaml")

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "yes", "no", "on", "off", "y", "true", "null", "~", "", " ", "1e3", "1E-3", "010", "09", "0o17",
        "0x1F", "0b1", "1_000", "1:30", "2024-01-01", "2024-01-01T00:00:00Z", ".inf", ".nan", "1.",
        ".5", "+1", "-0", "-", "- a", "a: b", "a #b", "#", "&a", "*a", "!tag", "!!int 1", "<<", "=",
        "|", ">", "%", "@", "`", "{}", "[1]", "'", '"', "a\n", "\na", "a\n\n b", "\t", "\r\n", "\x85",
        "\u2028", "\ufeff", "\x00", "\x7f", "\U0010ffff", "---", "...", "? a", "a\n---\nb", "x" * 200,
        "a " * 100, "\\n", "\uff11", "1\u0660",
    ]
)  # fmt: skip
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(config=st.dictionaries(TEXTS, VALUES, max_size=4), name=TEXTS, needs=st.dictionaries(TEXTS, TEXTS))
@settings(max_examples=300, deadline=None)
def test_any_config_comes_back_with_the_same_fingerprint(config, name, needs) -> None:
    schema = GraphSchema({name: SchemaNode(needs=needs, config=config)})
    for back in (GraphSchema.from_json(schema.to_json()), GraphSchema.from_yaml(schema.to_yaml())):
        assert back == schema
        assert list(back) == [name]
        for option, value in config.items():
            assert fingerprint(back[name].config[option]) == fingerprint(value)
    # Whoever reads the YAML with another loader gets the same.
    assert yaml.safe_load(schema.to_yaml()) == schema.to_dict()


YAML = """
format: 1
nodes:
  numbers:
    uses: builtins:list
    is_input: true
  node:
    needs: {data: numbers}
    uses: statistics:mean
    config:
      rate: %s
    is_target: True
"""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("-2", -2),
        ("+2", 2),
        ("-0.0", -0.0),
        ("null", None),
        ("~", None),
        ("", None),
        ("False", False),
        ("y", "y"),
        ("'010'", "010"),
        ('"yes"', "yes"),
        ("12 monkeys", "12 monkeys"),
        ("a:b", "a:b"),
    ],
)
def test_yaml_written_by_hand_is_read_as_people_mean_it(text, value) -> None:
    schema = GraphSchema.from_yaml(YAML % text)
    assert fingerprint(schema["node"].config["rate"]) == fingerprint(value)
    assert schema["node"].uses is statistics.mean
    assert schema.targets() == ("node",)


DISPUTED = [
    "yes",
    "Off",
    "010",
    "-07",
    "09",
    "0o17",
    "0x1F",
    "0b1",
    "1_000",
    "1:30",
    "2024-01-01",
    ".inf",
    "=",
]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *((word, "line 11: `.*` is not the same in every version of YAML; quote it") for word in DISPUTED),
        ("{<<: 1}", "line 11: `<<` is not the same"),
        ("{a: 1, a: 2}", "line 11: `a` stands there twice"),
        ("{1: 2}", "node `node`: config `rate` has the key 1"),
        ("[&x [1], *x]", r"line 11: the alias `\*x` is not read"),
        ("&x [*x]", r"line 11: the alias `\*x` is not read"),
        ("!!python/object/apply:os.getcwd []", "this is no YAML: could not determine a constructor"),
        ("!!binary aGVsbG8=", "node `node`: config `rate` is of the class `bytes`"),
        ("!!set {a, b}", "node `node`: config `rate` is of the class `set`"),
        ("!!timestamp '2024-01-01'", "node `node`: config `rate` is of the class `datetime.date`"),
        ("[1", "this is no YAML: .*line 1"),
        ("1\n---\n2", "this is no YAML"),
    ],
)  # fmt: skip
def test_yaml_that_could_mean_two_things_is_refused_with_its_line(text, message) -> None:
    with pytest.raises(GraphSchemaError, match=f"(?s){message}"):
        GraphSchema.from_yaml(YAML % text)


def test_without_pyyaml_the_error_names_the_extra(monkeypatch) -> None:
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "yaml":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    for call in (GraphSchema({}).to_yaml, lambda: GraphSchema.from_yaml("a: 1")):
        with pytest.raises(GraphSchemaError, match=r"pip install 'fpcache\[yaml\]'"):
            call()
