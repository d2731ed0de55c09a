"""What a student's page says beyond its items: losses, what waits, code, files. Trusted, pure.

Of the reference nothing is here but what a check tells for students: model answers stay with those
who mark.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from grader.core.model import Assignment, Grade, ItemGrade, Notebook, TaskGrade
from grader.reports import notebook_lines

SENTENCE = re.compile(r"(?<!\.\w\.)(?<=[.!?])\s+")
"""Where one ends: not within "e.g. this"."""
LINES, WIDTH = 40, 2000
"""Lines, and characters, of code that a page shows."""
MANY = 3
"""Items of one task with the same reason that are named; of more the task stands for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the summary: items of one task that share a reason."""

    task: TaskGrade
    items: tuple[ItemGrade, ...]
    lost: Decimal  # of those that wait: what a person may still give
    of: Decimal
    why: str

    @property
    def is_task(self) -> bool:
        """Whether the task is named, and not each item."""
        return len(self.items) > MANY


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Code of the student's own that an item is about."""

    cell: int  # from 1
    text: str
    more: str  # what is said of the rest; empty if there is none
    of: str = ""  # the first item that shows it, if that is another


def lost(grade: Grade) -> list[Row]:
    """Where points were lost."""
    rows = []
    for task in grade.tasks:
        items = [i for i in task.items if not i.is_open and i.points < i.item.points]
        rows += _rows(task, [(item, reason(item)) for item in items])
    return rows


def waiting(grade: Grade) -> list[tuple[str, list[Row]]]:
    """What waits for a person, by its reason, each told once."""
    reasons: dict[str, list[Row]] = {}
    for task in grade.tasks:
        for row in _rows(task, [(item, reason(item)) for item in task.items if item.is_open]):
            reasons.setdefault(row.why, []).append(row)
    return list(reasons.items())


def _rows(task: TaskGrade, told: Sequence[tuple[ItemGrade, str]]) -> list[Row]:
    """A row for each item; for many of one reason one."""
    by_reason: dict[str, list[ItemGrade]] = {}
    for item, why in told:
        by_reason.setdefault(why, []).append(item)
    groups = [
        (why, part)
        for why, items in by_reason.items()
        for part in ([items] if len(items) > MANY else [[item] for item in items])
    ]
    return [
        Row(
            task=task,
            items=tuple(part),
            lost=sum((i.item.points - i.points for i in part), Decimal(0)),
            of=sum((i.item.points for i in part), Decimal(0)),
            why=why,
        )
        for why, part in groups
    ]


def reason(item: ItemGrade) -> str:
    """Why an item has not all its points, in one sentence."""
    given = item.mark.reason.strip() if item.mark is not None else ""
    text = given or item.outcome.message.strip()
    return SENTENCE.split(text, maxsplit=1)[0][:300]


def excerpts(task: TaskGrade, notebook: Notebook | None) -> dict[str, Excerpt]:
    """The student's code by item id, of those items that are not right or wait; each code once."""
    found: dict[str, Excerpt] = {}
    first: dict[tuple[int, str], str] = {}
    for item in task.items:
        if notebook is None or (item.points == item.item.points and not item.is_open):
            continue
        if not item.item.check.automatic and item.outcome.details.get("given"):
            continue  # the answer itself is shown
        number, text = notebook_lines.work_of(item.item, notebook)
        if not text.strip():
            continue
        whose = first.setdefault((number, text), item.item.id)
        shown, more = _cut(text.strip("\n"))
        of = "" if whose == item.item.id else whose
        found[item.item.id] = Excerpt(cell=number + 1, text=shown, more=more, of=of)
    return found


def _cut(text: str) -> tuple[str, str]:
    """As much of a text as is shown, and what is said of the rest."""
    shown = "\n".join(text[:WIDTH].split("\n")[:LINES])
    lines = text.count("\n") - shown.count("\n")
    if lines:
        return shown, f"… and {lines} more line{'s' if lines > 1 else ''}"
    return shown, "…" if len(shown) < len(text) else ""


def files(grade: Grade) -> list[tuple[str, str]]:
    """Each task's title, and the file that was graded for it."""
    told = []
    for task in grade.tasks:
        notebook, quiz = grade.submission.notebooks.get(task.task.id), grade.submission.quiz
        if task.task.notebook is None:
            name = quiz.source if quiz else ""
        else:
            name = notebook.name if notebook else ""
        told.append((task.task.title, name))
    return told


def came(grade: Grade, assignment: Assignment) -> str:
    """When it was handed in, by the assignment's clock; empty if that is not known."""
    at, zone = grade.submission.submitted_at, assignment.due.tzinfo
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else ""
