"""Renders badge.txt: one line on how far a repository is. Trusted, pure."""

from __future__ import annotations

from collections.abc import Sequence

from grader.core.model import Assignment, Grade, Status
from grader.reports import item_words


def render(grades: Sequence[Grade], assignment: Assignment) -> dict[str, bytes]:
    """The line."""
    return {"badge.txt": f"{line(grades)}\n".encode()}


def line(grades: Sequence[Grade]) -> str:
    """Items and points, and what was not checked; numbers alone, nothing that a student wrote."""
    items = [item for grade in grades for task in grade.tasks for item in task.items]
    passed = sum(item_words.standing(item) is Status.PASSED for item in items)
    skipped = sum(bool(item.outcome.details.get("skipped")) for item in items)
    points, most = (sum(g.points for g in grades), sum(g.max_points for g in grades))
    left = f", {skipped} not checked" if skipped else ""
    return f"public checks: {passed} of {len(items)} items, {points:.2f} of {most:.2f} points{left}"
