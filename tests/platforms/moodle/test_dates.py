"""Dates as Moodle shows them."""

from __future__ import annotations

from datetime import datetime

import pytest

from grader.platforms.moodle import dates


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Saturday, 28 November 2026, 1:05 PM", datetime(2026, 11, 28, 13, 5)),
        ("Saturday, 28 November 2026, 12:05 PM", datetime(2026, 11, 28, 12, 5)),
        ("Saturday, 28 November 2026, 12:05 am", datetime(2026, 11, 28, 0, 5)),
        ("Samstag, 28. November 2026, 13:05", datetime(2026, 11, 28, 13, 5)),
        ("8 July 2021  1:20 PM", datetime(2021, 7, 8, 13, 20)),
        ("1. Jänner 2021, 09:30:15", datetime(2021, 1, 1, 9, 30, 15)),
        ("Extension granted until: Monday, 3 MÄRZ 2025, 23:59", datetime(2025, 3, 3, 23, 59)),
    ],
)
def test_a_date_is_found_in_both_languages(text: str, date: datetime) -> None:
    assert dates.find(text) == date


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "28 Brumaire 2026, 10:00",
        "31 February 2026, 10:00",
        "28 November 2026, 25:00",
        "28 November 2026, 10:61",
        "2026-11-28 10:00",
        "31 December 9999, 23:59",
        "1 January 0001, 00:00",
    ],
)
def test_what_no_calendar_has_is_none(text: str) -> None:
    assert dates.find(text) is None


@pytest.mark.parametrize("names", ["january januar jänner", "march märz", "december dezember"])
def test_a_month_is_the_same_in_all_its_names(names: str) -> None:
    assert len({dates.MONTHS[name] for name in names.split()}) == 1


def test_all_months_are_there() -> None:
    assert set(dates.MONTHS.values()) == set(range(1, 13))
