"""From answers to outcomes: what a check's crash, a lost answer and a missing notebook become."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import ClassVar

import pytest

from grader.checks.base import Check, failed, partial, passed
from grader.core import codec
from grader.core.model import (
    Answer,
    AnswerStatus,
    Case,
    Cell,
    CellRun,
    Ending,
    Evidence,
    Item,
    Limits,
    Notebook,
    Outcome,
    Status,
    Submission,
    Task,
    Visibility,
)
from grader.marking import plan
from grader.marking.judge import _excused, judge
from grader.marking.task_work import TaskWork
from tests.marking.echo import Echo


class Leaning(Check):
    """A function that fails, and was seen to call its base so often."""

    function: str
    base: str = ""
    ends: str = "failed"
    called: int = 1

    def calls(self, case: Case) -> int:
        return self.called

    def judge(self, case: Case) -> Outcome:
        whole = {"failed": failed("Wrong."), "passed": passed("Right.")}
        return whole.get(self.ends) or partial("0.5", "Half.")


@pytest.mark.parametrize(
    ("of_base", "own", "called", "status"),
    [
        ("failed", "failed", 1, Status.REVIEW),
        ("partial", "failed", 1, Status.REVIEW),
        ("failed", "partial", 1, Status.REVIEW),
        ("passed", "failed", 1, Status.FAILED),
        ("failed", "failed", 0, Status.FAILED),
        ("failed", "passed", 1, Status.PASSED),
    ],
)
def test_a_wrong_function_costs_none_of_its_neighbours(
    of_base: str, own: str, called: int, status: Status
) -> None:
    base, other = (
        task(check).items[0]
        for check in (
            Leaning(function="f", ends=of_base),
            Leaning(function="g", base="f", ends=own, called=called),
        )
    )
    one = replace(task(Broken()), items=(replace(base, id="f"), replace(other, id="g")))
    evidence = Evidence(task="t", ending=Ending.COMPLETED)
    work = TaskWork(
        task=one, submission=submission(), questions={"f": (), "g": ()}, evidence=evidence
    )
    found = judge(work)["g"]
    assert found.status is status
    if status is Status.REVIEW:
        assert found.share == 0
        assert found.message.startswith("It uses f, which is wrong itself: a person must look")


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
    found = _excused(
        Outcome(status=status, share=Decimal(0), message="no number"), Case(evidence=evidence)
    )
    assert found.status is expected
    told = "no number. The module tensorflow is not installed here, which may be why. "
    assert found.message.startswith(told) is (expected is Status.REVIEW)


def test_a_notebook_that_cannot_be_read_goes_to_a_person() -> None:
    one = task(Echo())
    handed_in = replace(
        submission(False), doubts={"t": "A person must look."}, missing={"t": "T.ipynb breaks off."}
    )
    work = TaskWork(task=one, submission=handed_in, questions=plan.plan(one, 5))
    found = judge(work)["i"]
    assert found.status is Status.REVIEW
    assert "T.ipynb breaks off." in found.message


def test_a_notebook_of_which_nothing_is_said_fails_with_a_sentence() -> None:
    one = task(Echo())
    handed_in = replace(submission(False), missing={})
    work = TaskWork(task=one, submission=handed_in, questions=plan.plan(one, 5))
    assert judge(work)["i"].message == "No notebook was handed in."


def test_a_run_that_ended_early_is_judged_all_the_same() -> None:
    assert outcome(Echo(), evidence(7, Ending.TIMEOUT)).status is Status.PASSED


def test_a_check_that_observes_nothing_needs_no_run() -> None:
    class Reads(Check):
        observes: ClassVar[bool] = False

        def judge(self, case: Case) -> Outcome:
            assert case.notebook is not None
            return passed(case.notebook.name)

    found = outcome(Reads(), None)
    assert (found.status, found.message) == (Status.PASSED, "T.ipynb")


@pytest.mark.parametrize("status", [s for s in AnswerStatus if s is not AnswerStatus.OK])
def test_a_reference_that_gave_no_answer_costs_nobody_a_mark(status: AnswerStatus) -> None:
    one = task(Echo())
    questions = plan.plan(one, 5)
    (question,) = questions["i"]
    broken = Answer(status=status, error="NameError: x")
    work = TaskWork(
        task=one,
        submission=submission(),
        questions=questions,
        evidence=evidence(7),
        expected={codec.digest(question): broken},
    )
    found = judge(work)["i"]
    assert found.status is Status.ERROR
    assert found.message == "The reference solution gave no answer: NameError: x"


def test_each_item_is_judged_for_itself() -> None:
    one = task(Broken())
    both = replace(one, items=(*one.items, replace(task(Echo()).items[0], id="j")))
    questions = plan.plan(both, 5)
    answers = {
        codec.digest(question): Answer(status=AnswerStatus.OK, value=7)
        for asked in questions.values()
        for question in asked
    }
    work = TaskWork(
        task=both,
        submission=submission(),
        questions=questions,
        evidence=Evidence(task="t", ending=Ending.COMPLETED, answers=answers),
        expected=answers,
    )
    found = judge(work)
    assert {name: one.status for name, one in found.items()} == {
        "i": Status.ERROR,
        "j": Status.PASSED,
    }


def test_a_long_name_of_a_missing_module_is_cut() -> None:
    error = f"ModuleNotFoundError: No module named '{'x' * 500}'"
    cell = CellRun(index=0, id="a", status="error", error=error)
    ran = Evidence(task="t", ending=Ending.COMPLETED, cells=(cell,))
    found = _excused(
        Outcome(status=Status.FAILED, share=Decimal(0), message="m."), Case(evidence=ran)
    )
    assert f"The module {'x' * 80} is not installed" in found.message


@pytest.mark.parametrize(("source", "status"), [("x = tanh", "review"), ("x = 1", "failed")])
def test_a_missing_library_excuses_only_what_the_notebook_speaks_of(
    source: str, status: str
) -> None:
    error = "ModuleNotFoundError: No module named 'tensorflow'"
    cell = CellRun(index=0, id="a", status="error", error=error)
    evidence = Evidence(task="t", ending=Ending.COMPLETED, cells=(cell,))
    notebook = Notebook(name="T.ipynb", cells=(Cell(id="a", kind="code", source=source),))
    failed = Outcome(status=Status.FAILED, share=Decimal(0), message="m.")
    found = _excused(failed, Case(evidence=evidence, notebook=notebook), "tanh")
    assert found.status == status


def test_what_fails_in_another_language_is_for_a_person_who_is_told_which() -> None:
    notebook = Notebook(name="T.ipynb", cells=(), language="R")
    failed = Outcome(status=Status.FAILED, share=Decimal(0), message="tanh is not defined.")
    found = _excused(failed, Case(notebook=notebook), "tanh")
    assert (found.status, found.message) == (
        Status.REVIEW,
        "The notebook is written in R, which is not run here: a person must look. "
        "tanh is not defined.",
    )
