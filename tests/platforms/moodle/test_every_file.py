"""Every file that a real Moodle sent or took: people, times and marks as it had them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from grader.assignment import rubric
from grader.core.model import Person
from grader.intake import platform_tables, roster, tables
from grader.intake.platform import Entry, Result, Template
from grader.intake.submissions import ingest
from grader.platforms import PLATFORMS
from grader.platforms.moodle import Moodle, worksheet
from grader.platforms.moodle.worksheet import Worksheet
from grader.platforms.moodle_gradebook import MoodleGradebook
from tests.platforms.moodle import moodle_importer
from tests.platforms.moodle.moodle_importer import Record

DATA = Path(__file__).parents[2] / "data" / "moodle"
LANGUAGES = ("en", "de")
NAMES = {
    "muster.joerg": "Jörg Mußter-Süßholz",
    "anna.vdh": "Anna Lena von der Höhe",
    "oerfunden": "Séamus O'Erfunden",
    "garcia": "María José García Inventada",
    "nguyen": "Thị Minh Châu Nguyễn",
    "wang": "小明 王",
    "max.a": "Max Doppelmann",
    "max.b": "Max Doppelmann",
    "zoe": "Zoë Unter_Strich",
    "lukasz": "Łukasz Żółtak",
    "lilli": 'Lea "Lilli" Klammer (Erasmus)',
    "kim": "Kim A. D'Punkt, Jr.",
}
"""Who is in the course, by user name, in the order of its members."""

SHEETS = sorted(
    path.stem.removeprefix("worksheet-") for path in DATA.glob("assign-en/worksheet-*.csv")
)
USUAL, THREE_HOURS_LATE = datetime(2026, 11, 25, 11, 55), datetime(2026, 11, 26, 14, 55)
MARKED: Mapping[str, Mapping[str, str]] = {
    "plain-after": {"max.a": "87.50", "zoe": "70.00"},
    "flow-after": {one: f"{40 + n}.00" for n, one in enumerate([*NAMES][:6])},
    "import-after": {"zoe": "60.50"},
    "scale-after": {"muster.joerg": "bestanden", "wang": "sehr gut", "max.b": "nicht bestanden"},
}
"""Marks that were imported before these were downloaded."""

STATE = re.compile(
    r"^(?P<user>\S+) +attempt=0 grade=(?P<grade>[\d.]+) .*? comment=(?P<comment>\".*?\")/format 1 "
    r"files=\[\"/(?P<file>\S+) \((?P<size>\d+)\)\"\] gradebook=(?P<book>[\d.]+) ",
    re.MULTILINE,
)
ROUND = datetime(2026, 11, 28, 12, 23, 16)


def table(path: str) -> list[list[str]]:
    return tables.read(path, (DATA / path).read_bytes())


def sheet(path: str) -> Worksheet:
    found = worksheet.find(table(path))
    assert found is not None
    return found


def entries(path: str) -> list[Entry]:
    found = worksheet.people(path, table(path))
    assert found is not None
    return found


def user(entry: Entry) -> str:
    return entry.email.removesuffix("@example.invalid")


def state(language: str) -> dict[str, dict[str, str]]:
    """What Moodle's database held after a round, by user name."""
    text = (DATA / f"ways-back/{language}-6-moodle-state.txt").read_text()
    return {one["user"]: one.groupdict() for one in STATE.finditer(text)}


def imported(
    language: str, people: Mapping[str, int], sheet: bytes, zipped: bytes
) -> Mapping[str, Record]:
    """What the tests' reader holds after the two files, by user name."""
    moodle = moodle_importer.Moodle(language, {key: Record() for key in people.values()})
    moodle.upload_worksheet(sheet, ROUND)
    moodle.upload_zip(zipped)
    return {who: moodle.people[key] for who, key in people.items()}


