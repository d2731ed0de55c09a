"""A course of 40 from Moodle's downloads to what it takes back, in four commands of the page."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli.main import main
from tests import moodle_course
from tests.moodle_course import EXTENDED, KEYS, Course, name, team
from tests.platforms.moodle import moodle_importer
from tests.platforms.moodle.moodle_importer import Record

PAGE = Path(__file__).parents[2] / "docs" / "teaching-assistants.md"
pytestmark = pytest.mark.sandbox


def commands() -> list[list[str]]:
    """The words of the page's four commands, as they stand there."""
    section = PAGE.read_text().partition("## From Moodle and back, in four commands")[2]
    block = section.partition("\n## ")[0]
    return [shlex.split(line) for line in re.findall(r"^ {4}\.venv/bin/grader (.+)$", block, re.M)]


def run(*words: object) -> str:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, in which the page's assignment is that of the course."""
    made = moodle_course.assignment(tmp_path / "reference")
    monkeypatch.setattr("grader.assignment.rubric.find", lambda name, **_: made)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fill(table: Path, points: str) -> int:
    """Gives all that waits the same points; how many rows that were."""
    header, *rows = csv.reader(io.StringIO(table.read_text("utf-8-sig")), delimiter=";")
    for row in rows:
        row[header.index("points")], row[header.index("reason")] = points, "Well said."
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([header, *rows])
    table.write_text(out.getvalue(), encoding="utf-8-sig")
    return len(rows)


def uploaded(export: Path, course: Course) -> moodle_importer.Moodle:
    """Moodle, after the two files of an export were uploaded in their order."""
    numbers = {team(key) for key in KEYS} if course.in_teams else set[int]()
    moodle = moodle_importer.Moodle("en", {key: Record() for key in {*KEYS} | numbers})
    moodle.upload_worksheet(
        (export / "1-grading-worksheet.csv").read_bytes(), datetime(2021, 6, 2, 12)
    )
    moodle.upload_zip((export / "2-feedback-files.zip").read_bytes())
    return moodle


@pytest.mark.parametrize("in_teams", [False, True])
def test_a_course_goes_in_and_comes_out_in_the_pages_four_commands(
    here: Path, in_teams: bool
) -> None:
    course = Course(here / "downloads", in_teams)
    course.write()
    course.worksheet.rename(here / "worksheet.csv")
    (here / course.worksheet).write_bytes((here / "worksheet.csv").read_bytes())
    grade, waiting, marks, export = commands()
    run(*grade, "--quiet", "--seed", "1")
    run(*waiting)
    assert fill(here / "waiting.csv", "12,5") == (9 if in_teams else 37)
    run(*marks)
    told = run(*export)
    expected = course.moodles_marks(words=12.5)
    assert f"{len(expected)} marks will arrive." in told
    moodle = uploaded(here / "export", course)
    held = {key: one.grade for key, one in moodle.people.items() if one.grade is not None}
    assert held == expected
    pages = {key for key, one in moodle.people.items() if {*one.files} == {"feedback.html"}}
    assert pages == ({*map(team, expected)} if in_teams else {*expected})
    assert all(moodle.people[key].comment.startswith("<p>") for key in expected)
    who = team(EXTENDED) if in_teams else EXTENDED
    shown = f"Team B/{who}" if in_teams else name(who)
    page = moodle.people[who].files["feedback.html"].decode().replace("&#39;", "'")
    assert shown in page
    assert "Handed in late" not in page
    index = (here / "results" / "index.html").read_text()
    assert index.count("started day") == 1
    assert "0 marks will arrive." in run(*export)


def test_a_narrower_batch_says_who_leaves_and_their_marks_come_back_with_them(here: Path) -> None:
    for student in ("Ada", "Bob"):
        (here / "both" / student).mkdir(parents=True)
        (here / "both" / student / "Sums.ipynb").write_text(moodle_course.notebook("right"))
    grade = ("grade", "--quiet", "--seed", "1")
    run(*grade, "both")
    run("mark", "results", "--student", "bob", "--item", "says", "--points", "7", "--reason", "x")
    done = CliRunner().invoke(main, [*grade, "both/Ada"])
    assert "1 of the last batch are not in this one" in done.stderr
    assert "Bob" in done.stderr
    run(*grade, "both")
    document = json.loads((here / "results" / "results.json").read_text())
    assert {s["student"]: s["points"] for s in document["submissions"]} == {
        "ada": "60.00",
        "bob": "7.00",
    }


def test_a_quiz_that_is_none_is_told_before_anything_runs(here: Path) -> None:
    course = Course(here / "downloads")
    course.write()
    (here / "wine.csv").write_text("alcohol,ash\n1,2\n")
    done = CliRunner().invoke(main, ["grade", "downloads", "--quiz", "wine.csv"])
    assert done.exit_code == 2
    assert "wine.csv belongs to no student" in done.stderr
    assert not (here / "results").exists()
