"""What the course's page says: who has what, what waits, how items went. Trusted, pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from grader.core.model import Assignment, Grade, ItemGrade
from grader.marking import scoring
from grader.reports import surnames

MANY = 4
"""Items of one task with the same reason that are named; of more the task stands for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Items of one student that wait for the same reason, by task."""

    tasks: tuple[tuple[str, tuple[ItemGrade, ...]], ...]
    why: str
    number: int  # of the reason, from 1, where it is told once for several; 0: it is told here


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """All that waits of one student."""

    grade: Grade
    groups: tuple[Group, ...]


def ordered(grades: Iterable[Grade]) -> list[Grade]:
    """By surname."""
    return sorted(grades, key=lambda grade: surnames.key(grade.submission.name))


def late(grades: Sequence[Grade], assignment: Assignment) -> list[tuple[Grade, str]]:
    """Who came late, what it cost and why."""
    told = ((grade, scoring.late(grade.submission, assignment)[1]) for grade in grades)
    return [(grade, sentences[0]) for grade, sentences in told if sentences]


def moodle_differences(grades: Sequence[Grade]) -> list[dict[str, Any]]:
    """Each quiz whose grade in Moodle, rescaled, is another than ours."""
    rows = []
    for grade in grades:
        quiz = grade.submission.quiz
        for task in grade.tasks:
            if task.task.notebook is not None or quiz is None or task.open_points:
                continue
            if quiz.moodle_grade is None or not quiz.moodle_max:
                continue
            theirs = quiz.moodle_grade * task.task.points / quiz.moodle_max
            if abs(theirs - task.points) >= Decimal("0.01"):
                rows.append({"submission": grade.submission, "theirs": theirs, "ours": task.points})
    return rows


def histogram(grades: Sequence[Grade]) -> list[tuple[str, int, float]]:
    """Label, number of students and height in percent for each ten points."""
    counts = [0] * 10
    for grade in grades:
        share = grade.points / grade.max_points if grade.max_points else Decimal(0)
        counts[min(9, int(share * 10))] += 1
    most = max([*counts, 1])
    return [
        (f"{n * 10}–{n * 10 + 10}", count, 100 * count / most) for n, count in enumerate(counts)
    ]


def item_rates(grades: Sequence[Grade], assignment: Assignment) -> list[dict[str, Any]]:
    """Each item's mean over the students for whom it is decided, and how many are open."""
    rates = []
    for number, task in enumerate(assignment.tasks):
        for place, item in enumerate(task.items):
            own = [grade.tasks[number].items[place] for grade in grades]
            got = [entry.points for entry in own if not entry.is_open]
            mean = sum(got, Decimal(0)) / len(got) if got else None
            percent = int(100 * mean / item.points) if item.points and mean is not None else 0
            waits = len(own) - len(got)
            rates.append(
                {
                    "task": task.id,
                    "title": item.title,
                    "points": item.points,
                    "mean": mean,
                    "percent": percent,
                    "open": waits,
                }
            )
    return rates


def waiting(grades: Sequence[Grade]) -> tuple[list[Waiting], list[str]]:
    """What a person must look at, a row for each student; and the reasons that several share."""
    found: list[tuple[Grade, dict[str, list[tuple[str, ItemGrade]]]]] = []
    for grade in (grade for grade in grades if grade.provisional):
        by_reason: dict[str, list[tuple[str, ItemGrade]]] = {}
        for task in grade.tasks:
            for item in (item for item in task.items if item.is_open):
                by_reason.setdefault(item.outcome.message, []).append((task.task.id, item))
        found.append((grade, by_reason))
    counts = Counter(why for _, by_reason in found for why in by_reason)
    shared = [why for why, count in counts.items() if count > 1]
    numbers = {why: number for number, why in enumerate(shared, 1)}
    rows = [
        Waiting(
            grade=grade,
            groups=tuple(
                Group(tasks=_by_task(items), why=why, number=numbers.get(why, 0))
                for why, items in by_reason.items()
            ),
        )
        for grade, by_reason in found
    ]
    return rows, shared


def _by_task(
    items: Sequence[tuple[str, ItemGrade]],
) -> tuple[tuple[str, tuple[ItemGrade, ...]], ...]:
    return tuple(
        (task, tuple(item for _, item in part))
        for task, part in groupby(items, key=lambda entry: entry[0])
    )
