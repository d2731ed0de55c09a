"""results.json: its keys, its decimal strings, and that hostile text cannot break it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from grader.core.model import Grade, Mark, Status
from grader.core.version import __version__
from grader.reports import json_report
from tests.reports import grades
from tests.reports.grades import item, task


def render(*of: Grade) -> dict[str, Any]:
    content = json_report.render(of, grades.assignment(of[0] if of else None))
    assert list(content) == ["results.json"]
    document: dict[str, Any] = json.loads(content["results.json"])
    return document


def test_the_document_has_the_keys_that_the_design_promises() -> None:
    document = render(grades.grade())
    assert document["schema"] == 1
    assert document["assignment"] == "dais2021-a4"
    assert document["grader"] == __version__
    (submission,) = document["submissions"]
    assert {"student", "points", "max_points", "passed", "provisional", "tasks"} <= set(submission)
    (told,) = submission["tasks"]
    assert {"id", "points", "max_points", "items"} <= set(told)
    keys = {"id", "status", "points", "max_points", "message", "visibility", "details"}
    assert keys <= set(told["items"][0])


def test_times_lateness_and_what_was_not_used_are_told() -> None:
    of = grades.grade()
    at = datetime(2021, 6, 1, 10, tzinfo=UTC)
    by = replace(of.submission, submitted_at=at, unused=("scan.pdf",))
    (told,) = render(replace(of, submission=by, deduction=Decimal("1.5")))["submissions"]
    keys = ("submitted_at", "extended_until", "deduction", "unused")
    assert [told[key] for key in keys] == [at.isoformat(), None, "1.50", ["scan.pdf"]]


def test_a_grade_is_told_in_full() -> None:
    of = grades.grade(
        task(item(message="Right.", details={"given": [1, 2.5, None]}), id="activation"),
        task(item(Status.REVIEW, id="interpretation", points="6"), id="evaluation"),
        name="Ada Lovelace",
        notes=("Late.",),
    )
    (submission,) = render(of)["submissions"]
    assert submission["student"] == "ada"
    assert submission["points"] == "1.50"
    assert submission["max_points"] == "7.50"
    assert (submission["passed"], submission["provisional"]) == (False, True)
    assert [told["id"] for told in submission["tasks"]] == ["activation", "evaluation"]
    assert submission["tasks"][0]["items"] == [
        {
            "id": "logistic",
            "code": "",
            "status": "passed",
            "points": "1.50",
            "max_points": "1.50",
            "message": "Right.",
            "visibility": "public",
            "details": {"given": [1, 2.5, None]},
            "waits": False,
            "mark": None,
            "mark_of_before": None,
        }
    ]


@pytest.mark.parametrize("status", list(Status))
def test_points_are_strings_with_two_decimals(status: Status) -> None:
    (submission,) = render(grades.grade(task(item(status, points="3"))))["submissions"]
    told = submission["tasks"][0]
    for part in (submission, told, told["items"][0]):
        for key in ("points", "max_points"):
            assert re.fullmatch(r"\d+\.\d\d", part[key])
    assert told["items"][0]["status"] == status.value


def test_a_persons_mark_is_the_items_points() -> None:
    mark = Mark(
        item="activation/logistic",
        points=Decimal("0.75"),
        reason="seen",
        by="Jo",
        at=datetime(2021, 6, 1, tzinfo=UTC),
    )
    (submission,) = render(grades.grade(task(item(Status.REVIEW, mark=mark))))["submissions"]
    assert submission["tasks"][0]["items"][0]["points"] == "0.75"
    assert submission["provisional"] is False


@pytest.mark.parametrize(
    "text", ["<script>", '"}]}', "\0\x1b[31m", "{{7*7}}", "\u2028", "Jörg 李梅 👩", "\u202e"]
)
def test_text_comes_back_as_it_went(text: str) -> None:
    of = grades.grade(task(item(message=text, details={"given": text})), name=text, notes=(text,))
    (submission,) = render(of)["submissions"]
    told = submission["tasks"][0]["items"][0]
    assert told["message"] == told["details"]["given"] == submission["notes"][0] == text


def test_half_a_character_in_a_students_text_does_not_lose_the_report() -> None:
    """`raise ValueError("\\ud800")` is all it takes to send one."""
    of = grades.grade(
        task(item(Status.FAILED, message="\ud800", details={"given": "a\udfffb"})),
        name="Ada \udcff",
    )
    content = json_report.render([of], grades.assignment(of))["results.json"]
    (submission,) = json.loads(content.decode("utf-8"))["submissions"]
    assert submission["student"] == "ada"
    assert submission["tasks"][0]["items"][0]["status"] == "failed"


def test_no_submission_is_an_empty_list() -> None:
    assert render()["submissions"] == []


def test_three_hundred_grades_render() -> None:
    of = [
        grades.grade(task(item(), item(Status.REVIEW, id="tanh")), student=f"s{n}")
        for n in range(300)
    ]
    found = render(*of)["submissions"]
    assert [submission["student"] for submission in found] == [f"s{n}" for n in range(300)]
