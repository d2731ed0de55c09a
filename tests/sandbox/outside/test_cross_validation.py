"""What is noted of models at work: claims within bounds, each model's life for itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.sandbox.outside import cross_validation
from grader.sandbox.outside.cross_validation import CrossValidation

PARAMS: dict[str, Any] = {
    "script": np.array([[0, 1, 2, 0], [1, 2, 0, 1]]),
    "classes": 3,
    "target": np.arange(4),
}
MODEL = ["model", [5, 3]]


def call(now: str, *rows: int, key: int = 0, stepping: Any = False) -> list[Any]:
    return ["call", key, now, list(rows), [0] * len(rows), stepping]


def trained(*rows: int, epochs: Any = 2, rate: Any = 0.1, now: str = "a") -> list[Any]:
    return ["trained", 0, now, list(rows), epochs, rate]


def heard(*turns: list[list[Any]]) -> CrossValidation:
    found = CrossValidation(PARAMS)
    for told in turns:
        found.hear({"told": told})
    return found


def test_before_any_call_there_is_nothing_to_answer() -> None:
    assert CrossValidation(PARAMS).hear({"told": [MODEL]}) is None
    assert heard([MODEL]).record() == {"phases": []}


def test_each_model_has_the_script_of_its_number() -> None:
    found = heard([MODEL, MODEL, MODEL])
    for key, classes in enumerate(([0, 1], [1, 2], [0, 1])):  # there are two scripts
        told = {"told": [call(f"m{key}", 0, 1, key=key)]}
        assert found.hear(told) == {"classes": classes, "lasting": True}


def test_rows_that_are_not_ours_are_the_first_class_and_no_judgement_of_ours() -> None:
    found = CrossValidation(PARAMS)
    assert found.hear({"told": [MODEL, call("a", -1, 2, -2)]})["classes"] == [0, 2, 0]
    (phase,) = found.record()["phases"]
    assert phase["evaluations"] == [[-1, 2, -2]]


def test_a_copy_of_a_model_that_has_learned_is_that_model() -> None:
    turns = [[MODEL, call("a", 0)], [["pull", 0, [1]], ["step", 0, "b", 0.5]], [MODEL]]
    found = heard(*turns, [call("b", 3, key=1)])
    (phase,) = found.record()["phases"]
    assert (phase["life"], phase["counts"], phase["labels"]) == (0, [1, 0, 0, 0], [1, -1, -1, -1])
    assert (phase["moved"], phase["rate"]) == (True, 0.5)


def test_a_model_that_is_reset_and_learns_begins_another_life() -> None:
    begun = [[MODEL, call("a", 0)], [["pull", 0, [1]], ["step", 0, "b", 0.5]]]
    found = heard(*begun)
    reset = found.hear({"told": [call("z", 1, 2)]})
    assert reset == {"classes": [1, 2], "lasting": False}
    found.hear({"told": [["pull", 1, [2, 2]], ["step", 0, "y", 0.25], call("y", 3)]})
    (phase,) = found.record()["phases"]
    assert (phase["life"], phase["counts"], phase["rate"]) == (1, [0, 1, 1, 0], 0.25)
    assert phase["widths"] == [5, 3]


def test_weights_that_an_optimizer_tries_are_no_reset() -> None:
    begun = [[MODEL, call("a", 0)], [["pull", 0, [1]], ["step", 0, "b", 0.5]]]
    for stepping, lasting in ((True, True), (1, False), (None, False)):
        found = heard(*begun)
        assert found.hear({"told": [call("z", 1, stepping=stepping)]})["lasting"] is lasting


def test_a_step_of_a_model_that_was_never_called_is_none() -> None:
    found = heard([MODEL, ["step", 0, "b", 0.5]], [call("a", 0)])
    (phase,) = found.record()["phases"]
    assert (phase["moved"], phase["rate"]) == (False, None)


@pytest.mark.parametrize(("rate", "noted"), [(0.5, 0.5), (1, None), ("0.5", None), (None, None)])
def test_a_rate_is_the_first_that_is_a_number(rate: Any, noted: float | None) -> None:
    found = heard([MODEL, call("a", 0)], [["step", 0, "b", rate]])
    assert [phase["rate"] for phase in found.record()["phases"]] == [noted]
    found.hear({"told": [["step", 0, "c", 0.125]]})
    assert [phase["rate"] for phase in found.record()["phases"]] == [noted or 0.125]


def test_what_was_handed_to_the_training_function_is_noted_by_row() -> None:
    found = heard([MODEL, trained(1, -1, -2), trained(3, epochs=None, rate=9.0)], [call("a", 0)])
    (phase,) = found.record()["phases"]
    assert phase["given"] == [False, True, False, True]
    assert (phase["epochs"], phase["rate"]) == ([2], 0.1)


def test_calls_of_the_training_function_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cross_validation, "MAX_CALLS", 2)
    found = heard([MODEL, trained(), trained()])
    with pytest.raises(ValueError, match=r"^too many calls$"):
        found.hear({"told": [trained()]})


def test_lives_are_limited_as_models_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cross_validation, "MAX_LIVES", 1)
    begun = [[MODEL, call("a", 0)], [["pull", 0, [1]], ["step", 0, "b", 0.5]], [call("z", 1)]]
    found = heard(*begun)
    for told in (["pull", 1, [1]], MODEL):
        with pytest.raises(ValueError, match=r"^too many models$"):
            found.hear({"told": [told]})


def test_of_equal_judgements_in_a_row_the_last_one_stays() -> None:
    found = heard([MODEL, call("a", 0)])
    for tick in range(1, 4):
        found.hear({"told": [["pull", 2 * tick - 2, [1]], call("a", 2, 3)]})
        found.hear({"told": [call("a", 0)]})
    phases = found.record()["phases"]
    assert [phase["evaluations"] for phase in phases] == [[[2, 3]], [[2, 3], [0]]]
    assert [phase["counts"][0] for phase in phases] == [2, 3]


def test_what_is_noted_of_a_phase_is_plain_data() -> None:
    (phase,) = heard([MODEL, call("a", 0, 1)]).record()["phases"]
    assert {type(value) for value in phase.values()} <= {int, bool, list, type(None)}
    assert phase["own"] == [[0, 0]]
