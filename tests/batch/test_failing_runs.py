"""Runs of every number and kind fail: nobody passes on less than the rule of the item asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.batch.batch import Batch, Settings
from grader.batch.engine import LocalEngine
from grader.batch.worker import Parcel, Tell
from grader.checks.trained_network.accuracy import RetrainedAccuracy
from grader.core import codec
from grader.core.errors import GraderError
from grader.core.model import (
    Answer,
    AnswerStatus,
    Assignment,
    CellRun,
    Ending,
    Evidence,
    Limits,
    Outcome,
    Status,
)
from grader.retraining import runs
from grader.retraining.datasets import fashion_mnist
from grader.store.store import Store
from tests import course

LABELS = (np.arange(10_000) % 10).astype(np.uint8)
NETWORK = {
    "name": "model",
    "layers": [],
    "parameters": 1000,
    "steps": 10,
    "networks": 1,
    "calls": [],
    "output": [4, 10],
    "evaluated": True,
}
Perform = Callable[[Parcel, Tell], Evidence]
CLEAR, CLOSE = (90.0, 90.1), (82.2, 82.4, 83.9, 84.0, 84.1)
CLOSEST = (82.9, 82.2, 83.3, 82.4, 83.2)
"""Passes with the last of five runs."""


@pytest.fixture(autouse=True)
def made_up_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fashion_mnist, "load", lambda split, folder=None: (None, LABELS))


def training(folder: Path, **limits: int) -> Assignment:
    """An assignment of one network that must reach 82 %."""
    of = course.assignment(folder / "reference")
    one = replace(
        of.tasks[1], items=(course.item("net", RetrainedAccuracy(), "1"),), limits=Limits(**limits)
    )
    return replace(of, tasks=(one,), points=Decimal(1), pass_points=Decimal(1))


def trained(parcel: Parcel, percent: float) -> Evidence:
    """A run whose network reaches this accuracy under the classes of this run."""
    classes = LABELS.copy()
    wrong = (np.arange(round(10_000 - percent * 100)) + 2000 * (parcel.number % 5)) % 10_000
    classes[wrong] = (classes[wrong] + 1) % 10
    if parcel.number:
        classes = runs.order(parcel.seed, parcel.number)[classes]
    export = {"problem": "", "classes": classes, "agree": 1.0, "before": 0.1, "moved": 1.5}
    values: dict[str, Any] = {"network": NETWORK, "export": export, "histories": {}, "figures": []}
    return Evidence(
        task=parcel.task,
        ending=Ending.COMPLETED,
        cells=(CellRun(index=0, id="a", status="ok"),),
        answers={
            codec.digest(q): Answer(status=AnswerStatus.OK, value=values[q.probe])
            for q in parcel.questions
        },
        seconds=10.0,
    )


def performing(accuracies: tuple[float, ...], number: int = -1, how: str = "") -> Perform:
    """Runs that reach these, but the one of this number ends so."""

    def perform(parcel: Parcel, tell: Tell) -> Evidence:
        if parcel.number == number:
            return broken(parcel, how)
        return trained(parcel, accuracies[parcel.number % runs.AUDIT])

    return perform


def broken(parcel: Parcel, how: str) -> Evidence:
    if how == "raises":
        raise GraderError("No space left on device")
    lost = Answer(status=AnswerStatus.LOST, error=f"The {how} gave out.")
    answers = {codec.digest(question): lost for question in parcel.questions}
    cells = () if how == "setup_failed" else (CellRun(index=0, id="a", status="died"),)
    return Evidence(
        task=parcel.task,
        ending=Ending(how),
        message=f"The {how} gave out.",
        answers=answers,
        cells=cells,
        seconds=10.0,
    )


def outcome(
    folder: Path, of: Assignment, perform: Perform, *, audit: bool = False, fresh: bool = False
) -> Outcome:
    with Store(folder / "grader.sqlite") as store:
        settings = Settings(seed=store.batch_seed(7), audit=audit, fresh=fresh)
        work = Batch(of, store, settings, course.Quiet(), LocalEngine(1, perform))
        (grade,) = work.run([course.submission(12)])
    return grade.tasks[0].items[0].outcome


ENDINGS = [e.value for e in Ending if e is not Ending.COMPLETED]


@pytest.mark.parametrize("how", ["raises", *ENDINGS])
@pytest.mark.parametrize(
    ("number", "accuracies"),
    [(0, CLEAR), (1, CLEAR), (1, CLOSE), (2, CLOSE), (3, CLOSE), (4, CLOSEST)],
)
def test_no_item_passes_where_a_run_that_its_rule_asks_for_failed(
    tmp_path: Path, number: int, accuracies: tuple[float, ...], how: str
) -> None:
    of = training(tmp_path)
    found = outcome(tmp_path, of, performing(accuracies, number, how))
    never_made = how in ("raises", "setup_failed")
    # Who printed too much may have trained well until then.
    own_end = number == 0 and not never_made and how != "output"
    expected = Status.ERROR if never_made else Status.FAILED if own_end else Status.REVIEW
    assert (found.status, found.share) == (expected, Decimal(0)), found.message
    assert ("No space left" if how == "raises" else f"The {how} gave out.") in found.message


@pytest.mark.parametrize("number", [0, 1])
def test_a_run_that_could_not_be_set_up_is_made_by_the_next_batch(
    tmp_path: Path, number: int
) -> None:
    of = training(tmp_path)
    assert outcome(tmp_path, of, performing(CLEAR, number, "raises")).status is Status.ERROR
    again = outcome(tmp_path, of, performing(CLEAR))
    assert (again.status, again.details["accuracies"]) == (Status.PASSED, [90.0, 90.1])


@pytest.mark.parametrize("accuracies", [CLEAR, CLOSEST])
def test_all_runs_that_a_rule_asks_for_are_a_pass(
    tmp_path: Path, accuracies: tuple[float, ...]
) -> None:
    found = outcome(tmp_path, training(tmp_path), performing(accuracies))
    assert (found.status, found.details["accuracies"]) == (Status.PASSED, [*accuracies])


@pytest.mark.parametrize("how", ["raises", *ENDINGS])
def test_an_audit_that_was_asked_for_and_failed_is_no_pass(tmp_path: Path, how: str) -> None:
    of = training(tmp_path)
    found = outcome(tmp_path, of, performing(CLEAR, runs.AUDIT, how), audit=True)
    never_made = how in ("raises", "setup_failed")
    assert (found.status, found.share) == (
        Status.ERROR if never_made else Status.REVIEW,
        Decimal(0),
    ), found.message
    assert ("trained in an audit" if never_made else "audit") in found.message
    if never_made:
        again = outcome(tmp_path, of, performing(CLEAR), audit=True)
        assert again.status is Status.PASSED


def test_runs_of_an_earlier_process_count_for_the_time_of_a_submission(tmp_path: Path) -> None:
    of = training(tmp_path, submission_seconds=15)
    interrupted = outcome(tmp_path, of, performing(CLOSE, 1, "raises"))
    assert interrupted.status is Status.ERROR
    resumed = outcome(tmp_path, of, performing(CLOSE))
    assert resumed.details["accuracies"] == [82.2, 82.4]  # 10 s, then 20 s
    assert (resumed.status, resumed.share) == (Status.REVIEW, Decimal(0))
    assert "took more than 15 s together. A person must decide." in resumed.message


def test_more_time_for_a_submission_goes_on_where_it_stopped(tmp_path: Path) -> None:
    outcome(tmp_path, training(tmp_path, submission_seconds=15), performing(CLOSE))
    made: list[int] = []

    def counted(parcel: Parcel, tell: Tell) -> Evidence:
        made.append(parcel.number)
        return performing(CLOSE)(parcel, tell)

    more = outcome(tmp_path, training(tmp_path, submission_seconds=3600), counted)
    assert made == [2, 3, 4][: len(made)]
    assert made and more.status is not Status.ERROR


# --- the reference ----------------------------------------------------------------------------


def late(times: int) -> tuple[Perform, list[int]]:
    """Runs in which the reference's first answer comes too late so often; how often it ran."""
    asked: list[int] = []

    def perform(parcel: Parcel, tell: Tell) -> Evidence:
        found = course.perform(parcel, tell)
        if parcel.seed == 0:
            asked.append(len(parcel.questions))
            if len(asked) <= times:
                first = next(iter(found.answers))
                timeout = Answer(status=AnswerStatus.TIMEOUT, error="no answer within 20 s")
                return replace(found, answers={**found.answers, first: timeout})
        return found

    return perform, asked


