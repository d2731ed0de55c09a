"""Renders grades.csv for people: one row for each student, safe in a spreadsheet. Trusted, pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from grader.core.model import Assignment, Grade
from grader.core.untrusted_text import neutral
from grader.reports.summary import Chunks, collected


def render(grades: Sequence[Grade], assignment: Assignment) -> dict[str, bytes]:
    """UTF-8 with a byte order mark, so that spreadsheet programs show umlauts."""
    return collected(stream(grades, assignment))


def stream(grades: Iterable[Grade], assignment: Assignment) -> Chunks:
    """The same row by row."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")

    def written() -> tuple[str, bytes]:
        text = out.getvalue()
        out.seek(0)
        out.truncate()
        return "grades.csv", text.encode("utf-8", "replace")

    yield "grades.csv", b"\xef\xbb\xbf"
    items = [f"{task.id}/{item.id}" for task in assignment.tasks for item in task.items]
    tasks = [task.id for task in assignment.tasks]
    writer.writerow(
        [
            "student",
            "name",
            "points",
            "max_points",
            "passed",
            "provisional",
            "open_points",
            "submitted_at",
            "deduction",
            *tasks,
            *items,
        ]
    )
    yield written()
    for grade in grades:
        submitted = grade.submission.submitted_at
        writer.writerow(
            [
                grade.submission.student,
                neutral(grade.submission.name),
                f"{grade.points:.2f}",
                f"{grade.max_points:.2f}",
                "yes" if grade.passed else "no",
                "yes" if grade.provisional else "no",
                f"{grade.open_points:.2f}",
                f"{submitted:%Y-%m-%d %H:%M}" if submitted else "",
                f"{grade.deduction:.2f}",
                *(f"{task.points:.2f}" for task in grade.tasks),
                *(f"{item.points:.2f}" for task in grade.tasks for item in task.items),
            ]
        )
        yield written()
