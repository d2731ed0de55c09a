"""Grades of a batch from what a store holds: outcomes and a person's marks. Trusted side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from grader.checks.base import error
from grader.core import codec
from grader.core.model import Assignment, Grade, Outcome, Submission
from grader.marking import codes, scoring
from grader.store import serialisation
from grader.store.store import Store


class Results:
    """The grades of a batch, one at a time from the store: any number of them, any number of times.

    Without `evidence` they lack what notebooks showed, and come faster.
    """

    def __init__(self, store: Store, assignment: Assignment, *, evidence: bool = True) -> None:
        self._store, self._assignment, self._evidence = store, assignment, evidence

    @cached_property
    def _students(self) -> list[str]:
        return self._store.students()

    def __len__(self) -> int:
        return len(self._students)

    def __iter__(self) -> Iterator[Grade]:
        return (self.grade(student) for student in self._students)

    @property
    def remarks(self) -> list[str]:
        """What is to be told of the batch as a whole: rows of a quiz that fit nobody, for one."""
        return self._store.noted("remarks", list[str])

    def bare(self) -> Results:
        """The same grades without evidence."""
        return Results(self._store, self._assignment, evidence=False)

    def grade(self, student: str) -> Grade:
        """One student's grade."""
        return scored(
            self._store,
            self._assignment,
            self._store.submission(student),
            self._store.outcomes(student),
            evidence=self._evidence,
        )


def scored(
    store: Store,
    assignment: Assignment,
    submission: Submission,
    outcomes: serialisation.Outcomes,
    *,
    evidence: bool,
) -> Grade:
    """A grade from outcomes and a person's marks. What was never judged is an ERROR."""
    unknown = error("This was not judged yet; `grader grade` does it.")
    whole = {
        task.id: {item.id: outcomes.get(task.id, {}).get(item.id, unknown) for item in task.items}
        for task in assignment.tasks
    }
    found = {}
    for task in assignment.tasks if evidence else ():
        run = store.run(submission.student, task.id)
        kept = store.get_evidence(run[0], answers=False) if run else None
        if kept is not None and task.id in submission.notebooks:
            found[task.id] = kept
    grade = scoring.score(
        submission,
        assignment,
        whole,
        evidences=found,
        marks=store.hand_marks.counting(submission.student),
    )
    return _with_codes(grade, store.secret(codes.SECRET))


def _with_codes(grade: Grade, secret: str) -> Grade:
    """The grade with the codes by which its student's page names items."""
    student = grade.submission.student
    tasks = tuple(
        replace(
            task,
            items=tuple(
                replace(item, code=codes.of(secret, student, f"{task.task.id}/{item.item.id}"))
                for item in task.items
            ),
        )
        for task in grade.tasks
    )
    return replace(grade, tasks=tasks)


def keep(
    store: Store, assignment: Assignment, submission: Submission, outcomes: serialisation.Outcomes
) -> None:
    """Stores outcomes; details that are no plain data are a check's bug, and an ERROR."""
    marked = scoring.score(submission, assignment, outcomes, evidences={})
    marks = {
        f"{task.task.id}/{item.item.id}": f"{item.points:.2f} {item.outcome.status}"
        for task in marked.tasks
        for item in task.items
    }
    if lost := scoring.late(submission, assignment)[0]:
        marks["late"] = f"-{lost:.2f}"
    try:
        store.put_outcomes(submission.student, outcomes, marks)
    except codec.WireError as bad:
        bug = error(f"A check gave details that cannot be kept ({bad}).")
        plain = {
            task: {item: _plain(outcome, bug) for item, outcome in items.items()}
            for task, items in outcomes.items()
        }
        keep(store, assignment, submission, plain)


def _plain(outcome: Outcome, otherwise: Outcome) -> Outcome:
    try:
        serialisation.outcomes_to_json({"": {"": outcome}})
    except codec.WireError:
        return otherwise
    return outcome
