"""Many submissions: plan → observe → judge → score, and each result is kept at once. Trusted side.

A job is one run of one notebook of one submission; an engine runs jobs, here or on a cluster.
Whatever goes wrong in one job stays in that job, and only this process writes the store.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from grader.batch import ask_many, ask_mistakes, ask_reference, engines
from grader.batch.engine import Engine, Job, Queue
from grader.batch.worker import Parcel
from grader.core import digests, library_versions
from grader.core.model import Assignment, Ending, Evidence, Grade, Question, Submission, Task
from grader.marking import grades, hand_marks, plan, readable, scoring
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
    beside: bool = False  # only these: the rest of the batch in the store keeps what it has


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Unit:
    """One notebook of one submission. Light: the store holds the rest."""

    student: str
    name: str
    task: Task
    seed: int
    key: str


_Way = Generator[Job | None, Evidence, None]


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
        self._engine = engine or engines.local("", settings.jobs, settings.data_dir)
        self._ways: dict[Job, _Way] = {}  # tasks that wait for a run
        self._left: Counter[str] = Counter()  # tasks by student that are yet to be judged
        self._students: list[str] = []  # those that are graded now
        self.done: list[tuple[str, str]] = []
        """Name and task of each notebook that is ready, for who interrupts."""

    def run(self, submissions: Iterable[Submission]) -> list[Grade]:
        """All grades at once, in the order of the submissions."""
        return list(self.results(submissions))

    def results(
        self, submissions: Iterable[Submission], noted: Mapping[str, str] | None = None
    ) -> Results:
        """Grades from the store, in the order of the submissions, of which one is held at a time.

        `noted` are facts of the batch that the store is to hold as soon as it holds the batch; of
        a part of one that is there, it keeps those of the whole.

        Each observation and each verdict is in the store as soon as it exists.

        Raises:
            GraderError: the reference could not be observed, or its data are missing.
        """
        known_checks = self._store.noted("checks", dict[str, str])
        is_whole = not (self._settings.beside and self._store.students())
        units = self._taken(submissions, (noted or {}) if is_whole else {})
        wanted = ((unit.task, unit.seed) for unit in units)
        ask_reference.observe(
            self._work.reference,
            wanted,
            self._run_reference,
            self._settings.rung,
            fresh=self._settings.fresh and is_whole,  # else the others' answers go, too
        )
        self._left.update(unit.student for unit in units)
        queue, ways = Queue(), [self._way(unit) for unit in units]
        known = [way for way in ways if not self._go_on(queue, way)]
        counts = Counter(job.task.id for job in self._ways)
        self._progress.start(counts, len(known))
        for student in self._students:
            if not self._left[student]:
                self._judge_and_score(student)
        for way in known:
            next(way, None)
        for job, evidence in self._engine.run(queue, self._tell):
            way = self._ways.pop(job)
            if not self._go_on(queue, way, evidence):
                next(way, None)
        for task in self._assignment.tasks:
            if any(item.mistakes for item in task.items):
                self._hint(task)
        checks = self._work.checks()
        if not is_whole:  # the others were judged by what there was then
            checks = {item: by for item, by in checks.items() if known_checks.get(item) == by}
        self._store.note(checks=json.dumps(checks))
        return Results(self._store, self._assignment)

    def _taken(self, submissions: Iterable[Submission], noted: Mapping[str, str]) -> list[_Unit]:
        """Keeps the submissions, and which runs are theirs; if one of them fails, none."""
        units: list[_Unit] = []

        def seen() -> Iterator[Submission]:
            for given in submissions:
                submission = readable.submission(given, self._assignment)
                self._students.append(submission.student)
                units.extend(self._of(submission))
                yield submission

        with self._store.transaction():
            hand_marks.bind(self._store, self._assignment)
            self._store.put_submissions(seen(), beside=self._settings.beside)
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

    def _way(self, unit: _Unit) -> _Way:
        """One submission's task, from its questions to its marks.

        Yields each run that is to be made, and is sent its evidence. Yields None when all is
        known: there is nothing to wait for any more, and going on judges.
        """
        job, told, seconds = None, "", 0.0
        while following := self._plan(unit):
            if job:
                self._progress.step(unit.name, unit.task.id, f"run {job.number + 1}: {told}")
            job = following
            evidence = yield job
            self._store.put_evidence(job.key, evidence)
            told, seconds = self._told(unit, job, evidence), evidence.seconds
            if evidence.ending is Ending.SETUP_FAILED:
                break
        yield None
        self._left[unit.student] -= 1
        if not self._left[unit.student]:
            grade = self._judge_and_score(unit.student)
            told += f"; {grade.points:.2f} of {grade.max_points} points"
        if job:
            self.done.append((unit.name, unit.task.id))
            self._progress.finish(unit.name, unit.task.id, told, seconds)

    def _go_on(self, queue: Queue, way: _Way, evidence: Evidence | None = None) -> bool:
        """Takes a task as far as it goes now; whether it waits for a run, which is queued."""
        job = way.send(evidence) if evidence else next(way)
        if job is None:
            return False
        self._ways[job] = way
        queue.add(job)
        return True

    def _plan(self, unit: _Unit) -> Job | None:
        """The next run that is asked of a notebook, if one is."""
        if self._store.ending(unit.key) in ("", Ending.SETUP_FAILED):
            return self._job(unit, 0, ())
        if not plan.trains(unit.task):
            return None
        work = self._work.of(self._store.submission(unit.student), unit.task)
        number, asked = plan.next_run(work)
        return self._job(unit, number, asked) if asked and not work.out_of_time else None

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
        runs = ask_many.Runs(
            engine=self._engine,
            tell=self._tell,
            jobs=self._settings.jobs,
            hide=(self._assignment.reference_dir, self._assignment.rubric_dir),
            rung=self._settings.rung,
        )
        for students, wanted in ask_mistakes.wanted_by(self._work, task, self._students):
            self._progress.step(REFERENCE, task.id, f"{len(wanted)} typical mistakes")
            answers = ask_mistakes.observe(
                wanted,
                self._work.reference.masters[task.id].master,
                task,
                runs,
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

    def _job(self, unit: _Unit, number: int, asked: tuple[Question, ...]) -> Job:
        return Job(
            student=unit.student,
            name=unit.name,
            task=unit.task,
            key=run_key(unit.key, number),
            number=number,
            parcel=lambda: self._parcel(unit, number, asked),
        )

    def _parcel(self, unit: _Unit, number: int, asked: tuple[Question, ...]) -> Parcel:
        task = unit.task
        planned = plan.plan(task, unit.seed).values() if number == 0 else ()
        hide = (self._assignment.reference_dir, self._assignment.rubric_dir)
        return Parcel(
            task=task.id,
            notebook=self._store.submission(unit.student).notebooks[task.id],
            questions=asked or tuple(question for some in planned for question in some),
            prepare=plan.prepared(task, number, self._first(unit) if number else None),
            limits=task.limits,
            seed=unit.seed,
            number=number,
            files=self._store.files(unit.student),
            hide=tuple(str(place) for place in hide),
            rung=self._settings.rung,
        )

    def _first(self, unit: _Unit) -> Evidence | None:
        return self._store.get_evidence(unit.key)

    def _tell(self, job: Job, text: str) -> None:
        self._progress.step(job.name, job.task.id, text)

    def _told(self, unit: _Unit, job: Job, evidence: Evidence) -> str:
        """How a run went, with the accuracy of what was trained, as soon as it is known."""
        if fashion_mnist.FIXTURE not in job.task.prepare:
            return told_of(evidence)
        labels = runs.order(unit.seed, job.number) if job.number else None
        percent = runs.reached(evidence, labels, self._settings.data_dir)
        reached = "" if percent is None else f" ({percent:.2f} % accuracy)"
        return told_of(evidence) + reached


def told_of(evidence: Evidence) -> str:
    """How a run went, in a few words: why it ended, or how many cells failed and the first why."""
    failed = [cell for cell in evidence.cells if cell.status != "ok"]
    if evidence.message or not failed:
        return evidence.message or "done"
    return f"{len(failed)} of {len(evidence.cells)} cells failed ({failed[0].error[:100]})"
