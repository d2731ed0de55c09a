"""The lines of a training's figures, with what is written about them. Trusted side, pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.checks.functions.plots import lines_of

LOSS = re.compile(r"loss|verlust|fehler|kosten|cost|error", re.IGNORECASE)
ACCURACY = re.compile(r"acc|genau|treffer|correct|score", re.IGNORECASE)
MANY = 1000
"""Single points of one axes that are looked at."""


def courses_of(ax: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines of an axes; points that were drawn one by one in a loop are a line, too."""
    return lines_of(ax) + lines_of(ax | {"lines": _joined(ax.get("lines"))})


def named_lines(axes: Sequence[dict[str, Any]]) -> list[tuple[str, NDArray[np.float64]]]:
    """Every line with what is written about it: its label, else the axis's label and the title."""
    return [
        (line["label"] if told_apart(line["label"]) else f"{ax['ylabel']} {ax['title']}", line["y"])
        for ax in axes
        for line in courses_of(ax)
    ]


def told_apart(text: str) -> bool:
    """Whether a text tells of a loss or of an accuracy, and not of both."""
    return bool(LOSS.search(text)) != bool(ACCURACY.search(text))


def _joined(lines: object) -> list[dict[str, Any]]:
    """The points of one colour and label as one line, from left to right."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for line in lines[:MANY] if isinstance(lines, list) else []:
        if not isinstance(line, dict) or not (
            _is_point(line.get("x")) and _is_point(line.get("y"))
        ):
            continue
        label, color = str(line.get("label")), str(line.get("color"))
        label = "" if label.startswith("_") else label  # Matplotlib's own, each another one
        one = found.setdefault((label, color), {"label": label, "color": color, "x": [], "y": []})
        one["x"].append(line["x"][0])
        one["y"].append(line["y"][0])
    for one in found.values():
        order = np.argsort(one["x"], kind="stable")
        one |= {key: np.asarray(one[key], np.float64)[order] for key in ("x", "y")}
    return list(found.values())


def _is_point(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.shape == (1,) and value.dtype.kind == "f"
