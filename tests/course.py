"""A course of any size for tests: notebooks hold a number, and a run of one takes no time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import numpy as np

from grader.batch.batch import Batch, Settings
from grader.batch.engine import Engine, LocalEngine
from grader.batch.worker import Parcel, Tell
from grader.checks.base import Check, failed, passed, review
from grader.core import codec
from grader.core.model import (
    Answer,
    AnswerStatus,
    Assignment,
    Case,
    Cell,
    CellRun,
    Ending,
    Evidence,
    Item,
    LateRule,
    Limits,
    Notebook,
    Outcome,
    Question,
    Submission,
    Task,
    Visibility,
)
from grader.store.store import Store


class Sum(Check):
    """Passed if the notebook's number plus a drawn one is what the reference says, or more."""

    reference: ClassVar[bool] = True
    least: int = 0
    variant: str = ""

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        drawn = int(rng.integers(1000))
        return (Question(probe="sum", params={"drawn": drawn, "variant": self.variant}),)

    def judge(self, case: Case) -> Outcome:
        more = case.answers[0].value - case.expected[0].value
        given = {"given": str(case.answers[0].value)}
        return passed("Right.", **given) if more >= self.least else failed("Too small.", **given)


class Words(Check):
    """Always for a person."""

    observes: ClassVar[bool] = False

    def judge(self, case: Case) -> Outcome:
        assert case.notebook is not None
        given = case.notebook.cells[0].source
        return review("A person marks this.", given=given, expected="42")


class Quiet:
    """A batch's progress that nobody sees; counts what was told."""

    def __init__(self) -> None:
        self.jobs: dict[str, int] = {}
        self.stored = 0
        self.finished: list[tuple[str, str, str]] = []
        self.steps: list[tuple[str, str, str]] = []

    def start(self, jobs: Mapping[str, int], stored: int) -> None:
        self.jobs, self.stored = dict(jobs), stored

    def step(self, student: str, task: str, text: str) -> None:
        self.steps.append((student, task, text))

    def finish(self, student: str, task: str, text: str, seconds: float) -> None:
        self.finished.append((student, task, text))


def item(id: str, check: Check, points: str = "2") -> Item:
    return Item(
        id=id,
        title=f"Item {id}",
        points=Decimal(points),
        visibility=Visibility.PUBLIC,
        hint="",
        check=check,
    )


def assignment(
    folder: Path, *, points: str = "2", least: int = 0, variant: str = "", digest: str = "d"
) -> Assignment:
    """Two tasks: `sums` with a check by numbers and one for a person, `more` with a number."""
    folder.mkdir(exist_ok=True)
    cells = [{"cell_type": "code", "id": "a", "metadata": {}, "source": "10"}]
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    for name in ("Sums.ipynb", "More.ipynb"):
        (folder / name).write_text(json.dumps(content))
    total = Decimal(points) + 3
    sums = item("number", Sum(least=least, variant=variant), points)
    tasks = (
        Task(
            id="sums",
            title="Sums",
            points=Decimal(points) + 2,
            notebook="Sums.ipynb",
            limits=Limits(),
            items=(sums, item("words", Words())),
        ),
        Task(
            id="more",
            title="More",
            points=Decimal(1),
            notebook="More.ipynb",
            limits=Limits(notebook_seconds=1200),
            items=(item("again", Sum(), "1"),),
        ),
    )
    return Assignment(
        name="course",
        title="Course",
        points=total,
        pass_points=Decimal(2),
        tasks=tasks,
        due=datetime(2021, 5, 30, tzinfo=UTC),
        late=LateRule(),
        rubric_dir=folder,
        reference_dir=folder,
        digest=digest,
    )


def submission(number: int) -> Submission:
    """Student number 0, 1, 2, …; those from 10 on are right."""
    cell = Cell(id="a", kind="code", source=str(number))
    notebooks = {task: Notebook(name=f"{task}.ipynb", cells=(cell,)) for task in ("sums", "more")}
    return Submission(
        student=f"s{number:04}",
        name=f"Student {number}",
        notebooks=notebooks,
        missing={},
        digest=f"digest-{number}",
    )


def perform(parcel: Parcel, tell: Tell) -> Evidence:
    """What a run would find: the number in the notebook plus that in the question."""
    number = int(parcel.notebook.cells[0].source)
    answers = {
        codec.digest(question): Answer(
            status=AnswerStatus.OK, value=number + question.params["drawn"]
        )
        for question in parcel.questions
    }
    cells = (CellRun(index=0, id="a", status="ok"),)
    return Evidence(
        task=parcel.task,
        ending=Ending.COMPLETED,
        answers=answers,
        cells=cells,
        seed=parcel.seed,
        seconds=0.1,
        rung="fake",
    )


def batch(
    of: Assignment,
    store: Store,
    *,
    engine: Engine | None = None,
    fresh: bool = False,
    progress: Quiet | None = None,
    rung: str = "",
) -> Batch:
    """A batch with the fast runs of this module."""
    return Batch(
        of,
        store,
        Settings(seed=store.batch_seed(7), fresh=fresh, rung=rung),
        progress or Quiet(),
        engine or LocalEngine(2, perform),
    )


def graded(folder: Path, count: int = 20, start: int = 0) -> Assignment:
    """A result folder with so many graded students; the assignment they were graded by."""
    of = assignment(folder / "reference")
    with Store(folder / "grader.sqlite") as store:
        store.note(
            assignment=of.name, digest=of.digest, rubric=str(of.rubric_dir), paths="submissions"
        )
        batch(of, store).results([submission(n) for n in range(start, start + count)])
    return of


def with_text(text: str) -> Submission:
    """Student 12 with this text in place of the number in `sums`."""
    found = submission(12)
    cell = Cell(id="a", kind="code", source=text)
    changed = Notebook(name="sums.ipynb", cells=(cell,))
    return replace(found, notebooks={"sums": changed})
