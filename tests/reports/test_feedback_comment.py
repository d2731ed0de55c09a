"""A few sentences on a grade, for a platform's comment."""

from __future__ import annotations

from grader.core.model import Status
from grader.reports import feedback_comment
from tests.reports.grades import assignment, grade, item, task


def test_points_are_told_in_sum_and_by_task() -> None:
    one = grade(task(item(points="2"), id="a"), task(item(Status.FAILED, points="3"), id="b"))
    assert feedback_comment.sentences(one, assignment(one)) == (
        "2.00 of 5.00 points.",
        "Task a: 2.00 of 2.00; Task b: 0.00 of 3.00.",
        "The page with the details is among the feedback files.",
    )


def test_what_a_person_has_yet_to_mark_is_told() -> None:
    one = grade(task(item(Status.REVIEW, points="2"), item(points="1", id="other")))
    told = feedback_comment.sentences(one, assignment(one))
    assert told[2] == "Provisional: a person has yet to mark up to 2.00 points."


def test_nothing_of_it_was_written_by_the_student() -> None:
    one = grade(task(item(message="<b>of the student</b>", details={"given": "=cmd()"})))
    told = " ".join(feedback_comment.sentences(one, assignment(one)))
    assert "<" not in told
    assert "cmd" not in told
