"""From what a store holds to verdicts: further runs, time, what was never observed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader.core.model import Assignment, Ending, Evidence, Limits, Status
from grader.marking.stored_work import StoredWork
from grader.retraining import runs
from grader.store.keys import run_key
from grader.store.store import Store
from tests.course import Sum, assignment, graded, item, submission


@pytest.fixture
def of(tmp_path: Path) -> Assignment:
    return graded(tmp_path, 2, start=9)


@pytest.fixture
def store(tmp_path: Path, of: Assignment) -> Iterator[Store]:
    with Store(tmp_path / "grader.sqlite") as opened:
        yield opened


def key(store: Store, student: str = "s0010", task: str = "sums") -> tuple[str, int]:
    found = store.run(student, task)
    assert found is not None
    return found


def ran(ending: Ending = Ending.COMPLETED, message: str = "") -> Evidence:
    return Evidence(task="sums", ending=ending, message=message)


def test_what_a_batch_found_is_found_again(store: Store, of: Assignment) -> None:
    work = StoredWork(of, store, None).of(store.submission("s0010"), of.tasks[0])
    assert work.evidence is not None
    assert work.evidence.rung == "fake"
    assert len(work.expected) == 1
    assert work.masters is not None
    assert (work.runs, work.unmade, work.out_of_time) == ((), "", "")


def test_a_submission_that_was_never_run_has_no_evidence(store: Store, of: Assignment) -> None:
    work = StoredWork(of, store, None).of(submission(99), of.tasks[0])
    assert (work.evidence, work.runs) == (None, ())
    assert not work.was_run


def test_further_runs_come_in_order_with_their_secret_classes(store: Store, of: Assignment) -> None:
    name, seed = key(store)
    for number in (1, 2):
        store.put_evidence(run_key(name, number), ran(message=f"run {number}"))
    store.put_evidence(run_key(name, runs.AUDIT), ran(message="audit"))
    found = StoredWork(of, store, None).of(store.submission("s0010"), of.tasks[0]).runs
    assert [run.evidence.message for run in found] == ["run 1", "run 2", "audit"]
    for number, run in enumerate(found[:2], 1):
        assert np.array_equal(run.labels, runs.order(seed, number))
        assert run.pixels is None
    assert found[2].pixels is not None
    assert np.array_equal(found[2].pixels, runs.moved(seed))


def test_a_run_that_could_not_be_set_up_is_none_and_its_reason_is_told(
    store: Store, of: Assignment
) -> None:
    name, _ = key(store)
    store.put_evidence(run_key(name, 1), ran())
    store.put_evidence(run_key(name, 2), ran(Ending.SETUP_FAILED, "no memory"))
    store.put_evidence(run_key(name, 3), ran())
    work = StoredWork(of, store, None).of(store.submission("s0010"), of.tasks[0])
    assert len(work.runs) == 1
    assert work.unmade == "no memory"


def test_runs_of_one_student_are_not_anothers(store: Store, of: Assignment) -> None:
    name, _ = key(store)
    store.put_evidence(run_key(name, 1), ran())
    other = StoredWork(of, store, None).of(store.submission("s0009"), of.tasks[0])
    assert other.runs == ()


def test_each_item_has_its_outcome(store: Store, of: Assignment) -> None:
    work = StoredWork(of, store, None)
    right, wrong = (work.verdicts(store.submission(who)) for who in ("s0010", "s0009"))
    assert right.outcomes["sums"]["number"].status is Status.PASSED
    assert wrong.outcomes["sums"]["number"].status is Status.FAILED
    assert right.outcomes["sums"]["words"].status is Status.REVIEW
    assert (right.unanswered, wrong.unanswered) == ({}, {})
    assert list(right.unhinted) == []


def test_items_that_nobody_wants_are_left_out(store: Store, of: Assignment) -> None:
    found = StoredWork(of, store, None).verdicts(
        store.submission("s0010"), but={"sums/number", "more/again"}
    )
    assert {task: list(items) for task, items in found.outcomes.items()} == {"sums": ["words"]}


def test_a_question_that_was_never_asked_is_told_by_item(store: Store, of: Assignment) -> None:
    number = item("number", Sum(variant="new"))
    task = replace(of.tasks[0], items=(number, of.tasks[0].items[1]))
    changed = replace(of, tasks=(task, of.tasks[1]))
    found = StoredWork(changed, store, None).verdicts(store.submission("s0010"))
    assert found.unanswered == {"sums/number": "its check asks something new"}


def test_a_reference_that_was_changed_must_be_run_again(store: Store, of: Assignment) -> None:
    path = of.reference_dir / "Sums.ipynb"
    path.write_text(path.read_text().replace('"10"', '"11"'))
    found = StoredWork(of, store, None).verdicts(store.submission("s0010"))
    assert found.unanswered == {"sums/number": "the reference must be run again"}
    assert found.outcomes["sums"]["number"].status in (Status.ERROR, Status.REVIEW)
    assert found.outcomes["more"]["again"].status is Status.PASSED


def test_what_a_verdict_follows_from_changes_with_the_check_and_the_reference(
    store: Store, of: Assignment, tmp_path: Path
) -> None:
    before = StoredWork(of, store, None).checks()
    assert set(before) == {"sums/number", "sums/words", "more/again"}
    assert len(set(before.values())) == 2  # the two sums are alike
    stricter = assignment(tmp_path / "reference", least=1)
    after = StoredWork(stricter, store, None).checks()
    assert {name for name in before if before[name] != after[name]} == {"sums/number"}
    (of.reference_dir / "note.txt").write_text("new")
    assert not set(StoredWork(of, store, None).checks().values()) & set(before.values())


class Trains(Sum):
    """May ask for further runs, and asks for none."""

    def again(self, case: object) -> tuple[()]:
        return ()


@pytest.mark.parametrize(("limit", "told"), [(0, ""), (10, ""), (1, "more than 1 s together.")])
def test_a_submission_that_took_too_long_is_not_trained_again(
    store: Store, of: Assignment, limit: int, told: str
) -> None:
    name, _ = key(store)
    store.put_evidence(run_key(name, 1), replace(ran(), seconds=3.0))
    task = replace(
        of.tasks[0],
        items=(item("number", Trains()),),
        limits=Limits(submission_seconds=limit),
    )
    work = StoredWork(replace(of, tasks=(task,)), store, None)
    found = work.of(store.submission("s0010"), task)
    assert found.out_of_time.endswith(told)
    assert bool(found.out_of_time) is bool(told)


def test_only_lost_items_with_mistakes_are_looked_at(store: Store, of: Assignment) -> None:
    work = StoredWork(of, store, None)
    assert work.lost("s0009", of.tasks[0]) == {}  # it has no typical mistakes
    assert work.lost("s0009", replace(of.tasks[0], id="unknown")) == {}
