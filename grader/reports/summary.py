"""Grades without what the course page doesn't show, so that a whole course fits into memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from grader.core.model import Grade, ItemGrade, Outcome, TaskGrade

Chunks = Iterator[tuple[str, bytes]]
"""A report as it is made: file name and that file's next bytes."""


@runtime_checkable
class Remarked(Protocol):
    """Grades of a batch of which something is to be told as a whole."""

    @property
    def remarks(self) -> Sequence[str]:
        """The sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Grades one by one, with what is to be told of them as a whole."""

    grades: Iterator[Grade]
    remarks: Sequence[str]

    def __iter__(self) -> Iterator[Grade]:
        return self.grades


def remarks(grades: Iterable[Grade]) -> Sequence[str]:
    """What is to be told of the batch as a whole; nothing of grades alone."""
    return grades.remarks if isinstance(grades, Remarked) else ()


def collected(chunks: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    """Whole files by name."""
    files: dict[str, list[bytes]] = {}
    for name, chunk in chunks:
        files.setdefault(name, []).append(chunk)
    return {name: b"".join(parts) for name, parts in files.items()}


class Summaries:
    """Makes grades small. Equal parts of different students are one object."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], ItemGrade] = {}
        self._tasks: dict[tuple[object, ...], TaskGrade] = {}

    def small(self, grade: Grade) -> Grade:
        """The grade without notebooks, evidence, details, and words that only its page shows."""
        submission = replace(grade.submission, notebooks={}, files={}, missing={}, problems=())
        if submission.quiz is not None:
            submission = replace(
                submission, quiz=replace(submission.quiz, values={}, right={}, question="")
            )
        tasks = tuple(self._task(task) for task in grade.tasks)
        return replace(grade, submission=submission, tasks=tasks, notes=())

    def _task(self, task: TaskGrade) -> TaskGrade:
        items = tuple(self._item(task.task.id, item) for item in task.items)
        key = (task.task.id, task.points, *(id(item) for item in items))
        if key not in self._tasks:
            self._tasks[key] = replace(task, items=items, evidence=None, problem="")
        return self._tasks[key]

    def _item(self, task: str, item: ItemGrade) -> ItemGrade:
        message = item.outcome.message if item.is_open else ""
        status, marked = item.outcome.status, item.mark is not None
        key = (task, item.item.id, status, item.points, message, marked)
        if key not in self._known:
            outcome = Outcome(status=status, share=item.outcome.share, message=message)
            self._known[key] = replace(item, outcome=outcome)
        return self._known[key]
