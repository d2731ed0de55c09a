"""Names of Moodle's "Download all submissions"."""

from __future__ import annotations

import pytest

from grader.platforms.moodle import download


@pytest.mark.parametrize(
    ("path", "name", "key", "within"),
    [
        ("Ada Strong_12_assignsubmission_file_/x/A.ipynb", "Ada Strong", "12", "x/A.ipynb"),
        ("Ada Strong_12_assignsubmission_file/A.ipynb", "Ada Strong", "12", "A.ipynb"),
        ("Ada Strong_12_assignsubmission_file_A.ipynb", "Ada Strong", "12", "A.ipynb"),
        ("Ada Strong_12_assignsubmission_onlinetext_/t.html", "Ada Strong", "12", "t.html"),
        ("Zoë Unter_Strich_7_assignsubmission_file_/A.ipynb", "Zoë Unter_Strich", "7", "A.ipynb"),
        ("Default group_assignsubmission_file_/A.ipynb", "Default group", "", "A.ipynb"),
    ],
)
def test_a_name_says_whose_a_file_is(path: str, name: str, key: str, within: str) -> None:
    place = download.places([path])[path]
    assert (place.name, place.key, place.path) == (name, key, within)


@pytest.mark.parametrize(
    "path",
    [
        "A.ipynb",
        "Ada/A.ipynb",
        "Ada_12_assignfeedback_file_/A.ipynb",
        "Ada_12_assignsubmission_file_/",
    ],
)
def test_names_that_say_nothing_are_left_out(path: str) -> None:
    assert download.places([path]) == {}


def test_what_a_student_calls_his_file_does_not_make_it_somebody_elses() -> None:
    path = "Ada_12_assignsubmission_file_/Mei_13_assignsubmission_file_/A.ipynb"
    assert [(one.key, one.name) for one in download.places([path]).values()] == [("12", "Ada")]