@pytest.mark.parametrize("kind", SHEETS)
def test_a_worksheet_says_the_same_of_everybody_in_both_languages(kind: str) -> None:
    english, german = (entries(f"assign-{one}/worksheet-{kind}.csv") for one in LANGUAGES)
    if kind == "blind":
        assert {one.name for one in english} == {""}
    else:
        assert {user(one): one.name for one in english} == NAMES
    assert len(english) == len({one.key for one in english}) == 12
    for one, other in zip(english, german, strict=True):
        assert one.team in (other.team, "Default group")
        assert replace(one, source="", team="") == replace(other, source="", team="")


@pytest.mark.parametrize("kind", SHEETS)
def test_times_drafts_and_extensions_are_those_of_the_course(kind: str) -> None:
    found = {user(one) or one.key: one for one in entries(f"assign-en/worksheet-{kind}.csv")}
    times = {who: one.submitted_at for who, one in found.items() if one.submitted_at is not None}
    drafts = [who for who, one in found.items() if one.is_draft]
    longer = {who: one.extended_until for who, one in found.items() if one.extended_until}
    if kind.startswith("plain"):
        usual = dict.fromkeys([who for who in NAMES if who != "kim"], USUAL)
        odd = {"anna.vdh": THREE_HOURS_LATE, "zoe": datetime(2026, 11, 25, 12, 55)}
        assert times == usual | odd | {"lukasz": datetime(2026, 11, 27, 11, 55)}
        assert (drafts, longer) == (["wang"], {"lukasz": datetime(2026, 11, 28, 11, 55)})
    elif kind == "all-columns":  # nobody handed in; who has an override has another due date
        due = dict.fromkeys(NAMES, datetime(2026, 11, 27, 12, 20))
        assert (times, longer) == ({}, due | {"kim": datetime(2026, 11, 29, 12, 20)})
    else:
        assert {*times.values()} == {USUAL}
        assert (drafts, longer) == ([], {})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(MARKED))
