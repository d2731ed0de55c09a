"""The Moodle XML: its structure, its fields, and that Moodle would mark right answers right."""

from __future__ import annotations

import base64
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree

from grader.quiz import graph as graphs
from grader.quiz import marking, moodle_xml, quiz
from grader.quiz.graph import Graph

FILE = Path(__file__).parents[2] / "reference" / "dais2021-a4" / "autodiff.toml"
POINTS = {"forward": Decimal(3), "adjoints": Decimal(5), "gradient": Decimal(2)}
WORTH = {group: moodle_xml.Worth(points=points) for group, points in POINTS.items()}
# {weight:NUMERICAL:=value:tolerance}, see Moodle's documentation of embedded answers
FIELD = re.compile(r"\{(\d+):NUMERICAL:=(-?\d+\.\d+):(\d+\.\d+)~%0%-987654321\.5:0\}")
THIRTY = quiz.read(FILE, 30, 7)


@pytest.fixture(scope="module", params=["en", "de"])
def content(request: pytest.FixtureRequest) -> bytes:
    return moodle_xml.write(THIRTY.variants, WORTH, "A/B course", request.param)


@pytest.fixture(scope="module")
def document(content: bytes) -> Any:
    return ElementTree.fromstring(content)


def test_thirty_variants_with_their_pictures_are_below_moodles_limit_for_files(
    content: bytes,
) -> None:
    assert content.count(b"<file ") == 30
    assert len(content) < 2_000_000


def test_a_category_comes_first_and_then_a_question_for_each_variant(document: Any) -> None:
    kinds = [question.get("type") for question in document]
    assert document.tag == "quiz"
    assert kinds == ["category", *["cloze"] * 30]
    assert document[0].find("category/text").text == "$course$/top/A//B course/Autodiff"


def test_every_question_has_what_moodle_asks_for(document: Any) -> None:
    for question in list(document)[1:]:
        assert question.find("name/text").text.startswith("Autodiff ")
        assert question.find("questiontext").get("format") == "html"
        assert question.find("generalfeedback/text").text.count("<tr>") == 23
        assert question.find("defaultgrade") is None
        assert question.find("penalty").text == "0.3333333"
        file = question.find("questiontext/file")
        assert (file.get("name"), file.get("path"), file.get("encoding")) == (
            "graph.png",
            "/",
            "base64",
        )
        assert base64.b64decode(file.text).startswith(b"\x89PNG")
        assert '<img src="@@PLUGINFILE@@/graph.png"' in question.find("questiontext/text").text


# Moodle's import knows these children of each element, and no others.
CHILDREN = {
    "quiz": ["question"],
    "question": ["name", "questiontext", "generalfeedback", "penalty", "hidden", "idnumber"],
    "category": ["text"],
    "info": ["text"],
    "name": ["text"],
    "generalfeedback": ["text"],
    "questiontext": ["text", "file"],
}


def test_the_file_has_the_structure_of_moodles_import(document: Any) -> None:
    for element in document.iter():
        if element.get("type") == "category":
            assert [child.tag for child in element] == ["category", "info"]
        elif element.tag != "quiz":
            assert [child.tag for child in element] == CHILDREN.get(element.tag, [])
        assert element.get("format") in (None, "html")
        has_format = element.tag in ("questiontext", "generalfeedback", "info")
        assert (element.get("format") == "html") == has_format
        assert (element.text or "").strip() == "" or element.tag not in CHILDREN


def test_moodle_marks_what_we_mark(document: Any) -> None:
    """Perfect answers get all weights by Moodle's rule, and are all right by ours."""
    for question, variant in zip(list(document)[1:], THIRTY.variants, strict=True):
        fields = FIELD.findall(question.find("questiontext/text").text)
        typed = [f"{v:.4f}" for g in graphs.solution(variant).values() for v in g.values()]
        earned = sum(
            int(weight)
            for (weight, answer, tolerance), text in zip(fields, typed, strict=True)
            if abs(float(text) - float(answer)) <= float(tolerance) + 1e-14
        )
        assert earned == sum(int(weight) for weight, _, _ in fields)
        marks = marking.mark(variant, dict(zip(marking_names(variant), typed, strict=True)))
        assert {mark.verdict for mark in marks} == {marking.ValueVerdict.RIGHT}


def marking_names(variant: Graph) -> list[str]:
    return [name for group in graphs.solution(variant).values() for name in group]


def test_every_part_is_a_number_within_whose_tolerance_the_rounded_answer_lies(
    document: Any,
) -> None:
    for question, variant in zip(list(document)[1:], THIRTY.variants, strict=True):
        fields = FIELD.findall(question.find("questiontext/text").text)
        solution = graphs.solution(variant)
        values = [value for group in solution.values() for value in group.values()]
        assert len(fields) == len(values) == 23
        for (_, answer, tolerance), value in zip(fields, values, strict=True):
            assert abs(round(value, 4) - float(answer)) <= float(tolerance)
            assert float(tolerance) <= 0.01 * abs(value)


def test_braces_stand_only_around_fields(document: Any) -> None:
    text = FIELD.sub("", document[1].find("questiontext/text").text)
    assert "{" not in text
    assert "}" not in text


def test_the_weights_give_each_group_its_points() -> None:
    weight = moodle_xml.weights(THIRTY.variants[0], WORTH)
    sums = {group: weight[group] * len(THIRTY.names[group]) for group in POINTS}
    total = sum(sums.values())
    assert {group: Decimal(10) * part / total for group, part in sums.items()} == POINTS


def test_the_question_states_its_numbers_so_that_marking_reads_them_back() -> None:
    variant = THIRTY.variants[4]
    x1, x2, x3 = variant.point.values()
    assert moodle_xml.stated(variant) == f"x1 = {x1}, x2 = {x2}, x3 = {x3}"


def test_the_same_variants_give_the_same_bytes() -> None:
    first = moodle_xml.write(THIRTY.variants[:2], WORTH, "t")
    assert first == moodle_xml.write(THIRTY.variants[:2], WORTH, "t")
