"""Whose rows of a quiz these are, and which attempt counts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from grader.core.model import AttemptRule
from grader.intake import people
from grader.intake.platform import Entry, QuizAttempt
from grader.intake.roster import Owner, Roster


def row(
    line: int, name: str, grade: str = "5", *, finished: bool = True, email: str = ""
) -> QuizAttempt:
    first, _, last = name.partition(" ")
    return QuizAttempt(
        source=f"r.csv, row {line}",
        name=name,
        reversed_name=f"{last} {first}",
        email=email,
        finished=finished,
        state="Finished" if finished else "In progress",
        grade=Decimal(grade),
        responses={"1": f"answer {line}"},
    )


def owners(*names: str, roster: Roster | None = None) -> list[Owner]:
    """Of folders with these names; `name/17` has a number."""
    split = (name.partition("/") for name in names)
    known = roster or Roster()
    return [known.owner("moodle" if key else "", key, name) for name, _, key in split]


@pytest.mark.parametrize(
    ("rule", "line"),
    [(AttemptRule.HIGHEST, 3), (AttemptRule.FIRST, 2), (AttemptRule.LAST, 4)],
)
def test_the_rule_says_which_attempt_counts(rule: AttemptRule, line: int) -> None:
    rows = [
        row(n, "Ada Lovelace", grade, email="a@x.org")
        for n, grade in ((2, "5"), (3, "9"), (4, "9"))
    ]
    found = people.match(rows, owners("Ada Lovelace"), rule=rule)
    assert found.responses["ada-lovelace"].values == {"response 1": f"answer {line}"}
    assert (found.remarks, found.doubts) == ([], {})


def test_an_unfinished_attempt_does_not_count_beside_a_finished_one() -> None:
    rows = [
        row(2, "Ada Lovelace", "9", finished=False, email="a@x.org"),
        row(3, "Ada Lovelace", "1", email="a@x.org"),
    ]
    found = people.match(rows, owners("Ada Lovelace"))
    assert found.responses["ada-lovelace"].source == "r.csv, row 3"
    reason = "the attempt of Ada Lovelace is not finished (In progress) and does not count"
    assert found.remarks == [f"r.csv, row 2: {reason}"]


def test_who_only_began_the_quiz_is_told_so_and_waits_for_nobody() -> None:
    rows = [row(2, "Ada Lovelace", finished=False), row(3, "Otto Fremd")]
    found = people.match(rows, owners("Ada Lovelace"))
    assert (found.responses, found.doubts) == ({}, {})
    assert "is not finished (In progress)" in found.unfinished["ada-lovelace"]


@pytest.mark.parametrize("emails", [("a@x.org", "b@x.org"), ("", "")])
@pytest.mark.parametrize("names", [["Ada Lovelace"], ["Ada Lovelace/1", "Ada Lovelace/2"]])
def test_two_people_of_one_name_get_nobodys_answers_and_a_person_decides(
    emails: tuple[str, str], names: list[str]
) -> None:
    rows = [row(n, "Ada Lovelace", email=email) for n, email in enumerate(emails, 2)]
    own = owners(*names)
    found = people.match(rows, own)
    assert found.responses == {}
    told = "Ada Lovelace (r.csv, row 2), Ada Lovelace (r.csv, row 3)"
    reason = f"The quiz has answers that may be this person's: {told}."
    assert found.doubts == {owner.identity.student: reason for owner in own}


def test_two_people_of_one_name_get_their_own_answers_where_the_worksheet_has_addresses() -> None:
    roster = Roster()
    roster.add(
        Entry(
            source=f"w.csv, row {n}",
            platform="moodle",
            key=str(n),
            name="Ada Lovelace",
            email=f"{n}@x",
        )
        for n in (7, 8)
    )
    rows = [row(2, "Ada Lovelace", email="8@X"), row(3, "Ada Lovelace", email="7@x")]
    found = people.match(rows, owners("Ada Lovelace/7", "Ada Lovelace/8", roster=roster), roster)
    assert {who: response.source for who, response in found.responses.items()} == {
        "ada-lovelace-7": "r.csv, row 3",
        "ada-lovelace-8": "r.csv, row 2",
    }
    assert found.doubts == {}


def test_a_folder_named_by_address_is_found_and_its_local_part_is_no_identity() -> None:
    first = row(2, "Ada Lovelace", email="ada@x.org")
    assert list(people.match([first], owners("ADA@x.org")).responses)
    found = people.match([first], owners("ada"))
    assert found.responses == {}
    assert found.doubts == {
        "ada": "No row of the quiz has this name, and some fit nobody: Ada Lovelace (r.csv, row 2)."
    }


def test_who_has_a_row_of_his_own_does_not_wait_for_rows_of_nobody() -> None:
    rows = [row(2, "Ada Lovelace"), row(3, "Grace Hopper")]
    found = people.match(rows, owners("Ada Lovelace", "Mei Lin"))
    assert list(found.responses) == ["ada-lovelace"]
    assert list(found.doubts) == ["mei-lin"]
    assert found.remarks == [
        "Grace Hopper (r.csv, row 3) fits no submission; the answers were not used"
    ]


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("Séamus OErfunden", "Séamus O'Erfunden"),
        ("Lea Lilli Klammer", 'Lea "Lilli" Klammer'),
        ("Zoë Unter Strich", "Zoë Unter_Strich"),
    ],
)
def test_names_are_compared_as_moodle_cleans_them_for_files(folder: str, name: str) -> None:
    assert list(people.match([row(2, name)], owners(f"{folder}/9")).responses)


def test_a_teams_member_answers_for_it_and_two_are_for_a_person() -> None:
    roster = Roster()
    roster.add(
        Entry(
            source=f"w.csv, row {n}",
            platform="moodle",
            key=str(n),
            name=f"M {n}",
            email=f"{n}@x",
            team="Drei",
        )
        for n in (1, 2, 3)
    )
    own = owners("Drei/6", roster=roster)
    found = people.match([row(2, "M 1", email="1@x")], own, roster)
    assert list(found.responses) == ["drei-6"]
    found = people.match([row(2, "M 1", email="1@x"), row(3, "M 2", email="2@x")], own, roster)
    assert found.responses == {}
    assert "Several people's answers" in found.doubts["drei-6"]


def test_moodles_grade_and_right_answers_come_along() -> None:
    seen = QuizAttempt(
        source="r",
        name="A B",
        reversed_name="B A",
        finished=True,
        grade=Decimal("7.5"),
        highest=Decimal(10),
        responses={"1": "x"},
        right={"1": "y"},
        questions={"1": "x1 = 2"},
    )
    got = people.response(seen)
    assert (got.moodle_grade, got.moodle_max) == (Decimal("7.5"), Decimal(10))
    assert (got.right, got.question) == ({"response 1": "y"}, "x1 = 2")


def test_a_row_that_is_out_of_its_columns_is_nobodys_answers_and_a_persons_to_decide() -> None:
    broken = replace(row(2, "Ada Lovelace"), broken="it has 5 cells instead of 4")
    found = people.match([broken], owners("Ada Lovelace"))
    assert found.responses == {}
    assert found.doubts == {"ada-lovelace": "r.csv, row 2: it has 5 cells instead of 4."}


def test_of_many_rows_that_fit_nobody_five_are_named() -> None:
    rows = [row(n, f"Otto Fremd{n}", email=f"o{n}@x.org") for n in range(2, 9)]
    found = people.match(rows, owners("Ada Lovelace"))
    told = found.doubts["ada-lovelace"]
    assert told.startswith("No row of the quiz has this name, and some fit nobody: Otto Fremd2 (")
    assert told.endswith("Otto Fremd6 (r.csv, row 6), and 2 more.")
    assert found.remarks[-1] == (
        "Otto Fremd8 (r.csv, row 8) fits no submission; the answers were not used"
    )


def test_a_row_that_shares_a_word_of_the_name_is_the_one_that_is_told() -> None:
    rows = [row(2, "Otto Fremd", email="o@x.org"), row(3, "A. Lovelace", email="l@x.org")]
    found = people.match(rows, owners("Ada Lovelace"))
    assert found.doubts["ada-lovelace"] == (
        "No row of the quiz has this name, and some fit nobody: A. Lovelace (r.csv, row 3)."
    )


def test_an_attempt_without_a_grade_is_lower_than_zero() -> None:
    none, zero = replace(row(2, "Ada"), grade=None), row(3, "Ada", "0")
    assert people.chosen([none, zero], AttemptRule.HIGHEST) is zero
    assert people.chosen([none], AttemptRule.HIGHEST) is none


@pytest.mark.parametrize("state", ["", "-"])
def test_who_never_began_is_no_remark(state: str) -> None:
    assert people.unfinished(replace(row(2, "Ada", finished=False), state=state)) == ""


def test_a_hostile_state_is_cut() -> None:
    told = people.unfinished(replace(row(2, "Ada", finished=False), state="x" * 5000))
    assert told == (
        f"r.csv, row 2: the attempt of Ada is not finished ({'x' * 40}) and does not count"
    )


def test_who_handed_in_nothing_and_took_the_quiz_is_kept_by_the_roster() -> None:
    ada = Entry(source="r", name="Ada Lovelace", email="a@x.org")
    found = people.match(
        [row(2, "Ada Lovelace", email="a@x.org")], owners("Mei Lin"), Roster(entries=[ada])
    )
    assert found.absent[ada].values == {"response 1": "answer 2"}
    assert (found.remarks, found.doubts) == ([], {})
