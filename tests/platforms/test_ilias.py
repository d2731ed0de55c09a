"""ILIAS: folders of people and teams, and its multi-feedback zip."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import pytest

from grader.core.model import Person
from grader.intake.platform import Place
from grader.platforms.ilias import Ilias
from tests.platforms.results import back, result


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (
            "Strong_Ada_astrong_402/A.ipynb",
            Place(key="402", name="Ada Strong", path="A.ipynb"),
        ),
        (
            "von Öz_Änne Mei_a_oez_7/x/A.ipynb",
            Place(key="7", name="Änne Mei von Öz", path="x/A.ipynb"),
        ),
        ("Team_5/A.ipynb", Place(key="5", name="Team 5", path="A.ipynb")),
    ],
)
def test_a_folders_name_ends_in_the_number(path: str, place: Place) -> None:
    assert Ilias().places("exercise", {path: b""}) == {path: place}


@pytest.mark.parametrize(
    "files", [[], ["list.xlsx"], ["Strong_Ada_astrong_402/A.ipynb", "Strong_Ada/A.ipynb"]]
)
def test_one_folder_of_another_form_and_it_is_no_download(files: list[str]) -> None:
    assert Ilias().places("exercise", dict.fromkeys(files, b"")) == {}


def test_files_beside_the_folders_are_nobodys() -> None:
    files = {"list.xlsx": b"", "Team_5/A.ipynb": b""}
    assert list(Ilias().places("exercise", files)) == ["Team_5/A.ipynb"]


def test_ilias_gets_a_folder_that_ends_in_the_persons_number() -> None:
    team = result("Team 5", "ilias", "5")
    team = replace(team, person=Person(platform="ilias", key="5", members=("Ada", "Mei")))
    made = back(Ilias(), [result("Änne Öz", "ilias", "402"), result("Folder", "", ""), team])
    ((name, content),) = made.files.items()
    assert name == "multi_feedback_blatt_4.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["multi_feedback_blatt_4/aenne_oez_402/feedback.html"]
        assert archive.read(archive.namelist()[0]) == b"<html>"
    assert made.arriving == ("änne-öz",)
    why = "ILIAS takes feedback for people with its number alone"
    assert made.passed_over == {"folder": why, "team-5": why}
    assert name in made.steps[0]


def test_the_same_pages_are_the_same_zip_in_any_order() -> None:
    people = [result("Ada", "ilias", "1"), result("Mei", "ilias", "2")]
    assert back(Ilias(), people).files == back(Ilias(), people[::-1]).files
