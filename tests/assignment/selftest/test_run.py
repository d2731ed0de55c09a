"""The selftest as a whole: it passes for our assignments, and it finds what marks wrongly."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from grader.assignment import rubric
from grader.assignment.selftest import known, run
from grader.assignment.selftest.report import Report
from grader.assignment.selftest.run import SelftestSettings
from grader.checks.functions.results import FunctionResults
from grader.cli.main import main
from grader.cli.progress import Lines
from grader.core.model import Assignment
from grader.store.store import Store

pytestmark = pytest.mark.sandbox

TABLE = Path(__file__).parents[2] / "data" / "expected_variants.csv"


def report(assignment: Assignment, folder: Path, **settings: bool) -> Report:
    with Store(folder / "grader.sqlite") as store:
        wanted = SelftestSettings(jobs=2, **settings)  # type: ignore[arg-type]
        return run.run(assignment, wanted, store, Lines(io.StringIO()))


def all_right(found: Report, functions: Sequence[str]) -> None:
    """No fault; every wrong variant caught, every right one kept, enough mutants killed."""
    assert found.faults == []
    for tally in found.tallies:
        assert (tally.sensitivity, tally.specificity) == (1.0, 1.0), tally
    assert {fate.mutant.function for fate in found.fates} == set(functions)
    counted = [fate for fate in found.fates if fate.equivalent is None]
    assert sum(bool(fate.lost) for fate in counted) >= 0.95 * len(counted)


def marks(found: Report) -> dict[tuple[str, str, str], str]:
    """What became of each variant's items: its item, file and reason → status and share."""
    return {
        (f"{pack.task}/{item}", variant.source.split(",")[0], variant.why): (
            f"{outcomes[item].status} {outcomes[item].share:.4f}"
        )
        for pack, outcomes in found.marked
        for variant in pack.variants
        for item in variant.items
    }


def table() -> dict[tuple[str, str, str], str]:
    """The same, as `expected_variants.csv` has it."""
    with TABLE.open(newline="") as file:
        return {
            (row["item"], row["file"], row["variant"]): row["mark"] for row in csv.DictReader(file)
        }


def keeps_its_marks(found: Report, task: str) -> None:
    """Each variant has the share that the table holds, and the table holds each variant."""
    of_task = {key: mark for key, mark in table().items() if key[0].startswith(f"{task}/")}
    assert marks(found) == of_task


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    yield report(rubric.find("kmeans-example"), tmp_path_factory.mktemp("kmeans"))


def test_the_example_marks_right(clusters: Report) -> None:
    all_right(clusters, ["assign", "update", "inertia", "plot_clusters"])
    reference, template = clusters.grades["reference"], clusters.grades["template"]
    assert (reference.points, template.points) == (Decimal(17), Decimal(0))
    keeps_its_marks(clusters, "kmeans")


def test_every_survivor_has_a_reason(clusters: Report) -> None:
    survivors = [fate for fate in clusters.fates if not fate.lost]
    assert survivors
    assert all(fate.equivalent and fate.equivalent.reason for fate in survivors)


ACTIVATIONS = ("logistic", "tanh", "relu")
FUNCTIONS = {
    "autodiff": [],
    "activation": [
        *ACTIVATIONS,
        *(f"{name}_grad" for name in ACTIVATIONS),
        *(f"plot_{name}" for name in ACTIVATIONS),
    ],
    "evaluation": ["kfold_crossvalidation", "confusion_matrix"],
    "fmssvrc": [],
}
"""Of each task, what is mutated."""


@pytest.mark.training
@pytest.mark.parametrize(
    ("name", "functions"),
    [
        pytest.param(name, functions, marks=pytest.mark.xdist_group(f"selftest {name}"))
        for name, functions in FUNCTIONS.items()
    ],
)
def test_the_assignment_marks_right(name: str, functions: list[str], tmp_path: Path) -> None:
    whole = rubric.find("dais2021-a4")
    (task,) = (task for task in whole.tasks if task.id == name)
    found = report(replace(whole, tasks=(task,)), tmp_path)
    all_right(found, functions)
    keeps_its_marks(found, name)
    items = [tally.item for tally in found.tallies]
    assert sorted(items) == sorted(item.id for item in known.automatic(task))
    assert items


def test_every_task_of_the_assignment_is_tested() -> None:
    assert [task.id for task in rubric.find("dais2021-a4").tasks] == list(FUNCTIONS)


def test_a_check_that_marks_wrongly_is_found(tmp_path: Path) -> None:
    """One that takes anything of the right form: wrong variants and mutants pass."""
    chosen = rubric.find("kmeans-example")
    (task,) = chosen.tasks
    items = tuple(
        replace(item, check=item.check.model_copy(update={"tolerance": 1e9}))
        if isinstance(item.check, FunctionResults)
        else item
        for item in task.items
    )
    found = report(replace(chosen, tasks=(replace(task, items=items),)), tmp_path)
    told = "\n".join(found.faults)
    assert "kmeans/update should lose, but is passed: Right on all inputs." in told
    assert "mistakes/sum_of_points.py: kmeans/update should lose" in told
    assert "mutants were killed, less than 95%" in told
    tally = next(tally for tally in found.tallies if tally.item == "update")
    assert tally.caught < tally.wrong
    assert tally.kept == tally.right


def test_a_new_assignment_passes_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from click.testing import CliRunner

    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(main, ["new", "mine"]).exit_code == 0
    done = CliRunner().invoke(main, ["selftest", "mine", "--quiet"])
    assert done.exit_code == 0, done.output
    assert "mine: every item marks right what is right, and wrong what is wrong." in done.output
    assert "first/spread" in done.output
