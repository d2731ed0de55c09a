"""Renders results.md: GitHub-flavoured Markdown, as a job's summary shows it. Trusted, pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grader.core.model import Assignment, Grade, ItemGrade, Status, TaskGrade
from grader.core.untrusted_text import code, for_markdown

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
    passed = sum(item.outcome.status is Status.PASSED for item in items)
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
        yield (
            f"| {SIGNS[item.outcome.status]} {item.outcome.status.value} "
            f"| {code(item.item.id)} | {points} | {_told(item)} |"
        )
    yield ""


def _told(item: ItemGrade) -> str:
    if item.outcome.status is Status.PASSED:
        return for_markdown(item.outcome.message)
    parts = [for_markdown(item.outcome.message)]
    given = item.outcome.details.get("given")
    shown = given[:4] if isinstance(given, list) else [given] if given else []
    parts += [f"yours: {code(str(text))}" for text in shown]
    if item.item.hint:
        parts.append(f"*Hint:* {for_markdown(item.item.hint)}")
    return "<br>".join(parts)
