"""Whose rows these are, and which attempt counts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from grader.core.model import AttemptRule, Submission
from grader.intake import people
from grader.intake.platform import QuizAttempt


def row(
    line: int, name: str, grade: str = "5", *, finished: bool = True, email: str = ""
) -> QuizAttempt:
    first, _, last = name.partition(" ")
    return QuizAttempt(
        source=f"r.csv, row {line}",
        name=name,
        reversed_name=f"{last} {first}",
        email=email,
        finished=finished,
        state="Finished" if finished else "In progress",
        grade=Decimal(grade),
        responses={"1": f"answer {line}"},
    )


def submission(name: str, number: int = 0) -> Submission:
    return Submission(student=f"s{number}", name=name, notebooks={}, missing={})


ADA = submission("Ada Lovelace")


@pytest.mark.parametrize(
    ("rule", "line"),
    [(AttemptRule.HIGHEST, 3), (AttemptRule.FIRST, 2), (AttemptRule.LAST, 4)],
)
def test_the_rule_says_which_attempt_counts(rule: AttemptRule, line: int) -> None:
    rows = [row(2, "Ada Lovelace", "5"), row(3, "Ada Lovelace", "9"), row(4, "Ada Lovelace", "9")]
    found, remarks = people.match(rows, [ADA], rule)
    assert found["s0"].values == {"response 1": f"answer {line}"}
    assert remarks == []


def test_an_unfinished_attempt_does_not_count_beside_a_finished_one() -> None:
    rows = [row(2, "Ada Lovelace", "9", finished=False), row(3, "Ada Lovelace", "1")]
    found, remarks = people.match(rows, [ADA])
    assert found["s0"].source == "r.csv, row 3"
    reason = "the attempt of Ada Lovelace is not finished (In progress) and does not count"
    assert remarks == [f"r.csv, row 2: {reason}"]


def test_two_people_of_one_name_get_nobodys_answers() -> None:
    rows = [row(2, "Ada Lovelace", email="a@x.org"), row(3, "Ada Lovelace", email="b@x.org")]
    found, remarks = people.match(rows, [ADA])
    assert found == {}
    assert len(remarks) == 2
    assert all("one of several people of this name" in remark for remark in remarks)


def test_two_submissions_of_one_name_get_nobodys_answers() -> None:
    found, (remark,) = people.match([row(2, "Ada Lovelace")], [ADA, submission("ada lovelace", 1)])
    assert found == {}
    assert "fits several submissions" in remark


def test_a_folder_named_by_email_or_number_is_found() -> None:
    first = row(2, "Ada Lovelace", email="ada@x.org")
    assert set(people.match([first], [submission("ADA@x.org")])[0]) == {"s0"}
    assert set(people.match([first], [submission("ada")])[0]) == {"s0"}


def test_moodles_grade_and_right_answers_come_along() -> None:
    seen = QuizAttempt(
        source="r",
        name="A B",
        reversed_name="B A",
        finished=True,
        grade=Decimal("7.5"),
        highest=Decimal(10),
        responses={"1": "x"},
        right={"1": "y"},
        questions={"1": "x1 = 2"},
    )
    got = people.response(seen)
    assert (got.moodle_grade, got.moodle_max) == (Decimal("7.5"), Decimal(10))
    assert (got.right, got.question) == ({"response 1": "y"}, "x1 = 2")
