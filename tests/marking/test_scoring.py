"""From outcomes to points: rounding, a person's marks, what is open, what blocks, lateness."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checks.base import Check
from grader.core.model import (
    Assignment,
    Ending,
    Evidence,
    Extension,
    Grade,
    Item,
    LateRule,
    Limits,
    Mark,
    Outcome,
    Status,
    Submission,
    Task,
    Visibility,
)
from grader.marking import answers, scoring

BERLIN = ZoneInfo("Europe/Berlin")
DUE = datetime(2021, 5, 30, 20, 0, tzinfo=BERLIN)
ADA = Submission(student="ada", name="Ada", notebooks={}, missing={})


def item(id: str, points: str = "10", needs: tuple[str, ...] = ()) -> Item:
    return Item(
        id=id,
        title=id,
        points=Decimal(points),
        visibility=Visibility.PUBLIC,
        hint="",
        check=Check(),
        needs=needs,
    )


def assignment(*items: Item, late: LateRule | None = None) -> Assignment:
    """An assignment of one task `t`; half of its points pass."""
    whole = sum((entry.points for entry in items), Decimal(0))
    task = Task(id="t", title="T", points=whole, notebook="T.ipynb", items=items, limits=Limits())
    return Assignment(
        name="a",
        title="A",
        points=whole,
        pass_points=whole / 2,
        due=DUE,
        late=late or LateRule(),
        tasks=(task,),
        rubric_dir=Path(),
        reference_dir=Path(),
        digest="",
    )


def outcome(status: Status, share: str | None = None) -> Outcome:
    implied = "1" if status is Status.PASSED else "0"
    return Outcome(status=status, share=Decimal(share or implied), message="why")


def score(
    of: Assignment, outcomes: Mapping[str, Outcome], *marks: Mark, by: Submission = ADA
) -> Grade:
    return scoring.score(by, of, {"t": outcomes}, evidences={}, marks=marks)


def mark(points: str, of: str = "t/i") -> Mark:
    return Mark(item=of, points=Decimal(points), reason="seen", by="Jo", at=DUE)


def after(**late: float) -> Submission:
    return replace(ADA, submitted_at=DUE + timedelta(**late))


# --- points -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "share", "expected"),
    [
        ("1.50", "0.5", "0.75"),
        ("0.25", "0.5", "0.13"),  # 0.125: to even would be 0.12
        ("0.01", "0.5", "0.01"),
        ("0.01", "0.49", "0.00"),
        ("10", "0.3333", "3.33"),
        ("2.675", "1", "2.68"),  # a float would be 2.67
        ("3", "0.1", "0.30"),  # a float would be 0.30000000000000004
    ],
)
def test_a_share_becomes_points_rounded_half_up(points: str, share: str, expected: str) -> None:
    found = score(assignment(item("i", points)), {"i": outcome(Status.PARTIAL, share)})
    assert found.points == Decimal(expected)


def test_points_are_the_sum_over_items_and_tasks() -> None:
    outcomes = {"i": outcome(Status.PASSED), "j": outcome(Status.PARTIAL, "0.25")}
    found = score(assignment(item("i", "1.5"), item("j", "2")), outcomes)
    assert [entry.points for entry in found.tasks[0].items] == [Decimal("1.50"), Decimal("0.50")]
    assert found.tasks[0].points == found.points == Decimal(2)
    assert found.max_points == Decimal("3.5")


@pytest.mark.parametrize(("share", "passed"), [("0.5", True), ("0.4999", True), ("0.499", False)])
def test_who_reaches_the_pass_points_passes(share: str, passed: bool) -> None:
    found = score(assignment(item("i", "10")), {"i": outcome(Status.PARTIAL, share)})
    assert found.passed is passed


@pytest.mark.parametrize("share", ["-0.01", "1.01", "NaN", "sNaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("status", [Status.PASSED, Status.PARTIAL, Status.FAILED])
def test_an_impossible_share_is_an_error_and_no_mark(status: Status, share: str) -> None:
    found = score(assignment(item("i")), {"i": outcome(status, share)})
    (only,) = found.tasks[0].items
    assert (only.outcome.status, only.points) == (Status.ERROR, Decimal(0))
    assert share in only.outcome.message
    assert found.provisional


def test_only_a_partial_outcome_chooses_its_share() -> None:
    for status in Status:
        found = score(assignment(item("i")), {"i": outcome(status, "0.5")})
        expected = {Status.PASSED: 10, Status.PARTIAL: 5}.get(status, 0)
        assert found.points == expected, status


shares = st.decimals(allow_nan=True, allow_infinity=True) | st.decimals(0, 1)
cents = st.integers(0, 10_000).map(lambda n: Decimal(n) / 100)
drawn = st.builds(
    Outcome,
    status=st.sampled_from(Status),
    share=shares,
    message=st.just(""),
    details=st.just({}),
)


@given(
    st.lists(st.tuples(cents, drawn), max_size=8),
    st.integers(-10_000, 100_000),
    st.builds(
        LateRule,
        percent_per_day=cents,
        grace_minutes=st.integers(0, 90),
        days=st.none() | st.integers(0, 9),
    ),
)
def test_points_lie_between_nothing_and_the_maximum(
    lines: list[tuple[Decimal, Outcome]], minutes: int, late: LateRule
) -> None:
    items = [item(f"i{n}", str(points)) for n, (points, _) in enumerate(lines)]
    outcomes = {f"i{n}": found for n, (_, found) in enumerate(lines)}
    found = score(assignment(*items, late=late), outcomes, by=after(minutes=minutes))
    assert 0 <= found.points <= found.max_points
    assert 0 <= found.points + found.open_points <= found.max_points
    assert found.points + found.deduction == sum(task.points for task in found.tasks)


# --- a person's marks -------------------------------------------------------------------------


@pytest.mark.parametrize("status", list(Status))
def test_a_persons_mark_beats_the_machines(status: Status) -> None:
    given_ = outcome(status, "0.5" if status is Status.PARTIAL else None)
    found = score(assignment(item("i")), {"i": given_}, mark("7.25"))
    assert found.points == Decimal("7.25")
    assert found.tasks[0].items[0].outcome.status is status  # what the machine said stays to see
    assert not found.provisional


def test_of_several_marks_for_an_item_the_last_counts() -> None:
    found = score(
        assignment(item("i")), {"i": outcome(Status.REVIEW)}, mark("3"), mark("8"), mark("5")
    )
    assert found.points == Decimal(5)
    assert found.tasks[0].items[0].mark == mark("5")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"answer": "f" * 16}, "Jo gave 7 points for an answer that has changed since"),
        ({"out_of": Decimal(8)}, "Jo gave 7 points when this was worth 8"),
        ({"points": Decimal(11)}, "Jo gave 11 points, more than the 10 that this is worth"),
    ],
)
@pytest.mark.parametrize("status", [Status.REVIEW, Status.PASSED, Status.FAILED])
def test_a_mark_for_something_else_does_not_count_and_the_item_waits_with_it(
    change: dict[str, Any], sentence: str, status: Status
) -> None:
    given = replace(mark("7"), **change)
    found = score(assignment(item("i")), {"i": outcome(status)}, mark("3"), given)
    (graded,) = found.tasks[0].items
    assert (graded.mark, graded.stale) == (None, given)
    assert graded.points == 0
    assert found.provisional
    assert found.open_points == 10
    assert graded.outcome.status is Status.REVIEW
    assert graded.outcome.message == f"{sentence}; a person must look again. why"


def test_a_mark_for_this_very_answer_and_these_points_counts() -> None:
    of, machine = assignment(item("i")), outcome(Status.REVIEW)
    digest = answers.digest(ADA, of.tasks[0], of.tasks[0].items[0], machine)
    given = replace(mark("7"), answer=digest, out_of=Decimal("10.00"))
    found = score(of, {"i": machine}, given)
    assert found.points == 7
    assert found.tasks[0].items[0].mark == given


def test_a_mark_of_zero_is_a_mark() -> None:
    found = score(assignment(item("i")), {"i": outcome(Status.PASSED)}, mark("0"))
    assert found.points == 0


def test_a_mark_for_another_tasks_item_changes_nothing() -> None:
    found = score(assignment(item("i")), {"i": outcome(Status.PASSED)}, mark("0", "other/i"))
    assert found.points == 10


# --- what is open -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.REVIEW, Status.ERROR])
def test_what_is_not_known_is_open_and_makes_the_grade_provisional(status: Status) -> None:
    outcomes = {"i": outcome(status), "j": outcome(Status.PASSED)}
    found = score(assignment(item("i", "4"), item("j", "6")), outcomes)
    assert found.provisional
    assert found.open_points == found.tasks[0].open_points == Decimal(4)
    assert found.points == Decimal(6)


@pytest.mark.parametrize("status", [Status.PASSED, Status.PARTIAL, Status.FAILED, Status.BLOCKED])
def test_what_is_known_is_not_open(status: Status) -> None:
    found = score(assignment(item("i")), {"i": outcome(status)})
    assert not found.provisional
    assert found.open_points == 0


def test_one_mark_closes_one_item() -> None:
    outcomes = {"i": outcome(Status.REVIEW), "j": outcome(Status.ERROR)}
    of = assignment(item("i", "4"), item("j", "6"))
    found = score(of, outcomes, mark("1"))
    assert found.provisional
    assert found.open_points == Decimal(6)
    assert not score(of, outcomes, mark("1"), mark("2", "t/j")).provisional


def test_the_problem_of_a_task_is_told_if_nothing_was_run() -> None:
    missing = replace(ADA, missing={"t": "T.ipynb was not handed in."})
    of, outcomes = assignment(item("i")), {"t": {"i": outcome(Status.FAILED)}}
    ran = {"t": Evidence(task="t", ending=Ending.COMPLETED)}
    without = scoring.score(missing, of, outcomes, evidences={})
    assert without.tasks[0].problem == "T.ipynb was not handed in."
    assert scoring.score(ADA, of, outcomes, evidences=ran).tasks[0].evidence == ran["t"]


# --- what an item needs -----------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.FAILED, Status.ERROR, Status.BLOCKED])
def test_a_failed_item_is_blocked_by_what_it_needs(status: Status) -> None:
    outcomes = {"i": outcome(status), "j": outcome(Status.FAILED)}
    found = score(assignment(item("i"), item("j", needs=("i",))), outcomes)
    blocked = found.tasks[0].items[1]
    assert (blocked.outcome.status, blocked.points) == (Status.BLOCKED, Decimal(0))
    assert blocked.outcome.message == "This needs i, which did not pass. why"


@pytest.mark.parametrize("status", [Status.PASSED, Status.PARTIAL, Status.REVIEW])
def test_a_failed_item_stays_failed_if_what_it_needs_is_there(status: Status) -> None:
    outcomes = {"i": outcome(status), "j": outcome(Status.FAILED)}
    found = score(assignment(item("i"), item("j", needs=("i",))), outcomes)
    assert found.tasks[0].items[1].outcome == outcomes["j"]


@pytest.mark.parametrize("status", [Status.PASSED, Status.PARTIAL, Status.REVIEW, Status.ERROR])
def test_nothing_is_taken_from_an_item_that_did_not_fail(status: Status) -> None:
    given_ = outcome(status, "0.5" if status is Status.PARTIAL else None)
    outcomes = {"i": outcome(Status.FAILED), "j": given_}
    found = score(assignment(item("i"), item("j", needs=("i",))), outcomes)
    assert found.tasks[0].items[1].outcome == given_


# --- lateness ---------------------------------------------------------------------------------

RULE = LateRule(percent_per_day=Decimal(10), grace_minutes=15, days=3)


def late_points(by: Submission, rule: LateRule = RULE) -> Decimal:
    """The points of a perfect submission of 100 points."""
    found = score(assignment(item("i", "100"), late=rule), {"i": outcome(Status.PASSED)}, by=by)
    return found.points


@pytest.mark.parametrize(
    ("late", "points"),
    [
        ({"days": -1}, 100),
        ({"minutes": 0}, 100),
        ({"minutes": 15}, 100),  # grace
        ({"minutes": 15, "microseconds": 1}, 90),
        ({"days": 1, "minutes": 15}, 90),
        ({"days": 1, "minutes": 16}, 80),
        ({"days": 3, "minutes": 15}, 70),
        ({"days": 3, "minutes": 16}, 0),  # no longer accepted
        ({"days": 300}, 0),
    ],
)
def test_each_started_day_after_the_grace_costs(late: dict[str, float], points: int) -> None:
    assert late_points(after(**late)) == points


def test_without_a_time_stamp_nothing_is_late() -> None:
    assert late_points(ADA) == 100


def test_the_deduction_is_told_and_kept_apart_from_the_tasks_points() -> None:
    found = score(
        assignment(item("i", "100"), late=RULE),
        {"i": outcome(Status.PASSED)},
        by=after(days=1, hours=5),
    )
    assert found.deduction == Decimal(20)
    assert found.tasks[0].points == Decimal(100)
    assert found.notes == (
        "Handed in late, on 2021-06-01 01:00; due was 2021-05-30 20:00: 2 started days, 20.00 "
        "points deducted.",
    )


def test_an_extension_moves_the_due_date_and_is_told_with_its_reason() -> None:
    longer = Extension(until=DUE + timedelta(days=2), source="e.csv, row 2", reason="illness")
    for days, points in ((1.9, 100), (2.5, 90)):
        assert late_points(replace(after(days=days), extension=longer)) == points
    of = assignment(item("i", "100"), late=RULE)
    _, (told,) = scoring.late(replace(after(days=2.5), extension=longer), of)
    assert "due was 2021-06-01 20:00, extended (illness): 1 started day, 10.00" in told
    shorter = replace(longer, until=DUE - timedelta(days=2))
    assert late_points(replace(ADA, submitted_at=DUE, extension=shorter)) == 100


@pytest.mark.parametrize(("drafts", "points"), [(True, 100), (False, 0)])
def test_a_draft_counts_or_not_as_the_rule_says(drafts: bool, points: int) -> None:
    rule = replace(RULE, drafts=drafts)
    assert late_points(replace(ADA, is_draft=True), rule) == points
    assert late_points(ADA, rule) == 100


def test_what_was_not_used_is_a_note() -> None:
    unused = tuple(f"{n}.pdf" for n in range(12))
    found = score(
        assignment(item("i", "1")), {"i": outcome(Status.PASSED)}, by=replace(ADA, unused=unused)
    )
    assert found.notes[0].startswith("Handed in and not used: 0.pdf, 1.pdf")
    assert found.notes[0].endswith("9.pdf, and 2 more.")


def test_lateness_can_cost_the_pass() -> None:
    of = assignment(item("i", "50"), item("j", "50"), late=RULE)
    outcomes = {"i": outcome(Status.PASSED), "j": outcome(Status.FAILED)}
    assert score(of, outcomes, by=after(days=0)).passed
    assert not score(of, outcomes, by=after(days=1)).passed


@pytest.mark.parametrize(
    ("days", "result"), [(0, "undecided"), (1, "undecided"), (2, "not passed")]
)
def test_a_result_is_undecided_while_a_person_can_still_make_it_a_pass(
    days: int, result: str
) -> None:
    of = assignment(item("i", "60"), item("j", "40"), late=RULE)
    outcomes = {"i": outcome(Status.REVIEW), "j": outcome(Status.FAILED)}
    assert scoring.standing(score(of, outcomes, by=after(days=days)), of) == result
    assert scoring.standing(score(of, outcomes, mark("60"), by=after(days=0)), of) == "passed"
    assert scoring.standing(score(of, outcomes, mark("5"), by=after(days=0)), of) == "not passed"


def test_no_more_is_deducted_than_was_earned() -> None:
    of = assignment(item("i", "5"), item("j", "95"), late=RULE)
    outcomes = {"i": outcome(Status.PASSED), "j": outcome(Status.FAILED)}
    found = score(of, outcomes, by=after(days=1))
    assert found.points == 0
    assert found.deduction == 5


def test_no_more_than_the_assignment_is_worth_is_ever_deducted() -> None:
    of = assignment(item("i", "100"), late=replace(RULE, days=None))
    lost, notes = scoring.late(after(days=25), of)
    assert lost == 100
    assert "250" not in notes[0]


def test_a_late_hand_in_without_a_rule_costs_nothing_and_is_no_deduction() -> None:
    of = assignment(item("i", "100"))
    assert scoring.late(after(days=25), of)[0] == 0


@pytest.mark.parametrize(
    ("handed_in", "points"),
    [
        (datetime(2021, 5, 30, 18, 15, tzinfo=UTC), 100),  # 20:15 in Berlin
        (datetime(2021, 5, 30, 18, 16, tzinfo=UTC), 90),
        (datetime(2021, 5, 30, 14, 16, tzinfo=timezone(timedelta(hours=-4))), 90),
        (datetime(2021, 5, 31, 3, 15, tzinfo=ZoneInfo("Asia/Tokyo")), 100),
    ],
)
def test_lateness_is_told_across_time_zones(handed_in: datetime, points: int) -> None:
    assert late_points(replace(ADA, submitted_at=handed_in)) == points


@pytest.mark.parametrize("zone", [BERLIN, UTC])
def test_the_hour_that_comes_twice_in_autumn_is_an_hour(zone: ZoneInfo | timezone) -> None:
    """Due at 2:30 summer time, handed in at 2:30 winter time: an hour late, in every zone."""
    due = datetime(2021, 10, 31, 2, 30, tzinfo=BERLIN)
    of = replace(assignment(item("i", "100"), late=RULE), due=due)
    handed_in = datetime(2021, 10, 31, 1, 30, tzinfo=UTC).astimezone(zone)
    assert scoring.late(replace(ADA, submitted_at=handed_in), of)[0] == 10


# --- one rounding, and what a person decided --------------------------------------------------


@pytest.mark.parametrize(
    ("points", "share", "expected"),
    [
        ("2.5", "0.25", "0.63"),
        ("1.5", "0.75", "1.13"),
        ("7", "0.333", "2.33"),
        ("1", "0.005", "0.01"),
    ],
)
def test_half_a_hundredth_is_rounded_up(points: str, share: str, expected: str) -> None:
    found = scoring.item_grade(item("i", points), outcome(Status.PARTIAL, share))
    assert found.points == Decimal(expected)


def test_nobody_else_rounds_points() -> None:
    package = Path(scoring.__file__).parents[1]
    rounding = re.compile(r"points\s*\*.*(quantize|round)|quantize\((scoring\.)?CENT")
    found = [p.name for p in package.rglob("*.py") if rounding.search(p.read_text())]
    assert found == ["scoring.py"]


@pytest.mark.parametrize(("given_points", "status"), [("4", Status.FAILED), ("0", Status.BLOCKED)])
def test_an_item_is_not_blocked_by_one_that_a_person_gave_points(
    given_points: str, status: Status
) -> None:
    of = assignment(item("first"), item("second", needs=("first",)))
    outcomes = {"first": outcome(Status.FAILED), "second": outcome(Status.FAILED)}
    (task,) = score(of, outcomes, mark(given_points, "t/first")).tasks
    assert task.items[1].outcome.status is status