def test_marks_of_before_are_seen(language: str, kind: str) -> None:
    path = f"assign-{language}/worksheet-{kind}.csv"
    found = sheet(path)
    shown = [found.cell(row, "grade").replace(",", ".") for row in found.rows]
    told = {user(one): mark for one, mark in zip(entries(path), shown, strict=True) if mark}
    assert told == MARKED[kind]
    assert [kind for kind in SHEETS if kind.endswith("-after")] == sorted(MARKED)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_workflow_is_told_for_marks_wait_there(language: str) -> None:
    for kind, is_told in (("flow", True), ("flow-after", True), ("plain", False)):
        path = f"assign-{language}/worksheet-{kind}.csv"
        given = Template(name=path, table=table(path))
        made = Moodle().back([result(one, "50") for one in entries(path)[:4]], "t", given, "en")
        assert len(made.arriving) == 4
        assert ("set the state to Released" in made.steps[-1]) == is_told


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tests_reader_does_with_a_round_what_moodle_did(language: str) -> None:
    """The files were filled in by hand, and all of them arrived."""
    people = {
        user(one): int(one.key)
        for one in entries(f"ways-back/{language}-2-worksheet-downloaded.csv")
    }
    files = [
        DATA / f"ways-back/{language}-{name}"
        for name in ("3-worksheet-filled.csv", "4-feedback.zip")
    ]
    held = imported(language, people, *(path.read_bytes() for path in files))
    known = state(language)
    assert set(known) == {*NAMES} - {"kim"}
    assert {who: one.grade for who, one in held.items() if one.grade is not None} == {
        who: float(one["grade"]) for who, one in known.items()
    }
    for who, one in known.items():
        assert held[who].comment == json.loads(one["comment"])
        assert {name: len(page) for name, page in held[who].files.items()} == {
            one["file"]: int(one["size"])
        }


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_we_export_of_a_round_leads_to_the_same_marks(language: str) -> None:
    """From the zip and the worksheet as they were downloaded."""
    path = f"ways-back/{language}-2-worksheet-downloaded.csv"
    paths = [DATA / f"ways-back/{language}-1-all-submissions.zip", DATA / path]
    found = {
        one.person.email.partition("@")[0]: one
        for one in ingest(paths, rubric.find("dais2021-a4"), PLATFORMS).submissions
    }
    known = state(language)
    assert {who: one.name for who, one in found.items()} == {who: NAMES[who] for who in known}
    assert {tuple(one.notebooks) for one in found.values()} == {("activation",)}
    assert {one.submitted_at and one.submitted_at.isoformat() for one in found.values()} == {
        "2026-11-28T12:23:00+01:00"
    }
    results = [
        Result(
            student=one.student,
            name=one.name,
            person=one.person,
            points=Decimal(known[who]["grade"]),
            highest=Decimal(100),
            sentences=(who,),
            page=who.encode(),
        )
        for who, one in found.items()
    ]
    made = Moodle().back(results, "t", Template(name=path, table=table(path)), "en")
    people = {user(one): int(one.key) for one in entries(path)}
    held = imported(language, people, *made.files.values())
    assert {who: one.grade for who, one in held.items() if one.grade is not None} == {
        who: float(one["grade"]) for who, one in known.items()
    }
    assert {who: one.files for who, one in held.items() if one.files} == {
        who: {"feedback.html": who.encode()} for who in known
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_after_a_round_what_changed_alone_is_sent_and_arrives(language: str) -> None:
    path = f"ways-back/{language}-5-worksheet-afterwards.csv"
    known, found = state(language), entries(path)
    same = [
        result(one, known[user(one)]["grade"], told(path, one))
        for one in found
        if user(one) in known
    ]
    changed = replace(same[3], points=Decimal("12.5"), sentences=("New.",))
    given = Template(name=path, table=table(path))
    made = Moodle().back([*same[:3], changed, *same[4:]], "t", given, "en")
    assert made.arriving == (changed.student,)
    keys = [int(one.key) for one in found]
    moodle = moodle_importer.Moodle(
        language, {key: Record(grade=1, modified=ROUND) for key in keys}
    )
    assert moodle.upload_worksheet(next(iter(made.files.values())), ROUND) == [int(found[3].key)]
    assert moodle.people[int(found[3].key)].grade == 12.5


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", ["real", "all-displays"])
def test_an_export_of_the_gradebook_names_everybody(language: str, form: str) -> None:
    path = f"gradebook/export-{language}-{form}.csv"
    known = platform_tables.look(path, {path: (DATA / path).read_bytes()}, [Moodle()]).people
    assert known is not None
    assert {user(one): one.name for one in known} == NAMES
    assert {user(one): one.number for one in known if one.number} == {
        who: str(2_026_000 + n)
        for n, who in enumerate(NAMES, 1)
        if who not in ("garcia", "wang", "lukasz")
    }


@pytest.mark.parametrize(
    ("name", "who", "marks"),
    [
        ("import-en", ["muster.joerg", "max.a"], ["71.5", "72"]),
        ("import-de-comma", ["muster.joerg"], ["75,5"]),
        ("import-de-semicolon", ["2026007"], ["76,5"]),
    ],
)
def test_what_we_write_for_the_gradebook_has_the_form_that_moodle_took(
    name: str, who: list[str], marks: list[str]
) -> None:
    rows = table(f"gradebook/{name}.csv")
    people = roster.read(name, rows)
    assert people is not None
    assert [user(one) or one.number for one in people] == who
    assert [row[1] for row in rows[1:]] == marks
    person = Person(email="muster.joerg@example.invalid", number="2026007")
    one = replace(result(people[0], marks[0].replace(",", ".")), person=person)
    language = name.split("-")[1]
    (content,) = MoodleGradebook().back([one], "t", None, language).files.values()
    header, row = tables.read("ours.csv", content)
    assert rows[1][0] == row[header.index(rows[0][0])]
    assert row[2] == f"{marks[0]}0"


def told(path: str, entry: Entry) -> str:
    """The comment that a worksheet shows of somebody."""
    found = sheet(path)
    return next(found.cell(row, "comment") for row in found.rows if found.key(row) == entry.key)


def result(entry: Entry, points: str, sentence: str = "Well done.") -> Result:
    return Result(
        student=f"{user(entry)}-{entry.key}",
        name=entry.name,
        person=Person(platform="moodle", key=entry.key),
        points=Decimal(points),
        highest=Decimal(100),
        sentences=(sentence,),
        page=b"<html>",
    )
