"""The reference is asked what is not known yet, once more where it did not answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from grader.batch import ask_reference
from grader.batch.worker import Parcel
from grader.core import codec
from grader.core.errors import GraderError
from grader.core.model import Answer, AnswerStatus, Assignment, Ending, Evidence, Task
from grader.marking import plan
from grader.marking.reference import Reference
from grader.store.store import Store
from tests.course import assignment


class Runs:
    """Answers each question with 7, but for those of `fail`: these raise for so many times."""

    def __init__(self, fail: int = 0, ending: Ending = Ending.COMPLETED) -> None:
        self.asked: list[tuple[str, int]] = []
        self.parcels: list[Parcel] = []
        self._fail, self._ending = fail, ending

    def __call__(self, task: Task, parcel: Parcel) -> Evidence:
        self.asked.append((task.id, len(parcel.questions)))
        self.parcels.append(parcel)
        status = AnswerStatus.RAISED if len(self.asked) <= self._fail else AnswerStatus.OK
        answers = {
            codec.digest(question): Answer(status=status, value=7, error="late")
            for question in parcel.questions
        }
        return Evidence(task=task.id, ending=self._ending, message="no memory", answers=answers)


@pytest.fixture
def of(tmp_path: Path) -> Assignment:
    return assignment(tmp_path / "reference")


@pytest.fixture
def reference(tmp_path: Path, of: Assignment) -> Iterator[Reference]:
    with Store(tmp_path / "grader.sqlite") as store:
        yield Reference(of, store)


def ask(reference: Reference, wanted: Sequence[tuple[Task, int]], run: Runs, **more: bool) -> Runs:
    ask_reference.observe(reference, wanted, run, "bubblewrap", **more)
    return run


def value(reference: Reference, task: Task, seed: int) -> list[object]:
    return [answer.value for answer in reference.expected(task, plan.plan(task, seed)).values()]


def test_all_of_a_task_is_asked_in_one_run(reference: Reference, of: Assignment) -> None:
    sums, more = of.tasks
    run = ask(reference, [(sums, 1), (more, 1), (sums, 2), (sums, 3)], Runs())
    assert run.asked == [("sums", 3), ("more", 1)]
    assert [value(reference, sums, seed) for seed in (1, 2, 3)] == [[7]] * 3


def test_what_is_known_is_not_asked_again(reference: Reference, of: Assignment) -> None:
    sums, _ = of.tasks
    ask(reference, [(sums, 1)], Runs())
    assert ask(reference, [(sums, 1), (sums, 2)], Runs()).asked == [("sums", 1)]
    assert ask(reference, [(sums, 1), (sums, 2)], Runs()).asked == []


def test_a_fresh_batch_asks_all_again(reference: Reference, of: Assignment) -> None:
    sums, _ = of.tasks
    ask(reference, [(sums, 1)], Runs())
    assert ask(reference, [(sums, 1)], Runs(), fresh=True).asked == [("sums", 1)]


def test_two_submissions_with_the_same_inputs_ask_once(
    reference: Reference, of: Assignment
) -> None:
    sums, _ = of.tasks
    assert ask(reference, [(sums, 1), (sums, 1)], Runs()).asked == [("sums", 1)]


def test_a_run_has_no_more_questions_than_it_can_take(
    reference: Reference, of: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask_reference, "CHUNK", 2)
    sums, _ = of.tasks
    run = ask(reference, [(sums, seed) for seed in range(5)], Runs())
    assert run.asked == [("sums", 2), ("sums", 2), ("sums", 1)]


def test_its_parcel_is_the_master_with_time_for_each_question(
    reference: Reference, of: Assignment
) -> None:
    sums, _ = of.tasks
    (parcel,) = ask(reference, [(sums, 1), (sums, 2)], Runs()).parcels
    assert [cell.source for cell in parcel.notebook.cells] == ["10"]
    assert parcel.limits.notebook_seconds == sums.limits.notebook_seconds + 2
    assert (parcel.rung, parcel.seed, parcel.number) == ("bubblewrap", 0, 0)
    assert (parcel.files, parcel.hide) == ({}, ())


def test_what_had_no_answer_is_asked_once_more(reference: Reference, of: Assignment) -> None:
    sums, _ = of.tasks
    run = ask(reference, [(sums, 1), (sums, 2)], Runs(fail=1))
    assert run.asked == [("sums", 2), ("sums", 2)]
    assert value(reference, sums, 1) == [7]


def test_what_has_no_answer_twice_is_no_fact(reference: Reference, of: Assignment) -> None:
    sums, _ = of.tasks
    run = ask(reference, [(sums, 1)], Runs(fail=2))
    assert run.asked == [("sums", 1), ("sums", 1)]
    (answer,) = reference.expected(sums, plan.plan(sums, 1)).values()
    assert (answer.status, answer.error) == (AnswerStatus.RAISED, "late")


@pytest.mark.parametrize("ending", [end for end in Ending if end is not Ending.COMPLETED])
def test_a_reference_that_does_not_end_well_stops_the_batch(
    reference: Reference, of: Assignment, ending: Ending
) -> None:
    with pytest.raises(GraderError, match=r"Sums\.ipynb in .* could not be run: no memory"):
        ask(reference, [(of.tasks[0], 1)], Runs(ending=ending))


def test_a_task_that_asks_the_reference_nothing_is_not_run(tmp_path: Path, of: Assignment) -> None:
    words = replace(of.tasks[0], items=of.tasks[0].items[1:])
    with Store(tmp_path / "other.sqlite") as store:
        quiet = Reference(replace(of, tasks=(words,)), store)
        assert ask(quiet, [(words, 1)], Runs()).asked == []
