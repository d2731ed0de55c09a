"""From stored facts to outcomes and grades, of one submission at a time. Trusted side.

The same for a batch that just ran and for marking again later: nothing here runs a notebook.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from grader.checks.base import Check, error
from grader.core import codec, digests, library_versions, notebook
from grader.core.errors import UsageError
from grader.core.model import (
    Answer,
    Assignment,
    Ending,
    Evidence,
    Grade,
    Item,
    Outcome,
    Question,
    Submission,
    Task,
)
from grader.marking import plan, scoring, typical_mistakes
from grader.retraining import runs
from grader.store import serialisation
from grader.store.store import Store, run_key

REFERENCE = "(reference)"
PACKAGE = Path(__file__).parents[1]
NOT_RUN = Ending.SETUP_FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What is known of one submission, and of which items something must be observed first."""

    outcomes: Mapping[str, Mapping[str, Outcome]]
    unanswered: Mapping[str, str]  # "task/item": why


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was observed of one submission's task, and what is asked of it now."""

    questions: Mapping[str, tuple[Question, ...]]
    evidence: Evidence | None = None
    runs: tuple[runs.Run, ...] = ()


class Judge:
    """An assignment's checks over what a store holds."""

    def __init__(self, assignment: Assignment, store: Store, data_dir: Path | None) -> None:
        self.assignment, self._store, self._data_dir = assignment, store, data_dir
        self._digests: dict[str, str] = {}

    @cached_property
    def masters(self) -> dict[str, plan.Masters]:
        """Reference notebooks by task id."""
        return {
            task.id: read_masters(self.assignment, task)
            for task in self.assignment.tasks
            if task.notebook
        }

    def facts(self, submission: Submission, task: Task) -> Facts:
        """What the store holds of one task."""
        found = self._store.run(submission.student, task.id)
        if found is None:
            return Facts(questions=plan.plan(task, 0))
        key, seed = found
        return Facts(
            questions=plan.plan(task, seed),
            evidence=self._store.get_evidence(key),
            runs=self._runs(key, seed),
        )

    def _runs(self, key: str, seed: int) -> tuple[runs.Run, ...]:
        """The further runs that are stored, in order, and an audit as the last."""
        found: list[runs.Run] = []
        while evidence := self._store.get_evidence(run_key(key, len(found) + 1)):
            if evidence.ending is NOT_RUN:
                break
            found.append(runs.Run(evidence=evidence, labels=runs.order(seed, len(found) + 1)))
        evidence = self._store.get_evidence(run_key(key, runs.AUDIT))
        if evidence is not None and evidence.ending is not NOT_RUN:
            labels, pixels = runs.order(seed, runs.AUDIT), runs.moved(seed)
            found.append(runs.Run(evidence=evidence, labels=labels, pixels=pixels))
        return tuple(found)

    def again(self, submission: Submission, task: Task, facts: Facts) -> tuple[Question, ...]:
        """What one more run of a notebook is to be asked; nothing if it was seen enough."""
        if facts.evidence is None or facts.evidence.ending is NOT_RUN or not trains(task):
            return ()
        try:
            return plan.again(
                task,
                submission,
                facts.questions,
                evidence=facts.evidence,
                runs=facts.runs,
                data_dir=self._data_dir,
            )
        except Exception:  # a check's bug: its verdict will be an ERROR, the batch goes on
            return ()

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
            task = replace(whole, items=items)
            facts = self.facts(submission, task)
            expected = self.expected(task, facts.questions)
            outcomes[task.id] = plan.judge(
                task,
                submission,
                facts.questions,
                evidence=facts.evidence,
                expected=expected,
                masters=self.masters.get(task.id),
                reference_dir=self.assignment.reference_dir,
                data_dir=self._data_dir,
                runs=facts.runs,
            )
            if facts.evidence is not None:
                outcomes[task.id] = self._hinted(task, outcomes[task.id], facts, expected)
            if facts.evidence is not None and facts.evidence.ending is not NOT_RUN:
                unanswered |= self._unanswered(submission, task, facts, expected)
        return Verdicts(outcomes=outcomes, unanswered=unanswered)

    def _unanswered(
        self, submission: Submission, task: Task, facts: Facts, expected: Mapping[str, Answer]
    ) -> Iterator[tuple[str, str]]:
        assert facts.evidence is not None
        more = self.again(submission, task, facts)
        for item in task.items:
            asked = [codec.digest(question) for question in facts.questions[item.id]]
            if any(key not in facts.evidence.answers for key in asked):
                yield f"{task.id}/{item.id}", "its check asks something new"
            elif item.check.reference and any(key not in expected for key in asked):
                yield f"{task.id}/{item.id}", "the reference must be run again"
            elif more and asks_again(item):
                yield f"{task.id}/{item.id}", "its network must be trained once more"

    # -- typical mistakes --------------------------------------------------------------------

    def lost(self, submission: Submission, task: Task) -> typical_mistakes.Asked:
        """What was asked about those lost items of a submission that have mistakes to look for."""
        outcomes, facts = self._store.outcomes(submission.student), self.facts(submission, task)
        if task.id not in outcomes or facts.evidence is None:
            return {}
        return typical_mistakes.lost(
            task, outcomes[task.id], facts.questions, facts.evidence.answers
        )

    def known_mistakes(
        self, task: Task, asked: Sequence[typical_mistakes.Asked]
    ) -> dict[str, Answer]:
        """What the rubric's mistakes answered to these questions, as far as they were asked."""
        wanted = {
            typical_mistakes.key(item.id, mistake.name, question)
            for item in task.items
            for mistake in item.mistakes
            for one in asked
            for question in one.get(item.id, ())
        }
        return self._store.expected(self.mistakes_key(task), sorted(wanted)) if wanted else {}

    def mistakes_key(self, task: Task) -> str:
        """The key of the mistakes' answers: changes with their code and with the reference."""
        code = [mistake.code for item in task.items for mistake in item.mistakes]
        digest = hashlib.sha256("\0".join(code).encode()).hexdigest()
        return f"mistakes:{self._master_digest(task)}:{digest}"

    def _hinted(
        self,
        task: Task,
        outcomes: Mapping[str, Outcome],
        facts: Facts,
        expected: Mapping[str, Answer],
    ) -> dict[str, Outcome]:
        assert facts.evidence is not None
        answers = facts.evidence.answers
        asked = typical_mistakes.lost(task, outcomes, facts.questions, answers)
        if not asked:
            return dict(outcomes)
        known = self.known_mistakes(task, [asked])
        return typical_mistakes.hinted(
            task, outcomes, facts.questions, answers=answers, expected=expected, known=known
        )

    # -- the reference -----------------------------------------------------------------------

    def reference_key(self, task: Task) -> str:
        """The key of the reference's answers: changes with its notebook, fixtures and libraries."""
        return f"{self._master_digest(task)}:{library_versions.digest()}"

    def _master_digest(self, task: Task) -> str:
        if task.id not in self._digests:
            path = self.assignment.reference_dir / str(task.notebook)
            parts = [hashlib.sha256(path.read_bytes()).hexdigest(), task.id, *task.prepare]
            self._digests[task.id] = hashlib.sha256(" ".join(parts).encode()).hexdigest()
        return self._digests[task.id]

    def expected(
        self, task: Task, questions: Mapping[str, tuple[Question, ...]]
    ) -> dict[str, Answer]:
        """The reference's answers to those of these questions that it was asked.

        Those of the last batch, for marking again may happen on another machine.
        """
        wanted = [
            codec.digest(question)
            for item in task.items
            if item.check.reference
            for question in questions[item.id]
        ]
        if not wanted:
            return {}
        asked = self._store.run(REFERENCE, task.id)
        same = asked is not None and asked[0].startswith(f"{self._master_digest(task)}:")
        return self._store.expected(asked[0] if asked and same else "", wanted)


