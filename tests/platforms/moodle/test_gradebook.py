"""Who is in a course, by an export of its gradebook."""

from __future__ import annotations

import pytest

from grader.platforms.moodle import gradebook

ENGLISH = [
    "First name",
    "Last name",
    "ID number",
    "Email address",
    "Last downloaded from this course",
]
GERMAN = ["Vorname", "Nachname", "ID-Nummer", "E-Mail-Adresse", "Zuletzt aus diesem Kurs geladen"]


@pytest.mark.parametrize("head", [ENGLISH, GERMAN])
def test_people_are_read_in_both_languages(head: list[str]) -> None:
    table = [head, ["Ada", " Strong ", "0012", "ada@x.org", "1"], ["", "", "", "", ""], ["Mei"]]
    found = gradebook.people("g.csv", table)
    assert found is not None
    ada, mei = found
    assert (ada.name, ada.reversed_name) == ("Ada Strong", "Strong Ada")
    assert (ada.number, ada.email, ada.username, ada.key) == ("0012", "ada@x.org", "", "")
    assert ada.source == "g.csv, row 2"
    assert (mei.name, mei.source) == ("Mei", "g.csv, row 4")


@pytest.mark.parametrize("missing", ENGLISH[:2] + ENGLISH[-1:])
def test_without_names_or_its_last_column_it_is_another_table(missing: str) -> None:
    assert gradebook.people("g.csv", [[cell for cell in ENGLISH if cell != missing]]) is None


def test_an_empty_table_is_another_one() -> None:
    assert gradebook.people("g.csv", []) is None
