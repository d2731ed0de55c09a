"""Requests to look again: read from tables and mails, answered once, in the next export."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from grader.core.errors import UsageError
from grader.marking import codes
from grader.review import appeal_file
from tests.review.conftest import Room, fields, mark

NOW = datetime(2021, 6, 1, tzinfo=UTC)
NUMBER = "activation/number"


def code(room: Room, student: str, item: str) -> str:
    return codes.of(room.store.secret(codes.SECRET), student, item)


def ask(room: Room, text: str, name: str = "mail.txt") -> appeal_file.Imported:
    return appeal_file.take(room.store, room.of, appeal_file.read(name, text.encode()), NOW)


def test_a_request_waits_for_its_item_and_student_once(room: Room) -> None:
    wanted = code(room, "s0001", NUMBER)
    text = f"code,text\n{wanted},Please look again\nAAAA-AAAA,I too\n"
    found = ask(room, text, "requests.csv")
    assert (found.new, found.known, found.strange) == (1, 0, ("AAAA-AAAA",))
    assert ask(room, text, "requests.csv").known == 1
    (appeal,) = room.store.decisions.appeals()
    assert (appeal.student, appeal.item, appeal.text) == ("s0001", NUMBER, "Please look again")
    assert "1 request" in room.browser().get("/").text


def test_a_mail_is_read_for_codes(room: Room) -> None:
    wanted = code(room, "s0001", NUMBER)
    mail = (
        "From: ada@example.org\nSubject: marks\nMIME-Version: 1.0\n"
        'Content-Type: text/plain; charset="utf-8"\nContent-Transfer-Encoding: base64\n\n'
    )
    import base64

    body = base64.b64encode(f"Grüße, {wanted} is right, I think.".encode()).decode()
    assert ask(room, mail + body, "mail.eml").new == 1
    assert room.store.decisions.appeals()[0].text == f"Grüße, {wanted} is right, I think."


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("m.txt", "Dear all, 1234-5678", "m.txt holds no code of an item, such as ABCD-EFGH"),
        ("r.csv", "who,why\na,b\n", "r.csv: the first row must name the columns code and text"),
        ("r.csv", "code,text\nnone,b\n", "r.csv, row 2: 'NONE' is no code such as ABCD-EFGH"),
    ],
)
def test_what_is_no_request_is_one_sentence(name: str, content: str, sentence: str) -> None:
    with pytest.raises(UsageError) as refusal:
        appeal_file.read(name, content.encode())
    assert str(refusal.value).startswith(sentence)


def test_a_request_is_answered_once_with_a_reason_that_the_student_reads(room: Room) -> None:
    ask(room, f"I don't understand {code(room, 's0001', NUMBER)}.")
    jo, address = room.browser(), f"/item/{NUMBER}?at={room.code('s0001')}&show=all"
    page = jo.get("/requests/first")
    assert "The student asks to look again" in page.text
    assert "I don&#39;t understand" in page.text
    twin = fields(room.browser("Max").get(address))
    refused = mark(jo, address, points="2")
    assert "is changed with a reason" in refused.text
    assert mark(jo, address, points="2", comment="It stays: see page 3.").status_code == 303
    assert "<b>Answered</b> by Jo" in jo.get("/requests").text
    late = room.browser("Max")
    sent = fields(late.get(address))
    assert "appeal" not in sent
    answer = late.post("/mark", data=twin | {"csrf": sent["csrf"], "points": "1", "comment": "no"})
    assert answer.status_code == 409
    assert room.points("s0001", NUMBER) == "2.00"
    graded = room.desk.graded("s0001", NUMBER)
    assert graded.mark is not None
    assert graded.mark.reason == "It stays: see page 3."
