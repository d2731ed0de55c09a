"""Pictures of the graph, and the nodes that are marked in them."""

from __future__ import annotations

import pytest
from defusedxml import ElementTree

from grader.core import extras
from grader.core.extras import MissingLibraryError
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


def test_a_constant_is_no_node_and_an_operand_used_twice_is_one_edge() -> None:
    source = picture.dot(graphs.build("x * x + 2", {"x": 3.0}), down=True)
    assert source.count("->") == 2
    assert "x -> v1" in source
    assert "v1 + 2" in source
    assert "rankdir=TB" in source


def test_without_graphviz_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(MissingLibraryError) as told:
        picture.dot(GRAPH)
    assert str(told.value) == ("the picture of a quiz needs pygraphviz: pip install 'grader[quiz]'")
    with pytest.raises(MissingLibraryError, match=r"needs pygraphviz, pillow: .*'grader\[quiz\]'"):
        picture.png(GRAPH)
