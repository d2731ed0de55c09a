"""What people decided beside marks: appended, and taken back by rows of their own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from grader.core.errors import UsageError
from grader.store.decisions import Appeal, Decision, StepVersion
from grader.store.store import Store

AT = datetime(2021, 6, 1, 12, 30, 0, 5, tzinfo=UTC)
DECISION = Decision(kind="late", by="Jo", at=AT, student="ada", item="t/i", body={"ü": [1, None]})
STEP = StepVersion(
    item="t/i", name="s1", text="ä; '", points=Decimal("-0.50"), group="g", exclusive=True
)
APPEAL = Appeal(student="ada", item="t/i", text="please", source="mail.txt", at=AT)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "grader.sqlite") as opened:
        yield opened


def changed(store: Store, sql: str) -> None:
    """What another program did to the file."""
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute(sql)


def test_a_decision_comes_back_as_it_was_made(store: Store) -> None:
    bare = Decision(kind="seen", by="Max", at=AT)
    assert [store.decisions.add(one) for one in (DECISION, bare)] == [1, 2]
    assert store.decisions.all() == [replace(DECISION, id=1), replace(bare, id=2)]
    assert store.decisions.all("seen") == [replace(bare, id=2)]
    assert store.decisions.all("other") == []


def test_what_is_taken_back_stays_and_is_marked_so(store: Store) -> None:
    first, second = store.decisions.add(DECISION), store.decisions.add(DECISION)
    back = store.decisions.add(Decision(kind="back", by="Jo", at=AT))
    store.decisions.take_back("decision", [first], back)
    store.decisions.take_back("decision", [first], back)
    store.decisions.take_back("mark", [second], back)
    assert [one.taken_back for one in store.decisions.all("late")] == [True, False]


def test_a_step_has_its_versions_in_order_and_those_of_its_item_alone(store: Store) -> None:
    made = store.decisions.add(DECISION)
    later = replace(STEP, points=Decimal("0.10"), hidden=True, exclusive=False)
    numbers = [store.decisions.add_step(one, made) for one in (STEP, later)]
    store.decisions.add_step(replace(STEP, item="t/j"), made)
    assert store.decisions.steps("t/i") == [
        replace(STEP, id=numbers[0], decision=made),
        replace(later, id=numbers[1], decision=made),
    ]
    assert str(store.decisions.steps("t/i")[1].points) == "0.10"


def test_versions_of_a_decision_that_was_taken_back_are_gone(store: Store) -> None:
    kept, gone = store.decisions.add(DECISION), store.decisions.add(DECISION)
    store.decisions.add_step(STEP, kept)
    store.decisions.add_step(replace(STEP, text="other"), gone)
    store.decisions.take_back("decision", [gone], store.decisions.add(DECISION))
    assert [step.text for step in store.decisions.steps("t/i")] == [STEP.text]


def test_an_appeal_is_new_once(store: Store) -> None:
    assert store.decisions.add_appeal(APPEAL)
    assert not store.decisions.add_appeal(APPEAL)
    assert store.decisions.add_appeal(replace(APPEAL, text="please, again"))
    assert [one.text for one in store.decisions.appeals()] == ["please", "please, again"]
    assert store.decisions.appeals()[0] == replace(APPEAL, id=1)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE decision SET body = '{'",
        "UPDATE decision SET at = 'soon'",
    ],
)
def test_a_damaged_decision_is_one_sentence(store: Store, damage: str) -> None:
    store.decisions.add(DECISION)
    changed(store, damage)
    with pytest.raises(UsageError) as refusal:
        store.decisions.all()
    assert str(store.path) in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_damaged_appeal_is_one_sentence(store: Store) -> None:
    store.decisions.add_appeal(APPEAL)
    changed(store, "UPDATE appeal SET at = ''")
    with pytest.raises(UsageError, match=str(store.path)):
        store.decisions.appeals()


def test_points_of_a_step_that_are_no_number_are_one_sentence(store: Store) -> None:
    store.decisions.add_step(STEP, store.decisions.add(DECISION))
    changed(store, "UPDATE step SET points = '1E+999999'")
    with pytest.raises(UsageError, match=rf"{store.path} holds something.*points are '1E\+999999'"):
        store.decisions.steps("t/i")