def numbers(folder: Path, perform: Perform, *, fresh: bool = False) -> list[Outcome]:
    """The outcomes of the item `number` of students 10 and 11."""
    of = course.assignment(folder / "reference")
    with Store(folder / "grader.sqlite") as store:
        work = course.batch(of, store, engine=LocalEngine(1, perform), fresh=fresh)
        grades = work.run([course.submission(10), course.submission(11)])
    return [grade.tasks[0].items[0].outcome for grade in grades]


def test_an_answer_of_the_reference_that_came_late_is_asked_once_more(tmp_path: Path) -> None:
    perform, asked = late(1)
    assert [found.status for found in numbers(tmp_path, perform)] == [Status.PASSED] * 2
    assert asked == [2, 1, 2]


def test_what_the_reference_never_answered_is_said_and_asked_by_the_next_batch(
    tmp_path: Path,
) -> None:
    first, second = numbers(tmp_path, late(2)[0])
    assert (first.status, second.status) == (Status.ERROR, Status.PASSED)
    assert first.message == "The reference solution gave no answer: no answer within 20 s"
    perform, asked = late(0)
    assert [found.status for found in numbers(tmp_path, perform)] == [Status.PASSED] * 2
    assert asked == [1]


def test_fresh_asks_the_reference_anew(tmp_path: Path) -> None:
    numbers(tmp_path, late(0)[0])
    perform, asked = late(0)
    numbers(tmp_path, perform)
    assert asked == []
    numbers(tmp_path, perform, fresh=True)
    assert asked == [2, 2]
