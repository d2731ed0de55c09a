"""The marks of a quiz download, one for each person, and as a table."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from grader.assignment import rubric
from grader.checks.autodiff import AutodiffValues
from grader.cli import quiz_table
from grader.cli.quiz_table import QuizResult
from grader.core.model import Outcome, Status
from grader.intake.platform import QuizAttempt

ASSIGNMENT = rubric.find("dais2021-a4")
TASK = next(task for task in ASSIGNMENT.tasks if task.id == "autodiff")
CHECKS = [(item, item.check) for item in TASK.items if isinstance(item.check, AutodiffValues)]
EMPTY = QuizAttempt(
    source="r.csv, row 2",
    name="Ada Strong",
    reversed_name="Strong Ada",
    email="ada@x.org",
    finished=True,
    responses={},
)


def marked(*rows: QuizAttempt) -> list[QuizResult]:
    return quiz_table.marked(rows, TASK, CHECKS, ASSIGNMENT.reference_dir)


def test_an_empty_attempt_earns_nothing_on_every_item() -> None:
    (result,) = marked(EMPTY)
    assert set(result.outcomes) == {item.id for item, _ in CHECKS}
    assert result.points == 0
    assert result.moodle is None


def test_attempts_of_one_person_are_one_result_in_the_order_of_the_download() -> None:
    again = replace(EMPTY, source="r.csv, row 4", email="ADA@X.ORG")
    mei = replace(EMPTY, source="r.csv, row 3", name="Mei", email="", number="7")
    unfinished = replace(EMPTY, source="r.csv, row 5", name="Noah", email="n@x.org", finished=False)
    assert [result.row.name for result in marked(EMPTY, mei, again, unfinished)] == [
        "Ada Strong",
        "Mei",
    ]


def test_two_of_one_name_and_nothing_else_are_two_results() -> None:
    first = replace(EMPTY, email="")
    second = replace(first, source="r.csv, row 3", grade=Decimal(5), highest=Decimal(10))
    assert [result.row.source for result in marked(first, second)] == [
        "r.csv, row 2",
        "r.csv, row 3",
    ]


@pytest.mark.parametrize(
    ("grade", "highest", "scaled"),
    [
        ("5", "10", "0.5"),
        ("10", "10", "1"),
        (None, "10", None),
        ("5", None, None),
        ("5", "0", None),
    ],
)
def test_moodles_mark_is_scaled_to_the_tasks_points(
    grade: str | None, highest: str | None, scaled: str | None
) -> None:
    row = replace(
        EMPTY,
        grade=None if grade is None else Decimal(grade),
        highest=None if highest is None else Decimal(highest),
    )
    (result,) = marked(row)
    assert result.moodle == (None if scaled is None else TASK.points * Decimal(scaled))


@pytest.mark.parametrize(("status", "waits"), [(Status.REVIEW, True), (Status.FAILED, False)])
def test_one_item_for_a_person_and_the_whole_waits(status: Status, waits: bool) -> None:
    outcome = Outcome(status=status, share=Decimal(0), message="m")
    result = QuizResult(row=EMPTY, outcomes={"forward": outcome}, points=Decimal(0), moodle=None)
    assert result.waits is waits


def test_a_table_has_a_row_for_each_value_and_no_formula() -> None:
    values = [
        {"name": "v1", "given": "=1+1", "expected": "2", "verdict": "wrong", "note": ""},
        {"name": "v2", "given": "3", "expected": "3", "verdict": "right", "note": "n"},
    ]
    outcome = Outcome(
        status=Status.PARTIAL, share=Decimal("0.5"), message="m", details={"values": values}
    )
    result = QuizResult(
        row=replace(EMPTY, name="@Ada"),
        outcomes={"forward": outcome},
        points=Decimal("1.5"),
        moodle=Decimal("2"),
    )
    head, *rows = quiz_table.as_csv([result]).decode("utf-8-sig").splitlines()
    assert head == ";".join(quiz_table.COLUMNS)
    assert rows == [
        "'@Ada;ada@x.org;1,50;2,00;-0,50;v1;'=1+1;2;wrong;",
        "'@Ada;ada@x.org;1,50;2,00;-0,50;v2;3;3;right;n",
    ]


def test_the_terminal_shows_points_or_that_a_person_must_look(
    capsys: pytest.CaptureFixture[str],
) -> None:
    outcomes = {
        item.id: Outcome(status=Status.REVIEW, share=Decimal(0), message="m") for item in TASK.items
    }
    (whole,) = marked(replace(EMPTY, name="[red]Mei\x1b[2J"))
    waiting = replace(whole, row=EMPTY, outcomes=outcomes)
    quiz_table.show([waiting, whole], TASK)
    shown = capsys.readouterr().out
    assert "a person" in next(line for line in shown.splitlines() if "Ada Strong" in line)
    assert "\x1b[2J" not in shown
    assert "[red]Mei" in shown
