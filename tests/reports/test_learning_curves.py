"""The course of a training as pictures: what stands at their axes, and where lines run."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grader.reports import learning_curves

BOTH = {"loss": [1.66, 0.9, 0.8], "train_accuracy": [0.5, 0.7, 0.74]}


def texts(curves: dict[str, list[float]]) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", learning_curves.figures({"curves": curves}))


def test_each_picture_says_what_its_axes_are_in_which_unit() -> None:
    assert texts(BOTH) == [
        *("0.0", "0.5", "1.0", "1.5", "2.0", "1", "2", "3", "epoch", "mean loss"),
        *("50", "60", "70", "80", "90", "100", "1", "2", "3", "epoch", "accuracy in %"),
    ]


def test_a_loss_of_steps_runs_over_the_training_and_not_over_epochs() -> None:
    told = texts({"step_loss": [2.3, 1.0, 0.4, 0.3]})
    assert "part of the training in %" in told
    assert "epoch" not in told


def test_lines_are_where_their_numbers_are() -> None:
    drawn = learning_curves.figures({"curves": {"train_accuracy": [0.5, 1.0]}})
    (points,) = re.findall(r'<polyline points="([^"]*)"', drawn)
    left, right, top, bottom = (
        getattr(learning_curves, n) for n in ("LEFT", "RIGHT", "TOP", "BOTTOM")
    )
    assert points == f"{left:.1f},{bottom:.1f} {right:.1f},{top:.1f}"


def test_lines_of_one_picture_differ_without_colours_and_are_named() -> None:
    curves = {"train_accuracy": [0.5, 0.7], "validation_accuracy": [0.6, 0.65]}
    drawn = learning_curves.figures({"curves": curves})
    dashes = re.findall(r'<polyline[^>]*stroke-dasharray="([^"]*)"', drawn)
    assert len(set(dashes)) == 2
    assert "training accuracy 50.0 % → 70.0 %" in drawn
    assert "validation accuracy 60.0 % → 65.0 %" in drawn


@pytest.mark.parametrize("epochs", [2, 7, 50, 200])
def test_numbers_at_the_axes_do_not_crowd(epochs: int) -> None:
    told = texts({"loss": [1 / (n + 1) for n in range(epochs)]})
    whole = [int(text) for text in told if text.isdigit()]
    assert whole[0] == 1
    assert whole[-1] == epochs
    assert len(whole) <= learning_curves.TICKS + 2


@pytest.mark.parametrize("values", [[0.0, 0.0], [1e-9, 2e-9], [-3.0, 5e12], [7.0, 7.0]])
def test_any_numbers_have_an_axis_that_holds_them(values: list[float]) -> None:
    drawn = learning_curves.figures({"curves": {"loss": values}})
    heights = [float(y) for y in re.findall(r",([\d.-]+)[ \"]", drawn.partition("<polyline")[2])]
    assert heights
    assert all(learning_curves.TOP <= y <= learning_curves.BOTTOM for y in heights[:2])


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=6),
    st.sampled_from(["loss", "train_accuracy"]),
)
@example([1e308, -1e308], "loss")
@example([1.7e308, 1.0], "validation_accuracy")
@example([5e-324, 0.0], "step_loss")
def test_what_a_student_lists_is_drawn_with_numbers(values: list[float], name: str) -> None:
    drawn = learning_curves.figures({"curves": {name: values}})
    (points,) = re.findall(r'<polyline points="([^"]*)"', drawn)
    assert all(math.isfinite(float(n)) for n in re.split("[ ,]", points))
    assert all(re.fullmatch(r"-?[\d.]+(e[+-]?\d+)?|\D+", text) for text in texts({name: values}))
    assert "nan" not in drawn and "inf" not in drawn


@pytest.mark.parametrize("details", [{}, {"curves": None}, {"curves": {"loss": [2.0]}}])
def test_nothing_is_drawn_of_nothing(details: dict[str, object]) -> None:
    assert learning_curves.figures(details) == ""
