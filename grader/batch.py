"""Many submissions: observes every notebook, keeps each result at once, and judges. Trusted side.

A job is one notebook of one submission. Jobs run in threads, each of which waits for a driver
process of its own; whatever goes wrong in one job stays in that job.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from grader import data, grade, notebook, scoring, wire
from grader.errors import GraderError, UsageError
from grader.model import (
    Answer,
    Assignment,
    Ending,
    Evidence,
    Grade,
    Question,
    Submission,
    Task,
)
from grader.sandbox.observe import Surroundings, observe
from grader.store import Store, evidence_key, run_key
from grader.training import runs

DATA_FIXTURE = "fashion_mnist"
DATA_MOUNT = "/data/fashion-mnist"
REFERENCE = "(reference)"
TASK_DOWN = "(down)"


class Progress(Protocol):
    """What a batch tells while it works. All methods may be called from several threads."""

    def start(self, jobs: int) -> None:
        """So many notebooks are to be run."""

    def step(self, student: str, task: str, text: str) -> None:
        """Something happened within a job."""

    def finish(self, student: str, task: str, text: str, seconds: float) -> None:
        """A job is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a batch is run."""

    seed: int
    jobs: int = 1
    fresh: bool = False
    data_dir: Path | None = None
    rung: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    submission: Submission
    task: Task
    seed: int
    questions: Mapping[str, tuple[Question, ...]]
    key: str

    @property
    def weight(self) -> int:
        """Longest first: a training notebook started last would keep one worker busy alone."""
        return self.task.limits.notebook_seconds


class Batch:
    """One assignment's submissions on their way to grades."""

    def __init__(
        self, assignment: Assignment, store: Store, settings: Settings, progress: Progress
    ) -> None:
        self._assignment, self._store = assignment, store
        self._settings, self._progress = settings, progress
        self._masters = {
            task.id: read_masters(assignment, task) for task in assignment.tasks if task.notebook
        }
        self._lock = threading.Lock()

    def run(self, submissions: Sequence[Submission]) -> list[Grade]:
        """Grades in the order of the submissions. Each result is in the store as soon as it exists.

        Raises:
            GraderError: the reference could not be observed, or its data are missing.
        """
        jobs = [job for submission in submissions for job in self._jobs(submission)]
        expected = self._expected(jobs)
        if self._settings.fresh:
            for job in jobs:
                self._store.forget(job.key)
        waiting = [job for job in jobs if not self._stored(job) or self._again(job)]
        waiting.sort(key=lambda job: -job.weight)
        self._progress.start(len(waiting))
        for job in jobs:
            if job not in waiting:
                self._progress.step(job.submission.name, job.task.id, "from the store")
        self._observe_all(waiting)
        by_student: dict[str, list[_Job]] = {}
        for job in jobs:
            by_student.setdefault(job.submission.student, []).append(job)
        return [self._grade(s, by_student.get(s.student, []), expected) for s in submissions]

    # -- observing ---------------------------------------------------------------------------

    def _jobs(self, submission: Submission) -> list[_Job]:
        seed = grade.submission_seed(self._settings.seed, submission)
        return [
            _Job(
                submission=submission,
                task=task,
                seed=seed,
                questions=(questions := grade.plan(task, seed)),
                key=evidence_key(submission.digest, task, questions, seed),
            )
            for task in self._assignment.tasks
            if grade.needs_run(task) and task.id in submission.notebooks
        ]

    def _stored(self, job: _Job) -> bool:
        found = self._store.get_evidence(job.key)
        return found is not None and found.ending is not Ending.SETUP_FAILED

    def _observe_all(self, jobs: Sequence[_Job]) -> None:
        with ThreadPoolExecutor(max_workers=self._settings.jobs) as pool:
            running: set[Future[None]] = {pool.submit(self._observe_one, job) for job in jobs}
            try:
                while running:
                    done, running = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                    for future in done:
                        future.result()
            except BaseException:
                for future in running:
                    future.cancel()
                raise

    def _observe_one(self, job: _Job) -> None:
        name, task = job.submission.name, job.task
        seconds, told = 0.0, ""
        if not self._stored(job):
            questions = [question for asked in job.questions.values() for question in asked]
            evidence = self._observe(job, questions, 0, self._mounts(task))
            seconds, told = evidence.seconds, evidence.message
        while questions := list(self._again(job)):
            number = len(self._runs(job)) + 1
            labels = runs.order(job.seed, number)
            with data.permuted_folder(labels, self._settings.data_dir) as folder:
                evidence = self._observe(job, questions, number, {DATA_MOUNT: folder})
            seconds += evidence.seconds
        self._progress.finish(name, task.id, told or "done", seconds)

    def _observe(
        self, job: _Job, questions: Sequence[Question], number: int, mounts: Mapping[str, Path]
    ) -> Evidence:
        """One run, stored at once. Run 0 is the notebook as it is; others have secret classes."""
        name, task = job.submission.name, job.task
        again = f"run {number + 1}, " if number else ""

        def tell(kind: str, place: int, of: int) -> None:
            self._progress.step(name, task.id, f"{again}{kind} {place + 1}/{of}")

        evidence = observe(
            job.submission.notebooks[task.id],
            questions,
            self._surroundings(task, job.submission.files, mounts),
            task=task.id,
            seed=runs.seed_of(job.seed, number),
            resources=self._resource,
            progress=tell,
        )
        evidence = runs.distilled(evidence, questions, self._settings.data_dir)
        with self._lock:
            self._store.put_evidence(run_key(job.key, number), evidence)
        return evidence

    def _runs(self, job: _Job) -> tuple[runs.Run, ...]:
        """The further runs that are stored, in order."""
        found: list[runs.Run] = []
        while evidence := self._store.get_evidence(run_key(job.key, len(found) + 1)):
            labels = runs.order(job.seed, len(found) + 1)
            found.append(runs.Run(evidence=evidence, labels=labels))
        return tuple(found)

    def _again(self, job: _Job) -> tuple[Question, ...]:
        evidence = self._store.get_evidence(job.key)
        if evidence is None or evidence.ending is Ending.SETUP_FAILED:
            return ()
        try:
            return grade.again(
                job.task, job.submission, job.questions, evidence=evidence,
                runs=self._runs(job), data_dir=self._settings.data_dir,
            )  # fmt: skip
        except Exception:  # a check's bug: its verdict will be an ERROR, the batch goes on
            return ()

    def _mounts(self, task: Task) -> dict[str, Path]:
        if DATA_FIXTURE not in task.prepare:
            return {}
        return {DATA_MOUNT: data.sandbox_folder(self._settings.data_dir)}

    def _surroundings(
        self, task: Task, files: Mapping[str, bytes], mounts: Mapping[str, Path]
    ) -> Surroundings:
        hide = (self._assignment.reference_dir, self._assignment.rubric_dir)
        return Surroundings(
            prepare=task.prepare, limits=task.limits, files=files, mounts=mounts, hide=hide,
            rung=self._settings.rung,
        )  # fmt: skip

    def _resource(self, name: str) -> np.ndarray[Any, Any]:
        return data.resource(name, self._settings.data_dir)

    # -- the reference -----------------------------------------------------------------------

    def _expected(self, jobs: Sequence[_Job]) -> dict[str, dict[str, Answer]]:
        """The reference's answers to all questions of all submissions, by task and digest."""
        expected = {}
        for task in self._assignment.tasks:
            wanted: dict[str, Question] = {}
            for job in jobs:
                if job.task.id != task.id:
                    continue
                for item in task.items:
                    if item.check.reference:
                        asked = job.questions[item.id]
                        wanted |= {wire.digest(question): question for question in asked}
            expected[task.id] = self._reference(task, wanted) if wanted else {}
        return expected

    def _reference(self, task: Task, wanted: Mapping[str, Question]) -> dict[str, Answer]:
        key = f"reference:{self._assignment.digest}:{task.id}"
        known = self._store.get_evidence(key)
        answers = dict(known.answers) if known else {}
        missing = [question for digest, question in wanted.items() if digest not in answers]
        if not missing:
            return answers
        self._progress.step(REFERENCE, task.id, f"{len(missing)} questions")
        limits = replace(task.limits, notebook_seconds=task.limits.notebook_seconds + len(missing))
        surroundings = replace(self._surroundings(task, {}, self._mounts(task)), limits=limits)
        evidence = observe(
            self._masters[task.id].master, missing, surroundings,
            task=task.id, seed=0, resources=self._resource,
        )  # fmt: skip
        if evidence.ending is not Ending.COMPLETED:
            raise GraderError(
                f"{task.notebook} in {self._assignment.reference_dir} could not be run: "
                f"{evidence.message}"
            )
        answers |= evidence.answers
        self._store.put_evidence(key, replace(evidence, answers=answers))
        return answers

    # -- judging -----------------------------------------------------------------------------

    def _grade(
        self,
        submission: Submission,
        jobs: Sequence[_Job],
        expected: Mapping[str, Mapping[str, Answer]],
    ) -> Grade:
        by_task = {job.task.id: job for job in jobs}
        outcomes, evidences = {}, {}
        for task in self._assignment.tasks:
            job = by_task.get(task.id)
            evidence: Evidence | None = self._store.get_evidence(job.key) if job else None
            outcomes[task.id] = grade.judge(
                task,
                submission,
                job.questions if job else grade.plan(task, 0),
                evidence=evidence,
                expected=expected.get(task.id, {}),
                masters=self._masters.get(task.id),
                reference_dir=self._assignment.reference_dir,
                data_dir=self._settings.data_dir,
                runs=self._runs(job) if job else (),
            )
            if evidence:
                evidences[task.id] = evidence
        return scoring.score(
            submission,
            self._assignment,
            outcomes,
            evidences=evidences,
            overrides=self._store.overrides(submission.student),
        )


def read_masters(assignment: Assignment, task: Task) -> grade.Masters:
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
        return grade.Masters(
            master=notebook.read(content, path.name),
            template=notebook.read(notebook.release(content, path.name), path.name),
        )
    except notebook.NotebookProblem as problem:
        raise UsageError(f"{path}: {problem}") from None


Report = Callable[[Sequence[Grade]], None]
