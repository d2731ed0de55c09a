"""Marks stay where they belong, whoever else is in a batch and in whatever order batches come."""

from __future__ import annotations

import random
import sqlite3
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.core.model import Mark, Submission
from grader.intake.identity import by_key
from grader.intake.roster import Roster
from grader.marking.ownership import settled
from grader.store.store import Store


def handed_in(name: str, key: str, digest: str = "") -> Submission:
    identity = Roster().owner("moodle" if key else "", key, name).identity
    return Submission(
        student=identity.student,
        name=identity.name,
        identity=identity.decides,
        notebooks={},
        missing={},
        digest=digest,
    )


def mark(reason: str) -> Mark:
    return Mark(
        item="t/i", points=Decimal(1), reason=reason, by="me", at=datetime(2026, 1, 1, tzinfo=UTC)
    )


def graded(store: Store, *batch: Submission) -> dict[str, Submission]:
    """What a batch leaves in the store, by identity."""
    store.put_submissions(settled(store, batch, [one.name for one in batch]))
    found = [store.submission(student) for student in store.students()]
    return {one.identity or one.student: one for one in found}


PEOPLE = {
    "111": "Anna Schmidt",
    "222": "Anna Schmidt",
    "333": "Ben Lee",
    "444": "李娜",
    "555": "丁一",
}


@settings(max_examples=40)
@given(st.randoms(use_true_random=False))
def test_no_mark_is_on_another_person_after_any_order_of_batches(rng: random.Random) -> None:
    """Namesakes, withdrawals, renamed folders and resubmissions, as they come."""
    with Store(Path(":memory:")) as store:
        for number in range(6):
            batch = [
                handed_in(rng.choice([PEOPLE[key], "Renamed Now"]), key, f"{key} {number}")
                for key in rng.sample(sorted(PEOPLE), rng.randint(1, len(PEOPLE)))
            ]
            found = graded(store, *batch)
            assert len({one.student for one in found.values()}) == len(batch)
            for key in PEOPLE:
                one = found.get(f"moodle {key}")
                if one is None:
                    continue
                given_to = {m.reason for m in store.hand_marks.all(one.student)}
                assert given_to <= {key}
                store.hand_marks.add(one.student, mark(key))


def older(path: Path, *students: tuple[str, str]) -> Store:
    """A result folder of a grader that made ids in the order of the batch, with a mark for each."""
    with Store(path) as store:
        store.put_submissions(
            Submission(student=student, name=name, notebooks={}, missing={})
            for student, name in students
        )
        for student, _ in students:
            store.hand_marks.add(student, mark(student))
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM owner")
    return Store(path)


@pytest.mark.parametrize(("name", "key"), [("Anna Schmidt", "111"), ("Anna Schmidt", "")])
def test_an_older_graders_marks_are_carried_over_where_the_owner_is_certain(
    tmp_path: Path, name: str, key: str
) -> None:
    with older(tmp_path / "s", ("anna-schmidt", "Anna Schmidt"), ("ben-lee", "Ben Lee")) as store:
        (one,) = graded(store, handed_in(name, key)).values()
        assert [m.reason for m in store.hand_marks.all(one.student)] == ["anna-schmidt"]


def test_they_are_nobodys_where_it_is_not_and_that_is_said_by_name(tmp_path: Path) -> None:
    """The folder of another time: two of one name, and ids that may have moved between them."""
    former = (("student", "丁一"), ("student-2", "李娜"))
    with older(tmp_path / "s", *former) as store:
        (one,) = graded(store, handed_in("李娜", "2004")).values()
        assert one.student == by_key("moodle", "2004", "李娜").student
        assert store.hand_marks.all(one.student) == []
        (told,) = one.problems
        assert "student (丁一), student-2 (李娜)" in told
        assert "do not count" in told


def test_an_id_that_an_older_grader_gave_to_another_is_not_taken(tmp_path: Path) -> None:
    with older(tmp_path / "s", ("ada", "Ada"), ("ada-2", "Ada")) as store:
        (one,) = graded(store, handed_in("Ada", "")).values()
        assert one.student not in ("ada", "ada-2")
        assert store.hand_marks.all(one.student) == []
