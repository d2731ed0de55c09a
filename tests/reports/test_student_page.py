"""What a student's page says beyond its items, and what it must not say."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from grader.checks.base import Check
from grader.checks.functions.values import FunctionValues
from grader.checks.text import TextAnswer
from grader.core.model import Cell, Grade, ItemGrade, Mark, Notebook, QuizResponse, Status
from grader.core.version import __version__
from grader.reports import html, student_page
from tests.reports import grades
from tests.reports.grades import item, task

MODEL = "The product of derivatives shrinks with each layer."


def page(of: Grade) -> str:
    return html.render([of], grades.assignment(of))[
        f"students/{of.submission.student}.html"
    ].decode()


def marked(points: str, reason: str = "") -> ItemGrade:
    mark = Mark(
        item="activation/logistic",
        points=Decimal(points),
        reason=reason,
        by="Jo",
        at=datetime(2021, 6, 1, tzinfo=UTC),
    )
    return item(Status.REVIEW, points="2", message="A person marks this.", mark=mark)


def with_check(graded: ItemGrade, check: Check, **more: str) -> ItemGrade:
    return replace(graded, item=replace(graded.item, check=check, **more))  # type: ignore[arg-type]


# --- the summary ------------------------------------------------------------------------------


def test_it_says_where_how_many_of_how_many_points_were_lost_and_why() -> None:
    of = grades.grade(
        task(
            item(Status.PARTIAL, points="2", message="An axis has no label. Draw it anew."),
            item(id="right"),
            item(Status.REVIEW, id="open"),
            item(Status.FAILED, id="none", points="3", message="Not found, e.g. under its name."),
        )
    )
    rows = [(r.items[0].item.id, r.lost, r.of, r.why) for r in student_page.lost(of)]
    assert rows == [
        ("logistic", Decimal("1"), Decimal(2), "An axis has no label."),
        ("none", Decimal(3), Decimal(3), "Not found, e.g. under its name."),
    ]


def test_a_persons_reason_stands_before_the_machines() -> None:
    (row,) = student_page.lost(grades.grade(task(marked("0.5", "Half of it is missing."))))
    assert (row.lost, row.why) == (Decimal("1.5"), "Half of it is missing.")
    (row,) = student_page.lost(grades.grade(task(marked("0.5"))))
    assert row.why == "A person marks this."


def test_a_task_stands_for_many_items_that_were_lost_for_one_reason() -> None:
    items = [
        item(Status.FAILED, id=f"i{n}", points="2", message="Not handed in.") for n in range(5)
    ]
    (row,) = student_page.lost(grades.grade(task(*items)))
    assert (row.is_task, row.lost, row.why) == (True, Decimal(10), "Not handed in.")


def test_what_waits_is_told_by_its_reason_once() -> None:
    words = [item(Status.REVIEW, id=f"w{n}", message="A person marks this.") for n in range(3)]
    broken = item(Status.ERROR, id="e", message="The kernel died.")
    told = student_page.waiting(grades.grade(task(*words, broken)))
    assert [(why, [row.items[0].item.id for row in rows]) for why, rows in told] == [
        ("A person marks this.", ["w0", "w1", "w2"]),
        ("The kernel died.", ["e"]),
    ]


def test_every_item_is_linked_from_the_contents_and_links_back() -> None:
    of = grades.grade(task(item(), item(id="tanh")), task(item(id="k"), id="evaluation"))
    shown = page(of)
    for anchor in ("activation-logistic", "activation-tanh", "evaluation-k"):
        assert f'href="#{anchor}"' in shown
        section = shown.partition(f'id="{anchor}"')[2].partition('class="item"')[0]
        assert 'href="#contents"' in section
    assert 'id="contents"' in shown


# --- words ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "word"), [("2", "passed"), ("0.5", "partly"), ("0", "not passed")]
)
def test_an_item_that_a_person_marked_is_judged_by_that_mark(points: str, word: str) -> None:
    shown = page(grades.grade(task(marked(points))))
    assert f">{word}</span>" in shown
    assert "for a person" not in shown


def test_a_final_zero_is_not_called_not_yet_and_the_limit_is_a_sentence() -> None:
    shown = page(grades.grade(task(item(Status.FAILED, points="4"))))
    assert "not yet" not in shown
    assert "not passed" in shown
    assert "2 points are needed to pass" in shown


# --- questions, work, and what was expected -----------------------------------------------------


@pytest.mark.parametrize("status", list(Status))
def test_the_question_stands_beside_each_item(status: Status) -> None:
    asked = with_check(item(status), FunctionValues(function="f"), question="Write f.")
    assert "Write f." in page(grades.grade(task(asked)))


def notebook(*cells: str) -> Notebook:
    made = tuple(Cell(id=f"c{n}", kind="code", source=text) for n, text in enumerate(cells))
    return Notebook(name="mine.ipynb", cells=made)


def test_the_students_code_stands_beside_the_remark_and_once() -> None:
    work = notebook("x = 1", "import numpy\ndef f(x):\n    return x<0\n\nf(2)")
    check = FunctionValues(function="f")
    items = [with_check(item(Status.FAILED, id=name), check) for name in ("one", "two")]
    found = student_page.excerpts(task(*items), work)
    assert (found["one"].cell, found["one"].text) == (2, "def f(x):\n    return x<0")
    assert (found["one"].of, found["two"].of) == ("", "one")
    shown = page(grades.grade(task(*items), notebooks={"activation": work}))
    assert shown.count("return x&lt;0") == 1


def test_code_of_what_is_right_is_not_repeated_and_long_code_is_cut() -> None:
    check, lines = FunctionValues(function="f"), [f"    x += {n}" for n in range(99)]
    work = notebook("\n".join(["def f(x):", *lines]))
    assert student_page.excerpts(task(with_check(item(), check)), work) == {}
    (cut,) = student_page.excerpts(task(with_check(item(Status.FAILED), check)), work).values()
    assert cut.text.count("\n") + 1 == student_page.LINES
    assert cut.more == f"… and {100 - student_page.LINES} more lines"
    (long,) = student_page.excerpts(
        task(with_check(item(Status.FAILED), check)), notebook(f"f = '{'x' * 9999}'")
    ).values()
    assert (len(long.text), long.more) == (student_page.WIDTH, "…")


@pytest.mark.parametrize("status", [Status.REVIEW, Status.FAILED])
def test_a_model_answer_is_never_on_a_students_page(status: Status) -> None:
    words = TextAnswer(cell="answer")
    details = {"given": "They get small.", "expected": MODEL}
    graded = with_check(item(status, details=details, hint="Think of factors."), words)
    shown = page(grades.grade(task(graded)))
    assert MODEL not in shown
    assert "They get small." in shown
    (own,) = task(graded).items
    full = replace(own, mark=marked("2").mark)
    assert MODEL not in page(grades.grade(task(replace(full, points=Decimal("0.5")))))


# --- which work, when, by what, and whom to ask ---------------------------------------------------


def test_it_names_files_time_versions_and_whom_to_ask_until_when() -> None:
    quiz = QuizResponse(values={}, source="quiz.csv, row 3")
    of = grades.grade(
        task(item()),
        task(item(id="v"), id="autodiff", notebook=None),
        task(item(id="k"), id="evaluation"),
        notebooks={"activation": notebook("x = 1")},
        quiz=quiz,
    )
    at = datetime(2021, 5, 30, 12, 5, tzinfo=UTC)
    of = replace(of, submission=replace(of.submission, submitted_at=at))
    rubric = replace(
        grades.assignment(of),
        digest="0123456789abcdef",
        questions_to="Jo, after the lecture",
        questions_until=datetime(2021, 6, 20, 20, tzinfo=UTC),
    )
    shown = re.sub(r"<[^>]+>", " ", html.render([of], rubric)["students/ada.html"].decode())
    text = " ".join(shown.split())
    assert (
        "Task activation: mine.ipynb; Task autodiff: quiz.csv, row 3; Task evaluation: nothing"
    ) in text
    assert "Handed in 2021-05-30 12:05" in text
    assert f"grader {__version__}, dais2021-a4, version 01234567" in text
    assert "Questions Jo, after the lecture, until 2021-06-20 20:00" in text


def test_what_is_not_known_is_not_made_up() -> None:
    shown = page(grades.grade())
    assert "Handed in<" not in shown
    assert "Questions<" not in shown
