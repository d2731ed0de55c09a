"""Renders results.txt: what a check shows in a terminal, for every grade. Trusted, pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grader.core.model import Assignment, Grade
from grader.core.untrusted_text import printable
from grader.reports import terminal_lines
from grader.reports.terminal_lines import Line


def render(grades: Sequence[Grade], assignment: Assignment) -> dict[str, bytes]:
    """Every item of every grade, then the sums."""
    shown = [text for grade in grades for text, _ in _grade(grade)]
    return {"results.txt": ("\n".join(shown) + "\n").encode("utf-8", "replace")}


def _grade(grade: Grade) -> Iterator[Line]:
    yield printable(grade.submission.name), "bold"
    for task in grade.tasks:
        yield terminal_lines.heading(task.task)
        for item in task.items:
            yield from terminal_lines.item_lines(item)
    yield from terminal_lines.summary(grade)
