"""What is asked: hidden inputs that follow from seed and submission, and further runs."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import ClassVar

import numpy as np
import pytest

from grader.checks.base import Check
from grader.core import codec
from grader.core.model import (
    Answer,
    AnswerStatus,
    Case,
    Ending,
    Evidence,
    Item,
    Limits,
    Notebook,
    Question,
    Run,
    Submission,
    Task,
    Visibility,
)
from grader.marking import plan
from grader.marking.task_work import TaskWork
from grader.retraining import runs
from tests.marking.echo import Echo


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


def test_a_stream_is_an_items_own_and_changes_with_its_name() -> None:
    one = task(Echo())
    other = replace(one, items=(replace(one.items[0], id="other"),))
    more = replace(one, items=(replace(one.items[0], id="first"), *one.items))
    assert plan.plan(other, 5)["other"] != plan.plan(one, 5)["i"]
    assert plan.plan(more, 5)["i"] == plan.plan(one, 5)["i"]  # an item before it draws elsewhere


def test_questions_to_a_courses_own_probe_bring_the_probe() -> None:
    class Own(Echo):
        sources: ClassVar[dict[str, str]] = {"echo": "def ask(names): ..."}

    (question,) = plan.plan(task(Own()), 5)["i"]
    assert question.source == "def ask(names): ..."
    (usual,) = plan.plan(task(Echo()), 5)["i"]
    assert usual.source == ""


class Words(Check):
    """Reads the notebook, and asks nothing."""

    observes: ClassVar[bool] = False


class Twice(Echo):
    """Wants two further runs."""

    def again(self, case: Case) -> tuple[Question, ...]:
        more = (Question(probe="echo", params={"run": len(case.runs)}),)
        return more if len(case.runs) < 2 else ()


class Stumbles(Echo):
    """Has a bug where it is asked for more."""

    def again(self, case: Case) -> tuple[Question, ...]:
        raise ZeroDivisionError


def work(*checks: Check, ran: bool = True, count: int = 0, audit: bool = False) -> TaskWork:
    """Work on a task with these checks, after so many further runs."""
    items = tuple(replace(task(check).items[0], id=f"i{n}") for n, check in enumerate(checks))
    one = replace(task(checks[0]), items=items)
    ending = Ending.COMPLETED if ran else Ending.SETUP_FAILED
    evidence = Evidence(task="t", ending=ending)
    return TaskWork(
        task=one,
        submission=submission(),
        questions=plan.plan(one, 5),
        evidence=evidence,
        runs=(Run(evidence=evidence, labels=np.arange(10, dtype=np.uint8)),) * count,
        audit=audit,
    )


def test_a_task_runs_if_it_has_a_notebook_that_somebody_observes() -> None:
    assert plan.needs_run(task(Echo()))
    assert not plan.needs_run(task(Words()))
    assert not plan.needs_run(replace(task(Echo()), notebook=None))


def test_a_task_trains_if_a_check_may_ask_again() -> None:
    assert not plan.trains(task(Echo()))
    assert plan.trains(task(Twice()))


def test_further_runs_are_numbered_until_the_check_has_seen_enough() -> None:
    first = plan.next_run(work(Twice()))
    assert first == (1, (Question(probe="echo", params={"run": 0}),))
    assert plan.next_run(work(Twice(), count=1))[0] == 2
    assert plan.next_run(work(Twice(), count=2)) == (runs.AUDIT, ())


def test_nothing_more_is_asked_of_a_notebook_that_could_not_be_run() -> None:
    assert plan.again(work(Twice(), ran=False)) == ()


def test_the_same_question_of_two_checks_is_asked_once() -> None:
    assert len(plan.again(work(Twice(), Twice()))) == 1


def test_a_bug_in_one_check_does_not_keep_another_from_asking() -> None:
    assert len(plan.again(work(Stumbles(), Twice()))) == 1


class Exports(Echo):
    """Asks for the trained network."""

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        return (Question(probe=plan.EXPORT),)


@pytest.mark.parametrize(
    ("value", "wanted", "asked"),
    [
        ({"classes": [1]}, True, 1),
        ({"classes": [1]}, False, 0),
        ({"problem": "none"}, True, 0),
        (None, True, 0),
    ],
)
def test_an_audit_is_made_where_it_is_wanted_and_a_network_left(
    value: object, wanted: bool, asked: int
) -> None:
    one = work(Exports(), audit=wanted)
    (question,) = one.questions["i0"]
    assert one.evidence is not None
    answered = replace(
        one.evidence,
        answers={codec.digest(question): Answer(status=AnswerStatus.OK, value=value)},
    )
    assert plan.audited(replace(one, evidence=answered)) == (question,) * asked


def test_there_is_one_audit_at_most() -> None:
    one = work(Exports(), audit=True)
    (question,) = one.questions["i0"]
    assert one.evidence is not None
    answer = Answer(status=AnswerStatus.OK, value={"classes": [1]})
    answered = replace(one.evidence, answers={codec.digest(question): answer})
    labels = np.arange(10, dtype=np.uint8)
    audit = Run(evidence=answered, labels=labels, pixels=np.arange(784))
    done = replace(one, evidence=answered, runs=(audit,))
    assert plan.audited(done) == ()


@pytest.mark.parametrize(
    ("number", "elsewhere", "more"), [(0, True, ()), (1, True, ("other_seeds",)), (1, False, ())]
)
def test_further_runs_of_a_notebook_made_for_a_gpu_have_other_seeds(
    number: int, elsewhere: bool, more: tuple[str, ...]
) -> None:
    one = replace(task(Echo()), prepare=("training",))
    network = Answer(status=AnswerStatus.OK, value={"elsewhere": elsewhere})
    first = Evidence(task="t", ending=Ending.COMPLETED, answers={"q": network})
    assert plan.prepared(one, number, first) == ("training", *more)
    assert plan.prepared(one, number, None) == ("training",)
