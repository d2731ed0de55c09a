"""Moodle's grading worksheet: who takes part, and what of."""

from __future__ import annotations

from datetime import datetime

import pytest

from grader.core.errors import UsageError
from grader.intake.platform import Entry
from grader.platforms.moodle import worksheet

ENGLISH = ["Identifier", "Full name", "Email address", "Status", "Grade", "Last modified (grade)"]
GERMAN = ["ID", "Vollständiger Name", "E-Mail-Adresse", "Status", "Bewertung"]
GERMAN += ["Zuletzt geändert (Bewertung)"]


def one(status: str, head: list[str] = ENGLISH, **more: str) -> Entry:
    """The only participant of a worksheet with this status, and more columns."""
    row = ["Participant 17", "Ada Strong", "ada@x.org", status, "", "-", *more.values()]
    found = worksheet.people("w.csv", [[*head, *(name.replace("_", " ") for name in more)], row])
    assert found is not None
    (entry,) = found
    return entry


# --- what it is -------------------------------------------------------------------------------


@pytest.mark.parametrize(("head", "language"), [(ENGLISH, "en"), (GERMAN, "de")])
def test_a_worksheet_is_known_in_both_languages_wherever_its_columns_stand(
    head: list[str], language: str
) -> None:
    for order in (head, head[::-1], [f" {name} " for name in head]):
        found = worksheet.find([order, ["x"] * len(order), [""] * len(order)])
        assert found is not None
        assert found.language == language
        assert len(found.rows) == 1
        assert order[found.columns["grade"]].strip() in ("Grade", "Bewertung")


@pytest.mark.parametrize("missing", ["Identifier", "Grade", "Last modified (grade)"])
def test_without_one_of_moodles_columns_it_is_another_table(missing: str) -> None:
    assert worksheet.find([[name for name in ENGLISH if name != missing]]) is None
    assert worksheet.people("w.csv", [["a", "b"]]) is None
    assert worksheet.find([]) is None


def test_a_cell_that_is_not_there_is_empty() -> None:
    found = worksheet.find([ENGLISH, ["Participant 17"]])
    assert found is not None
    assert found.cell(found.rows[0], "comment") == ""
    assert found.cell(found.rows[0], "grade") == ""


@pytest.mark.parametrize(
    ("cell", "key"),
    [("Participant 17", "17"), ("Teilnehmer/in23 ", "23"), ("17", "17"), ("Participant", "")],
)
def test_the_number_stands_behind_the_word(cell: str, key: str) -> None:
    found = worksheet.find([ENGLISH, [cell]])
    assert found is not None
    assert found.key(found.rows[0]) == key


# --- people -----------------------------------------------------------------------------------


def test_a_participant_has_number_name_address_and_team() -> None:
    entry = one("Submitted for grading -  - ", Group="Drei", Username="astrong", ID_number="0012")
    assert (entry.platform, entry.key, entry.name) == ("moodle", "17", "Ada Strong")
    assert (entry.email, entry.username, entry.number) == ("ada@x.org", "astrong", "0012")
    assert (entry.team, entry.source) == ("Drei", "w.csv, row 2")


def test_a_row_without_a_number_is_refused() -> None:
    with pytest.raises(UsageError) as refusal:
        worksheet.people("w.csv", [ENGLISH, ["Participant 1"], ["nobody"]])
    assert str(refusal.value) == (
        "w.csv, row 3: 'nobody' is no participant; download the grading worksheet again"
    )


@pytest.mark.parametrize(
    ("status", "is_draft", "is_late"),
    [
        ("Submitted for grading -  - ", False, False),
        ("Draft (not submitted) -  - ", True, False),
        ("Entwurf (nicht abgegeben) - ", True, False),
        ("Reopened - ", True, False),
        ("Submitted for grading - 3 hours late -  - ", False, True),
        ("Zur Bewertung abgegeben - 1 Tag 2 Stunden zu spät - ", False, True),
        ("No submission - Assignment is overdue by: 2 days - ", False, False),
    ],
)
def test_the_status_tells_drafts_and_late_work(status: str, is_draft: bool, is_late: bool) -> None:
    entry = one(status)
    assert (entry.is_draft, entry.is_late) == (is_draft, is_late)


def test_an_extension_counts_before_the_due_date() -> None:
    due = "Friday, 27 November 2026, 12:20 PM"
    granted = "Extension granted until: Monday, 30 November 2026, 8:00 AM"
    assert one("Submitted - ", Due_date=due).extended_until == datetime(2026, 11, 27, 12, 20)
    longer = one(f"Submitted - {granted} - ", Due_date=due)
    assert longer.extended_until == datetime(2026, 11, 30, 8, 0)
    assert one("Submitted - ").extended_until is None