class Results:
    """The grades of a batch, one at a time from the store: any number of them, any number of times.

    Without `evidence` they lack what notebooks showed, and come faster.
    """

    def __init__(self, store: Store, assignment: Assignment, *, evidence: bool = True) -> None:
        self._store, self._assignment, self._evidence = store, assignment, evidence
        self._students = store.students()

    def __len__(self) -> int:
        return len(self._students)

    def __iter__(self) -> Iterator[Grade]:
        return (self.grade(student) for student in self._students)

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
    return scoring.score(
        submission,
        assignment,
        whole,
        evidences=found,
        overrides=store.overrides(submission.student),
    )


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


def audit(facts: Facts) -> tuple[Question, ...]:
    """What an audit is to ask: nothing if it is there, or if no network left the sandbox."""
    if facts.evidence is None or any(run.pixels is not None for run in facts.runs):
        return ()
    answers = facts.evidence.answers
    asked = {
        key: question
        for questions in facts.questions.values()
        for question in questions
        if question.probe == "export" and (key := codec.digest(question)) in answers
    }
    values = [answers[key].value for key in asked]
    left = any(isinstance(value, dict) and "classes" in value for value in values)
    return tuple(asked.values()) if left else ()


def trains(task: Task) -> bool:
    """Whether a check of this task may want further runs."""
    return any(asks_again(item) for item in task.items)


def asks_again(item: Item) -> bool:
    """Whether this item's check may want further runs."""
    return type(item.check).again is not Check.again


def read_masters(assignment: Assignment, task: Task) -> plan.Masters:
    """A task's master notebook and the students' version made from it.

    Raises:
        UsageError: the file is missing or not a notebook.
    """
    path = assignment.reference_dir / str(task.notebook)
    try:
        content = path.read_bytes()
    except OSError:
        raise UsageError(f"{path} is missing: task {task.id} has no reference notebook") from None
    try:
        return plan.Masters(
            master=notebook.read(content, path.name),
            template=notebook.read(notebook.release(content, path.name), path.name),
        )
    except notebook.NotebookProblem as problem:
        raise UsageError(f"{path}: {problem}") from None
