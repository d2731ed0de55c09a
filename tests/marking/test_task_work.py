"""One object of a submission's task: what each check gets to see."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from grader.checks.base import Check
from grader.core import codec
from grader.core.model import (
    Answer,
    AnswerStatus,
    Cell,
    Ending,
    Evidence,
    Limits,
    Notebook,
    Question,
    QuizResponse,
    Submission,
    Task,
)
from grader.marking.masters import Masters
from grader.marking.task_work import TaskWork
from tests.course import item

ONE, TWO = Question(probe="p", params={"n": 1}), Question(probe="p", params={"n": 2})


class Asks(Check):
    """Asks both questions; the reference answers them, too."""

    reference: ClassVar[bool] = True

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        return (ONE, TWO)


class Alone(Asks):
    """Asks the reference nothing."""

    reference: ClassVar[bool] = False


def ok(value: object) -> Answer:
    return Answer(status=AnswerStatus.OK, value=value)


def book(name: str) -> Notebook:
    return Notebook(name=name, cells=(Cell(id="a", kind="code", source=name),))


def work(ending: Ending | None = Ending.COMPLETED, **more: object) -> TaskWork:
    """Work where the student answered the second question, and the reference the first."""
    items = (item("asks", Asks()), item("alone", Alone()))
    task = Task(
        id="t", title="T", points=items[0].points, notebook="T.ipynb", items=items, limits=Limits()
    )
    answers = {codec.digest(TWO): ok(22)}
    settings: dict[str, object] = {
        "task": task,
        "submission": Submission(
            student="ada", name="Ada", notebooks={"t": book("hers")}, missing={}
        ),
        "questions": {"asks": (ONE, TWO), "alone": (TWO,)},
        "evidence": Evidence(task="t", ending=ending, answers=answers) if ending else None,
        "expected": {codec.digest(ONE): ok(11)},
        "masters": Masters(master=book("solution"), template=book("stub")),
    }
    return TaskWork(**(settings | more))  # type: ignore[arg-type]


def test_answers_stand_in_the_order_of_the_questions_and_what_is_unknown_is_lost() -> None:
    one = work()
    case = one.case(one.task.items[0])
    assert case.asked == (ONE, TWO)
    assert [answer.value for answer in case.answers] == [None, 22]
    assert [answer.value for answer in case.expected] == [11, None]
    assert case.answers[0].status is case.expected[1].status is AnswerStatus.LOST


def test_a_check_without_a_reference_is_given_no_answer_of_it() -> None:
    one = work()
    case = one.case(one.task.items[1])
    assert case.expected == ()
    assert [answer.value for answer in case.answers] == [22]


def test_a_check_sees_the_three_notebooks_of_its_task(tmp_path: Path) -> None:
    one = work(reference_dir=tmp_path, data_dir=tmp_path / "data")
    case = one.case(one.task.items[0])
    assert case.notebook == book("hers")
    assert case.master == book("solution")
    assert case.template == book("stub")
    assert (case.reference_dir, case.data_dir) == (tmp_path, tmp_path / "data")
    assert (case.evidence, case.runs) == (one.evidence, ())


def test_a_task_of_a_quiz_has_the_response_and_no_notebook() -> None:
    quiz = QuizResponse(values={"v3": "1"}, source="answers.csv")
    handed_in = Submission(student="ada", name="Ada", notebooks={}, missing={}, quiz=quiz)
    one = work(ending=None, submission=handed_in, masters=None)
    case = one.case(one.task.items[0])
    assert case.quiz is quiz
    assert (case.notebook, case.master, case.template) == (None, None, None)


@pytest.mark.parametrize(
    ("ending", "was_run"),
    [(None, False), (Ending.SETUP_FAILED, False)]
    + [(ending, True) for ending in Ending if ending is not Ending.SETUP_FAILED],
)
def test_a_notebook_was_run_however_that_ended(ending: Ending | None, was_run: bool) -> None:
    assert work(ending).was_run is was_run
