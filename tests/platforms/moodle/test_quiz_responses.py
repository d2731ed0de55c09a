"""Moodle's responses download in both languages, and whose rows these are."""

from __future__ import annotations

from decimal import Decimal

import pytest

from grader.core.errors import UsageError
from grader.intake import people, platform_tables
from grader.intake.identity import by_name
from grader.intake.platform import QuizAttempt
from grader.intake.roster import Owner
from grader.platforms.moodle import Moodle

ENGLISH = (
    '\ufeff"Last name","First name","Email address",State,"Started on",Completed,"Time taken",'
    'Grade/10.00,"Response 1","Right answer 1","Response 2"\n'
    'Beispiel,Alex,alex.beispiel@example.org,Finished,"8 July 2021  1:20 PM",x,y,7.50,8,8,'
    '"part 1: 0.45; part 2: relu; part 3:"\n'
    'Muster,Robin-Kim,robin.muster@example.org,"In progress",x,-,-,-,-,8,-\n'
)
GERMAN = (
    '\ufeffNachname,Vorname,E-Mail-Adresse,Status,Begonnen,Beendet,Dauer,"Bewertung/10,00",'
    '"Antwort 1","Antwort 2"\n'
    'Müller,Jörg,j.m@example.org,Beendet,"8. Juli 2025  13:20",x,y,"7,50","8,0","Teil 1: 0,45"\n'
    'Gesamtdurchschnitt,,,,,,,"7,50",,\n'
)


def read(name: str, content: bytes) -> list[QuizAttempt]:
    return list(platform_tables.attempts(name, content, [Moodle()]))


def complaint(name: str, content: bytes) -> str:
    return platform_tables.look(name, {name: content}, [Moodle()]).complaint


def owner(name: str) -> Owner:
    return Owner(identity=by_name(name))


def test_english_rows_are_read_by_header() -> None:
    first, second = read("r.csv", ENGLISH.encode())
    assert (first.name, first.email, first.finished) == (
        "Alex Beispiel",
        "alex.beispiel@example.org",
        True,
    )
    assert first.grade == Decimal("7.50")
    assert first.responses == {"1": "8", "2": "part 1: 0.45; part 2: relu; part 3:"}
    assert not second.finished


def test_german_rows_are_read_and_averages_dropped() -> None:
    (row,) = read("r.csv", GERMAN.encode())
    assert (row.name, row.grade, row.responses["2"]) == (
        "Jörg Müller",
        Decimal("7.50"),
        "Teil 1: 0,45",
    )


@pytest.mark.parametrize(
    "name", ["Jörg Müller", "Müller Jörg", "MÜLLER, JÖRG", "Jo\u0308rg Mu\u0308ller"]
)
def test_a_row_finds_its_student_by_either_order_of_the_name(name: str) -> None:
    rows = read("r.csv", GERMAN.encode())
    found = people.match(rows, [owner(name), owner("Ada Strong")])
    assert list(found.responses) == [owner(name).identity.student]
    assert found.remarks == []


def test_the_best_finished_attempt_counts() -> None:
    text = ENGLISH + "Beispiel,Alex,alex.beispiel@example.org,Finished,x,x,y,9.00,9,8,-\n"
    found = people.match(read("r.csv", text.encode()), [owner("Alex Beispiel")])
    assert found.responses["alex-beispiel"].values["response 1"] == "9"
    assert found.responses["alex-beispiel"].source == "r.csv, row 4"


def test_a_grades_report_is_told_apart_with_the_mend() -> None:
    grades = 'Nachname,Vorname,Status,"F 1 /2,50"\nA,B,Beendet,"1,00"\n'
    with pytest.raises(UsageError, match=r"g\.csv has no column 'Response 1'"):
        read("g.csv", grades.encode())


def test_json_headers_are_squeezed_and_still_known() -> None:
    text = (
        '[[{"nachname": "Müller", "vorname": "Jörg", "e-mail-adresse": "j@x", "status": "Beendet",'
        ' "bewertung1000": "7,50", "frage1": "x1 = 2.0", "antwort1": "8,0",'
        ' "richtigeantwort1": "8"}]]'
    )
    (row,) = read("r.json", text.encode())
    assert (row.name, row.email, row.finished) == ("Jörg Müller", "j@x", True)
    assert (row.grade, row.highest) == (Decimal("7.50"), Decimal(10))
    assert (row.responses, row.right, row.questions) == (
        {"1": "8,0"},
        {"1": "8"},
        {"1": "x1 = 2.0"},
    )


@pytest.mark.parametrize("header", ["Surname", "Last name", "Nachname"])
@pytest.mark.parametrize("state", ["State", "Status"])
def test_headers_of_every_release_are_known(header: str, state: str) -> None:
    text = f"{header},First name,{state},Response 1\nB,A,Finished,5\n"
    (row,) = read("r.csv", text.encode())
    assert (row.name, row.finished, row.responses["1"]) == ("A B", True, "5")


def test_an_unknown_state_is_not_finished() -> None:
    text = "Nachname,Vorname,Status,Antwort 1\nB,A,Eingereicht,5\n"
    (row,) = read("r.csv", text.encode())
    assert not row.finished


def test_a_download_without_names_or_email_is_one_sentence() -> None:
    with pytest.raises(UsageError, match=r"^r\.csv has no columns for last and first name"):
        read("r.csv", b"Status,Antwort 1\nBeendet,5\n")


@pytest.mark.parametrize(
    ("header", "grade", "highest"),
    [("Grade/10.00", "7.50", 10), ("Bewertung/100,0", "75,0", 100), ("Grade/10", "7", 10)],
)
def test_the_greatest_grade_is_read_from_csv_and_from_the_squeezed_header_of_json(
    header: str, grade: str, highest: int
) -> None:
    csv = f'Nachname,Vorname,"{header}",Antwort 1\nB,A,"{grade}",5\nD,C,-,-\n'
    key = header.lower().translate(str.maketrans("", "", "/.,"))
    json = (
        f'[[{{"nachname": "D", "vorname": "C", "{key}": "-", "antwort1": "-"}},'
        f' {{"nachname": "B", "vorname": "A", "{key}": "{grade}", "antwort1": "5"}}]]'
    )
    for name, text in (("r.csv", csv), ("r.json", json)):
        rows = read(name, text.encode())
        assert {row.highest for row in rows} == {Decimal(highest)}
        (row,) = [row for row in rows if row.name == "A B"]
        assert row.grade == Decimal(grade.replace(",", "."))


@pytest.mark.parametrize("grade", ["1E+999999", "1E+30", "NaN", "-", "9" * 40])
def test_a_grade_that_no_quiz_gives_is_none(grade: str) -> None:
    (row,) = read("r.csv", f"Nachname,Vorname,Grade/10.00,Antwort 1\nB,A,{grade},5\n".encode())
    assert row.grade is None


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("g.csv", b'Nachname,Vorname,"F 1 /2,50"\nA,B,"1,00"\n', "not 'Grades'"),
        ("r.xlsx", b"PK", "is not a readable spreadsheet"),
        ("r.csv", b"", "is empty"),
    ],
)
def test_what_may_be_meant_as_the_download_is_complained_about(
    name: str, content: bytes, why: str
) -> None:
    assert why in complaint(name, content)
    assert name in complaint(name, content)


def test_other_files_are_no_complaint() -> None:
    assert complaint("photo.jpg", b"") == ""
    assert complaint("wine.csv", b"alcohol,ash\n1,2\n") == ""
