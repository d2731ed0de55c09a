"""Renders what GitHub's runner reads: annotations, a job summary, a step's outputs. Trusted, pure.

Text of a student's reaches a log only escaped, so that the runner takes none of it for a command.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from grader.core.model import Assignment, Grade, ItemGrade, Status, TaskGrade
from grader.core.untrusted_text import for_log
from grader.reports import badge, item_words, markdown
from grader.reports.notebook_lines import Place

MOST = 9
"""Annotations; the runner shows ten of a step, and the tenth tells how many more there are."""


def render(
    grades: Sequence[Grade], assignment: Assignment, places: Mapping[str, Place] | None = None
) -> dict[str, bytes]:
    """`annotations.txt` for standard output, `summary.md` and `outputs.txt` for the files."""
    commands = [
        line
        for grade in grades
        for task in grade.tasks
        for line in _annotations(task, places or {})
    ]
    shown = commands[:MOST]
    if commands[MOST:]:
        shown.append(
            f"::notice title=grader::{len(commands) - MOST} more items did not pass; "
            "the summary lists them all."
        )
    summary = markdown.render(grades, assignment)["results.md"]
    return {
        "annotations.txt": _bytes(shown),
        "summary.md": summary,
        "outputs.txt": _bytes(_outputs(grades)),
    }


def _bytes(lines: Sequence[str]) -> bytes:
    return "".join(line + "\n" for line in lines).encode("utf-8", "replace")


def _outputs(grades: Sequence[Grade]) -> list[str]:
    """Numbers and truth values alone: nothing that a student wrote gets here."""
    items = [item for grade in grades for task in grade.tasks for item in task.items]
    passed = bool(items) and all(item_words.standing(i) is Status.PASSED for i in items)
    return [
        f"points={sum(grade.points for grade in grades):.2f}",
        f"max_points={sum(grade.max_points for grade in grades):.2f}",
        f"passed={'true' if passed else 'false'}",
        f"badge={badge.line(grades)}",
    ]


def _annotations(task: TaskGrade, places: Mapping[str, Place]) -> Iterator[str]:
    if reason := next((i.outcome for i in task.items if i.outcome.details.get("skipped")), None):
        yield f"::notice title={_value(task.task.title)}::{_message(reason.message)}"
        return
    for item in task.items:
        status = item_words.standing(item)
        if status is Status.PASSED:
            continue
        kind = "error" if status in (Status.FAILED, Status.ERROR) else "warning"
        default = Place(path=task.task.notebook or "")
        place = places.get(f"{task.task.id}/{item.item.id}", default)
        where = f"file={_value(place.path)},line={place.line}," if place.path else ""
        title = f"{item.item.title} ({item.points:.2f} of {item.item.points:.2f})"
        yield f"::{kind} {where}title={_value(title)}::{_message(_told(item, place))}"


def _told(item: ItemGrade, place: Place) -> str:
    cell = f"Cell {place.cell + 1}: " if place.cell >= 0 else ""
    hint = f" Hint: {hint}" if (hint := item_words.hint(item)) else ""
    return f"{cell}{item_words.why(item)}{hint}"


def _message(text: str) -> str:
    return for_log(text)[:2000].replace("%", "%25")


def _value(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
