"""What goes back into Moodle arrives completely, and what will not is said before."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from grader.core.errors import UsageError
from grader.core.model import Person
from grader.intake import tables
from grader.intake.platform import Result, Template
from grader.intake.roster import Roster
from grader.platforms.moodle import Moodle, worksheet, worksheet_back
from tests.platforms.moodle import moodle_importer
from tests.platforms.moodle.moodle_importer import Record

DATA = Path(__file__).parents[2] / "data" / "moodle"
NOW = datetime(2026, 11, 28, 13, 0)
LANGUAGES = ("en", "de")


def template(path: str) -> Template:
    return Template(name=Path(path).name, table=tables.read(path, (DATA / path).read_bytes()))


def participants(path: str) -> list[tuple[int, str]]:
    entries = worksheet.people(path, template(path).table)
    assert entries is not None
    return [(int(entry.key), entry.name) for entry in entries]


def result(
    name: str,
    key: str = "",
    *,
    points: str = "73.505",
    highest: str = "100",
    sentences: tuple[str, ...] = ("73.51 of 100.00 points.", 'Path "C:\\" and a < b, + more.'),
    person: Person | None = None,
) -> Result:
    student = Roster().owner("moodle" if key else "", key, name).identity.student
    return Result(
        student=student,
        name=name,
        person=person or Person(platform="moodle" if key else "", key=key),
        points=Decimal(points),
        highest=Decimal(highest),
        sentences=sentences,
        page=f"<html>{name}</html>".encode(),
    )


def rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.parametrize("language", LANGUAGES)
def test_marks_comments_and_pages_of_everybody_arrive(language: str) -> None:
    sheet = f"ways-back/{language}-2-worksheet-downloaded.csv"
    people = participants(sheet)
    results = [
        result(name, str(key), points=f"{60 + n}.25") for n, (key, name) in enumerate(people)
    ]
    made = Moodle().back(results, "Blatt 4", template(sheet), "en")
    moodle = moodle_importer.Moodle(language, {key: Record() for key, _ in people})
    sheet_file, zip_file = made.files.values()
    assert moodle.upload_worksheet(sheet_file, NOW) == [key for key, _ in people]
    assert sorted(moodle.upload_zip(zip_file)) == sorted(key for key, _ in people)
    comment = "<p>73.51 of 100.00 points. Path &quot;C:&#92;&quot; and a &lt; b, + more.</p>"
    for n, (key, name) in enumerate(people):
        record = moodle.people[key]
        assert (record.grade, record.comment) == (60.25 + n, comment)
        assert record.files == {"feedback.html": f"<html>{name}</html>".encode()}
    assert len(made.arriving) == 12
    assert made.passed_over == {}
    assert "English" in made.steps[0] if language == "en" else "German" in made.steps[0]
    assert [step[0] for step in made.steps] == ["1", "2"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_moodle_passes_over_in_silence_is_said(language: str) -> None:
    sheet = f"assign-{language}/worksheet-import-after.csv"
    results = [
        result("Jörg Mußter-Süßholz", "86"),  # overridden in the gradebook
        result("Zoë Unter_Strich", "89", points="60.50"),  # has this mark
        result("Séamus O'Erfunden", "90", points="101"),
        result("Nobody Known", "999"),
        result("Lea", "91"),
    ]
    made = Moodle().back(results, "Blatt 4", template(sheet), "en")
    assert {who.rpartition("-")[2]: why for who, why in made.passed_over.items()} == {
        "86": "the mark is locked or overridden in Moodle's gradebook (the comment is sent)",
        "89": "it has this mark already",
        "90": "101.00 is more than the maximum of 100.00",
        "999": "the worksheet has no row for it",
    }
    assert made.arriving == ("lea-91",)
    people = {key: Record() for key, _ in participants(sheet)}
    people[86].locked, people[89].grade = True, 60.5
    moodle = moodle_importer.Moodle(language, people)
    moodle.upload_worksheet(next(iter(made.files.values())), NOW)
    assert {key: record.grade for key, record in people.items() if record.grade is not None} == {
        89: 60.5,
        91: 73.51,
    }
    assert all(people[key].comment.startswith("<p>") for key in (86, 89, 90, 91))


def test_a_german_date_is_written_as_moodle_can_read_it() -> None:
    """Otherwise each row that was graded before is passed over."""
    sheet = "assign-de/worksheet-plain-after.csv"
    made = Moodle().back([result("Max Doppelmann", "20")], "x", template(sheet), "de")
    record = Record(grade=87.5, modified=datetime(2026, 11, 28, 11, 55, 30))
    moodle = moodle_importer.Moodle("de", {20: record})
    assert moodle.upload_worksheet(next(iter(made.files.values())), NOW) == [20]
    assert record.grade == 73.51
    assert "Update records even if" in made.steps[0]


def test_rows_that_did_not_change_are_not_written() -> None:
    sheet = "ways-back/en-5-worksheet-afterwards.csv"
    before = template(sheet)
    known = worksheet.find(before.table)
    assert known is not None
    ada = next(row for row in known.rows if known.key(row) == "121")
    told = known.cell(ada, "comment")
    same = result("Jörg Mußter-Süßholz", "121", points="60", sentences=(" ".join(told.split()),))
    filled = worksheet_back.fill([same], before)
    assert len(rows(filled.content)) == 1
    assert filled.arriving == []


def test_points_are_parts_of_the_worksheets_maximum() -> None:
    sheet = "assign-en/worksheet-all-columns.csv"
    made = Moodle().back(
        [result("Jörg Mußter-Süßholz", "107", points="85")], "x", template(sheet), "en"
    )
    header, row = rows(next(iter(made.files.values())))
    assert row[header.index("Grade")] == "8.50"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_member_of_a_team_gets_the_teams_mark_and_the_team_one_page(language: str) -> None:
    sheet = f"assign-{language}/worksheet-team.csv"
    team = result("Drei", person=Person(platform="moodle", key="6", members=("a", "b")))
    default = "Default group" if language == "en" else "Standard-Gruppe"
    rest = result(default, person=Person(platform="moodle", members=("c", "d")))
    made = Moodle().back([team, rest], "x", template(sheet), "en")
    moodle = moodle_importer.Moodle(language, {key: Record() for key, _ in participants(sheet)})
    sheet_file, zip_file = made.files.values()
    assert moodle.upload_worksheet(sheet_file, NOW) == [32, 34, 27, 26, 29, 36]
    teams = moodle_importer.Moodle(language, {6: Record()})
    assert teams.upload_zip(zip_file) == [6]
    assert [why for who, why in made.passed_over.items() if "page" in who] == [
        "no feedback file: Moodle takes none for a team without a number"
    ]


def test_a_scale_gets_the_comment_alone() -> None:
    made = Moodle().back([result("x", "73")], "x", template("assign-en/worksheet-scale.csv"), "en")
    keys = [key for key, _ in participants("assign-en/worksheet-scale.csv")]
    made = Moodle().back(
        [result("x", str(keys[0]))], "x", template("assign-en/worksheet-scale.csv"), "en"
    )
    assert made.arriving == ()
    header, row = rows(next(iter(made.files.values())))
    assert row[header.index("Grade")] == ""
    assert row[header.index("Feedback comments")].startswith("<p>")


def test_who_has_no_number_is_found_by_address_or_name() -> None:
    sheet = "ways-back/en-2-worksheet-downloaded.csv"
    by_mail = result("Folder", person=Person(email="MAX.B@example.invalid"))
    by_name = result("Séamus OErfunden")
    twins = result("Max Doppelmann")
    made = Moodle().back([by_mail, by_name, twins], "x", template(sheet), "en")
    assert [row[0] for row in rows(next(iter(made.files.values())))[1:]] == [
        "Participant 113",
        "Participant 114",
    ]
    assert made.passed_over[twins.student] == "the worksheet has no row for it"


def test_two_exports_of_the_same_are_the_same_bytes() -> None:
    sheet = template("ways-back/en-2-worksheet-downloaded.csv")
    one, two = (Moodle().back([result("x", "121")], "t", sheet, "en") for _ in range(2))
    assert one.files == two.files


@pytest.mark.parametrize("given", [None, Template(name="wine.csv", table=[["a"], ["1"]])])
def test_another_table_is_refused_with_the_way_to_the_right_one(given: Template | None) -> None:
    with pytest.raises(UsageError, match="Download grading worksheet"):
        Moodle().back([], "t", given, "en")
