"""Marks a whole batch again from what is stored. Runs nothing. Trusted side."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader.checks.base import error
from grader.core.model import Assignment, Grade, Outcome
from grader.marking import grades, hand_marks
from grader.marking.stored_work import StoredWork, Verdicts
from grader.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An item of a student that is marked otherwise than before."""

    name: str
    item: str  # "task/item"
    before: str  # points and status, or a dash
    after: str


@dataclass(slots=True, kw_only=True)
class Remarked:
    """What marking again came to."""

    students: int
    changes: list[Change] = field(default_factory=list)
    unanswered: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By item and reason, for how many students something must be observed first."""
    notes: list[str] = field(default_factory=list)
    remarks: int = 0
    """Items whose mark stays, but not what is said of it."""


def regrade(assignment: Assignment, store: Store, data_dir: Path | None) -> Remarked:
    """Judges every stored submission, and writes the outcomes, in a transaction of the caller's.

    An item whose check, reference and code are as they were is not judged again. One whose check
    asks something that was never observed keeps its outcome. A person's marks stay as they are.
    """
    hand_marks.bind(store, assignment)
    work, students = StoredWork(assignment, store, data_dir), store.students()
    found = Remarked(students=len(students))
    checks, known = work.checks(), store.noted("checks", dict[str, str])
    same = {item for item, digest in checks.items() if known.get(item) == digest}
    for student in students:
        submission, before = store.submission(student), store.marks(student)
        outcomes = {task: dict(items) for task, items in store.outcomes(student).items()}
        verdicts = work.verdicts(submission, same if outcomes else ())
        found.unanswered.update(verdicts.unanswered.items())
        hints = "its typical mistakes must be run, for hints"
        found.unanswered.update((item, hints) for item in verdicts.unhinted)
        said = _messages(outcomes)
        _update(outcomes, verdicts)
        grades.keep(store, assignment, submission, outcomes)
        grade = grades.scored(store, assignment, submission, outcomes, evidence=False)
        changes = list(_changes(grade, before, store.marks(student)))
        found.changes.extend(changes)
        now = _messages(outcomes)
        others = said.keys() & now.keys() - {change.item for change in changes}
        found.remarks += sum(said[item] != now[item] for item in others)
        found.notes.extend(_stale(grade))
    found.notes.extend(hand_marks.homeless(store, assignment))
    for item, _ in found.unanswered:
        checks.pop(item, None)
    store.note(checks=json.dumps(checks))
    return found


def _update(outcomes: dict[str, dict[str, Outcome]], verdicts: Verdicts) -> None:
    """Puts new outcomes in, but for what was not observed leaves those that there are."""
    unknown = error("This was not observed yet; `grader grade` does it.")
    for task, items in verdicts.outcomes.items():
        there = outcomes.setdefault(task, {})
        for item, outcome in items.items():
            if f"{task}/{item}" in verdicts.unanswered:
                there.setdefault(item, unknown)
            else:
                there[item] = outcome


def _messages(outcomes: Mapping[str, Mapping[str, Outcome]]) -> dict[str, str]:
    return {
        f"{task}/{item}": outcome.message
        for task, items in outcomes.items()
        for item, outcome in items.items()
    }


def _changes(grade: Grade, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    marked = {
        f"{task.task.id}/{item.item.id}"
        for task in grade.tasks
        for item in task.items
        if item.mark or item.stale
    }
    for item in dict.fromkeys([*after, *before]):
        old, new = before.get(item, "–"), after.get(item, "–")
        if old != new and item not in marked:
            yield Change(name=grade.submission.name, item=item, before=old, after=new)


def _stale(grade: Grade) -> Iterator[str]:
    """A person's marks that do not count any more; they stay, and the item waits again."""
    for task in grade.tasks:
        for item in task.items:
            if item.stale is not None:
                where = f"{grade.submission.name}, {task.task.id}/{item.item.id}"
                yield f"{where}: {item.outcome.message.partition(';')[0]}; it waits again"
