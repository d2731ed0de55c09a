"""Who handed in what, by number, address, ID or name; what fits several people is nobody's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from grader.core.errors import UsageError
from grader.intake import roster, tables
from grader.intake.platform import Entry, QuizAttempt
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


def test_a_roster_tells_times_and_extensions_and_empty_rows_are_nobody() -> None:
    rows = [
        ["Key", "Submitted", "Until", "Grund"],
        ["7", "2021-05-30 20:00", "-", ""],
        ["", "", "", ""],
        ["8", "", "2021-06-02T12:00:00+02:00", "ill"],
    ]
    seven, eight = roster.read("t.csv", rows) or []
    assert (seven.submitted_at, seven.extended_until) == (datetime(2021, 5, 30, 20), None)
    assert (eight.submitted_at, eight.reason, eight.source) == (None, "ill", "t.csv, row 4")
    assert eight.extended_until == datetime(2021, 6, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize("text", ["30.05.2021", "yesterday", "2021-13-01", "0001-01-01"])
def test_what_is_no_time_is_refused_by_its_row(text: str) -> None:
    with pytest.raises(UsageError) as refusal:
        roster.read("t.csv", [["key", "submitted"], ["7", text]])
    assert str(refusal.value) == (
        f"t.csv, row 2: {text!r} is no time; expected one such as 2021-05-30 20:00"
    )


def test_a_first_name_alone_names_nobody() -> None:
    assert roster.read("t.csv", [["Vorname", "Punkte"], ["Ada", "3"]]) is None
    assert roster.read("t.csv", []) is None


def test_of_two_tables_the_first_counts_and_the_later_extension() -> None:
    found = Roster()
    early, late = datetime(2021, 6, 1, tzinfo=UTC), datetime(2021, 6, 8, tzinfo=UTC)
    for source, until, group in (("a", early, "A"), ("b", late, "B"), ("c", early, "C")):
        entry = Entry(
            source=source, email="a@x.org", extended_until=until, reason=source, group=group
        )
        found.add([entry])
    (one,) = found.entries
    assert (one.source, one.group, one.extended_until, one.reason) == ("a", "A", late, "b")


def test_a_time_without_a_zone_is_the_courses() -> None:
    zone = timezone(timedelta(hours=2))
    found = Roster(zone=zone)
    found.add([Entry(source="a", number="1", submitted_at=datetime(2021, 6, 1, 12))])
    found.add([Entry(source="b", number="2", submitted_at=datetime(2021, 6, 1, 12, tzinfo=UTC))])
    assert [entry.submitted_at for entry in found.entries] == [
        datetime(2021, 6, 1, 10, tzinfo=UTC),
        datetime(2021, 6, 1, 12, tzinfo=UTC),
    ]


def test_a_row_with_a_name_alone_is_joined_only_if_one_has_it() -> None:
    ada = Entry(source="a", name="Ada Strong", number="1")
    found = known(ada)
    found.add([Entry(source="b", name="ada  strong", group="G")])
    assert [(e.number, e.group) for e in found.entries] == [("1", "G")]
    twins = known(ada, Entry(source="a2", name="Ada Strong", number="2"))
    twins.add([Entry(source="b", name="Ada Strong", group="G")])
    assert [e.group for e in twins.entries] == ["", "", "G"]


def test_two_people_of_one_key_on_two_platforms_stay_two() -> None:
    found = known(Entry(source="a", platform="moodle", key="7", name="Ada"))
    found.add([Entry(source="b", platform="canvas", key="7", name="Mei")])
    assert [e.name for e in found.entries] == ["Ada", "Mei"]


def test_an_address_decides_before_a_number() -> None:
    ada = Entry(source="a", email="a@x.org", number="1")
    mei = Entry(source="b", email="m@x.org", number="2")
    assert known(ada, mei).by_ids("M@X.org ", "1", "") == [mei]
    assert known(ada, mei).by_ids("no@x.org", "1", "") == [ada]
    assert known(ada, mei).by_ids("", "", "") == []


def test_anonymous_people_are_shown_by_their_number() -> None:
    assert roster.named("Participant", "12") == "Participant 12"
    assert roster.named("Teilnehmer/in", "12") == "Teilnehmer/in 12"
    assert roster.named("Ada Strong", "12") == "Ada Strong"


def test_who_is_in_the_quiz_alone_is_told_once_and_who_handed_in_is_not() -> None:
    ada = Entry(source="r", name="Ada Strong", number="1")
    found = known(ada, Entry(source="r", name="Mei Lin", number="2"))
    owner = found.owner("", "", "1")
    rows = [
        QuizAttempt(
            source=f"q {n}", name=name, reversed_name="", number=n, finished=True, responses={}
        )
        for n, name in (("1", "A. S."), ("3", "Otto Fremd"))
    ]
    others = found.others([owner], rows)
    assert [one.identity.name for one in others] == ["Mei Lin", "Otto Fremd"]
