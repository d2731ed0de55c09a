"""A person's marks in the store: appended, in order, and of one student."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from grader.core.errors import UsageError
from grader.core.model import Mark
from grader.store.store import Store

MARK = Mark(
    item="t/i",
    points=Decimal("1.50"),
    reason="ü; 'x'",
    by="Jo",
    at=datetime(2021, 6, 1, 12, 30, 0, 5, tzinfo=UTC),
    answer="0123456789abcdef",
    out_of=Decimal(2),
    before=Decimal("0.5"),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "grader.sqlite") as opened:
        yield opened


def test_a_mark_comes_back_as_it_was_given(tmp_path: Path) -> None:
    plain = Mark(item="t/j", points=Decimal(0), reason="", by="Jo", at=datetime.now(UTC))
    with Store(tmp_path / "grader.sqlite") as first:
        assert [first.hand_marks.add("ada", mark) for mark in (MARK, plain)] == [1, 2]
    with Store(tmp_path / "grader.sqlite") as second:
        assert second.hand_marks.all("ada") == [replace(MARK, id=1), replace(plain, id=2)]
        assert str(second.hand_marks.all("ada")[0].points) == "1.50"


def test_marks_are_in_the_order_they_were_given_not_of_time_or_item(tmp_path: Path) -> None:
    earlier = replace(MARK, item="a/a", at=datetime(2020, 1, 1, tzinfo=UTC))
    with Store(tmp_path / "grader.sqlite") as store:
        store.hand_marks.add("ada", MARK)
        store.hand_marks.add("ada", earlier)
        assert [mark.item for mark in store.hand_marks.all("ada")] == ["t/i", "a/a"]
        assert [mark.id for mark in store.hand_marks.all("ada", "a/a")] == [2]


def test_the_same_mark_twice_is_two_marks(tmp_path: Path) -> None:
    with Store(tmp_path / "grader.sqlite") as store:
        store.hand_marks.add("ada", MARK)
        store.hand_marks.add("ada", MARK)
        assert store.hand_marks.all("ada") == [replace(MARK, id=1), replace(MARK, id=2)]


def test_a_mark_belongs_to_one_student(tmp_path: Path) -> None:
    with Store(tmp_path / "grader.sqlite") as store:
        store.hand_marks.add("ada", MARK)
        assert store.hand_marks.all("ad") == store.hand_marks.all("ADA") == []
        assert store.hand_marks.owners() == [("ada", "t/i")]


def test_one_that_does_not_count_is_kept_and_is_the_newest(tmp_path: Path) -> None:
    with Store(tmp_path / "grader.sqlite") as store:
        assert store.hand_marks.newest("ada", "t/i") == 0
        store.hand_marks.add("ada", MARK)
        store.hand_marks.add("ada", replace(MARK, counts=False))
        assert store.hand_marks.counting("ada") == [replace(MARK, id=1)]
        assert store.hand_marks.newest("ada", "t/i") == 2


def test_an_answer_is_tied_to_a_mark_once(tmp_path: Path) -> None:
    with Store(tmp_path / "grader.sqlite") as store:
        store.hand_marks.add("ada", replace(MARK, answer=""))
        store.hand_marks.add("ada", replace(MARK, item="t/j"))
        assert store.hand_marks.unbound() == [("ada", "t/i")]
        for digest in ("first", "second"):
            store.hand_marks.bind([(1, digest), (2, digest)])
        assert [mark.answer for mark in store.hand_marks.all("ada")] == ["first", MARK.answer]
        assert store.hand_marks.unbound() == []


def test_two_hundred_marks_from_four_threads_are_two_hundred_rows(tmp_path: Path) -> None:
    with Store(tmp_path / "grader.sqlite") as store:

        def give(by: str) -> None:
            for number in range(50):
                store.hand_marks.add("ada", replace(MARK, by=by, reason=str(number)))

        threads = [threading.Thread(target=give, args=(by,)) for by in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        marks = store.hand_marks.all("ada")
    assert [mark.id for mark in marks] == list(range(1, 201))
    for by in "abcd":
        assert [mark.reason for mark in marks if mark.by == by] == [str(n) for n in range(50)]


def test_comments_of_an_item_come_the_most_used_first(tmp_path: Path) -> None:
    with Store(tmp_path / "grader.sqlite") as store:
        for student, comment in (("a", "x"), ("b", "y"), ("c", "x"), ("d", ""), ("e", "z")):
            store.hand_marks.add(student, replace(MARK, comment=comment))
        store.hand_marks.add("f", replace(MARK, item="t/j", comment="other"))
        store.hand_marks.add("g", replace(MARK, by="Max", comment="y"))
        assert store.hand_marks.comments("t/i", 2) == [("y", 2), ("x", 2)]
        assert store.hand_marks.comments("t/i", 9, "Max") == [("y", 1)]


def test_what_somebody_gave_in_a_round_is_without_what_was_taken_back(tmp_path: Path) -> None:
    with Store(tmp_path / "grader.sqlite") as store:
        for student, round_, by in (("a", 1, "Jo"), ("b", 2, "Jo"), ("c", 1, "Max")):
            store.hand_marks.add(student, replace(MARK, round=round_, by=by))
        store.hand_marks.add("d", replace(MARK, counts=False))
        store.hand_marks.add("e", MARK)
        store.decisions.take_back("mark", [5], 1)
        assert [student for student, _ in store.hand_marks.given("t/i", "Jo", 1)] == ["a"]
        assert [student for student, _ in store.hand_marks.given("t/i", "Jo", 2)] == ["b"]


def test_a_request_that_comes_twice_is_one_mark_for_each_student(store: Store) -> None:
    mark = replace(MARK, request="r1")
    given = [("ada", mark), ("ada", replace(mark, points=Decimal(9))), ("bob", mark)]
    assert [store.hand_marks.add(student, one) for student, one in given] == [1, 1, 2]
    assert store.hand_marks.of_request("r1") == [
        ("ada", replace(mark, id=1)),
        ("bob", replace(mark, id=2)),
    ]
    assert store.hand_marks.of_request("r2") == []


def test_marks_without_a_request_are_of_none(store: Store) -> None:
    store.hand_marks.add("ada", MARK)
    assert store.hand_marks.of_request("") == []


def test_what_a_mark_was_made_of_comes_back(store: Store) -> None:
    made = replace(
        MARK,
        steps=(3, 1),
        adjustment=Decimal("-0.25"),
        comment="ü",
        decision=7,
        request="r",
        round=2,
    )
    store.hand_marks.add("ada", made)
    assert store.hand_marks.of_item("t/i") == [("ada", replace(made, id=1, counts=False))]


def test_marks_of_a_decision_that_was_taken_back_count_no_more(store: Store) -> None:
    for decision in (1, 2):
        store.hand_marks.add("ada", replace(MARK, decision=decision))
    store.decisions.take_back("decision", [2], 3)
    store.decisions.take_back("mark", [99], 3)
    assert [mark.id for mark in store.hand_marks.counting("ada")] == [1]
    marks = store.hand_marks.all("ada")
    assert [(mark.taken_back, mark.counts) for mark in marks] == [(False, True), (True, False)]


def test_a_second_round_never_counts_and_is_not_the_newest(store: Store) -> None:
    store.hand_marks.add("ada", MARK)
    store.hand_marks.add("ada", replace(MARK, round=2))
    assert [mark.id for mark in store.hand_marks.counting("ada")] == [1]
    assert store.hand_marks.newest("ada", "t/i") == 1


def test_the_newest_marks_of_somebody_come_first(store: Store) -> None:
    for student, by in (("a", "Jo"), ("b", "Max"), ("c", "Jo"), ("d", "Jo"), ("e", "Jo")):
        store.hand_marks.add(student, replace(MARK, by=by))
    store.decisions.take_back("mark", [4], 1)
    assert [student for student, _ in store.hand_marks.by("Jo", 2)] == ["e", "c"]
    assert store.hand_marks.by("jo", 2) == []


@pytest.mark.parametrize(
    "damage",
    ["steps = '[\"x\"]'", "steps = '3'", "adjustment = 'x'", "out_of = 'NaN'", "at = 'soon'"],
)
def test_a_damaged_mark_is_one_sentence(store: Store, damage: str) -> None:
    store.hand_marks.add("ada", MARK)
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute(f"UPDATE mark SET {damage}")
    for read in (store.hand_marks.all, store.hand_marks.counting):
        with pytest.raises(UsageError) as refusal:
            read("ada")
        told = str(refusal.value)
        assert told.startswith(f"{store.path} holds something that no grader wrote (")
        assert told.endswith("); don't use this folder")
