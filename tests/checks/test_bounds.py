"""Bounds of all check types' settings: what is accepted acts, and the rest is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from grader.assignment.refusal import sentence
from grader.checks import CHECKS

NEEDED: dict[str, dict[str, Any]] = {
    "autodiff_values": {"group": "forward"},
    "function_drawing": {"function": "f", "inputs": {"argument": [{"draw": "normal"}]}},
    "function_plot": {"plot": "plot_f", "function": "f", "gradient": "g"},
    "function_results": {"function": "f", "inputs": {"argument": [{"draw": "normal"}]}},
    "function_values": {"function": "f"},
    "text_answer": {"cell": "a"},
}


def refusal(name: str, **settings: Any) -> str:
    data = NEEDED.get(name, {}) | settings
    with pytest.raises(ValidationError) as refused:
        CHECKS[name].model_validate_json(json.dumps(data), strict=True)
    return sentence(refused.value, CHECKS[name], data, name).removeprefix(f"{name}: ")


def inputs(*arguments: dict[str, Any], **sizes: list[int]) -> str:
    found = refusal("function_results", inputs={"argument": list(arguments), "sizes": sizes})
    return found.removeprefix("[inputs]: ")


@pytest.mark.parametrize("name", CHECKS)
def test_what_is_needed_is_enough(name: str) -> None:
    assert CHECKS[name].model_validate_json(json.dumps(NEEDED.get(name, {})), strict=True)


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("function_values", {"tolerance": -0.1}, "tolerance is -0.1; expected greater than or"),
        ("function_values", {"tolerance": float("nan")}, "tolerance is nan; expected a finite"),
        ("function_results", {"tolerance": float("inf")}, "tolerance is inf; expected a finite"),
        (
            "class_accuracy",
            {"tolerance": 1.5},
            "tolerance is 1.5; expected less than or equal to 1",
        ),
        ("autodiff_values", {"relative_tolerance": -1}, "relative_tolerance is -1; expected"),
        (
            "autodiff_values",
            {"variants": -1},
            "variants is -1; expected greater than or equal to 0",
        ),
        (
            "autodiff_values",
            {"follow_share": "1.5"},
            "follow_share is '1.5'; expected less than or",
        ),
        ("function_values", {"function": "a b"}, "function is 'a b'; expected a name as in Python"),
        ("function_values", {"shown": []}, "shown is []; expected 1 at least"),
        (
            "function_values",
            {"allowed": {"x": [1.0]}},
            "allowed is {'x': [1.0]}; expected points in",
        ),
        ("function_values", {"extreme_share": "-0.1"}, "extreme_share is '-0.1'; expected greater"),
        (
            "function_results",
            {"compare": "row"},
            "compare is 'row'; expected 'values', 'rows', 'labels' or",
        ),
        ("text_answer", {"cell": ""}, "cell is ''; expected text"),
        (
            "test_accuracy",
            {"ramp_from": 82.0},
            "ramp_from is 82; expected less than the cutoff, 82",
        ),
        ("test_accuracy", {"cutoff": 45.0}, "ramp_from is 72; expected less than the cutoff, 45"),
        ("test_accuracy", {"cutoff": 101.0}, "cutoff is 101.0; expected less than or equal to 100"),
        ("test_accuracy", {"most_runs": 1}, "most_runs is 1; expected greater than or equal to 2"),
        ("test_accuracy", {"prior_spread": 0.0}, "prior_spread is 0.0; expected greater than 0"),
        ("validation_split", {"smallest": 40_000}, "smallest is 40000, more than largest, 30000"),
        ("validation_split", {"smallest": 0}, "smallest is 0; expected greater than or equal to 1"),
        (
            "kfold_results",
            {"mean_share": "2"},
            "mean_share is '2'; expected less than or equal to 1",
        ),
        ("kfold_results", {"classes": 2.0}, "classes is 2.0; expected a whole number"),
    ],
)
def test_a_setting_out_of_its_bounds_is_told(
    name: str, settings: dict[str, Any], told: str
) -> None:
    assert refusal(name, **settings).startswith(told)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("function_plot", "title_share"),
        ("function_drawing", "title_share"),
        ("training_loop", "loss_share"),
        ("training_plots", "loss_share"),
    ],
)
def test_shares_of_one_whole_must_come_to_it(name: str, key: str) -> None:
    told = refusal(name, **{key: "0"})
    assert key in told
    assert told.endswith(", not to 1")


@pytest.mark.parametrize(
    ("arguments", "sizes", "told"),
    [
        ([{"draw": "normal", "low": 1}], {}, "argument number 1: low does nothing with draw ="),
        (
            [{"draw": "value", "value": 1, "shape": [2]}],
            {},
            "argument number 1: shape does nothing",
        ),
        ([{"draw": "normal", "spread": -1}], {}, "argument number 1: spread is -1; expected great"),
        ([{"draw": "normal", "shape": ["n"]}], {}, "argument number 1: 'n' is none of the sizes"),
        ([{"draw": "normal", "shape": ["n"]}], {"n": [4, 2]}, "size n goes from 4 down to 2"),
        (
            [{"draw": "normal", "shape": ["n", "n"]}],
            {"n": [1, 5000]},
            "argument number 1: it may have 25,000,000 numbers, more than 1,000,000",
        ),
        (
            [{"draw": "uniform", "low": 2, "high": 2}],
            {},
            "argument number 1: low may be 2, and high 2",
        ),
        (
            [{"draw": "integers", "low": 3, "high": "k"}],
            {"k": [3, 5]},
            "argument number 1: low may be 3, and high 3",
        ),
        (
            [{"draw": "integers", "low": 0.2, "high": 0.9}],
            {},
            "argument number 1: low may be 0.2, and high 0.9",
        ),
        (
            [{"draw": "normal", "shape": [3, 2]}, {"draw": "rows", "of": 0, "shape": [4]}],
            {},
            "argument number 2: number 1 may have fewer rows",
        ),
        (
            [{"draw": "value", "value": [1, 2]}, {"draw": "rows", "of": 0, "shape": [3]}],
            {},
            "argument number 2: number 1 may have fewer rows",
        ),
        (
            [{"draw": "normal", "shape": [3]}, {"draw": "rows", "of": 1, "shape": [2]}],
            {},
            "argument number 2: rows need `of`, an earlier argument, and a shape of one number",
        ),
        (
            [{"draw": "normal"}],
            {"n": [1]},
            "[sizes]: n number 2 is missing",
        ),
        (
            [{"draw": "normal"}],
            {"n": [1, 2, 3]},
            "[sizes]: n is [1, 2, 3]; expected 2 at most",
        ),
        ([], {}, "argument is []; expected 1 at least"),
    ],
    ids=str,
)
def test_inputs_that_can_not_be_drawn_are_told(
    arguments: list[dict[str, Any]], sizes: dict[str, list[int]], told: str
) -> None:
    assert inputs(*arguments, **sizes).startswith(told)


def test_rows_of_what_has_enough_of_them_are_drawn() -> None:
    for arguments in (
        [{"draw": "normal", "shape": ["n", 2]}, {"draw": "rows", "of": 0, "shape": ["n"]}],
        [{"draw": "value", "value": [1, 2]}, {"draw": "rows", "of": 0, "shape": [2]}],
    ):
        data = {"function": "f", "inputs": {"argument": arguments, "sizes": {"n": [2, 9]}}}
        assert CHECKS["function_results"].model_validate_json(json.dumps(data), strict=True)
