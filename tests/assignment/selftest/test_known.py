"""What is handed in by a selftest, and when an outcome is the wanted one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from grader.assignment import rubric, variants
from grader.assignment.selftest import known
from grader.assignment.selftest.known import Pack
from grader.assignment.variants import Variant
from grader.core.model import Outcome, Status
from grader.marking.masters import read_masters

ASSIGNMENT = rubric.find("dais2021-a4")
TASKS = {task.id: task for task in ASSIGNMENT.tasks}
WRONG, RIGHT = 4, 3


def outcome(status: Status) -> Outcome:
    return Outcome(status=status, share=Decimal(status is Status.PASSED), message="told")


def variant(verb: str, item: str, code: str = "") -> Variant:
    return Variant(verb=verb, items=(item,), why="w", code=code, source=f"{verb} {item} {code}")


@pytest.mark.parametrize(
    ("wanted", "good"),
    [
        ("keeps", {Status.PASSED}),
        ("refers", {Status.REVIEW}),
        ("loses", {Status.PARTIAL, Status.FAILED, Status.BLOCKED}),
    ],
)
def test_only_the_wanted_outcome_is_no_fault(wanted: str, good: set[Status]) -> None:
    assert {status for status in Status if not known.fault(wanted, outcome(status))} == good


def test_a_fault_says_what_was_and_what_should_be() -> None:
    assert known.fault("keeps", outcome(Status.FAILED)) == "should pass, but is failed: told"


def test_right_and_wrong_variants_never_share_a_run() -> None:
    found = [
        variant("loses", "a"),
        variant("keeps", "b"),
        variant("loses", "b"),
        variant("loses", "a", "again"),
    ]
    packs = known.packed("t", found, None, 5)
    assert [[v.source for v in pack.variants] for pack in packs] == [
        ["loses a ", "loses b "],
        ["keeps b "],
        ["loses a again"],
    ]


def test_variants_of_the_same_cell_never_share_a_run() -> None:
    master = read_masters(ASSIGNMENT, TASKS["fmssvrc"]).master
    found = [
        variant("loses", "sample", "# cell: sample\n1\n"),
        variant("loses", "mlp", "# cell: sample\n2\n"),
        variant("loses", "mlp", "# cell: model\n3\n"),
    ]
    packs = known.packed("t", found, master, 5)
    assert [len(pack.variants) for pack in packs] == [2, 1]


def test_a_pack_wants_what_its_wrong_variants_want() -> None:
    pack = Pack(task="t", variants=(variant("loses", "a"), variant("refers", "b")))
    assert [pack.wanted(item) for item in "abc"] == ["loses", "refers", "keeps"]


def test_the_quiz_is_solved_as_a_student_would_type_it() -> None:
    response = known.solved(ASSIGNMENT)
    assert response is not None
    assert (response.values["v1"], response.values["adj_v10"]) == ("1.2000", "1.0000")


@pytest.mark.parametrize("task", TASKS)
def test_every_automatic_item_has_enough_variants(task: str) -> None:
    folder = ASSIGNMENT.reference_dir / "variants" / task
    found = variants.read(folder, [item.id for item in TASKS[task].items])
    for item in known.automatic(TASKS[task]):
        mine = [v for v in found if item.id in v.items]
        assert sum(not v.is_right for v in mine) >= WRONG, item.id
        assert sum(v.is_right for v in mine) >= RIGHT, item.id


def test_answers_in_words_are_not_automatic() -> None:
    assert "interpretation" not in [item.id for item in known.automatic(TASKS["evaluation"])]
    assert len(known.automatic(TASKS["activation"])) == 9
