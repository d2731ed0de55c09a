"""Checks a function that draws, by its figure: it must show what the reference's figure shows.

Trusted side, pure. Points and lines are compared by where they are; how they look is free.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from grader.checks.base import Check, failed, partial, passed, review
from grader.checks.functions.inputs import Inputs
from grader.checks.functions.plots import all_axes
from grader.checks.functions.results import calls_of_base, with_base
from grader.checks.functions.values import undecided
from grader.checks.settings import Name, Share, sum_up
from grader.core.model import Case, Outcome, Question

Floats = NDArray[np.float64]
NEAR = 1e-3
"""Of the size of what is drawn: so far apart two points are the same."""
MOST_STRANGE = 0.1
"""The share of the drawn points that the reference does not draw."""
MOST_MARKS, MOST_POINTS = 500, 20_000
"""Of all axes; more are looked at by a person, as comparing them takes long."""


class FunctionDrawing(Check):
    """A function called with arrays that draws them: points, groups by colour, texts."""

    reference: ClassVar[bool] = True

    function: Name = Field(examples=["plot_clusters"])
    """The drawing function's name."""
    base: Name | Literal[""] = Field(default="", examples=["assign"])
    """Another function that it calls; who only calls a wrong one is for a person."""
    inputs: Inputs
    """The arguments it is called with, drawn anew for each submission."""
    arrays: Literal["numpy", "torch", "lists"] = "numpy"
    """What the arguments are."""
    data_share: Share = Decimal("0.5")
    """For all that the reference's figure shows. The shares add up to 1."""
    groups_share: Share = Decimal("0.2")
    """For groups that are told apart, by colour or else, as the reference does."""
    title_share: Share = Decimal("0.15")
    """For a title."""
    labels_share: Share = Decimal("0.15")
    """For a label on both axes."""

    _one_whole = model_validator(mode="after")(sum_up)

    def calls(self, case: Case) -> int:
        """As the answers tell."""
        return calls_of_base(case)

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        """One call for each set of arguments drawn."""
        return tuple(
            Question(
                probe="draw",
                params={"name": self.function, "arguments": arguments, "arrays": self.arrays}
                | with_base(self.base),
            )
            for arguments in self.inputs.drawn(rng)
        )

    def judge(self, case: Case) -> Outcome:
        """The shares of what is there in all calls' figures."""
        if (early := undecided(case.answers[0], self.function)) is not None:
            return early
        words = {
            "data": "points are missing or in other places",
            "groups": "what belongs together can't be told by its colour",
            "title": "there is no title",
            "labels": "an axis has no label",
        }
        found = dict.fromkeys(words, True)
        for answer, expected in zip(case.answers, case.expected, strict=True):
            axes, wanted = all_axes(answer), all_axes(expected)
            if not any(marks(ax) for ax in axes):
                return failed(f"{self.function} draws no points or lines.")
            if _is_too_much(axes):
                return review(
                    f"{self.function} draws more than {MOST_MARKS} lines or {MOST_POINTS} points; "
                    "a person must look at the figure."
                )
            here = self._parts(axes, wanted)
            found = {part: found[part] and here[part] for part in found}
        if all(found.values()):
            return passed("The figure shows all that was asked for.")
        missing = [text for part, text in words.items() if not found[part]]
        if not found["data"] and not found["groups"]:
            return failed(f"The figure shows something else: {', '.join(missing)}.")
        share = sum((getattr(self, f"{part}_share") for part in found if found[part]), Decimal(0))
        return partial(share, f"In the figure {', '.join(missing)}.")

    def _parts(self, axes: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> dict[str, bool]:
        drawn = [ax for ax in axes if marks(ax)]
        # The centre of a group may have its group's colour: one colour less is as good.
        return {
            "data": _shows(_points(axes), _points(wanted)),
            "groups": len(_colours(axes)) >= len(_colours(wanted)) - 1,
            "title": any(ax["title"] or ax["suptitle"] for ax in drawn),
            "labels": any(ax["xlabel"] and ax["ylabel"] for ax in drawn),
        }


def marks(ax: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines and clouds of points of an axes whose x and y are flat arrays of one length."""
    found = ax.get("lines")
    return [
        line
        for line in (found if isinstance(found, list) else [])
        if isinstance(line, dict)
        and isinstance(line.get("x"), np.ndarray)
        and isinstance(line.get("y"), np.ndarray)
        and line["x"].ndim == 1
        and line["x"].shape == line["y"].shape
        and line["x"].size
        and line["x"].dtype.kind == line["y"].dtype.kind == "f"
    ]


def _is_too_much(axes: list[dict[str, Any]]) -> bool:
    sizes = [mark["x"].size for ax in axes for mark in marks(ax)]
    return len(sizes) > MOST_MARKS or sum(sizes) > MOST_POINTS


def _points(axes: list[dict[str, Any]]) -> Floats:
    found = [np.stack([m["x"], m["y"]], axis=1) for ax in axes for m in marks(ax)]
    points = np.concatenate(found) if found else np.empty((0, 2))
    return points[np.isfinite(points).all(axis=1)]


def _colours(axes: list[dict[str, Any]]) -> set[str]:
    found: set[str] = set()
    for mark in [mark for ax in axes for mark in marks(ax)]:
        several = mark.get("colors")
        several = several if isinstance(several, list) and several else [mark.get("color")]
        found |= {color for color in several if isinstance(color, str)}
    return found


def _shows(points: Floats, wanted: Floats) -> bool:
    """Whether every wanted point is among the points, and hardly any other."""
    if not len(points) or not len(wanted):
        return False
    size = max(float(np.ptp(wanted, axis=0).max()), 1e-9)
    nearest = np.full(len(points), np.inf)
    for point in wanted:  # one by one: all pairs at once may not fit into memory
        far = np.abs(points - point).max(axis=1)
        if far.min() > NEAR * size:
            return False
        nearest = np.minimum(nearest, far)
    return bool((nearest > NEAR * size).mean() <= MOST_STRANGE)
