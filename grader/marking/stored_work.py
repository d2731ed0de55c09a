"""From stored facts to outcomes, one submission at a time. Trusted side.

The same for a batch that just ran and for marking again later: nothing here runs a notebook.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from grader.core import codec, digests
from grader.core.model import Assignment, Ending, Outcome, Run, Submission, Task
from grader.marking import plan, typical_mistakes
from grader.marking.judge import judge
from grader.marking.reference import Reference
from grader.marking.task_work import TaskWork
from grader.retraining import runs
from grader.store.store import Store, run_key

PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What is known of one submission, and of which items something must be observed first."""

    outcomes: Mapping[str, Mapping[str, Outcome]]
    unanswered: Mapping[str, str]  # "task/item": why


class StoredWork:
    """What a store holds of an assignment's submissions, and what the checks say of it."""

    def __init__(self, assignment: Assignment, store: Store, data_dir: Path | None) -> None:
        self.assignment, self._store, self._data_dir = assignment, store, data_dir
        self.reference = Reference(assignment, store)

    def of(self, submission: Submission, task: Task) -> TaskWork:
        """All that is known of a submission's work on a task."""
        found = self._store.run(submission.student, task.id)
        key, seed = found or ("", 0)
        questions = plan.plan(task, seed)
        return TaskWork(
            task=task,
            submission=submission,
            questions=questions,
            evidence=self._store.get_evidence(key) if found else None,
            runs=self._runs(key, seed) if found else (),
            expected=self.reference.expected(task, questions),
            masters=self.reference.masters.get(task.id),
            reference_dir=self.assignment.reference_dir,
            data_dir=self._data_dir,
        )

    def _runs(self, key: str, seed: int) -> tuple[Run, ...]:
        """The further runs that are stored, in order, and an audit as the last."""
        found: list[Run] = []
        while evidence := self._store.get_evidence(run_key(key, len(found) + 1)):
            if evidence.ending is Ending.SETUP_FAILED:
                break
            found.append(Run(evidence=evidence, labels=runs.order(seed, len(found) + 1)))
        evidence = self._store.get_evidence(run_key(key, runs.AUDIT))
        if evidence is not None and evidence.ending is not Ending.SETUP_FAILED:
            labels, pixels = runs.order(seed, runs.AUDIT), runs.moved(seed)
            found.append(Run(evidence=evidence, labels=labels, pixels=pixels))
        return tuple(found)

    def checks(self) -> dict[str, str]:
        """By "task/item" what its verdict follows from beside facts: check, reference, code."""
        common = digests.digest_of(self.assignment.reference_dir, PACKAGE)
        return {
            f"{task.id}/{item.id}": hashlib.sha256(
                f"{common} {type(item.check).__name__} {item.check.model_dump_json()}".encode()
            ).hexdigest()
            for task in self.assignment.tasks
            for item in task.items
        }

    def verdicts(self, submission: Submission, but: Collection[str] = ()) -> Verdicts:
        """Every item's outcome, `but` those of these names ("task/item")."""
        outcomes, unanswered = dict[str, dict[str, Outcome]](), dict[str, str]()
        for whole in self.assignment.tasks:
            items = tuple(item for item in whole.items if f"{whole.id}/{item.id}" not in but)
            if not items:
                continue
            work = self.of(submission, replace(whole, items=items))
            outcomes[whole.id] = self._judged(work)
            if work.was_run:
                unanswered |= _unanswered(work)
        return Verdicts(outcomes=outcomes, unanswered=unanswered)

    def _judged(self, work: TaskWork) -> dict[str, Outcome]:
        """The checks' outcomes, with the hints of mistakes that are known."""
        outcomes = judge(work)
        asked = typical_mistakes.lost(work, outcomes)
        if not asked:
            return outcomes
        known = self.reference.known_mistakes(work.task, [asked])
        return typical_mistakes.hinted(work, outcomes, known)

    def lost(self, student: str, task: Task) -> typical_mistakes.Asked:
        """What was asked about those lost items of a submission that have mistakes to look for."""
        outcomes = self._store.outcomes(student).get(task.id)
        if not outcomes:
            return {}
        return typical_mistakes.lost(self.of(self._store.submission(student), task), outcomes)


def _unanswered(work: TaskWork) -> Iterator[tuple[str, str]]:
    """Items that something must be observed for first, and why."""
    assert work.evidence is not None
    more = plan.again(work)
    for item in work.task.items:
        asked = [codec.digest(question) for question in work.questions[item.id]]
        if any(key not in work.evidence.answers for key in asked):
            yield f"{work.task.id}/{item.id}", "its check asks something new"
        elif item.check.reference and any(key not in work.expected for key in asked):
            yield f"{work.task.id}/{item.id}", "the reference must be run again"
        elif more and plan.asks_again(item):
            yield f"{work.task.id}/{item.id}", "its network must be trained once more"
