"""Pictures of the graph, and the nodes that are marked in them."""

from __future__ import annotations

from defusedxml import ElementTree

from grader.quiz import graph as graphs
from grader.quiz import picture

GRAPH = graphs.build("x * y + sin(x * y)", {"x": 2.0, "y": 0.6})
SVG = "{http://www.w3.org/2000/svg}"


def fills(svg: bytes) -> dict[str, str]:
    """Fill colour by node."""
    found = {}
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        if group.get("class") == "node":
            shape = group.find(f"{SVG}ellipse")
            shape = group.find(f"{SVG}polygon") if shape is None else shape
            found[group.find(f"{SVG}title").text] = shape.get("fill")
    return found


def test_every_input_and_operation_is_a_node_and_every_use_an_edge() -> None:
    source = picture.dot(GRAPH)
    assert set(fills(picture.svg(GRAPH))) == {"x", "y", "v1", "v2", "v3"}
    for edge in ("x -> v1", "y -> v1", "v1 -> v2", "v1 -> v3", "v2 -> v3"):
        assert edge in source
    assert "sin(v1)" in source


def test_only_wrong_values_are_marked() -> None:
    marked = fills(picture.svg(GRAPH, {"adj_v2", "grad_y"}))
    assert {name for name, fill in marked.items() if fill == picture.BAD} == {"v2", "y"}
    assert picture.BAD not in fills(picture.svg(GRAPH)).values()


def test_the_picture_for_the_quiz_is_a_png() -> None:
    assert picture.png(GRAPH).startswith(b"\x89PNG\r\n\x1a\n")


def test_nothing_is_loaded_from_elsewhere_by_the_picture() -> None:
    text = picture.svg(GRAPH).decode()
    assert "<script" not in text
    assert "href" not in text
