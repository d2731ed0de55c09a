"""Steps of an item: their versions, what chosen ones come to, and what they are called."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from grader.core.errors import UsageError
from grader.review import steps
from grader.store.decisions import Decision, StepVersion
from grader.store.store import Store

AT = datetime(2021, 6, 1, tzinfo=UTC)


def step(name: str = "chain", points: str = "1", **more: object) -> StepVersion:
    made = StepVersion(item="t/i", name=name, text=f"about {name}", points=Decimal(points))
    return replace(made, **more)  # type: ignore[arg-type]


# --- versions ---------------------------------------------------------------------------------


def test_of_each_step_the_newest_version_stands_where_the_step_came_to_be() -> None:
    first, other, second = step("a"), step("b"), step("a", "2")
    assert steps.newest([first, other, second]) == [second, other]
    assert steps.newest([]) == []


def test_a_hidden_step_is_no_longer_offered_and_its_beginning_is_known(tmp_path: Path) -> None:
    with Store(tmp_path / "grader.sqlite") as store:
        made = store.decisions.add(Decision(kind="step", by="Jo", at=AT))
        later = store.decisions.add(Decision(kind="step", by="Jo", at=datetime.now(UTC)))
        for one, decision in (
            (step("a"), made),
            (step("b"), made),
            (step("a", hidden=True), later),
        ):
            store.decisions.add_step(one, decision)
        assert [one.name for one in steps.current(store, "t/i")] == ["b"]
        assert steps.since(store, "t/i", "a") == AT
        assert steps.since(store, "t/i", "c") is None
        assert steps.current(store, "t/other") == []


def test_an_edition_changes_with_every_version() -> None:
    one, two = step("a", id=1), step("b", id=2)
    known = {steps.edition(s) for s in ([], [one], [two], [one, two], [step("a", id=3), two])}
    assert len(known) == 5
    assert steps.edition([one, two]) == steps.edition([step("x", id=1), step("y", id=2)])


# --- what they come to ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "adjustment", "worth"),
    [
        (["1", "0.5"], "0", "1.5"),
        (["1", "0.5"], "-0.25", "1.25"),
        (["1", "-3"], "0", "0"),
        (["2", "2"], "0", "3"),
        ([], "1", "1"),
        ([], "-1", "0"),
    ],
)
def test_points_stay_within_what_the_item_can_have(
    points: list[str], adjustment: str, worth: str
) -> None:
    chosen = [step(points=one) for one in points]
    assert steps.worth(chosen, Decimal(adjustment), Decimal(3)) == Decimal(worth)


@pytest.mark.parametrize(
    ("points", "shown"),
    [
        ("1", "+1"),
        ("0.50", "+0.5"),
        ("0", "+0"),
        ("-0.25", "\u22120.25"),
        ("10", "+10"),
        ("-10", "\u221210"),
    ],
)
def test_points_are_written_as_people_write_them(points: str, shown: str) -> None:
    assert steps.signed(Decimal(points)) == shown


def test_a_student_reads_each_step_and_the_comment() -> None:
    chosen = [step("a"), step("b", "-0.5")]
    assert steps.words(chosen, "well") == "about a (+1)\nabout b (\u22120.5)\nwell"
    assert steps.words(chosen, "") == "about a (+1)\nabout b (\u22120.5)"
    assert steps.words([], "") == ""


# --- which go together ------------------------------------------------------------------------


def test_two_of_one_exclusive_group_exclude_each_other() -> None:
    one, two = step("a", group="g", exclusive=True), step("b", group="g", exclusive=True)
    steps.check([one, step("c", group="h", exclusive=True), step("d"), step("e")])
    with pytest.raises(UsageError) as refusal:
        steps.check([one, two])
    assert str(refusal.value) == "“about a” and “about b” exclude each other; choose one"


def test_an_exclusive_step_needs_a_group() -> None:
    with pytest.raises(UsageError, match="one of its group needs a group; name one"):
        steps.check_groups(step(exclusive=True), [])


@pytest.mark.parametrize(
    ("exclusive", "which"), [(True, "one alone is chosen"), (False, "several are chosen together")]
)
def test_a_group_is_of_one_kind(exclusive: bool, which: str) -> None:
    known = step("a", group="g", exclusive=exclusive)
    with pytest.raises(UsageError) as refusal:
        steps.check_groups(step("b", group="g", exclusive=not exclusive), [known])
    assert str(refusal.value) == f"of group g {which}; that holds for all its steps"
    steps.check_groups(step("b", group="g", exclusive=exclusive), [known])
    steps.check_groups(step("b", group="h", exclusive=not exclusive), [known])
    steps.check_groups(step("b", group="g", exclusive=not exclusive, hidden=True), [known])
    steps.check_groups(step("a", group="g", exclusive=not exclusive), [known])  # itself


# --- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Names the chain rule, and more", "names_the_chain_rule"),
        ("Größe: 3/4!", "grosse_3_4"),
        ("Übergänge", "ubergange"),
        ("±∞", ""),
        ("x" * 60, "x" * 40),
    ],
)
def test_a_name_is_made_of_the_first_words(words: str, name: str) -> None:
    assert steps.named(words) == name


def test_a_new_name_is_nobody_elses() -> None:
    assert steps.new_name("Chain rule", []) == "chain_rule"
    assert steps.new_name("Chain rule", ["chain_rule", "chain_rule_2"]) == "chain_rule_3"
    assert steps.new_name("±∞", ["step"]) == "step_2"


def test_steps_of_no_exclusive_group_go_together() -> None:
    steps.check([step("a", group="g"), step("b", group="g")])
    steps.check([step("a", exclusive=True), step("b", exclusive=True)])  # of no group
    one = step("a", group="g", exclusive=True)
    steps.check([one, one])


def test_a_name_never_ends_in_the_middle_of_nothing() -> None:
    assert steps.named(f"{'x' * 39} y") == "x" * 39
