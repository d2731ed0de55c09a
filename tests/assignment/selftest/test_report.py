"""A selftest's report: what is counted, and what is a fault."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from grader.assignment import rubric
from grader.assignment.selftest.known import Pack
from grader.assignment.selftest.mutants import Mutant
from grader.assignment.selftest.report import Report
from grader.assignment.variants import Variant
from grader.core.model import Outcome, Status

TASK = rubric.find("kmeans-example").tasks[0]
ITEMS = ("assign", "update", "inertia", "plot_clusters")


def outcomes(**changed: Status) -> dict[str, Outcome]:
    """Every item passed, but for these."""
    known = dict.fromkeys(ITEMS, Status.PASSED) | changed
    return {
        name: Outcome(status=status, share=Decimal(status is Status.PASSED), message="told")
        for name, status in known.items()
    }


def pack(verb: str, item: str) -> Pack:
    made = Variant(verb=verb, items=(item,), why="w", code="", source=f"{verb} {item}")
    return Pack(task="kmeans", variants=(made,))


def mutant(change: str) -> Mutant:
    return Mutant(function="assign", change=change, cell="assign", source="")


def complete(*more: tuple[Pack, dict[str, Outcome]]) -> Report:
    """A report on one right and one wrong variant of each item, all as they should be, and more."""
    report = Report()
    right = [(pack("keeps", item), outcomes()) for item in ITEMS]
    wrong = [(pack("loses", item), outcomes(**{item: Status.FAILED})) for item in ITEMS]
    report.count(TASK, [*right, *wrong, *more])
    return report


def test_all_as_it_should_be_is_no_fault() -> None:
    report = complete()
    assert report.faults == []
    for tally in report.tallies:
        assert (tally.wrong, tally.caught, tally.right, tally.kept) == (1, 1, 1, 1)
        assert (tally.others, tally.spared) == (6, 6)
        assert (tally.sensitivity, tally.specificity) == (1.0, 1.0)


def test_a_wrong_variant_that_passes_lowers_the_sensitivity() -> None:
    report = complete((pack("loses", "assign"), outcomes()))
    assert report.faults == ["loses assign: kmeans/assign should lose, but is passed: told"]
    assert (report.tallies[0].sensitivity, report.tallies[0].specificity) == (0.5, 1.0)


def test_a_wrong_variant_that_loses_another_item_lowers_its_specificity() -> None:
    lost = outcomes(assign=Status.FAILED, update=Status.PARTIAL)
    report = complete((pack("loses", "assign"), lost))
    assert report.faults == ["loses assign: kmeans/update should pass, but is partial: told"]
    assert report.tallies[1].spared == report.tallies[1].others - 1


def test_an_item_without_variants_of_both_kinds_is_a_fault() -> None:
    report = Report()
    report.count(TASK, [(pack("keeps", "assign"), outcomes())])
    assert "kmeans/assign has 0 wrong and 1 right variants: it needs one of each at least" in (
        report.faults
    )


def test_the_template_must_earn_nothing_and_be_marked() -> None:
    report = Report()
    for status in (Status.FAILED, Status.ERROR, Status.PASSED):
        report.expect_nothing(TASK, TASK.items[0], outcomes(assign=status)["assign"])
    assert [fault.split("but is ")[1] for fault in report.faults] == [
        "error: told",
        "passed: told",
    ]


def test_too_many_survivors_are_a_fault_unless_they_are_equivalent(tmp_path: Path) -> None:
    report = Report()
    for number in range(9):
        report.meet(TASK, mutant(f"killed {number}"), outcomes(assign=Status.FAILED))
    report.meet(TASK, mutant("survivor"), outcomes())
    report.judge_mutants(TASK, tmp_path)
    assert report.faults == ["kmeans: 9 of 10 mutants were killed, less than 95%"]
    report.faults.clear()
    entry = '[[equivalent]]\nfunction = "assign"\nchange = "survivor"\nreason = "the same"\n'
    (tmp_path / "equivalent.toml").write_text(entry)
    report.judge_mutants(TASK, tmp_path)
    assert report.faults == []
    assert report.fates[-1].equivalent is not None


def test_a_list_of_equivalents_that_is_not_so_is_a_fault(tmp_path: Path) -> None:
    entry = '[[equivalent]]\nfunction = "{}"\nchange = "killed*"\nreason = "r"\n'
    (tmp_path / "equivalent.toml").write_text(entry.format("assign") + entry.format("update"))
    report = Report()
    report.meet(TASK, mutant("killed"), outcomes(assign=Status.FAILED))
    report.judge_mutants(TASK, tmp_path)
    called, gone = report.faults
    assert called.endswith("assign: killed*: it is called equivalent, but loses assign")
    assert gone.endswith("update: killed*: there is no such mutant")


def test_a_mutant_that_ends_in_an_error_is_a_fault() -> None:
    report = Report()
    report.meet(TASK, mutant("changed"), outcomes(assign=Status.ERROR))
    assert report.faults == ["mutant assign: changed: ends in an error: told"]
