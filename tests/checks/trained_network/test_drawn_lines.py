"""Lines of a training's figures: also those that were drawn point by point."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.checks.trained_network import drawn_lines


def point(x: float, y: float, color: str, label: str = "_child0") -> dict[str, Any]:
    return {"x": np.array([float(x)]), "y": np.array([float(y)]), "color": color, "label": label}


def axes(*lines: Any) -> dict[str, Any]:
    return {"title": "loss", "xlabel": "", "ylabel": "", "legend": [], "lines": list(lines)}


def test_points_of_one_colour_are_one_line_from_left_to_right() -> None:
    drawn = [point(n, 1 / n, "#0000ff", f"_child{n}") for n in (3, 1, 2)]
    drawn += [point(n, n / 10, "#ff0000", "accuracy") for n in (1, 2)]
    found = dict(drawn_lines.named_lines([axes(*drawn)]))
    assert found[" loss"].tolist() == [1, 1 / 2, 1 / 3]
    assert found["accuracy"].tolist() == [0.1, 0.2]


def test_lines_stay_as_they_are_and_one_point_is_none() -> None:
    line = {"x": np.arange(3.0), "y": np.arange(3.0), "color": "#0000ff", "label": "loss"}
    found = drawn_lines.named_lines([axes(line, point(1, 9, "#0000ff"))])
    assert [(name, y.tolist()) for name, y in found] == [("loss", [0, 1, 2])]


@pytest.mark.parametrize(
    "odd", [None, 5, {"x": 1, "y": 2}, {"x": np.array(["a"]), "y": np.array([1.0])}, {}]
)
def test_what_is_no_point_is_left_out(odd: object) -> None:
    found = drawn_lines.courses_of(axes(odd, point(1, 2, "b"), odd, point(2, 3, "b")))
    assert [line["y"].tolist() for line in found] == [[2, 3]]
    assert drawn_lines.courses_of({"lines": odd}) == []


@pytest.mark.parametrize(
    ("text", "told"), [("Loss", True), ("val acc", True), ("loss and accuracy", False), ("", False)]
)
def test_a_text_tells_what_is_drawn_if_it_names_one(text: str, told: bool) -> None:
    assert drawn_lines.told_apart(text) is told
