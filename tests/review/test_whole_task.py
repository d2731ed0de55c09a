"""One mark for all that waits of an exercise: a decision, with a reason, taken back at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.review.conftest import WHY, Room, fields, mark

ITEMS = (WHY, "activation/relu", "activation/number", "activation/curve")


def send(room: Room, name: str = "Jo", **typed: str) -> str:
    """All that waits of student 3, who has two answers and a doubt; what the page says."""
    browser = room.browser(name)
    page = browser.get(f"/student/{room.code('s0003')}")
    sent = {"csrf": fields(browser.get(f"/item/{WHY}"))["csrf"], "at": room.code("s0003")}
    assert "The same for all" in page.text
    return str(browser.post("/mark-task", data=sent | {"task": "activation"} | typed).text)


def points(room: Room) -> list[str]:
    return [room.points("s0003", item) for item in ITEMS]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("zero", ["0.00", "0.00", "0.00", "1.00"]), ("full", ["2.00", "2.00", "2.00", "1.00"])],
)
def test_all_that_waits_gets_the_same_and_what_is_decided_stays(
    room: Room, typed: str, expected: list[str]
) -> None:
    assert "Saved: 3 items." in send(room, points=typed, comment="The file is empty.")
    assert points(room) == expected
    given = room.store.hand_marks.all("s0003")
    assert {(one.reason, one.by) for one in given} == {("The file is empty.", "Jo")}
    assert len({one.decision for one in given}) == 1


def test_what_somebody_marked_meanwhile_is_left_as_it_is(room: Room) -> None:
    mark(room.browser("Max"), f"/item/{WHY}?at={room.code('s0003')}", points="1.5")
    send(room, points="zero", comment="x")
    assert points(room) == ["1.50", "0.00", "0.00", "1.00"]


def test_it_is_undone_whole(room: Room) -> None:
    send(room, points="zero", comment="x")
    browser = room.browser()
    browser.post("/undo", data={"csrf": fields(browser.get(f"/item/{WHY}"))["csrf"]})
    assert points(room) == ["open", "open", "open", "1.00"]


def test_it_needs_a_reason_something_that_waits_and_who_may(make: Callable[..., Room]) -> None:
    room = make(conflicts=[("Max", "s0003")])
    assert "write a word to the student" in send(room, points="zero", comment=" ")
    assert "kept apart" in send(room, "Max", points="zero", comment="x")
    assert points(room) == ["open", "open", "open", "1.00"]
