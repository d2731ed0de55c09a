"""Downloads of other platforms are known by their names, and marks go back in their forms."""

from __future__ import annotations

import json
import zipfile
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest

from grader.assignment import rubric
from grader.core.errors import UsageError
from grader.core.model import Person, Submission
from grader.intake.platform import Outgoing, Result, Template
from grader.intake.submissions import ingest
from grader.platforms import PLATFORMS

A = "ActivationFunctions.ipynb"
EMPTY = b'{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}'
METADATA = """---
submission_9001:
  :submitters:
  - :name: Ada Strong
    :sid: '0012'
    :email: ada@x.org
  :created_at: 2021-05-29 10:03:00.000000000 Z
submission_9002:
  :submitters:
  - :name: Mei Lin
    :sid: '0013'
    :email: mei@x.org
  :created_at: 2021-05-30 10:03:00.000000000 Z
"""
CANVAS = {f"strongada_111_9001_{A}": EMPTY, f"linmei_LATE_112_9002_{A}": EMPTY}
LAYOUTS: dict[str, tuple[dict[str, bytes], dict[str, str]]] = {
    "canvas": (CANVAS, {"strongada-111": "strongada", "linmei-112": "linmei"}),
    "ilias": (
        {f"Strong_Ada_astrong_402/{A}": EMPTY, f"Lin_Mei_mlin_403/{A}": EMPTY},
        {"ada-strong-402": "Ada Strong", "mei-lin-403": "Mei Lin"},
    ),
    "ilias-teams": (
        {f"Team_5/{A}": EMPTY, f"Team_6/{A}": EMPTY},
        {"team-5": "Team 5", "team-6": "Team 6"},
    ),
    "gradescope": (
        {
            "submission_metadata.yml": METADATA.encode(),
            f"submission_9001/{A}": EMPTY,
            f"submission_9002/x/{A}": EMPTY,
        },
        {"ada-strong-9001": "Ada Strong", "mei-lin-9002": "Mei Lin"},
    ),
    "nbgrader": (
        {
            f"submitted/ada/ps1/{A}": EMPTY,
            "submitted/ada/ps1/timestamp.txt": b"2021-05-29 10:03:00.000000 UTC",
            f"submitted/mei/ps1/{A}": EMPTY,
        },
        {"ada": "ada", "mei": "mei"},
    ),
}


