"""Marks that compare people: the first answers of all, own ones again, and what stays hidden."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from grader.review import rounds
from grader.review.rounds import Round
from tests.review.conftest import JO, MAX, WHY, Room, fields, mark
from tests.review.evening import Work

DIFFERENT = [Work(why=f"{chr(97 + n) * (5 + n)} is what I think.") for n in range(16)]


def give(room: Room, name: str, students: list[str], more: str = "", **typed: str) -> None:
    browser = room.browser(name)
    for student in students:
        answer = mark(browser, f"/item/{WHY}?at={room.code(student)}{more}", **typed)
        assert answer.status_code == 303


def test_all_but_the_lead_begin_with_answers_that_the_lead_has_marked(
    make: Callable[..., Room],
) -> None:
    room = make(works=DIFFERENT, calibrate=2)
    other = room.browser("Max")
    page = other.get(f"/item/{WHY}").text
    assert "Everybody begins this item with 2 answers that Jo has marked" in page
    assert "0 of them are marked" in page
    give(room, "Jo", ["s0003", "s0001", "s0002"], points="1.5", comment="of Jo")
    assert rounds.start(room.desk, WHY, MAX).left == ["s0003", "s0001"]
    seen = []
    for points in ("1.5", "1"):
        page = other.get(f"/item/{WHY}").text
        assert "to start: Jo has marked it, too" in page
        assert "of Jo</textarea>" not in page
        assert "Marks so far" not in page
        seen.append(page.split("<h1", 1)[1].split("</h1>", 1)[0])
        answer = mark(other, f"/item/{WHY}", points=points)
    assert seen[0] != seen[1]
    assert answer.headers["location"].startswith(f"/start/{WHY}")
    page = other.get(answer.headers["location"]).text
    assert ("✓ equal" in page, ">−0.5<" in page, "To the queue" in page) == (True, True, True)
    assert [room.points(s, WHY) for s in ("s0003", "s0001")] == ["1.50", "1.50"]
    assert "to start" not in other.get(f"/item/{WHY}").text  # the queue is open
    assert "to start" not in room.browser().get(f"/item/{WHY}").text  # and was for the lead


def test_of_fewer_answers_than_are_wanted_all_are_enough(make: Callable[..., Room]) -> None:
    room = make(works=DIFFERENT[:2], calibrate=5)
    give(room, "Jo", ["s0000", "s0001"], points="1")
    assert rounds.start(room.desk, WHY, MAX).left == ["s0000", "s0001"]
    give(room, "Max", ["s0000", "s0001"], "&round=3", points="1")
    assert rounds.start(room.desk, WHY, MAX).is_over


def test_an_own_answer_comes_again_blind_and_its_mark_does_not_count(
    make: Callable[..., Room],
) -> None:
    room = make(works=DIFFERENT, repeats=12)
    students = room.desk.order[WHY]
    give(room, "Jo", students[:11], points="1.5", comment="first words")
    assert rounds.again(room.desk, WHY, JO) == ""
    browser = room.browser()
    assert "After 12 answers one of your own comes again" in browser.get("/keys").text
    answer = mark(browser, f"/item/{WHY}?at={room.code(students[11])}", points="1.5")
    due = rounds.again(room.desk, WHY, JO)
    assert due in students[:2]  # not one of the last ten
    address = answer.headers["location"]
    assert f"at={room.code(due)}&round=4" in address
    page = browser.get(address).text
    assert ("first words</textarea>" in page, "Marks so far" in page) == (False, False)
    after = mark(browser, address, points="0.5")
    assert "round=4" not in after.headers["location"]
    assert room.points(due, WHY) == "1.50"
    assert rounds.again(room.desk, WHY, JO) == ""
    told = browser.get(f"/agreement/{WHY}").text
    assert "0 % of 1 exactly equal, later minus first -1.00" in told


def test_without_the_wish_for_it_nothing_comes_again(make: Callable[..., Room]) -> None:
    room = make(works=DIFFERENT)
    give(room, "Jo", room.desk.order[WHY][:12], points="1")
    assert rounds.again(room.desk, WHY, JO) == ""


def test_a_mark_is_hidden_from_who_is_to_give_the_second_one(make: Callable[..., Room]) -> None:
    room = make(works=DIFFERENT[:1], second=Decimal(1))
    give(room, "Jo", ["s0000"], points="0.75", comment="only half")
    other, code = room.browser("Max"), room.code("s0000")
    at = f"/item/{WHY}?at={code}&show=all"
    pages = (at, f"/student/{code}", f"/history?at={code}&item={WHY}")
    for page in pages:
        text = other.get(page).text
        assert ("only half" in text, "0.75" in text) == (False, False), page
    assert other.get(at).url.query == f"at={code}&round=2".encode()
    assert "only half" in room.browser().get(pages[2]).text
    give(room, "Max", ["s0000"], "&round=2", points="2")
    for page in pages:
        assert "0.75" in other.get(page).text, page


def test_a_request_opens_what_was_hidden(make: Callable[..., Room]) -> None:
    from grader.store.decisions import Appeal
    from tests.review.test_appeals import NOW

    room = make(works=DIFFERENT[:1], second=Decimal(1))
    give(room, "Jo", ["s0000"], points="0.75")
    assert rounds.blind(room.desk, WHY, "s0000", MAX) is Round.SECOND
    room.store.decisions.add_appeal(
        Appeal(student="s0000", item=WHY, text="look", source="mail", at=NOW)
    )
    assert rounds.blind(room.desk, WHY, "s0000", MAX) is None


def test_a_mark_of_another_round_is_taken_back_and_due_again(make: Callable[..., Room]) -> None:
    room = make(works=DIFFERENT, calibrate=1)
    give(room, "Jo", ["s0000"], points="1")
    other = room.browser("Max")
    mark(other, f"/item/{WHY}", points="2")
    assert rounds.start(room.desk, WHY, MAX).is_over
    csrf = fields(other.get(f"/item/{WHY}"))["csrf"]
    answer = other.post("/undo", data={"csrf": csrf}, follow_redirects=False)
    assert "round=3" in answer.headers["location"]
    assert rounds.start(room.desk, WHY, MAX).left == ["s0000"]
    assert room.points("s0000", WHY) == "1.00"
