"""From answers to outcomes: what a check's crash, a lost answer and a missing notebook become."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

import numpy as np
import pytest

from grader.checks.base import Check, passed
from grader.core import codec
from grader.core.model import (
    Answer,
    AnswerStatus,
    Case,
    CellRun,
    Ending,
    Evidence,
    Item,
    Limits,
    Notebook,
    Outcome,
    Question,
    Status,
    Submission,
    Task,
    Visibility,
)
from grader.marking import plan
from grader.marking.judge import _excused, judge
from grader.marking.task_work import TaskWork


class Echo(Check):
    """Passes if the first answer is the number it asked for."""

    reference: ClassVar[bool] = True

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        return (Question(probe="echo", params={"x": int(rng.integers(1 << 30))}),)

    def judge(self, case: Case) -> Outcome:
        assert case.answers[0].value == case.expected[0].value
        return passed("right")


class Broken(Check):
    """A check with a bug."""

    def judge(self, case: Case) -> Outcome:
        raise ZeroDivisionError("oops")


def task(check: Check) -> Task:
    item = Item(
        id="i", title="I", points=Decimal(1), visibility=Visibility.HIDDEN, hint="", check=check
    )
    return Task(
        id="t", title="T", points=Decimal(1), notebook="T.ipynb", items=(item,), limits=Limits()
    )


def submission(with_notebook: bool = True) -> Submission:
    notebook = Notebook(name="T.ipynb", cells=())
    return Submission(
        student="ada",
        name="Ada",
        notebooks={"t": notebook} if with_notebook else {},
        missing={} if with_notebook else {"t": "T.ipynb was not handed in."},
        digest="d",
    )


def outcome(check: Check, evidence: Evidence | None, *, handed_in: bool = True) -> Outcome:
    """The outcome of the only item, with the reference answering 7 to every question."""
    one = task(check)
    questions = plan.plan(one, 5)
    expected = {
        codec.digest(q): Answer(status=AnswerStatus.OK, value=7)
        for qs in questions.values()
        for q in qs
    }
    work = TaskWork(
        task=one,
        submission=submission(handed_in),
        questions=questions,
        evidence=evidence,
        expected=expected,
    )
    return judge(work)["i"]


def evidence(value: int, ending: Ending = Ending.COMPLETED) -> Evidence:
    (question,) = plan.plan(task(Echo()), 5)["i"]
    answers = {codec.digest(question): Answer(status=AnswerStatus.OK, value=value)}
    return Evidence(task="t", ending=ending, message="why", answers=answers)


def test_a_right_answer_passes() -> None:
    assert outcome(Echo(), evidence(7)).status is Status.PASSED


def test_a_crash_of_a_check_is_an_error_and_no_mark() -> None:
    found = outcome(Echo(), evidence(8))
    assert (found.status, found.share) == (Status.ERROR, Decimal(0))
    assert "AssertionError" in found.message


def test_a_bug_in_a_check_is_an_error_that_names_it() -> None:
    assert "ZeroDivisionError: oops" in outcome(Broken(), evidence(7)).message


def test_a_sandbox_that_would_not_start_is_an_error_not_a_zero() -> None:
    found = outcome(Echo(), evidence(7, Ending.SETUP_FAILED))
    assert found.status is Status.ERROR
    assert found.message == "The notebook could not be run: why"


def test_a_notebook_that_was_not_handed_in_fails_with_the_reason() -> None:
    found = outcome(Echo(), None, handed_in=False)
    assert (found.status, found.message) == (Status.FAILED, "T.ipynb was not handed in.")


@pytest.mark.parametrize("change", ["seed", "student", "digest"])
def test_hidden_inputs_follow_from_seed_and_submission(change: str) -> None:
    one = Submission(student="ada", name="", notebooks={}, missing={}, digest="d")
    other = Submission(
        student="bob" if change == "student" else "ada",
        name="",
        notebooks={},
        missing={},
        digest="e" if change == "digest" else "d",
    )
    first = plan.submission_seed(1, one)
    assert first == plan.submission_seed(1, one)
    assert first != plan.submission_seed(2 if change == "seed" else 1, other)


def test_each_item_draws_from_a_stream_of_its_own() -> None:
    first = plan.plan(task(Echo()), 5)
    again = plan.plan(task(Echo()), 5)
    other = plan.plan(task(Echo()), 6)
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("status", "expected"),
    [(Status.FAILED, Status.REVIEW), (Status.PASSED, Status.PASSED), (Status.ERROR, Status.ERROR)],
)
def test_what_fails_where_a_library_is_missing_here_goes_to_a_person(
    status: Status, expected: Status
) -> None:
    cell = CellRun(
        index=0, id="a", status="error", error="ModuleNotFoundError: No module named 'tensorflow'"
    )
    evidence = Evidence(task="t", ending=Ending.COMPLETED, cells=(cell,))
    found = _excused(Outcome(status=status, share=Decimal(0), message="m."), evidence)
    assert found.status is expected
    assert ("tensorflow is not installed here" in found.message) is (expected is Status.REVIEW)
