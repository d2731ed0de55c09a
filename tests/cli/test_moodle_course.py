"""A course of 40 from Moodle's three downloads to what it takes back, in four commands."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from grader.checks.base import Check, failed, passed
from grader.cli.main import main
from grader.core.model import Assignment, Case, LateRule, Outcome
from tests import course
from tests.platforms.moodle import moodle_importer
from tests.platforms.moodle.moodle_importer import Record

HEADER = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum grade","Grade can be changed",'
    '"Last modified (submission)","Last modified (grade)","Feedback comments"'
)
IN_TIME = "Sunday, 30 May 2021, 7:00 PM"
LATE, MISSING, DRAFT, EXTENDED = 104, (138, 139, 140), 106, 107
NAMESAKES = (120, 121)
RIGHT = {key for key in range(101, 141) if key % 3}


class Says(Check):
    """Passed if the first cell says so. Nothing is run."""

    observes: ClassVar[bool] = False

    def judge(self, case: Case) -> Outcome:
        assert case.notebook is not None
        return passed("Right.") if case.notebook.cells[0].source == "right" else failed("Wrong.")


def name(key: int) -> str:
    return "Max Doppelmann" if key in NAMESAKES else f"Séamus O'Person {key}"


def notebook(text: str) -> str:
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": text, "outputs": []}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def row(key: int) -> str:
    status, when = "Submitted for grading -  - ", IN_TIME
    if key == LATE:
        status, when = "Submitted for grading - 1 day late -  - ", "Tuesday, 1 June 2021, 7:00 PM"
    elif key == EXTENDED:
        until = "Extension granted until: Tuesday, 1 June 2021, 8:00 PM"
        status, when = f"Submitted for grading - {until} -  - ", "Tuesday, 1 June 2021, 7:00 PM"
    elif key == DRAFT:
        status = "Draft (not submitted) -  - "
    elif key in MISSING:
        status, when = "No submission -  - ", "-"
    cells = [
        f"Participant {key}",
        name(key),
        f"p{key}@x.org",
        status,
        "",
        "100.00",
        "Yes",
        when,
        "-",
        "",
    ]
    return ",".join(f'"{cell}"' for cell in cells)


@pytest.fixture
def downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The zip and the worksheet in one folder, as they come."""
    like = course.assignment(tmp_path / "reference")
    told = course.item("says", Says(), "100")
    task = replace(like.tasks[0], points=Decimal(100), items=(told,))
    made: Assignment = replace(
        like,
        points=Decimal(100),
        pass_points=Decimal(50),
        tasks=(task,),
        due=datetime(2021, 5, 30, 20, tzinfo=ZoneInfo("Europe/Berlin")),
        late=LateRule(percent_per_day=Decimal(10)),
    )
    monkeypatch.setattr("grader.assignment.rubric.find", lambda name: made)
    folder = tmp_path / "downloads"
    folder.mkdir()
    with zipfile.ZipFile(folder / "DL-Blatt 4-90210.zip", "w") as archive:
        for key in range(101, 141):
            if key not in MISSING:
                shown = name(key).replace("'", "")
                content = notebook("right" if key in RIGHT else "wrong")
                archive.writestr(f"{shown}_{key}_assignsubmission_file/Sums.ipynb", content)
    lines = [HEADER, *(row(key) for key in range(101, 141))]
    (folder / "Grades-DL-Blatt 4-90210.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    return folder


def run(*words: object) -> str:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.sandbox
def test_a_course_goes_in_and_comes_out(downloads: Path, tmp_path: Path) -> None:
    results, export = tmp_path / "results", tmp_path / "export"
    run("grade", downloads, "--out", results, "--quiet", "--seed", "1", "--assignment", "course")
    marked = ("mark", results, "--student", "max-doppelmann-120", "--item", "says")
    run(*marked, "--points", "55", "--reason", "seen by a person")
    sheet = downloads / "Grades-DL-Blatt 4-90210.csv"
    told = run("export", results, "--to", "moodle", "--worksheet", sheet, "--out", export)
    assert "37 marks will arrive." in told
    moodle = moodle_importer.Moodle("en", {key: Record() for key in range(101, 141)})
    now = datetime(2021, 6, 2, tzinfo=UTC).replace(tzinfo=None)
    moodle.upload_worksheet((export / "1-grading-worksheet.csv").read_bytes(), now)
    moodle.upload_zip((export / "2-feedback-files.zip").read_bytes())
    expected = {
        key: 100.0 if key in RIGHT else 0.0 for key in range(101, 141) if key not in MISSING
    }
    expected |= {LATE: 0.0 if LATE not in RIGHT else 80.0, 120: 55.0}
    assert {
        key: one.grade for key, one in moodle.people.items() if one.grade is not None
    } == expected
    pages = {key: set(one.files) for key, one in moodle.people.items()}
    assert all(pages[key] == (set() if key in MISSING else {"feedback.html"}) for key in pages)
    assert name(EXTENDED) in moodle.people[EXTENDED].files["feedback.html"].decode().replace(
        "&#39;", "'"
    )
    page = (results / "index.html").read_text()
    assert "<h2>Late</h2>" in page
    assert page.count("started day") == 1


@pytest.mark.sandbox
def test_a_narrower_batch_says_who_leaves_and_their_marks_come_back_with_them(
    downloads: Path, tmp_path: Path
) -> None:
    both, results = tmp_path / "both", tmp_path / "results"
    for student in ("Ada", "Bob"):
        (both / student).mkdir(parents=True)
        (both / student / "Sums.ipynb").write_text(notebook("right"))
    grade = ("grade", "--out", results, "--quiet", "--seed", "1", "--assignment", "course")
    run(*grade, both)
    run("mark", results, "--student", "bob", "--item", "says", "--points", "7", "--reason", "x")
    words = [str(word) for word in (*grade, both / "Ada")]
    done = CliRunner().invoke(main, words)
    assert "1 of the last batch are not in this one" in done.stderr
    assert "Bob" in done.stderr
    run(*grade, both)
    document = json.loads((results / "results.json").read_text())
    assert {s["student"]: s["points"] for s in document["submissions"]} == {
        "ada": "100.00",
        "bob": "7.00",
    }


@pytest.mark.sandbox
def test_a_quiz_that_is_none_is_told_before_anything_runs(downloads: Path, tmp_path: Path) -> None:
    table = tmp_path / "wine.csv"
    table.write_text("alcohol,ash\n1,2\n")
    words = ["grade", downloads, "--quiz", table, "--out", tmp_path / "r", "--assignment", "course"]
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == 2
    assert "wine.csv belongs to no student" in done.stderr
    assert not (tmp_path / "r").exists()
