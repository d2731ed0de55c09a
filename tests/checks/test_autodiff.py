"""The autodiff quiz: each right value earns its part, however it is typed and handed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest

from grader.checks.autodiff import AutodiffValues
from grader.core.model import Outcome, QuizResponse, Status
from grader.quiz import graph as graphs
from tests.checks.model_evaluation.evaluation_task import case

REFERENCE = Path(__file__).parents[2] / "reference" / "dais2021-a4"
SOLUTION = graphs.solution(graphs.read(REFERENCE / "autodiff.toml"))
RIGHT = {name: f"{value:.4f}" for values in SOLUTION.values() for name, value in values.items()}
Group = Literal["forward", "adjoints", "gradient"]
GROUPS: tuple[Group, ...] = ("forward", "adjoints", "gradient")


def mark(values: Mapping[str, str] | None, group: Group = "forward") -> Outcome:
    """The outcome of one group for these answers; None: no answers."""
    check = AutodiffValues(group=group)
    quiz = None if values is None else QuizResponse(values=values, source="autodiff.toml")
    return check.judge(replace(case(check, (), ()), quiz=quiz, reference_dir=REFERENCE))


@pytest.mark.parametrize("group", GROUPS)
def test_right_values_pass(group: Group) -> None:
    got = mark(RIGHT, group)
    assert (got.status, got.share) == (Status.PASSED, Decimal(1))
    assert {row["verdict"] for row in got.details["values"]} == {"right"}
    assert [row["name"] for row in got.details["values"]] == list(SOLUTION[group])
    assert got.details["source"] == "autodiff.toml"


@pytest.mark.parametrize("group", GROUPS)
def test_no_answers_fail(group: Group) -> None:
    got = mark(None, group)
    assert (got.status, got.message) == (Status.FAILED, "No answers to the quiz were handed in.")
    assert mark({}, group).share == 0


@pytest.mark.parametrize(
    "spelling",
    [
        lambda text: text.replace(".", ","),
        lambda text: f" {text} ",
        lambda text: text.replace("-", "−"),
        lambda text: f"{float(text):.3e}",
        lambda text: f"{float(text) * 1.00001:.8f}",
    ],
)
def test_right_values_pass_in_any_spelling(spelling: object) -> None:
    assert callable(spelling)
    got = mark({name: spelling(text) for name, text in RIGHT.items()})
    assert got.status is Status.PASSED, got


def test_exact_values_pass() -> None:
    exact = {name: repr(v) for values in SOLUTION.values() for name, v in values.items()}
    assert [mark(exact, group).status for group in GROUPS] == [Status.PASSED] * 3


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("", "empty"),
        ("-", "empty"),
        ("about a half", "not a number"),
        ("=1+1", "not a number"),
        ("nan", "not a number"),
        ("1e999", "not a number"),
        ("123456", "wrong"),
    ],
)
def test_one_value_that_is_missing_or_no_number_costs_its_part(text: str, verdict: str) -> None:
    last = list(SOLUTION["forward"])[-1]
    got = mark(RIGHT | {last: text})
    count = len(SOLUTION["forward"])
    assert got.status is Status.PARTIAL
    assert got.share == Decimal(count - 1) / Decimal(count)
    assert f"{count - 1} of {count} values are right" in got.message
    row = got.details["values"][-1]
    assert (row["name"], row["given"], row["verdict"]) == (last, text, verdict)
    assert row["expected"] == RIGHT[last]


def test_all_wrong_fails() -> None:
    got = mark(dict.fromkeys(RIGHT, "77.7"), "gradient")
    assert (got.status, got.share) == (Status.FAILED, Decimal(0))


def test_questions_of_a_moodle_download_are_taken_in_order() -> None:
    cells = {
        f"response {n}": "; ".join(
            f"part {k}: {RIGHT[name]}" for k, name in enumerate(SOLUTION[group], 1)
        )
        for n, group in enumerate(GROUPS, 1)
    }
    assert [mark(cells, group).status for group in GROUPS] == [Status.PASSED] * 3
    swapped = cells | {"response 1": cells["response 2"], "response 2": cells["response 1"]}
    assert mark(swapped, "gradient").status is Status.PASSED
    assert mark(swapped, "forward").status is not Status.PASSED
