"""Changes of a step: shown first, decided once, taken back whole."""

from __future__ import annotations

import re
from html import unescape

import httpx
from starlette.testclient import TestClient

from tests.review.conftest import WHY, Room, fields, mark


def chosen(room: Room, *names: str) -> list[int]:
    known = {step.name: step.id for step in room.store.decisions.steps(WHY)}
    return [known[name] for name in names]


def marked(room: Room) -> TestClient:
    """Jo gave 1.5 to one and 1 to another by steps, and 2 typed to a third."""
    jo = room.browser()
    for student, names in (("s0002", ("chain", "small")), ("s0003", ("chain",))):
        mark(jo, f"/item/{WHY}?at={room.code(student)}", step=chosen(room, *names), comment="ok")
    mark(jo, f"/item/{WHY}?at={room.code('s0004')}", points="2")
    return jo


def change(room: Room, jo: TestClient, **typed: str) -> httpx.Response:
    """Looks what a change of the step on the chain rule would do."""
    csrf = fields(jo.get(f"/item/{WHY}?at={room.code('s0000')}"))["csrf"]
    sent = {"csrf": csrf, "item": WHY, "name": "chain", "text": "Names the chain rule"}
    found: httpx.Response = jo.post("/steps", data=sent | {"points": "1"} | typed)
    return found


def decide(jo: TestClient, shown: httpx.Response) -> httpx.Response:
    text = shown.text.split('action="/steps"', 1)[1].split("</form>", 1)[0]
    sent = {n: unescape(v) for n, v in re.findall(r'name="(\w+)" value="([^"]*)"', text)}
    answer: httpx.Response = jo.post("/steps", data=sent)
    return answer


def points(room: Room) -> list[str]:
    return [room.points(student, WHY) for student in ("s0002", "s0003", "s0004")]


def test_a_change_shows_whose_mark_changes_and_who_crosses_and_writes_nothing(room: Room) -> None:
    shown = change(room, marked(room), points="0.25")
    assert "2 marks change, 0 cross the pass mark" in shown.text
    for student, before, after in (("s0002", "1.5", "0.75"), ("s0003", "1", "0.25")):
        row = shown.text.split(room.code(student), 1)[1]
        assert re.findall(r'data-label="(?:before|after)">([^<]*)', row)[:2] == [before, after]
    assert room.code("s0004") not in shown.text
    assert points(room) == ["1.50", "1.00", "2.00"]


def test_who_crosses_the_pass_mark_is_told(room: Room) -> None:
    jo = marked(room)
    mark(jo, f"/item/activation/relu?at={room.code('s0002')}", points="0")
    shown = change(room, jo, points="-1")
    assert "2 marks change, 1 crosses the pass mark" in shown.text
    assert "<b>passed → not passed</b>" in shown.text


def test_a_decided_change_is_one_decision_and_is_taken_back_whole(room: Room) -> None:
    jo = marked(room)
    decide(jo, change(room, jo, points="0.25", text="Names <the> rule"))
    assert points(room) == ["0.75", "0.25", "2.00"]
    last = room.store.hand_marks.all("s0002", WHY)[-1]
    assert last.reason == "Names <the> rule (+0.25)\nSays that factors are below 1 (+0.5)\nok"
    (decision,) = room.store.decisions.all("step")
    csrf = fields(jo.get(f"/item/{WHY}?at={room.code('s0000')}"))["csrf"]
    assert "2 marks changed" in jo.get(f"/steps/{WHY}").text
    jo.post("/steps/take-back", data={"csrf": csrf, "decision": str(decision.id)})
    assert points(room) == ["1.50", "1.00", "2.00"]
    assert "Names the chain rule" in jo.get(f"/item/{WHY}?at={room.code('s0000')}").text
    assert len(room.store.hand_marks.all("s0002", WHY)) == 2  # nothing is removed


def test_what_was_not_shown_is_not_decided(room: Room) -> None:
    jo = marked(room)
    shown = change(room, jo, points="0.25")
    mark(room.browser("Max"), f"/item/{WHY}?at={room.code('s0000')}", step=chosen(room, "chain"))
    again = decide(jo, shown)
    assert "Marks were given since you looked" in again.text
    assert "3 marks change" in again.text
    assert points(room) == ["1.50", "1.00", "2.00"]
    decide(jo, again)
    assert room.points("s0000", WHY) == "0.25"


def test_a_page_with_steps_of_before_is_kept_and_does_not_count(room: Room) -> None:
    jo, other = marked(room), room.browser("Max")
    page = fields(other.get(f"/item/{WHY}?at={room.code('s0000')}"))
    old = chosen(room, "chain")
    decide(jo, change(room, jo, points="0.25"))
    answer = other.post("/mark", data=page | {"step": [str(n) for n in old]})
    assert (answer.status_code, "The steps were changed meanwhile." in answer.text) == (409, True)
    assert room.points("s0000", WHY) == "open"


def test_a_new_step_changes_nobody_and_a_hidden_one_is_not_offered(room: Room) -> None:
    jo = marked(room)
    shown = change(room, jo, name="", text="Draws it", points="0.5")
    assert "0 marks change" in shown.text
    decide(jo, shown)
    decide(jo, change(room, jo, hidden="1"))
    page = jo.get(f"/item/{WHY}?at={room.code('s0000')}").text
    assert ("Draws it" in page, "Names the chain rule" in page) == (True, False)
    assert points(room) == ["1.50", "1.00", "2.00"]


def test_words_of_a_step_are_needed_and_points_are_a_number(room: Room) -> None:
    jo = room.browser()
    assert "a step needs words" in change(room, jo, text=" ", points="2").text
    assert "expected a number such as 1.5" in change(room, jo, points="much").text
    assert "nothing was changed" in change(room, jo).text


def test_what_was_marked_before_a_new_step_can_be_looked_at_again(room: Room) -> None:
    jo = marked(room)
    decide(jo, change(room, jo, name="", text="Draws it", points="0.5"))
    page = jo.get(f"/steps/{WHY}").text
    assert page.count("look again at the 3 marked before it") == 1
    (address,) = re.findall(r'href="(/item/[^"]*before=[^"]*)"', page)
    again = jo.get(address).text
    assert "1 of 3 marked before the step" in again
    answer = mark(jo, address, points="0.5")
    assert "2 of" not in answer.headers["location"]
    assert "look again at the 2 marked before it" in jo.get(f"/steps/{WHY}").text
    assert "before=" in answer.headers["location"]
    assert sorted(points(room)).count("0.50") == 1
