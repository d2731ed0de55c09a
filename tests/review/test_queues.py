"""In which order markers meet answers, and who may mark what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from grader.core.model import Mark
from grader.review.queues import Place, Queue
from grader.review.rounds import Round
from grader.store.decisions import Decision
from tests.review.conftest import JO, MAX, WHY, Room, mark
from tests.review.evening import Work

DIFFERENT = [Work(why=f"{chr(97 + n) * (5 + n)} is what I think.") for n in range(12)]


def test_the_order_is_stable_and_of_each_item_and_marker_its_own(make: Callable[..., Room]) -> None:
    first, again = make(works=DIFFERENT), make()
    row = Queue(first.desk, WHY, JO).all()
    assert row == Queue(again.desk, WHY, JO).all()
    other = Queue(first.desk, WHY, MAX).all()
    turn = other.index(row[0])
    assert other[turn:] + other[:turn] == row  # another start in the same round
    assert row != sorted(row)
    assert first.desk.order[WHY] != first.desk.order["activation/number"]


def test_the_next_is_one_that_waits_and_that_nobody_has_open(make: Callable[..., Room]) -> None:
    room = make(works=DIFFERENT)
    row = Queue(room.desk, WHY, JO).all()
    room.desk.claims.take(WHY, row[1], "Max")
    mark(room.browser(), f"/item/{WHY}?at={room.code(row[2])}", points="1")
    place = Queue(room.desk, WHY, JO).place(row[0])
    assert (place.number, place.of, place.next) == (1, 11, row[3])
    assert (place.before, place.after) == ("", row[1])


def test_of_those_that_all_are_open_elsewhere_the_next_is_one_all_the_same(
    make: Callable[..., Room],
) -> None:
    room = make(works=DIFFERENT[:2])
    row = Queue(room.desk, WHY, JO).all()
    room.desk.claims.take(WHY, row[1], "Max")
    assert Queue(room.desk, WHY, JO).place(row[0]).next == row[1]


def test_second_marks_are_of_a_sample_of_others_marks_and_never_count(
    make: Callable[..., Room],
) -> None:
    room = make(works=DIFFERENT, second=Decimal("0.5"))
    assert Queue(room.desk, WHY, MAX, round=Round.SECOND).all() == []
    jo, other = room.browser(), room.browser("Max")
    for student in room.desk.people:
        mark(jo, f"/item/{WHY}?at={room.code(student)}", points="1", comment="first words")
    wanted = Queue(room.desk, WHY, MAX, round=Round.SECOND).all()
    assert len(wanted) == 6
    assert set(wanted) == room.desk.sample(WHY)
    assert Queue(room.desk, WHY, JO, round=Round.SECOND).all() == []  # whose own marks they are
    address = f"/item/{WHY}?at={room.code(wanted[0])}&round=2"
    page = other.get(address).text
    assert "Marks so far" not in page
    assert "first words</textarea>" not in page
    assert mark(other, address, points="2").status_code == 303
    assert room.points(wanted[0], WHY) == "1.00"
    assert len(Queue(room.desk, WHY, MAX, round=Round.SECOND).all()) == len(wanted) - 1


def test_differences_are_settled_by_the_lead_and_all_marks_stay(make: Callable[..., Room]) -> None:
    room = make(works=DIFFERENT[:1], second=Decimal(1))
    jo, other, code = room.browser(), room.browser("Max"), room.code("s0000")
    mark(jo, f"/item/{WHY}?at={code}", points="0.5")
    mark(other, f"/item/{WHY}?at={code}&round=2", points="2")
    page = jo.get(f"/agreement/{WHY}").text
    assert "1 answer was marked twice" in page
    assert "not shown below 20 pairs" in page
    assert "to settle" in page
    assert DIFFERENT[0].why in page
    assert "Settle at" not in other.get(f"/agreement/{WHY}").text
    second = room.store.hand_marks.all("s0000", WHY)[-1]
    csrf = page.split('name="csrf" value="', 1)[1].split('"', 1)[0]
    newest = room.store.hand_marks.newest("s0000", WHY)
    sent = {"csrf": csrf, "item": WHY, "at": code, "mark": str(second.id), "seen": str(newest)}
    jo.post("/settle", data=sent | {"back": "agreement"})
    assert room.points("s0000", WHY) == "2.00"
    assert "settled at 2 by Jo" in jo.get(f"/agreement/{WHY}").text
    assert len(room.store.hand_marks.all("s0000", WHY)) == 3


def test_a_handed_answer_is_the_leads_with_its_words_until_the_lead_marks_it(
    make: Callable[..., Room],
) -> None:
    room = make(works=DIFFERENT[:2])
    at = datetime(2021, 6, 1, tzinfo=UTC)
    hand = Decision(
        kind="hand", student="s0000", item=WHY, by="Max", at=at, body={"note": "is that right?"}
    )
    room.store.decisions.add(hand)
    assert Queue(room.desk, WHY, MAX).all() == ["s0001"]
    assert sorted(Queue(room.desk, WHY, MAX, every=True).all()) == ["s0000", "s0001"]
    lead = Queue(room.desk, WHY, JO)
    assert sorted(lead.all()) == ["s0000", "s0001"]
    assert (lead.note("s0000"), lead.note("s0001")) == ("Max: is that right?", "")
    mark(room.browser(), f"/item/{WHY}?at={room.code('s0000')}", points="1")
    assert not Queue(room.desk, WHY, JO).is_handed(room.desk.cards[WHY]["s0000"])
    assert Queue(room.desk, WHY, JO).all() == ["s0001"]


def test_what_was_handed_on_after_its_mark_is_the_leads_and_what_before_is_not(
    make: Callable[..., Room],
) -> None:
    room = make(works=DIFFERENT[:1])
    at = datetime(2021, 6, 1, tzinfo=UTC)
    room.store.decisions.add(Decision(kind="hand", student="s0000", item=WHY, by="Max", at=at))
    queue, card = Queue(room.desk, WHY, JO), room.desk.cards[WHY]["s0000"]
    given = Mark(item=WHY, points=Decimal(1), reason="ok", by="Jo", at=at)
    handed = {
        days: queue.is_handed(replace(card, stale=replace(given, at=at + timedelta(days=days))))
        for days in (-1, 0, 1)
    }  # the answer changed since, and waits again
    assert handed == {-1: True, 0: False, 1: False}
    assert not queue.is_handed(replace(card, waits=False))


def test_an_empty_queue_and_a_student_who_is_not_in_it_have_their_places(
    make: Callable[..., Room],
) -> None:
    room = make(works=DIFFERENT[:1])
    nobodys = Queue(room.desk, WHY, MAX, round=Round.SECOND)
    assert nobodys.place("s0000") == Place()
    only = Queue(room.desk, WHY, JO)
    assert only.place("nobody") == Place(after="s0000", next="s0000", of=1)
    assert only.place("s0000") == Place(number=1, of=1)
