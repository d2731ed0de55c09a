"""Renders grades.csv for people: one row for each student, safe in a spreadsheet. Trusted, pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from grader.core import people_table
from grader.core.model import Assignment, Grade
from grader.reports.summary import Chunks, collected

COLUMNS = (
    "student",
    "name",
    "points",
    "max_points",
    "passed",
    "provisional",
    "open_points",
    "submitted_at",
    "deduction",
)
"""Before those of tasks and items."""


def render(grades: Sequence[Grade], assignment: Assignment) -> dict[str, bytes]:
    """In the form of all tables for people: see `core/people_table`."""
    return collected(stream(grades, assignment))


def stream(grades: Iterable[Grade], assignment: Assignment) -> Chunks:
    """The same row by row."""
    items = [f"{task.id}/{item.id}" for task in assignment.tasks for item in task.items]
    tasks = [task.id for task in assignment.tasks]
    yield "grades.csv", people_table.BEGIN + people_table.row([*COLUMNS, *tasks, *items])
    for grade in grades:
        submitted = grade.submission.submitted_at
        cells = [
            grade.submission.student,
            grade.submission.name,
            grade.points,
            grade.max_points,
            "yes" if grade.passed else "no",
            "yes" if grade.provisional else "no",
            grade.open_points,
            f"{submitted:%Y-%m-%d %H:%M}" if submitted else "",
            grade.deduction,
            *(task.points for task in grade.tasks),
            *(item.points for task in grade.tasks for item in task.items),
        ]
        yield "grades.csv", people_table.row(cells)
