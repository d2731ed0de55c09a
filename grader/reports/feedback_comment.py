"""A few sentences on a grade, for a platform's comment: points by task, and what to know. Pure."""

from __future__ import annotations

from grader.core.model import Assignment, Grade
from grader.marking import scoring


def sentences(grade: Grade, assignment: Assignment) -> tuple[str, ...]:
    """Plain text, of which nothing was written by the student."""
    told = [f"{grade.points:.2f} of {grade.max_points:.2f} points."]
    by_task = (f"{t.task.title}: {t.points:.2f} of {t.task.points:.2f}" for t in grade.tasks)
    told.append("; ".join(by_task) + ".")
    if grade.provisional:
        told.append(f"Provisional: a person has yet to mark up to {grade.open_points:.2f} points.")
    told += scoring.late(grade.submission, assignment)[1]
    return (*told, "The page with the details is among the feedback files.")
