"""Who has what open, what came last, and what is told to others."""

from __future__ import annotations

import time

import pytest

from grader.review import claims
from grader.review.claims import Claims


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time in seconds, which a test moves on."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_an_answer_is_held_by_who_opened_it_first(clock: list[float]) -> None:
    held = Claims()
    assert held.holder("t/i", "ada") == ""
    held.take("t/i", "ada", "Jo")
    held.take("t/i", "ada", "Max")
    assert held.holder("t/i", "ada") == "Jo"
    held.take("t/i", "ada", "Max", over=True)
    assert held.holder("t/i", "ada") == "Max"


def test_who_opens_another_answer_gives_the_first_back(clock: list[float]) -> None:
    held = Claims()
    held.take("t/i", "ada", "Jo")
    held.take("t/i", "mei", "Jo")
    assert (held.holder("t/i", "ada"), held.holder("t/i", "mei")) == ("", "Jo")
    held.release("Jo")
    assert held.holder("t/i", "mei") == ""


def test_who_asks_for_a_held_answer_keeps_the_own_one(clock: list[float]) -> None:
    held = Claims()
    held.take("t/i", "ada", "Jo")
    held.take("t/i", "mei", "Max")
    held.take("t/i", "ada", "Max")
    assert held.holder("t/i", "mei") == "Max"


def test_a_claim_ends_without_a_sign_of_life_and_lasts_with_one(clock: list[float]) -> None:
    held = Claims()
    held.take("t/i", "ada", "Jo")
    clock[0] += claims.MINUTES * 60 - 1
    held.take("t/i", "ada", "Jo")
    clock[0] += 2
    assert held.holder("t/i", "ada") == "Jo"
    clock[0] += claims.MINUTES * 60
    assert held.holder("t/i", "ada") == ""
    held.take("t/i", "ada", "Max")
    assert held.holder("t/i", "ada") == "Max"


def test_what_was_skipped_comes_last_in_that_order_and_for_that_person() -> None:
    held = Claims()
    for student in ("ada", "mei", "ada"):
        held.skip("t/i", student, "Jo")
    assert held.skipped("t/i", "Jo") == ["mei", "ada"]
    assert held.skipped("t/i", "Max") == held.skipped("t/j", "Jo") == []


def test_events_are_numbered_and_the_oldest_are_forgotten() -> None:
    held = Claims()
    assert held.newest == 0
    for number in range(claims.KEPT + 5):
        held.tell(f"event {number}", by="Jo", item="t/i", code="ABCD")
    assert held.newest == claims.KEPT + 5
    assert len(held.news) == claims.KEPT
    first = held.news[0]
    assert (first.number, first.text, first.by, first.item) == (6, "event 5", "Jo", "t/i")


def test_what_was_taken_over_is_not_given_back_by_who_had_it(clock: list[float]) -> None:
    held = Claims()
    held.take("t/i", "ada", "Jo")
    held.take("t/i", "ada", "Max", over=True)
    held.release("Jo")
    assert held.holder("t/i", "ada") == "Max"


def test_one_student_may_be_open_with_two_people_for_two_items(clock: list[float]) -> None:
    held = Claims()
    held.take("t/i", "ada", "Jo")
    held.take("t/j", "ada", "Max")
    assert (held.holder("t/i", "ada"), held.holder("t/j", "ada")) == ("Jo", "Max")


def test_a_claim_has_ended_when_its_last_second_has(clock: list[float]) -> None:
    held = Claims()
    held.take("t/i", "ada", "Jo")
    clock[0] += claims.MINUTES * 60 - 0.5
    assert held.holder("t/i", "ada") == "Jo"
    clock[0] += 0.5
    assert held.holder("t/i", "ada") == ""
