"""A student's own check: public items of a submission, run, judged and told as they come.

Trusted side. Questions, checks and scoring are those of the grading; only the inputs are public,
and the reference's answers come with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from grader.checks.base import error, review
from grader.checks.trained_network.accuracy import RetrainedAccuracy
from grader.core import codec
from grader.core.errors import GraderError
from grader.core.model import (
    Answer,
    Case,
    Ending,
    Evidence,
    Grade,
    Item,
    ItemGrade,
    Outcome,
    Question,
    Status,
    Submission,
    Task,
    Visibility,
)
from grader.marking import plan, readable, scoring, typical_mistakes
from grader.marking.judge import judge
from grader.marking.task_work import TaskWork
from grader.retraining import runs
from grader.retraining.datasets import fashion_mnist
from grader.sandbox.surroundings import DATA, Progress, Surroundings
from grader.student import missing_here
from grader.student.public_checks import Public, chosen

DISTILLED = "export"
"""The probe whose answer is judged by what trusted code makes of it, when the run has ended."""

EARLY = (Status.PASSED, Status.PARTIAL)
"""What can be told before the run has ended; a failure may yet turn out to be the machine's."""

Door = Callable[..., Evidence]
"""Runs a notebook and asks questions: `grader.sandbox.observe.observe`, or one that is like it."""

Settled = Callable[[Task, ItemGrade], None]
"""Called once for each item, as soon as its verdict is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a training may take here; None: what the rubric allows."""

    epochs: int | None = None
    seconds: int | None = None


class EstimatedAccuracy(RetrainedAccuracy):
    """What the notebook as it is comes to. A student's own machine needs no secret classes."""

    def again(self, case: Case) -> tuple[Question, ...]:
        """Nothing."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Whether the trained network will reach what is asked for."""

    task: str
    cutoff: float
    outcome: Outcome
    was_cut: bool  # by the budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """All that a check found. `broken` says why the grader could not do its part.

    `skipped` says by task what this machine lacks for it: no fault of the work's, nor a verdict.
    """

    grade: Grade
    estimates: tuple[Estimate, ...] = ()
    broken: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every public item passed that could be checked on this machine."""
        tasks = [task for task in self.grade.tasks if task.task.id not in self.skipped]
        items = [item for task in tasks for item in task.items]
        return all(item.outcome.status is Status.PASSED for item in items)


