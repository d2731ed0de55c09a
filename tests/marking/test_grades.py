"""Grades from a store: whole or without evidence, and never lost to a check's bug."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from grader.checks.base import failed, passed
from grader.core.model import Assignment, Mark, Status
from grader.marking import grades
from grader.marking.grades import Results
from grader.store.store import Store
from tests.course import assignment, graded, submission


@pytest.fixture
def of(tmp_path: Path) -> Assignment:
    return graded(tmp_path, 3, start=9)


@pytest.fixture
def store(tmp_path: Path, of: Assignment) -> Iterator[Store]:
    with Store(tmp_path / "grader.sqlite") as opened:
        yield opened


def mark(points: str, item: str = "sums/number") -> Mark:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Mark(item=item, points=Decimal(points), reason="seen", by="B", at=at)


def test_there_is_one_grade_for_each_student_as_often_as_it_is_asked_for(
    store: Store, of: Assignment
) -> None:
    results = Results(store, of)
    assert len(results) == 3
    first, second = ([grade.submission.name for grade in results] for _ in range(2))
    assert first == second == ["Student 9", "Student 10", "Student 11"]
    assert [f"{grade.points:.2f}" for grade in results] == ["0.00", "3.00", "3.00"]


def test_one_students_grade_is_that_of_the_row(store: Store, of: Assignment) -> None:
    results = Results(store, of)
    assert results.grade("s0010") == list(results)[1]


def test_evidence_comes_with_a_grade_unless_nobody_wants_it(store: Store, of: Assignment) -> None:
    whole, bare = Results(store, of), Results(store, of).bare()
    (sums, more) = next(iter(whole)).tasks
    assert sums.evidence is not None
    assert sums.evidence.rung == "fake"
    assert more.evidence is not None
    assert [task.evidence for task in next(iter(bare)).tasks] == [None, None]
    assert [grade.points for grade in bare] == [grade.points for grade in whole]


def test_evidence_of_a_grade_holds_no_answers(store: Store, of: Assignment) -> None:
    """They are by far the most of it, and no report shows them."""
    evidence = next(iter(Results(store, of))).tasks[0].evidence
    assert evidence is not None
    assert evidence.answers == {}
    assert [cell.status for cell in evidence.cells] == ["ok"]


def test_what_was_never_judged_is_an_error_and_no_zero(tmp_path: Path) -> None:
    of = assignment(tmp_path / "reference")
    with Store(tmp_path / "grader.sqlite") as store:
        store.put_submissions([submission(12)])
        (grade,) = Results(store, of)
    statuses = {item.outcome.status for task in grade.tasks for item in task.items}
    assert statuses == {Status.ERROR}
    assert grade.provisional
    told = grade.tasks[0].items[0].outcome.message
    assert told == "This was not judged yet; `grader grade` does it."


def test_a_persons_mark_counts_and_is_shown(store: Store, of: Assignment) -> None:
    store.hand_marks.add("s0009", mark("1.50"))
    grade = Results(store, of).grade("s0009")
    item = grade.tasks[0].items[0]
    assert (item.points, item.outcome.status) == (Decimal("1.50"), Status.FAILED)
    assert item.mark is not None
    assert item.mark.reason == "seen"
    assert grade.points == Decimal("1.50")


def test_outcomes_are_kept_with_their_marks(store: Store, of: Assignment) -> None:
    outcomes = {
        "sums": {"number": passed("Right."), "words": failed("No words.")},
        "more": {"again": failed("Too small.", given=["1"])},
    }
    grades.keep(store, of, submission(9), outcomes)
    assert store.outcomes("s0009") == outcomes
    assert store.marks("s0009") == {
        "sums/number": "2.00 passed",
        "sums/words": "0.00 failed",
        "more/again": "0.00 failed",
    }


def test_details_that_cannot_be_kept_are_that_items_error_alone(
    store: Store, of: Assignment
) -> None:
    outcomes = {
        "sums": {"number": passed("Right.", x=float("nan")), "words": passed("Words.")},
        "more": {"again": passed("Right.", x={1, 2})},
    }
    grades.keep(store, of, submission(9), outcomes)
    kept = store.outcomes("s0009")
    assert kept["sums"]["words"] == passed("Words.")
    for outcome in (kept["sums"]["number"], kept["more"]["again"]):
        assert outcome.status is Status.ERROR
        assert outcome.message.startswith("A check gave details that cannot be kept (")
