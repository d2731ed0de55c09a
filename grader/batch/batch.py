"""Many submissions: plan → observe → judge → score, and each result is kept at once. Trusted side.

A job is one run of one notebook of one submission; an engine runs jobs, here or on a cluster.
Whatever goes wrong in one job stays in that job, and only this process writes the store.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from grader.batch import ask_mistakes, ask_reference, worker
from grader.batch.engine import Engine, Job, LocalEngine, Queue
from grader.batch.worker import Parcel
from grader.core import digests, library_versions
from grader.core.model import Assignment, Ending, Evidence, Grade, Question, Submission, Task
from grader.marking import grades, hand_marks, plan, scoring
from grader.marking.grades import Results
from grader.marking.reference import REFERENCE
from grader.marking.stored_work import StoredWork
from grader.retraining import runs
from grader.retraining.datasets import fashion_mnist
from grader.sandbox.walls import levels
from grader.store.keys import evidence_key, run_key
from grader.store.store import Store


class Progress(Protocol):
    """What a batch tells while it works. All methods may be called from several threads."""

    def start(self, jobs: Mapping[str, int], stored: int) -> None:
        """So many notebooks of each task are to be run; of so many the result is there already."""

    def step(self, student: str, task: str, text: str) -> None:
        """Something happened within a job."""

    def finish(self, student: str, task: str, text: str, seconds: float) -> None:
        """A notebook is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a batch is run."""

    seed: int
    jobs: int = 1
    fresh: bool = False
    data_dir: Path | None = None
    audit: bool = False  # one more training, with moved pixels
    rung: str = ""  # the sandbox; empty: the best one that is safe


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Unit:
    """One notebook of one submission. Light: the store holds the rest."""

    student: str
    name: str
    task: Task
    seed: int
    key: str


class Batch:
    """One assignment's submissions on their way to grades."""

    def __init__(
        self,
        assignment: Assignment,
        store: Store,
        settings: Settings,
        progress: Progress,
        engine: Engine | None = None,
    ) -> None:
        self._assignment, self._store = assignment, store
        self._settings, self._progress = settings, progress
        self._work = StoredWork(assignment, store, settings.data_dir, audit=settings.audit)
        self._work.reference.masters  # noqa: B018  # a missing one is told before anything is run
        self._engine = engine or LocalEngine(
            settings.jobs, partial(worker.perform, data_dir=settings.data_dir)
        )
        self._units: dict[Job, _Unit] = {}
        self._left: Counter[str] = Counter()  # runs by student that are still to be made
        self.done: list[tuple[str, str]] = []
        """Name and task of each notebook that is ready, for who interrupts."""

    def run(self, submissions: Iterable[Submission]) -> list[Grade]:
        """All grades at once, in the order of the submissions."""
        return list(self.results(submissions))

    def results(
        self, submissions: Iterable[Submission], noted: Mapping[str, str] | None = None
    ) -> Results:
        """Grades from the store, in the order of the submissions, of which one is held at a time.

        `noted` are facts of the batch that the store is to hold as soon as it holds the batch.

        Each observation and each verdict is in the store as soon as it exists.

        Raises:
            GraderError: the reference could not be observed, or its data are missing.
        """
        units = self._taken(submissions, noted or {})
        wanted = ((unit.task, unit.seed) for unit in units)
        ask_reference.observe(
            self._work.reference,
            wanted,
            self._run_reference,
            self._settings.rung,
            fresh=self._settings.fresh,
        )
        queue = Queue()
        for unit in units:
            self._observe(queue, unit)
        counts = Counter(job.task.id for job in self._units)
        self._progress.start(counts, len(units) - counts.total())
        for student in self._store.students():
            if not self._left[student]:
                self._judge_and_score(student)
        for job, evidence in self._engine.run(queue, self._tell):
            self._arrived(queue, job, evidence)
        for task in self._assignment.tasks:
            if any(item.mistakes for item in task.items):
                self._hint(task)
        self._store.note(checks=json.dumps(self._work.checks()))
        return Results(self._store, self._assignment)

    def _taken(self, submissions: Iterable[Submission], noted: Mapping[str, str]) -> list[_Unit]:
        """Keeps the submissions, and which runs are theirs; if one of them fails, none."""
        units: list[_Unit] = []

        def seen() -> Iterator[Submission]:
            for submission in submissions:
                units.extend(self._of(submission))
                yield submission

        with self._store.transaction():
            hand_marks.bind(self._store, self._assignment)
            self._store.put_submissions(seen())
            if any(fashion_mnist.FIXTURE in unit.task.prepare for unit in units):
                fashion_mnist.sandbox_folder(self._settings.data_dir)
            # Until all are judged, what was judged how is not known.
            self._store.note(**noted, checks="{}")
            for unit in units:
                if self._settings.fresh:
                    self._store.forget(unit.key)
                self._store.put_run(unit.student, unit.task.id, unit.key, unit.seed)
        return units

    def _of(self, submission: Submission) -> Iterator[_Unit]:
        seed = plan.submission_seed(self._settings.seed, submission)
        met = digests.observing() + library_versions.digest()
        met += levels.below_safe(self._settings.rung)
        for task in self._assignment.tasks:
            if plan.needs_run(task) and task.id in submission.notebooks:
                asked = plan.plan(task, seed)
                key = evidence_key(submission.digest, task, asked, seed, met)
                yield _Unit(
                    student=submission.student, name=submission.name, task=task, seed=seed, key=key
                )

    # -- plan → observe → judge → score --------------------------------------------------------

    def _observe(self, queue: Queue, unit: _Unit) -> bool:
        """Queues the next run that the plan asks of a notebook, if it asks one."""
        ending = self._store.ending(unit.key)
        if ending in ("", Ending.SETUP_FAILED):
            self._put(queue, unit, 0, ())
            return True
        if not plan.trains(unit.task):
            return False
        work = self._work.of(self._store.submission(unit.student), unit.task)
        number, asked = plan.next_run(work)
        if not asked or work.out_of_time:
            return False
        self._put(queue, unit, number, asked)
        return True

    def _arrived(self, queue: Queue, job: Job, evidence: Evidence) -> None:
        """Keeps one result, and asks for the next run or judges."""
        self._store.put_evidence(job.key, evidence)
        unit = self._units.pop(job)
        more = evidence.ending is not Ending.SETUP_FAILED and self._observe(queue, unit)
        self._left[unit.student] -= 1
        told = " ".join(filter(None, [told_of(evidence), self._reached(evidence, unit, job)]))
        if more:
            self._progress.step(unit.name, job.task.id, f"run {job.number + 1}: {told}")
            return
        self.done.append((unit.name, job.task.id))
        if not self._left[unit.student]:
            marked = self._judge_and_score(unit.student)
            told += f"; {marked.points:.2f} of {marked.max_points} points"
        self._progress.finish(unit.name, job.task.id, told, evidence.seconds)

    def _judge_and_score(self, student: str) -> Grade:
        submission = self._store.submission(student)
        outcomes = self._work.verdicts(submission).outcomes
        grades.keep(self._store, self._assignment, submission, outcomes)
        return scoring.score(
            submission,
            self._assignment,
            outcomes,
            evidences={},
            marks=self._store.hand_marks.counting(student),
        )

    def _hint(self, task: Task) -> None:
        """Asks the rubric's typical mistakes what lost items were asked; hints come of it."""
        settings = self._settings
        for students, wanted in ask_mistakes.wanted_by(self._work, task, self._store.students()):
            self._progress.step(REFERENCE, task.id, f"{len(wanted)} typical mistakes")
            answers = ask_mistakes.observe(
                wanted,
                self._work.reference.masters[task.id].master,
                ask_mistakes.surroundings(self._assignment, task, settings.rung),
                seed=0,
                jobs=settings.jobs,
            )
            self._work.reference.keep_mistakes(task, answers)
            for student in students:
                self._judge_and_score(student)

    def _run_reference(self, task: Task, parcel: Parcel) -> Evidence:
        self._progress.step(REFERENCE, task.id, f"{len(parcel.questions)} questions")
        job = Job(
            student=REFERENCE, name=REFERENCE, task=task, key="", number=0, parcel=lambda: parcel
        )
        ((_, evidence),) = self._engine.run(Queue([job]), self._tell)
        return evidence

    # -- runs --------------------------------------------------------------------------------

    def _put(self, queue: Queue, unit: _Unit, number: int, asked: tuple[Question, ...]) -> None:
        job = Job(
            student=unit.student,
            name=unit.name,
            task=unit.task,
            key=run_key(unit.key, number),
            number=number,
            parcel=lambda: self._parcel(unit, number, asked),
        )
        self._units[job] = unit
        self._left[unit.student] += 1
        queue.add(job)

    def _parcel(self, unit: _Unit, number: int, asked: tuple[Question, ...]) -> Parcel:
        task = unit.task
        planned = plan.plan(task, unit.seed).values() if number == 0 else ()
        hide = (self._assignment.reference_dir, self._assignment.rubric_dir)
        return Parcel(
            task=task.id,
            notebook=self._store.submission(unit.student).notebooks[task.id],
            questions=asked or tuple(question for some in planned for question in some),
            prepare=task.prepare,
            limits=task.limits,
            seed=unit.seed,
            number=number,
            files=self._store.files(unit.student),
            hide=tuple(str(place) for place in hide),
            rung=self._settings.rung,
        )

    def _tell(self, job: Job, text: str) -> None:
        self._progress.step(job.name, job.task.id, text)

    def _reached(self, evidence: Evidence, unit: _Unit, job: Job) -> str:
        """The accuracy of what was trained, as soon as it is known."""
        if fashion_mnist.FIXTURE not in job.task.prepare:
            return ""
        labels = runs.order(unit.seed, job.number) if job.number else None
        percent = runs.reached(evidence, labels, self._settings.data_dir)
        return "" if percent is None else f"({percent:.2f} % accuracy)"


def told_of(evidence: Evidence) -> str:
    """How a run went, in a few words: why it ended, or how many cells failed and the first why."""
    failed = [cell for cell in evidence.cells if cell.status != "ok"]
    if evidence.message or not failed:
        return evidence.message or "done"
    return f"{len(failed)} of {len(evidence.cells)} cells failed ({failed[0].error[:100]})"
