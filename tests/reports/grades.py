"""Builds grades by hand for the tests of the reports. Every argument has a harmless default."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from grader.checks.base import Check
from grader.core.model import (
    Assignment,
    Evidence,
    Grade,
    Item,
    ItemGrade,
    LateRule,
    Limits,
    Mark,
    Notebook,
    Outcome,
    QuizResponse,
    Status,
    Submission,
    Task,
    TaskGrade,
    Visibility,
)

SHARES = {Status.PASSED: Decimal(1), Status.PARTIAL: Decimal("0.5")}


def item(
    status: Status = Status.PASSED,
    *,
    id: str = "logistic",
    points: str = "1.50",
    message: str = "All values are right.",
    hint: str = "",
    details: Mapping[str, object] | None = None,
    mark: Mark | None = None,
) -> ItemGrade:
    """An item with the points its status implies; of a partial one half, of a marked one those."""
    share = SHARES.get(status, Decimal(0))
    asked = Item(
        id=id,
        title=f"Item {id}",
        points=Decimal(points),
        visibility=Visibility.PUBLIC,
        hint=hint,
        check=Check(),
    )
    outcome = Outcome(status=status, share=share, message=message, details=details or {})
    given = mark.points if mark else asked.points * share
    return ItemGrade(item=asked, outcome=outcome, points=given, mark=mark)


def task(
    *items: ItemGrade,
    id: str = "activation",
    notebook: str | None = "ActivationFunctions.ipynb",
    evidence: Evidence | None = None,
    problem: str = "",
) -> TaskGrade:
    """A task that is worth what its items are worth."""
    whole = sum((entry.item.points for entry in items), Decimal(0))
    asked = Task(
        id=id,
        title=f"Task {id}",
        points=whole,
        notebook=notebook,
        limits=Limits(),
        items=tuple(entry.item for entry in items),
    )
    points = sum((entry.points for entry in items), Decimal(0))
    return TaskGrade(task=asked, points=points, items=items, evidence=evidence, problem=problem)


def grade(
    *tasks: TaskGrade,
    student: str = "ada",
    name: str = "Ada Lovelace",
    notes: tuple[str, ...] = (),
    notebooks: Mapping[str, Notebook] | None = None,
    quiz: QuizResponse | None = None,
) -> Grade:
    """A student's grade; half of the points pass. Without tasks: one with one passed item."""
    tasks = tasks or (task(item()),)
    points = sum((entry.points for entry in tasks), Decimal(0))
    whole = sum((entry.task.points for entry in tasks), Decimal(0))
    handed_in = Submission(
        student=student, name=name, notebooks=notebooks or {}, missing={}, quiz=quiz
    )
    return Grade(
        submission=handed_in,
        points=points,
        max_points=whole,
        passed=2 * points >= whole,
        tasks=tasks,
        notes=notes,
    )


def assignment(like: Grade | None = None) -> Assignment:
    """The assignment that this grade is a grade of."""
    like = like or grade()
    return Assignment(
        name="dais2021-a4",
        title="Assignment 4",
        points=like.max_points,
        pass_points=like.max_points / 2,
        due=datetime(2021, 5, 30, 20, tzinfo=UTC),
        late=LateRule(),
        tasks=tuple(entry.task for entry in like.tasks),
        rubric_dir=Path(),
        reference_dir=Path(),
        digest="",
    )
