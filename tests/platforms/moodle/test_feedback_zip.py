"""A zip of feedback pages that Moodle takes apart by the names of its folders."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import pytest

from grader.core.model import Person
from grader.platforms.moodle import feedback_zip
from tests.platforms.results import result


def names(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.namelist()


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("Ada Strong", "Ada Strong"),
        ("Zoë Unter_Strich", "Zoë Unter Strich"),  # what stands before the number has no underscore
        ("../../etc: 'x'", "....etc x"),
        ("__", "x"),
        ("", "x"),
    ],
)
def test_a_folder_is_named_so_that_moodle_finds_the_number(name: str, folder: str) -> None:
    content, left = feedback_zip.make([replace(result("a", "moodle", "12"), name=name)], {})
    assert names(content) == [f"{folder}_12_assignsubmission_file_/feedback.html"]
    assert left == {}


def test_whose_number_is_not_known_has_that_of_the_worksheet() -> None:
    content, left = feedback_zip.make([result("Ada", "", "")], {"ada": "77"})
    assert names(content) == ["Ada_77_assignsubmission_file_/feedback.html"]
    assert left == {}


def test_a_number_of_another_platform_is_none() -> None:
    content, left = feedback_zip.make([result("Ada", "canvas", "12")], {})
    assert names(content) == []
    assert left == {"ada": "no feedback file: Moodle takes none for nobody with a number"}


def test_a_team_has_its_own_number_and_never_a_members() -> None:
    team = replace(result("Drei", "", ""), person=Person(members=("Ada", "Mei")))
    content, left = feedback_zip.make([team], {"drei": "77"})
    assert names(content) == []
    assert left == {"drei": "no feedback file: Moodle takes none for a team without a number"}
    numbered = replace(team, person=Person(platform="moodle", key="6", members=("Ada", "Mei")))
    assert names(feedback_zip.make([numbered], {})[0]) == [
        "Drei_6_assignsubmission_file_/feedback.html"
    ]


def test_the_same_pages_are_the_same_bytes_in_any_order() -> None:
    people = [result("Ada", "moodle", "1"), result("Mei", "moodle", "2")]
    assert feedback_zip.make(people, {}) == feedback_zip.make(people[::-1], {})
