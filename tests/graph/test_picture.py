from __future__ import annotations

from xml.etree import ElementTree

from fpcache.graph import FingerprintStatus, GraphSchema, SchemaNode, schema_picture
from fpcache.graph.layout import lay_out

SVG = "{http://www.w3.org/2000/svg}"


def schema(**needs: str) -> GraphSchema:
    return GraphSchema({name: SchemaNode(needs={n: n for n in text.split()}) for name, text in needs.items()})


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_text_names_every_node_its_status_its_needs_and_the_reason() -> None:
    statuses = {"load": "hit", "clean": FingerprintStatus(None, False, "`load` changed")}
    picture = schema_picture(schema(load="", clean="load"), statuses)
    assert str(picture).splitlines() == ["● load   hit", "○ clean  miss   ← load   (`load` changed)"]


def test_svg_is_well_formed_whatever_the_names_hold() -> None:
    picture = schema_picture(schema(a="", b="a"), {"a": "hit"}, labels={"a": 'x < y & "z"', "b": "</svg>"})
    assert texts(picture.svg) == ['x < y & "z"', "hit", "</svg>"]


def test_svg_has_one_box_a_node_and_one_line_an_edge() -> None:
    root = ElementTree.fromstring(schema_picture(schema(a="", b="a", c="a b")).svg)
    assert len(root.findall(f".//{SVG}rect")) == 3
    assert len([path for path in root.findall(f"{SVG}path") if path.get("marker-end")]) == 3


def test_a_notebook_gets_text_and_svg() -> None:
    assert set(schema_picture(schema(a=""))._repr_mimebundle_()) == {"text/plain", "image/svg+xml"}


def test_an_empty_schema_can_be_drawn() -> None:
    assert str(schema_picture(GraphSchema({}))) == ""


def test_edges_go_down_and_no_two_nodes_share_a_place() -> None:
    needs = {"b": ["a"], "c": ["a"], "d": ["b", "c"], "e": ["a", "d"]}
    layout = lay_out(list("abcde"), needs)
    assert len(set(layout.places.values())) == 5
    assert all(layout.places[need][1] < layout.places[name][1] for name in needs for need in needs[name])


def test_a_long_edge_passes_no_box() -> None:
    layout = lay_out(list("abc"), {"b": ["a"], "c": ["b", "a"]})
    between = layout.routes["a", "c"][1:-1]
    assert between
    assert not set(between) & set(layout.places.values())


def test_a_layer_is_ordered_so_that_edges_do_not_cross_for_nothing() -> None:
    layout = lay_out(["left", "right", "of_right", "of_left"], {"of_right": ["right"], "of_left": ["left"]})
    assert layout.places["of_left"][0] < layout.places["of_right"][0]
