"""Who handed in what, by number, address, ID or name; what fits several people is nobody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.core.errors import UsageError
from grader.intake import roster, tables
from grader.intake.platform import Entry
from grader.intake.roster import Roster
from grader.platforms.moodle import gradebook, worksheet

DATA = Path(__file__).parents[1] / "data" / "moodle"


def table(path: str) -> list[list[str]]:
    return tables.read(path, (DATA / path).read_bytes())


def known(*entries: Entry) -> Roster:
    found = Roster()
    found.add(entries)
    return found


@pytest.mark.parametrize("language", ["en", "de"])
def test_worksheet_and_gradebook_are_one_roster(language: str) -> None:
    """The worksheet has numbers and addresses, the gradebook first and last names, too."""
    sheet = worksheet.people("w", table(f"assign-{language}/worksheet-plain-identity.csv"))
    book = gradebook.people("g", table(f"gradebook/export-{language}-real.csv"))
    assert sheet is not None
    assert book is not None
    found = Roster()
    found.add(sheet)
    found.add(book)
    assert len(found.entries) == 12
    (max_b,) = found.by_ids("max.b@example.invalid", "", "")
    assert (max_b.key, max_b.number, max_b.username) == ("18", "2026008", "max.b")
    assert max_b.reversed_name == "Doppelmann Max"
    assert [e.key for e in found.by_name("Max Doppelmann")] == ["20", "18"]


def test_a_roster_of_ones_own_is_read_by_its_headers() -> None:
    rows = [
        ["Vorname", "Nachname", "E-Mail", "Matrikelnummer", "Gruppe"],
        ["Ada", "Strong", "a@x", "0012", "A"],
    ]
    (entry,) = roster.read("r.csv", rows) or []
    assert (entry.name, entry.email, entry.number, entry.group) == (
        "Ada Strong",
        "a@x",
        "0012",
        "A",
    )
    assert roster.read("wine.csv", [["alcohol", "ash"], ["1", "2"]]) is None


@pytest.mark.parametrize("folder", ["Ada Strong", "strong, ada", "0012", "A@X", "adas"])
def test_a_plain_folder_is_a_persons_of_the_roster_however_it_is_called(folder: str) -> None:
    ada = Entry(
        source="r",
        name="Ada Strong",
        reversed_name="Strong Ada",
        email="a@x",
        number="0012",
        username="adas",
    )
    owner = known(ada, Entry(source="s", name="Mei Lin", number="0013")).owner("", "", folder)
    assert owner.identity.student == "ada-strong-0012"
    assert owner.entries == (ada,)


def test_a_name_that_two_people_have_is_nobodys() -> None:
    two = [Entry(source=f"r {n}", name="Ada Strong", number=n) for n in ("1", "2")]
    owner = known(*two).owner("", "", "Ada Strong")
    assert owner.identity.student == "ada-strong"
    assert owner.entries == ()
    assert owner.candidates == tuple(two)


def test_two_rows_of_one_key_are_refused() -> None:
    with pytest.raises(UsageError, match="b and a have the same key 7"):
        known(*(Entry(source=s, platform="moodle", key="7", name=s) for s in "ab"))
