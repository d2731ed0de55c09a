"""A table for Moodle's Grades > Import."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.core.model import Person
from grader.platforms.moodle_gradebook import MoodleGradebook
from tests.platforms.results import back, result


@pytest.mark.parametrize(
    ("language", "head", "mark", "where"),
    [
        ("en", "Email address,ID number,Mark,Feedback", "73.50", "With Moodle in English"),
        (
            "de",
            "E-Mail-Adresse,ID-Nummer,Bewertung,Rückmeldung",
            '"73,50"',
            "With Moodle in German",
        ),
    ],
)
def test_moodles_gradebook_has_the_sessions_words_and_decimal_sign(
    language: str, head: str, mark: str, where: str
) -> None:
    made = back(MoodleGradebook(), [result("Ada", "moodle", "5", "73.5")], language=language)
    lines = made.files["gradebook-import.csv"].decode().splitlines()
    assert lines == [head, f"5@x.org,005,{mark},73.51 of 100.00 points."]
    assert made.steps[0].startswith(where)
    assert "override" in made.steps[1]


@pytest.mark.parametrize(("email", "number"), [("a@x.org", ""), ("", "0012")])
def test_an_address_or_a_number_is_enough(email: str, number: str) -> None:
    one = replace(result("Ada", "", ""), person=Person(email=email, number=number))
    made = back(MoodleGradebook(), [one])
    assert made.arriving == ("ada",)
    assert (
        made.files["gradebook-import.csv"].decode().splitlines()[1].startswith(f"{email},{number},")
    )


def test_who_has_neither_is_passed_over_with_the_way_out() -> None:
    """One row that Moodle does not know stops the whole import."""
    unknown = replace(result("Ada", "", ""), person=Person(username="ada"))
    made = back(MoodleGradebook(), [unknown])
    assert made.passed_over == {"ada": "neither an address nor an ID number is known: use --people"}
    assert len(made.files["gradebook-import.csv"].decode().splitlines()) == 1
