"""The reference's answers: kept under what made them, found again, and never those of another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grader.core import codec, library_versions
from grader.core.model import Answer, AnswerStatus, Assignment, Mistake, Task
from grader.marking import plan, typical_mistakes
from grader.marking.reference import Reference
from grader.store.store import Store
from tests.course import assignment

SEVEN = Answer(status=AnswerStatus.OK, value=7)


@pytest.fixture
def of(tmp_path: Path) -> Assignment:
    """An assignment whose first item has a typical mistake."""
    made = assignment(tmp_path / "reference")
    number, words = made.tasks[0].items
    mistake = Mistake(name="slip", code="x = 1", hint="Mind the slip.")
    changed = replace(made.tasks[0], items=(replace(number, mistakes=(mistake,)), words))
    return replace(made, tasks=(changed, made.tasks[1]))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "grader.sqlite") as opened:
        yield opened


def keys(task: Task, seed: int = 5) -> list[str]:
    """Digests of what the reference is asked for a submission of this seed."""
    planned = plan.plan(task, seed)
    return [
        codec.digest(q) for item in task.items if item.check.reference for q in planned[item.id]
    ]


def test_what_it_answered_is_found_by_a_later_batch(of: Assignment, store: Store) -> None:
    (task, _) = of.tasks
    before, after = Reference(of, store), Reference(of, store)
    before.begin(task)
    assert before.expected(task, plan.plan(task, 5)) == {}
    assert before.keep(task, dict.fromkeys(keys(task), SEVEN)) == {}
    assert after.expected(task, plan.plan(task, 5)) == dict.fromkeys(keys(task), SEVEN)
    assert after.expected(task, plan.plan(task, 6)) == {}  # other hidden inputs


def test_what_was_kept_without_a_batch_does_not_count(of: Assignment, store: Store) -> None:
    (task, _) = of.tasks
    reference = Reference(of, store)
    reference.keep(task, dict.fromkeys(keys(task), SEVEN))
    assert reference.expected(task, plan.plan(task, 5)) == {}


@pytest.mark.parametrize("change", ["notebook", "fixtures"])
def test_answers_of_another_reference_do_not_count(
    of: Assignment, store: Store, change: str
) -> None:
    (task, _) = of.tasks
    reference = Reference(of, store)
    reference.begin(task)
    reference.keep(task, dict.fromkeys(keys(task), SEVEN))
    if change == "notebook":
        path = of.reference_dir / "Sums.ipynb"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"metadata": {"new": 1}}))
    else:
        task = replace(task, prepare=("figures",))
    assert Reference(of, store).expected(task, plan.plan(task, 5)) == {}


def test_marking_again_elsewhere_takes_the_answers_of_the_last_batch(
    of: Assignment, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A teaching assistant's laptop may have other libraries than the cluster."""
    (task, _) = of.tasks
    reference = Reference(of, store)
    reference.begin(task)
    reference.keep(task, dict.fromkeys(keys(task), SEVEN))
    monkeypatch.setattr(library_versions, "digest", lambda: "other")
    elsewhere = Reference(of, store)
    assert elsewhere.expected(task, plan.plan(task, 5)) == dict.fromkeys(keys(task), SEVEN)
    elsewhere.begin(task)  # a batch there asks anew
    assert elsewhere.expected(task, plan.plan(task, 5)) == {}


def test_what_is_no_answer_is_told_and_asked_again(of: Assignment, store: Store) -> None:
    (task, _) = of.tasks
    reference = Reference(of, store)
    reference.begin(task)
    (key,) = keys(task)
    raised = Answer(status=AnswerStatus.RAISED, error="NameError: x")
    assert reference.keep(task, {key: raised}) == {key: raised}
    assert reference.expected(task, plan.plan(task, 5)) == {key: raised}
    assert Reference(of, store).expected(task, plan.plan(task, 5)) == {}
    reference.keep(task, {key: SEVEN})
    assert reference.expected(task, plan.plan(task, 5)) == {key: SEVEN}


def test_a_fresh_batch_forgets_what_was_known(of: Assignment, store: Store) -> None:
    (task, _) = of.tasks
    reference = Reference(of, store)
    reference.begin(task)
    reference.keep(task, dict.fromkeys(keys(task), SEVEN))
    reference.begin(task)
    assert reference.expected(task, plan.plan(task, 5)) != {}
    reference.begin(task, fresh=True)
    assert reference.expected(task, plan.plan(task, 5)) == {}


def test_tasks_that_ask_the_reference_nothing_are_left_out(of: Assignment, store: Store) -> None:
    words = replace(of.tasks[0], items=of.tasks[0].items[1:])
    quiet = replace(of, tasks=(words, of.tasks[1]))
    assert [task.id for task in Reference(quiet, store).tasks] == ["more"]
    assert Reference(quiet, store).expected(words, plan.plan(words, 5)) == {}


def test_each_task_with_a_notebook_has_its_master(of: Assignment, store: Store) -> None:
    sums = replace(of.tasks[0], items=of.tasks[0].items[1:])
    without = replace(of, tasks=(sums, replace(of.tasks[1], notebook=None)))
    found = Reference(without, store).masters
    assert list(found) == ["sums"]
    assert found["sums"].master.cells[0].source == "10"


def test_what_a_mistake_answers_is_kept_by_its_code(of: Assignment, store: Store) -> None:
    (task, _) = of.tasks
    (question,) = plan.plan(task, 5)["number"]
    name = typical_mistakes.key("number", "slip", question)
    reference = Reference(of, store)
    reference.begin(task)
    asked = [{"number": (question,)}]
    assert reference.known_mistakes(task, asked) == {}
    reference.keep_mistakes(task, {name: SEVEN})
    assert reference.known_mistakes(task, asked) == {name: SEVEN}
    number, words = task.items
    other = replace(number, mistakes=(replace(number.mistakes[0], code="x = 2"),))
    assert reference.mistakes_key(replace(task, items=(other, words))) != reference.mistakes_key(
        task
    )


@pytest.mark.parametrize("status", [AnswerStatus.LOST, AnswerStatus.MALFORMED])
def test_a_mistake_that_could_not_be_heard_is_asked_again(
    of: Assignment, store: Store, status: AnswerStatus
) -> None:
    (task, _) = of.tasks
    (question,) = plan.plan(task, 5)["number"]
    name = typical_mistakes.key("number", "slip", question)
    reference = Reference(of, store)
    reference.begin(task)
    reference.keep_mistakes(task, {name: Answer(status=status)})
    assert reference.known_mistakes(task, [{"number": (question,)}]) == {}


def test_without_mistakes_nothing_is_looked_up(of: Assignment, store: Store) -> None:
    more = of.tasks[1]
    asked = [{"again": plan.plan(more, 5)["again"]}]
    assert Reference(of, store).known_mistakes(more, asked) == {}