def found(folder: Path, files: dict[str, bytes], *, packed: bool = False) -> list[Submission]:
    if packed:
        folder.mkdir(exist_ok=True)
        with zipfile.ZipFile(folder / "download.zip", "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    else:
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    return list(ingest([folder], rubric.find("dais2021-a4"), PLATFORMS).submissions)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_download_is_known_in_a_folder_and_as_a_zip(
    tmp_path: Path, layout: str, packed: bool
) -> None:
    files, people = LAYOUTS[layout]
    students = found(tmp_path / "course", files, packed=packed)
    assert {one.student: one.name for one in students} == people
    assert all(set(one.notebooks) == {"activation"} for one in students)
    assert {one.person.platform for one in students} == {layout.partition("-")[0]}


@pytest.mark.parametrize(
    ("layout", "at"),
    [("gradescope", "2021-05-29T10:03:00+00:00"), ("nbgrader", "2021-05-29T10:03:00+00:00")],
)
def test_times_of_submission_are_the_platforms(tmp_path: Path, layout: str, at: str) -> None:
    ada = next(s for s in found(tmp_path, LAYOUTS[layout][0]) if s.student.startswith("ada"))
    assert ada.submitted_at is not None
    assert ada.submitted_at.isoformat() == "2021-05-29T10:03:00+00:00"


def test_nbgraders_folder_submitted_itself_is_known(tmp_path: Path) -> None:
    found(tmp_path, LAYOUTS["nbgrader"][0])
    batch = ingest([tmp_path / "submitted"], rubric.find("dais2021-a4"), PLATFORMS)
    assert [one.student for one in batch.submissions] == ["ada", "mei"]


def test_two_assignments_in_one_tree_are_refused(tmp_path: Path) -> None:
    files = {f"submitted/ada/ps1/{A}": EMPTY, f"submitted/ada/ps2/{A}": EMPTY}
    with pytest.raises(UsageError, match=r"holds several assignments \(ps1, ps2\)"):
        found(tmp_path, files)


@pytest.mark.parametrize("content", [b"", b"{{", b"submission_9001: 5", b"a: &a [*a]"])
def test_metadata_that_cannot_be_read_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    files = {"submission_metadata.yml": content, f"submission_9001/{A}": EMPTY}
    with pytest.raises(UsageError, match=r"submission_metadata\.yml"):
        found(tmp_path, files)


def test_a_flat_download_that_nobody_knows_is_refused_with_what_was_seen(tmp_path: Path) -> None:
    files = {f"ada-{A}": EMPTY, f"mei-{A}": EMPTY}
    with pytest.raises(UsageError, match=rf"'ada-{A}' and 'mei-{A}', and no known platform"):
        found(tmp_path, files)


# --- ways back --------------------------------------------------------------------------------


def result(name: str, platform: str, key: str, points: str = "73.505") -> Result:
    return Result(
        student=name.lower().replace(" ", "-"),
        name=name,
        person=Person(platform=platform, key=key, email=f"{key}@x.org", number=f"00{key}"),
        points=Decimal(points),
        highest=Decimal(100),
        sentences=("73.51 of 100.00 points.",),
        page=b"<html>",
    )


def back(
    target: str, *results: Result, template: Template | None = None, language: str = "en"
) -> Outgoing:
    platform = next(one for one in PLATFORMS if one.name == target)
    made = platform.back(results, "Blatt 4", template, language)
    assert made is not None
    return made


def test_canvas_gets_its_own_gradebook_with_one_column() -> None:
    table = [
        [
            "Student",
            "ID",
            "SIS User ID",
            "SIS Login ID",
            "Section",
            "Blatt 3 (55500)",
            "Blatt 4 (55501)",
            "Final Score",
        ],
        ["    Points Possible", "", "", "", "", "10", "50.00", "(read only)"],
        ["Beispiel, Alex", "7001", "0012345", "abc1234", "DAIS", "1", "", "0"],
        ["Muster, Robin", "7002", "", "abd2345", "DAIS", "1", "36.75", "0"],
    ]
    made = back(
        "canvas",
        result("Alex Beispiel", "canvas", "7001"),
        result("Robin Muster", "canvas", "7002"),
        result("No Body", "canvas", "7003"),
        template=Template(name="g.csv", table=table),
    )
    assert made.files["canvas-gradebook.csv"].decode().splitlines() == [
        "Student,ID,SIS User ID,SIS Login ID,Section,Blatt 4 (55501)",
        "    Points Possible,,,,,50.00",
        '"Beispiel, Alex",7001,0012345,abc1234,DAIS,36.75',
    ]
    assert made.arriving == ("alex-beispiel",)
    assert made.passed_over == {
        "robin-muster": "it has this mark already",
        "no-body": "the gradebook has no row for it",
    }


def test_ilias_gets_a_folder_that_ends_in_the_persons_number() -> None:
    made = back("ilias", result("Änne Öz", "ilias", "402"), result("Folder", "", ""))
    ((name, content),) = made.files.items()
    assert name == "multi_feedback_blatt_4.zip"
    assert zipfile.ZipFile(BytesIO(content)).namelist() == [
        "multi_feedback_blatt_4/aenne_oez_402/feedback.html"
    ]
    assert list(made.passed_over) == ["folder"]


def test_gradescope_gets_an_autograders_results() -> None:
    made = back("gradescope", result("Ada", "gradescope", "9001"))
    data = json.loads(made.files["9001/results.json"])
    assert (data["score"], data["output"]) == (73.505, "73.51 of 100.00 points.")


@pytest.mark.parametrize(("language", "mark"), [("en", "73.50"), ("de", '"73,50"')])
def test_moodles_gradebook_has_the_sessions_decimal_sign(language: str, mark: str) -> None:
    known = result("Ada", "moodle", "5", "73.5")
    made = back("moodle-gradebook", known, language=language)
    line = made.files["gradebook-import.csv"].decode().splitlines()[1]
    assert line == f"5@x.org,005,{mark},73.51 of 100.00 points."
    assert "override" in made.steps[1]


def test_a_table_of_marks_has_no_formulas() -> None:
    made = back("csv", result("=cmd()", "", "1"))
    assert "'=cmd()" in made.files["marks.csv"].decode("utf-8-sig")
