"""What every report in text says of an item, above all of one that a person marked."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from grader.core.model import Grade, ItemGrade, Mark, Status
from grader.reports import (
    badge,
    codequality,
    github,
    item_words,
    json_report,
    junit,
    markdown,
    text,
)
from tests.reports import grades
from tests.reports.grades import item, task

REVIEWED = "A person marks this."


def marked(points: str, status: Status = Status.REVIEW, **more: object) -> ItemGrade:
    mark = Mark(
        item="activation/words",
        points=Decimal(points),
        reason="Names the cause.",
        by="Jo",
        at=datetime(2021, 6, 1, tzinfo=UTC),
    )
    return item(status, id="words", points="2", message=REVIEWED, mark=mark, **more)  # type: ignore[arg-type]


def rendered(form: Callable[..., dict[str, bytes]], of: Grade) -> str:
    return b"".join(form([of], grades.assignment(of)).values()).decode()


@pytest.mark.parametrize(
    ("points", "status"),
    [("2", Status.PASSED), ("1.5", Status.PARTIAL), ("0", Status.FAILED)],
)
def test_a_marked_item_stands_as_it_was_marked(points: str, status: Status) -> None:
    of = marked(points)
    assert item_words.standing(of) is status
    assert item_words.why(of) == f"Jo gave {points} points: Names the cause."
    assert item_words.hint(replace(of, item=replace(of.item, hint="Think."))) == ""


@pytest.mark.parametrize("status", Status)
def test_an_item_that_nobody_marked_stands_as_its_check_found_it(status: Status) -> None:
    of = item(status, message="So.", hint="Think.")
    assert (item_words.standing(of), item_words.why(of)) == (status, "So.")
    told = "" if status in (Status.PASSED, Status.ERROR) else "Think."
    assert item_words.hint(of) == told


@pytest.mark.parametrize("form", [text.render, markdown.render, junit.render])
@pytest.mark.parametrize("points", ["2", "1.5", "0"])
def test_no_report_still_calls_for_a_person_who_has_marked(
    form: Callable[..., dict[str, bytes]], points: str
) -> None:
    shown = rendered(form, grades.grade(task(marked(points)))).replace("\\", "")
    assert "Names the cause." in shown
    assert "review" not in shown
    assert REVIEWED not in shown


def test_a_program_reads_who_marked_and_why() -> None:
    stale = replace(item(Status.REVIEW, id="more"), stale=marked("1").mark)
    of = json_report.render([grades.grade(task(marked("1.5"), item(), stale))], grades.assignment())
    found = json.loads(of["results.json"])["submissions"][0]["tasks"][0]["items"]
    mark = {
        "points": "1.50",
        "reason": "Names the cause.",
        "by": "Jo",
        "at": "2021-06-01T00:00:00+00:00",
    }
    assert [one["mark"] for one in found] == [mark, None, None]
    assert [one["mark_of_before"] for one in found] == [None, None, mark | {"points": "1.00"}]
    assert [one["waits"] for one in found] == [False, False, True]


def test_a_runner_counts_a_marked_item_as_it_was_marked() -> None:
    full, half = grades.grade(task(marked("2"))), grades.grade(task(marked("1")))
    assert "passed=true" in rendered(github.render, full)
    assert "checks: 1 of 1 items" in badge.line([full])
    assert "::" not in rendered(github.render, full)
    assert "Jo gave 1 points" in rendered(github.render, half)
    assert rendered(codequality.render, full) == "[]\n"
    assert '"severity": "minor"' in rendered(codequality.render, half)
    (case,) = ET.fromstring(rendered(junit.render, half)).iter("testcase")
    assert [child.tag for child in case] == ["properties", "failure"]


def test_the_one_wrong_value_is_among_those_that_are_shown() -> None:
    given = [f"logistic({x}) = {y}" for x, y in [(-2, 0.1), (0, 0.5), (1, 0.7), (3, 0.9)]]
    right = [*given, "logistic(1000) = 1"]
    of = item(
        Status.PARTIAL, details={"given": [*given, "logistic(1000) = nan"], "expected": right}
    )
    assert item_words.values(of) == ["logistic(1000) = nan", *given[:3]]


@pytest.mark.parametrize(
    ("details", "shown"),
    [
        ({}, []),
        ({"given": "words"}, ["words"]),
        ({"given": ["a", "b"]}, ["a", "b"]),
        ({"given": ["a", "b"], "expected": "a"}, ["a", "b"]),
        ({"given": ["a", "b", "c"], "expected": ["a"]}, ["b", "c", "a"]),
        ({"given": list("abcdef"), "expected": list("abcdef")}, list("abcd")),
    ],
)
def test_values_of_any_form_are_shown(details: dict[str, object], shown: list[str]) -> None:
    assert item_words.values(item(Status.FAILED, details=details)) == shown