@dataclass(slots=True, kw_only=True)
class SelfCheck:
    """One check of one submission, task by task."""

    public: Public
    submission: Submission
    door: Door
    settled: Settled = lambda task, item: None
    passed_over: Callable[[Task, str], None] = lambda task, reason: None
    progress: Progress | None = None
    data_dir: Path | None = None
    train: Budget | None = None  # estimate what the training comes to, within this
    tell_later: bool = True  # what is judged elsewhere
    _outcomes: dict[str, Mapping[str, Outcome]] = field(default_factory=dict)
    _evidences: dict[str, Evidence] = field(default_factory=dict)
    _estimates: list[Estimate] = field(default_factory=list)
    _broken: list[str] = field(default_factory=list)
    _skipped: dict[str, str] = field(default_factory=dict)

    def run(self, tasks: tuple[Task, ...]) -> Checked:
        """Checks these tasks (public ones, perhaps with fewer items), the quick ones first."""
        self.submission = readable.submission(self.submission, chosen(self.public, tasks))
        for task in sorted(tasks, key=lambda task: task.limits.notebook_seconds):
            self._check(task)
        found = scoring.score(
            self.submission, chosen(self.public, tasks), self._outcomes, evidences=self._evidences
        )
        wanting = [
            told
            for id, evidence in self._evidences.items()
            if (told := missing_here.for_imports(str(self.public.task(id).notebook), evidence))
        ]
        return Checked(
            grade=replace(found, notes=(*found.notes, *wanting, *self._later(tasks))),
            estimates=tuple(self._estimates),
            broken=tuple(self._broken),
            skipped=self._skipped,
        )

    def _later(self, tasks: tuple[Task, ...]) -> tuple[str, ...]:
        return later(self.public, tasks) if self.tell_later else ()

    def _check(self, task: Task) -> None:
        told: set[str] = set()
        asked = self.public.asked[task.id]
        evidence = None
        if task.id in self.submission.notebooks and plan.needs_run(task):
            if reason := missing_here.for_task(task, self.data_dir):
                self._skipped[task.id] = reason
                self._outcomes[task.id] = dict.fromkeys(asked, missing_here.skipped(reason))
                self.passed_over(task, reason)
                return
            try:
                evidence = self._observed(task, asked, told)
            except GraderError as reason:
                self._broken.append(f"{task.notebook}: {reason}")
                self._settle(task, dict.fromkeys(asked, error(str(reason))), told)
                return
            self._evidences[task.id] = evidence
            if evidence.ending is Ending.SETUP_FAILED:
                self._broken.append(f"{task.notebook}: {evidence.message}")
        outcomes = self._judged(task, asked, evidence)
        if evidence and self._was_cut(task, evidence):
            outcomes = {name: _undecided(outcome) for name, outcome in outcomes.items()}
        self._settle(task, outcomes, told)

    def _observed(
        self, task: Task, asked: Mapping[str, tuple[Question, ...]], told: set[str]
    ) -> Evidence:
        answers: dict[str, Answer] = {}

        def answered(digest: str, answer: Answer) -> None:
            answers[digest] = answer
            early = Evidence(task=task.id, ending=Ending.COMPLETED, answers=answers)
            ready = [
                item
                for item in task.items
                if item.id not in told and all(_is_there(q, answers) for q in asked[item.id])
            ]
            if ready:
                few = replace(task, items=tuple(ready))
                self._tell(few, self._judged(few, asked, early), told, only=EARLY)

        return self._run(task, [q for i in task.items for q in asked[i.id]], answered)

    def _run(
        self, task: Task, questions: list[Question], answered: Callable[[str, Answer], None]
    ) -> Evidence:
        mounts = {}
        if fashion_mnist.FIXTURE in task.prepare:
            mounts = {DATA: fashion_mnist.sandbox_folder(self.data_dir)}
        measure = self._measure(task)
        limits, budget = task.limits, self.train
        if measure and budget:
            questions = [*questions, *_questions(measure)]
            epochs = budget.epochs or limits.training_epochs
            seconds = budget.seconds or limits.notebook_seconds
            limits = replace(
                limits,
                training_epochs=epochs,
                notebook_seconds=seconds + 30,
                cell_seconds=min(limits.cell_seconds, seconds),
            )
        around = Surroundings(
            prepare=task.prepare, limits=limits, files=self.submission.files, mounts=mounts
        )
        evidence = self.door(
            self.submission.notebooks[task.id],
            questions,
            around,
            task=task.id,
            seed=1,
            resources=self._resource,
            progress=self.progress,
            answered=answered,
        )
        if any(question.probe == DISTILLED for question in questions):
            evidence = runs.distilled(evidence, questions, self.data_dir)
        if measure and budget:
            self._estimate(task, measure, evidence)
        return evidence

    def _resource(self, name: str) -> np.ndarray[Any, Any]:
        return fashion_mnist.resource(name, self.data_dir)

    # -- judging ---------------------------------------------------------------------------------

    def _judged(
        self, task: Task, asked: Mapping[str, tuple[Question, ...]], evidence: Evidence | None
    ) -> dict[str, Outcome]:
        return judged(self.public, task, self.submission, asked, evidence, self.data_dir)

    def _settle(self, task: Task, outcomes: dict[str, Outcome], told: set[str]) -> None:
        needed = {
            item.id: scoring.blocked(item, outcomes, outcomes[item.id]) for item in task.items
        }
        self._outcomes[task.id] = outcomes
        self._tell(task, needed, told)

    def _tell(
        self,
        task: Task,
        outcomes: Mapping[str, Outcome],
        told: set[str],
        only: tuple[Status, ...] = tuple(Status),
    ) -> None:
        for item in task.items:
            if item.id not in told and outcomes[item.id].status in only:
                told.add(item.id)
                self.settled(task, scoring.item_grade(item, outcomes[item.id]))

    # -- the estimate ----------------------------------------------------------------------------

    def _measure(self, task: Task) -> Task | None:
        """The task with one item that measures the accuracy, if there is such an item."""
        if self.train is None or task.id not in self.public.accuracies:
            return None
        check = EstimatedAccuracy(cutoff=self.public.accuracies[task.id])
        item = Item(
            id="accuracy",
            title="Accuracy",
            points=Decimal(1),
            hint="",
            check=check,
            visibility=Visibility.HIDDEN,
        )
        return replace(task, items=(item,))

    def _estimate(self, task: Task, measure: Task, evidence: Evidence) -> None:
        asked = plan.plan(measure, 0)
        outcome = judged(self.public, measure, self.submission, asked, evidence, self.data_dir)
        self._estimates.append(
            Estimate(
                task=task.id,
                cutoff=self.public.accuracies[task.id],
                outcome=outcome["accuracy"],
                was_cut=self._was_cut(task, evidence),
            )
        )

    def _was_cut(self, task: Task, evidence: Evidence) -> bool:
        """Whether it was the budget that ended the training."""
        if not self.train or task.id not in self.public.accuracies:
            return False
        told = any("training was stopped after" in text for text in evidence.repairs)
        late = evidence.ending is Ending.TIMEOUT or any(
            cell.status == "timeout" for cell in evidence.cells
        )
        return bool((self.train.epochs and told) or (self.train.seconds and late))


def judged(
    public: Public,
    task: Task,
    submission: Submission,
    asked: Mapping[str, tuple[Question, ...]],
    evidence: Evidence | None,
    data_dir: Path | None = None,
) -> dict[str, Outcome]:
    """The outcomes of a task's items, by the grading's own judgement on public questions."""
    work = TaskWork(
        task=task,
        submission=submission,
        questions=asked,
        evidence=evidence,
        expected=public.expected,
        reference_dir=public.assignment.reference_dir,
        data_dir=data_dir,
    )
    return typical_mistakes.hinted(work, judge(work), public.mistakes)


def later(public: Public, tasks: tuple[Task, ...]) -> tuple[str, ...]:
    """One sentence on how much of these tasks is judged elsewhere; the bundle's page names it."""
    parts = []
    for task in tasks:
        items = [item for item in public.withheld if item.task == task.id]
        if items:
            points = sum((item.points for item in items), Decimal(0))
            count = f"{len(items)} item{'s' if len(items) > 1 else ''}"
            parts.append(f"{count} of {task.id} ({points} points)")
    told = f"Judged later, by a person or the full grading: {', '.join(parts)}."
    return (told,) if parts else ()


def _undecided(outcome: Outcome) -> Outcome:
    """What did not pass in a training that was cut may pass in a whole one."""
    if outcome.status is Status.PASSED:
        return outcome
    return review(
        "The training was cut short, so this can't be told; check again without "
        "--epochs and --seconds."
    )


def _is_there(question: Question, answers: Mapping[str, Answer]) -> bool:
    """Whether an answer came that can be judged as it is."""
    return question.probe != DISTILLED and codec.digest(question) in answers


def _questions(task: Task) -> list[Question]:
    return [question for asked in plan.plan(task, 0).values() for question in asked]
