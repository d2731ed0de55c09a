"""Students' requests, read from tables and mails."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from grader.core.errors import UsageError
from grader.marking import codes
from grader.review import appeal_file
from tests.review.conftest import WHY, Room

CODE = "ABCD-EF23"
NOW = datetime(2021, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [f"about {CODE}, please", f"({CODE})", f"{CODE}\n> {CODE}"],
)
def test_a_code_is_found_in_words_and_counts_once(text: str) -> None:
    assert appeal_file.read("mail.txt", text.encode()) == [(CODE, text.strip(), "mail.txt")]


@pytest.mark.parametrize(
    "text", ["", "please", "abcd-ef23", "ABCD-EF01", f"X{CODE}", f"{CODE}-AAAA"]
)
def test_a_text_without_a_code_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"^mail\.txt holds no code of an item, such as ABCD-EFGH"):
        appeal_file.read("mail.txt", text.encode())


def test_of_a_mail_with_its_head_the_text_is_read() -> None:
    mail = (
        "From: ada@x.org\nSubject: =?utf-8?q?Stra=C3=9Fe?= AAAA-BBBB\n"
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
        "UGxlYXNlIGxvb2sgYXQgQUJDRC1FRjIz\n"
    )
    ((code, text, _),) = appeal_file.read("m.eml", mail.encode())
    assert (code, text) == (CODE, "Please look at ABCD-EF23")


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain; charset=no-such",
        "text/html",
        "multipart/mixed",
        'text/plain; charset=""',
        "text/plain; charset*0*=utf-8",
    ],
)
def test_a_mail_that_cannot_be_taken_apart_is_read_as_it_is(kind: str) -> None:
    mail = f"From: ada@x.org\nContent-Type: {kind}\n\nabout {CODE}\n"
    assert [found[0] for found in appeal_file.read("m.eml", mail.encode())] == [CODE]


def test_a_table_has_a_request_in_each_row() -> None:
    table = f"Text,CODE\nwhy?,{CODE.lower()}\nnothing,\n,ABCD-EF24\n".encode()
    assert appeal_file.read("r.csv", table) == [
        (CODE, "why?", "r.csv, row 2"),
        ("ABCD-EF24", "", "r.csv, row 4"),
    ]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("code,why\nx,y\n", "r.csv: the first row must name the columns code and text"),
        ("code,text\nABCD,y\n", "r.csv, row 2: 'ABCD' is no code such as ABCD-EFGH"),
    ],
)
def test_another_table_is_refused_by_its_row(table: str, told: str) -> None:
    with pytest.raises(UsageError) as refusal:
        appeal_file.read("r.csv", table.encode())
    assert str(refusal.value) == told


def test_requests_are_taken_once_and_strange_codes_are_told(room: Room) -> None:
    code = codes.of(room.store.secret(codes.SECRET), "s0001", WHY)
    found = [(code, "x" * 5000, "a"), (code, "x" * 5000, "a"), ("AAAA-BBBB", "y", "b")]
    done = appeal_file.take(room.store, room.of, found, NOW)
    assert (done.new, done.known, done.strange) == (1, 1, ("AAAA-BBBB",))
    (appeal,) = room.store.decisions.appeals()
    assert (appeal.student, appeal.item, len(appeal.text)) == ("s0001", WHY, appeal_file.MAX_TEXT)


def test_a_code_that_a_mail_program_broke_in_two_is_whole_again() -> None:
    mail = (
        "Subject: a\nContent-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: quoted-printable\n\nabout ABCD-=\nEF23, f=C3=BCr Ada\n"
    )
    assert appeal_file.read("m.eml", mail.encode()) == [(CODE, "about ABCD-EF23, für Ada", "m.eml")]


def test_of_a_mail_in_two_forms_the_plain_one_is_read() -> None:
    mail = (
        "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n"
        f"--b\nContent-Type: text/html\n\n<b>AAAA-BBBB</b>\n"
        f"--b\nContent-Type: text/plain\n\nplain {CODE}\n--b--\n"
    )
    assert appeal_file.read("m.eml", mail.encode()) == [(CODE, f"plain {CODE}", "m.eml")]


def test_one_mail_about_two_items_is_two_requests() -> None:
    text = f"{CODE} and ABCD-EF24 and {CODE}"
    assert appeal_file.read("m", text.encode()) == [(CODE, text, "m"), ("ABCD-EF24", text, "m")]


def test_bytes_that_are_no_text_cost_no_request() -> None:
    ((code, text, _),) = appeal_file.read("m.txt", b"f\xfcr " + CODE.encode())
    assert (code, text) == (CODE, f"f\ufffdr {CODE}")


def test_a_row_that_is_too_short_is_a_request_without_words() -> None:
    assert appeal_file.read("R.CSV", f"code,text\n{CODE}\n\n".encode()) == [
        (CODE, "", "R.CSV, row 2")
    ]


def test_a_table_without_a_request_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^r\.csv holds no code of an item"):
        appeal_file.read("r.csv", b"code,text\n,why?\n")
