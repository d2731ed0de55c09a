"""Renders results.md: GitHub-flavoured Markdown, as a job's summary shows it. Trusted, pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grader.core.model import Assignment, Grade, ItemGrade, Status, TaskGrade
from grader.core.untrusted_text import code, for_markdown
from grader.reports import item_words

SIGNS = {
    Status.PASSED: "✅",
    Status.PARTIAL: "🟡",
    Status.FAILED: "❌",
    Status.BLOCKED: "⛔",
    Status.REVIEW: "👤",
    Status.ERROR: "⚠️",
}
LIMIT = 1_000_000
"""Bytes; GitHub drops a summary above 1 MiB."""
CUT = "\n\n*The rest was left out: this summary is too long.*\n"


def render(grades: Sequence[Grade], assignment: Assignment) -> dict[str, bytes]:
    """One section for each grade, at most `LIMIT` bytes."""
    lines = [f"## {for_markdown(assignment.title)}", ""]
    for grade in grades:
        lines += _grade(grade)
    content = ("\n".join(lines) + "\n").encode("utf-8", "replace")
    if len(content) > LIMIT:
        content = content[: LIMIT - len(CUT)].decode("utf-8", "ignore").encode() + CUT.encode()
    return {"results.md": content}


def _grade(grade: Grade) -> Iterator[str]:
    items = [item for task in grade.tasks for item in task.items]
    passed = sum(item_words.standing(item) is Status.PASSED for item in items)
    yield (
        f"**{for_markdown(grade.submission.name)}: {grade.points:.2f} of "
        f"{grade.max_points:.2f} points**, {passed} of {len(items)} items passed"
    )
    yield ""
    for task in grade.tasks:
        yield from _task(task)
    for note in grade.notes:
        yield f"- {for_markdown(note)}"
    yield ""


def _task(task: TaskGrade) -> Iterator[str]:
    name = f" ({code(task.task.notebook)})" if task.task.notebook else ""
    yield f"### {for_markdown(task.task.title)}{name}"
    yield ""
    yield "| | item | points | |"
    yield "| --- | --- | ---: | --- |"
    for item in task.items:
        points = f"{item.points:.2f} / {item.item.points:.2f}"
        status = item_words.standing(item)
        yield (
            f"| {SIGNS[status]} {status.value} | {code(item.item.id)} | {points} | {_told(item)} |"
        )
    yield ""


def _told(item: ItemGrade) -> str:
    parts = [for_markdown(item_words.why(item))]
    if item_words.standing(item) is not Status.PASSED:
        parts += [f"yours: {code(text)}" for text in item_words.values(item)]
    if hint := item_words.hint(item):
        parts.append(f"*Hint:* {for_markdown(hint)}")
    return "<br>".join(parts)
