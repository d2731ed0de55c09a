"""Downloads of other platforms are known by their names, in a folder and as a zip."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from grader.assignment import rubric
from grader.core.errors import UsageError
from grader.core.model import Submission
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


def test_a_flat_download_that_nobody_knows_is_refused_with_what_was_seen(tmp_path: Path) -> None:
    files = {f"ada-{A}": EMPTY, f"mei-{A}": EMPTY}
    with pytest.raises(UsageError, match=rf"'ada-{A}' and 'mei-{A}', and no known platform"):
        found(tmp_path, files)
