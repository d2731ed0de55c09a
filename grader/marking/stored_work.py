"""From stored facts to outcomes, one submission at a time. Trusted side.

The same for a batch that just ran and for marking again later: nothing here runs a notebook.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.core import digests
from grader.core.model import Assignment, Ending, Outcome, Run, Submission, Task
from grader.marking import plan, typical_mistakes
from grader.marking.judge import judge, lacking
from grader.marking.reference import Reference
from grader.marking.task_work import TaskWork
from grader.retraining import runs
from grader.store.keys import run_key
from grader.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What is known of one submission, and of which items something must be observed first."""

    outcomes: Mapping[str, Mapping[str, Outcome]]
    unanswered: Mapping[str, str]  # "task/item": why; their outcome is ERROR or REVIEW
    unhinted: Sequence[str] = ()  # "task/item" whose typical mistakes were not all asked


class StoredWork:
    """What a store holds of an assignment's submissions, and what the checks say of it."""

    def __init__(
        self, assignment: Assignment, store: Store, data_dir: Path | None, *, audit: bool = False
    ) -> None:
        self.assignment, self._store, self._data_dir = assignment, store, data_dir
        self._audit = audit
        self.reference = Reference(assignment, store)

    def of(self, submission: Submission, task: Task) -> TaskWork:
        """All that is known of a submission's work on a task."""
        found = self._store.run(submission.student, task.id)
        key, seed = found or ("", 0)
        questions = plan.plan(task, seed)
        further, unmade = self._runs(key, seed) if found else ((), "")
        return TaskWork(
            task=task,
            submission=submission,
            questions=questions,
            evidence=self._store.get_evidence(key) if found else None,
            runs=further,
            unmade=unmade,
            audit=self._audit,
            out_of_time=self._out_of_time(submission, task) if plan.trains(task) else "",
            expected=self.reference.expected(task, questions),
            masters=self.reference.masters.get(task.id),
            files=self._store.files(submission.student) if plan.trains(task) else {},
            reference_dir=self.assignment.reference_dir,
            data_dir=self._data_dir,
        )

    def _runs(self, key: str, seed: int) -> tuple[tuple[Run, ...], str]:
        """The further runs that are stored, in order, an audit as the last.

        And why the next of them could not be set up: that is no run, and is tried again.
        """
        found: list[Run] = []
        unmade = ""
        while evidence := self._store.get_evidence(run_key(key, len(found) + 1)):
            if evidence.ending is Ending.SETUP_FAILED:
                unmade = evidence.message
                break
            found.append(Run(evidence=evidence, labels=runs.order(seed, len(found) + 1)))
        evidence = self._store.get_evidence(run_key(key, runs.AUDIT))
        if evidence is not None and evidence.ending is Ending.SETUP_FAILED:
            unmade = unmade or evidence.message
        elif evidence is not None:
            labels, pixels = runs.order(seed, runs.AUDIT), runs.moved(seed)
            found.append(Run(evidence=evidence, labels=labels, pixels=pixels))
        return tuple(found), unmade

    def _out_of_time(self, submission: Submission, task: Task) -> str:
        limit = task.limits.submission_seconds
        if not limit or self._store.spent(submission.student) <= limit:
            return ""
        return f"The runs of this submission took more than {limit} s together."

    def checks(self) -> dict[str, str]:
        """By "task/item" what its verdict follows from beside facts.

        That is the check, its typical mistakes, the reference, and our code.
        """
        common = digests.digest_of(self.assignment.reference_dir, digests.PACKAGE)
        found = {}
        for task in self.assignment.tasks:
            for item in task.items:
                mistakes = [(mistake.name, mistake.code, mistake.hint) for mistake in item.mistakes]
                check = f"{type(item.check).__name__} {item.check.model_dump_json()}"
                text = f"{common} {check} {mistakes}"
                found[f"{task.id}/{item.id}"] = hashlib.sha256(text.encode()).hexdigest()
        return found

    def verdicts(self, submission: Submission, but: Collection[str] = ()) -> Verdicts:
        """Every item's outcome, `but` those of these names ("task/item")."""
        outcomes, unanswered = dict[str, dict[str, Outcome]](), dict[str, str]()
        unhinted: list[str] = []
        for whole in self.assignment.tasks:
            wanted = [item for item in whole.items if f"{whole.id}/{item.id}" not in but]
            bases = {getattr(item.check, "base", "") for item in wanted} - {""}
            items = tuple(
                item
                for item in whole.items
                if item in wanted or getattr(item.check, "function", "") in bases
            )
            if not items:
                continue
            work = self.of(submission, replace(whole, items=items))
            outcomes[whole.id], left = self._judged(work)
            unhinted += [f"{whole.id}/{item}" for item in left]
            for item in work.task.items:
                if reason := lacking(work, item):
                    unanswered[f"{whole.id}/{item.id}"] = reason
        return Verdicts(outcomes=outcomes, unanswered=unanswered, unhinted=unhinted)

    def _judged(self, work: TaskWork) -> tuple[dict[str, Outcome], list[str]]:
        """The checks' outcomes, with the hints of mistakes that are known; whose others are not."""
        outcomes = judge(work)
        asked = typical_mistakes.lost(work, outcomes)
        if not asked:
            return outcomes, []
        known = self.reference.known_mistakes(work.task, [asked])
        left = typical_mistakes.open_items(work.task.items, asked, known)
        return typical_mistakes.hinted(work, outcomes, known), left

    def lost(self, student: str, task: Task) -> typical_mistakes.Asked:
        """What was asked about those lost items of a submission that have mistakes to look for."""
        outcomes = self._store.outcomes(student).get(task.id)
        if not outcomes:
            return {}
        return typical_mistakes.lost(self.of(self._store.submission(student), task), outcomes)
