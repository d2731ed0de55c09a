"""Marks a whole batch again from what is stored. Runs nothing. Trusted side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader import judging
from grader.checks.base import error
from grader.judging import Judge
from grader.model import Assignment, Grade, Outcome
from grader.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An item of a student that is marked otherwise than before."""

    name: str
    item: str  # "task/item"
    before: str  # points and status, or a dash
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarked:
    """What marking again came to."""

    students: int
    changes: list[Change] = field(default_factory=list)
    unanswered: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By item and reason, for how many students something must be observed first."""
    notes: list[str] = field(default_factory=list)


def regrade(assignment: Assignment, store: Store, data_dir: Path | None) -> Remarked:
    """Judges every stored submission, and writes the outcomes, in a transaction of the caller's.

    An item whose check asks something that was never observed keeps its outcome. A person's marks
    stay as they are.
    """
    judge, students = Judge(assignment, store, data_dir), store.students()
    found = Remarked(students=len(students))
    for student in students:
        submission, before = store.submission(student), store.marks(student)
        verdicts = judge.verdicts(submission)
        found.unanswered.update(verdicts.unanswered.items())
        outcomes = _kept(verdicts, store.outcomes(student))
        judging.keep(store, assignment, submission, outcomes)
        grade = judging.scored(store, assignment, submission, outcomes, evidence=False)
        found.changes.extend(_changes(grade, before, store.marks(student)))
        found.notes.extend(_too_many(grade))
    return found


def _kept(
    verdicts: judging.Verdicts, known: Mapping[str, Mapping[str, Outcome]]
) -> dict[str, dict[str, Outcome]]:
    """The new outcomes, but of what was not observed those that there were."""
    unknown = error("This was not observed yet; `grader grade` does it.")
    return {
        task: {
            item: known.get(task, {}).get(item, unknown)
            if f"{task}/{item}" in verdicts.unanswered
            else outcome
            for item, outcome in items.items()
        }
        for task, items in verdicts.outcomes.items()
    }


def _changes(grade: Grade, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    marked = {
        f"{task.task.id}/{item.item.id}" for task in grade.tasks for item in task.items
        if item.override is not None
    }  # fmt: skip
    for item in dict.fromkeys([*after, *before]):
        old, new = before.get(item, "–"), after.get(item, "–")
        if old != new and item not in marked:
            yield Change(name=grade.submission.name, item=item, before=old, after=new)


def _too_many(grade: Grade) -> Iterator[str]:
    """A person's marks that the item's new points no longer hold; they stay, and are told."""
    for task in grade.tasks:
        for item in task.items:
            given = item.override
            if given is not None and given.points > item.item.points:
                yield (
                    f"{grade.submission.name}: {given.by} gave {given.points} points for "
                    f"{task.task.id}/{item.item.id}, which is now worth {item.item.points}"
                )
