"""What typical mistakes are asked: of lost items alone, once, each in the place of the master."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from grader.batch import ask_mistakes
from grader.batch.ask_many import Ask
from grader.batch.ask_mistakes import Wanted, wanted
from grader.checks.base import Check
from grader.core import codec
from grader.core.errors import UsageError
from grader.core.model import (
    Answer,
    AnswerStatus,
    Cell,
    Item,
    Limits,
    Mistake,
    Notebook,
    Question,
    Task,
)
from grader.marking.stored_work import StoredWork
from grader.marking.typical_mistakes import key
from grader.store.store import Store
from tests import course
from tests.course import item

SLIP = Mistake(name="slip", code="def f(x):\n    return x + 1\n", hint="Mind the slip.")
MASTER = Notebook(name="m", cells=(Cell(id="f", kind="code", source="def f(x):\n    return x"),))


def asks(n: int, probe: str = "call_function") -> Question:
    return Question(probe=probe, params={"name": "f", "points": n})


class Calls(Check):
    """Calls a function with a number of its own."""

    reference: ClassVar[bool] = True
    n: int = 0

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        return (asks(self.n),)


def slipped(id: str = "i", *mistakes: Mistake) -> Item:
    return replace(item(id, Calls()), mistakes=mistakes or (SLIP,))


def test_each_mistake_is_asked_what_was_asked_of_who_lost_its_item() -> None:
    (found,) = wanted([slipped()], [{"i": (asks(1),)}, {"i": (asks(2),)}], {})
    assert (found.item.id, found.name, found.code) == ("i", "slip", SLIP.code)
    assert found.questions == (asks(1), asks(2))


def test_the_same_question_of_two_students_is_asked_once() -> None:
    (found,) = wanted([slipped()], [{"i": (asks(1),)}, {"i": (asks(1),)}], {})
    assert found.questions == (asks(1),)


def test_what_is_known_is_not_asked() -> None:
    known = {key("i", "slip", asks(1)): Answer(status=AnswerStatus.OK, value=2)}
    (found,) = wanted([slipped()], [{"i": (asks(1), asks(2))}], known)
    assert found.questions == (asks(2),)
    assert wanted([slipped()], [{"i": (asks(1),)}], known) == []


def test_items_that_nobody_lost_or_without_mistakes_are_left_out() -> None:
    plain = item("plain", Calls())
    assert wanted([slipped(), plain], [{"plain": (asks(1),)}], {}) == []


def test_each_mistake_of_an_item_is_asked_for_itself() -> None:
    other = replace(SLIP, name="other", code="def f(x):\n    return -x\n")
    found = wanted([slipped("i", SLIP, other)], [{"i": (asks(1),)}], {})
    assert [one.name for one in found] == ["slip", "other"]


def test_what_asks_about_a_run_can_not_be_asked_of_a_mistake() -> None:
    assert wanted([slipped()], [{"i": (asks(1, "export"),)}], {}) == []


class Apart:
    """In the place of `Runs`: keeps what is asked; each answer is the number that was asked for."""

    def __init__(self) -> None:
        self.asked: list[Sequence[Ask]] = []

    def answers(self, asks: Sequence[Ask], task: Task, *, seed: int) -> list[dict[str, Answer]]:
        self.asked.append(asks)
        return [
            {
                codec.digest(q): Answer(status=AnswerStatus.OK, value=q.params["points"])
                for q in one.questions
            }
            for one in asks
        ]


def observe(runs: Apart, *asked: Wanted) -> dict[str, Answer]:
    task = Task(
        id="t", title="T", points=Decimal(2), notebook="m", items=(slipped(),), limits=Limits()
    )
    return ask_mistakes.observe(asked, MASTER, task, runs)  # type: ignore[arg-type]


def test_answers_come_by_item_mistake_and_question() -> None:
    one = Wanted(item=slipped(), name="slip", code=SLIP.code, questions=(asks(1), asks(2)))
    runs = Apart()
    found = observe(runs, one)
    assert {name: answer.value for name, answer in found.items()} == {
        key("i", "slip", asks(1)): 1,
        key("i", "slip", asks(2)): 2,
    }
    ((ask,),) = runs.asked
    assert "return x + 1" in ask.notebook.cells[0].source


def test_code_that_does_not_fit_the_reference_is_told_with_its_file() -> None:
    runs = Apart()
    bad = Wanted(item=slipped(), name="slip.py", code="def f(:", questions=(asks(1),))
    with pytest.raises(UsageError, match=r"mistakes/slip\.py: this is no Python"):
        observe(runs, bad)
    assert runs.asked == []


@pytest.fixture
def work(tmp_path: Path) -> Iterator[StoredWork]:
    """Four graded students, two of whom lost an item that has a typical mistake."""
    of = course.graded(tmp_path, 4, start=8)
    number, words = of.tasks[0].items
    slip = replace(SLIP, code="# cell: a\n11\n")
    sums = replace(of.tasks[0], items=(replace(number, mistakes=(slip,)), words))
    with Store(tmp_path / "grader.sqlite") as store:
        yield StoredWork(replace(of, tasks=(sums, of.tasks[1])), store, None)


STUDENTS = ["s0008", "s0009", "s0010", "s0011"]


def possible(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the probe of the fast course could be asked apart."""
    monkeypatch.setattr(ask_mistakes, "is_possible", lambda questions: True)


def test_only_who_lost_an_item_is_looked_at(
    work: StoredWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    possible(monkeypatch)
    ((students, found),) = ask_mistakes.wanted_by(work, work.assignment.tasks[0], STUDENTS)
    assert students == ["s0008", "s0009"]
    (one,) = found
    assert (one.name, len(one.questions)) == ("slip", 2)


def test_students_are_looked_at_some_at_a_time(
    work: StoredWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    possible(monkeypatch)
    monkeypatch.setattr(ask_mistakes, "SUBMISSIONS", 1)
    found = list(ask_mistakes.wanted_by(work, work.assignment.tasks[0], STUDENTS))
    assert [students for students, _ in found] == [["s0008"], ["s0009"]]


def test_where_nobody_lost_anything_nothing_comes(work: StoredWork) -> None:
    assert list(ask_mistakes.wanted_by(work, work.assignment.tasks[1], STUDENTS)) == []
