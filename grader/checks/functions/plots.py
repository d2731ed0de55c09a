"""Checks a plotting function by the figure it draws: its lines, colours and texts.

Trusted side, pure. A line is right if it shows the reference's function, or, for who got the
function itself wrong, the student's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from grader.checks.base import Check, failed, partial, passed
from grader.checks.functions.values import undecided
from grader.checks.settings import Name, Share, sum_up
from grader.core.model import Answer, AnswerStatus, Case, Outcome, Question

Floats = NDArray[np.float64]
TOLERANCE = 0.02
"""Of a line's height: coarse steps between points are no mistake."""

MAX_FIGURES, MAX_AXES, MAX_LINES, MAX_CURVES = 200, 64, 64, 50
"""Looked at, whatever a kernel claims to have drawn; but for the last, the sandbox's own limits."""

MIN_POINTS = 8
"""Of a curve, at different places."""

MOST_OTHERS = 1
"""Curves that nobody asked for: who draws all there are has not drawn the one."""

PARTS = {
    "function": "the function's curve is missing or wrong",
    "gradient": "the gradient's curve is missing or wrong",
    "colours": "both curves have one colour",
    "title": "there is no title",
    "labels": "an axis has no label",
    "legend": "there is no legend",
    "others": "so many other curves are drawn that none is the one asked for",
}


class FunctionPlot(Check):
    """`plot_f(x_min, x_max)`: function and gradient over the interval, told apart and labelled."""

    reference: ClassVar[bool] = True

    plot: Name = Field(examples=["plot_tanh"])
    """The plotting function's name; it is called with both ends of an interval."""
    function: Name = Field(examples=["tanh"])
    """The function that is to be drawn."""
    gradient: Name = Field(examples=["tanh_grad"])
    """Its gradient, drawn beside it."""
    function_share: Share = Decimal("0.3")
    """For the function's curve. The shares add up to 1."""
    gradient_share: Share = Decimal("0.3")
    """For the gradient's curve."""
    colours_share: Share = Decimal("0.1")
    """For curves in two colours."""
    title_share: Share = Decimal("0.1")
    """For a title."""
    labels_share: Share = Decimal("0.1")
    """For a label on both axes."""
    legend_share: Share = Decimal("0.1")
    """For a legend of both curves."""

    _one_whole = model_validator(mode="after")(sum_up)

    def published(self, answer: Answer) -> Answer:
        """The curves' values alone, not the figure that the reference draws."""
        own = answer.value.get("own") if isinstance(answer.value, dict) else None
        return replace(answer, value={} if own is None else {"own": own})

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        """One call, over a hidden interval around zero."""
        params = {
            "name": self.plot,
            "x_min": -int(rng.integers(4, 8)),
            "x_max": int(rng.integers(4, 8)),
            "functions": [self.function, self.gradient],
        }
        return (Question(probe="call_plot", params=params),)

    def judge(self, case: Case) -> Outcome:
        """The shares of what is there."""
        answer = case.answers[0]
        if (early := undecided(answer, self.plot)) is not None:
            return early
        axes = all_axes(answer)
        if not axes:
            return failed(f"{self.plot} draws no figure.")
        params = case.asked[0].params
        span = (float(params["x_min"]), float(params["x_max"]))
        found = self._parts(axes, span, answer, case.expected[0])
        shares = [getattr(self, f"{part}_share", Decimal(0)) for part in PARTS if found[part]]
        share = sum(shares, Decimal(0))
        missing = [text for part, text in PARTS.items() if not found[part]]
        if not missing:
            return passed("The plot shows all that was asked for.")
        if share == 0:
            return failed(f"{self.plot} draws something else: {', '.join(missing)}.")
        return partial(share, f"In the plot {', '.join(missing)}.")

    def _parts(
        self,
        axes: Sequence[dict[str, Any]],
        span: tuple[float, float],
        given: Answer,
        wanted: Answer,
    ) -> dict[str, bool]:
        lines = [line for ax in axes for line in lines_of(ax)]
        curves = {}
        for part, name in (("function", self.function), ("gradient", self.gradient)):
            truths = [own_curve(source, name) for source in (wanted, given)]
            curves[part] = [
                line
                for line in lines
                if any(t is not None and shows(line, t, span) for t in truths)
            ]
        asked_for = [id(line) for found in curves.values() for line in found]
        others = sum(_is_other(line, span) for line in lines if id(line) not in asked_for)
        # A curve that is missing may be there, and wrong.
        is_clear = others <= MOST_OTHERS + sum(not found for found in curves.values())
        curves = {part: found[:MAX_CURVES] if is_clear else [] for part, found in curves.items()}
        drawn = [ax for ax in axes if lines_of(ax)]
        pairs = [(a, b) for a in curves["function"] for b in curves["gradient"] if a is not b]
        return {
            "function": bool(curves["function"]),
            "gradient": bool(curves["gradient"]),
            "colours": any(a["color"] != b["color"] for a, b in pairs) or bool(pairs and drawn[1:]),
            "title": any(ax["title"] or ax["suptitle"] for ax in drawn),
            "labels": any(ax["xlabel"] and ax["ylabel"] for ax in drawn),
            "legend": any(len(ax["legend"]) >= 2 for ax in drawn)
            or (len(drawn) > 1 and all(ax["legend"] or ax["title"] for ax in drawn)),
            "others": is_clear,
        }


def _is_other(line: dict[str, Any], span: tuple[float, float]) -> bool:
    """Whether a line is a curve over the interval, and no axis, mark or asymptote."""
    x, y = line["x"], line["y"]
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if np.unique(x).size < MIN_POINTS:
        return False
    return bool(np.ptp(x) > (span[1] - span[0]) / 2 and np.ptp(y) > 0)


def all_axes(answer: Answer) -> list[dict[str, Any]]:
    """Every axes of the figures in an answer, in the form that checks rely on; else nothing."""
    figures = answer.value.get("figures") if isinstance(answer.value, dict) else answer.value
    if answer.status is not AnswerStatus.OK or not isinstance(figures, list):
        return []
    axes = []
    for figure in figures[:MAX_FIGURES]:
        if not isinstance(figure, dict) or not isinstance(figure.get("axes"), list):
            continue
        for ax in figure["axes"][:MAX_AXES]:
            if isinstance(ax, dict):
                shared = figure.get("legend")
                own = _texts(ax.get("legend"))
                axes.append(
                    ax
                    | {
                        "cell": figure.get("cell") if isinstance(figure.get("cell"), int) else -1,
                        "suptitle": _text(figure.get("suptitle")),
                        "title": _text(ax.get("title")),
                        "xlabel": _text(ax.get("xlabel")),
                        "ylabel": _text(ax.get("ylabel")),
                        "legend": own or _texts(shared),
                    }
                )
    return axes


def lines_of(ax: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines in sight whose x and y are arrays of one length, at least two points."""
    found = ax.get("lines")
    return [
        line | {"color": _text(line.get("color")), "label": _text(line.get("label"))}
        for line in (found[:MAX_LINES] if isinstance(found, list) else [])
        if isinstance(line, dict)
        and is_curve(line.get("x"), line.get("y"))
        and _is_in_sight(line, ax.get("limits"))
    ]


def _is_in_sight(line: dict[str, Any], limits: object) -> bool:
    """Whether at least half of a line's points lie between the ends of the axes."""
    if not isinstance(limits, np.ndarray) or limits.shape != (4,) or limits.dtype.kind != "f":
        return True
    (left, right), (low, high) = np.sort(limits[:2]), np.sort(limits[2:])
    x, y = line["x"], line["y"]
    known = np.isfinite(x) & np.isfinite(y)
    within = (x >= left) & (x <= right) & (y >= low) & (y <= high)
    return bool(within.sum() * 2 >= known.sum())


def is_curve(x: object, y: object) -> bool:
    """Whether both are flat float arrays of one length, at least two points."""
    return (
        isinstance(x, np.ndarray)
        and isinstance(y, np.ndarray)
        and x.ndim == y.ndim == 1
        and x.dtype.kind == y.dtype.kind == "f"
        and x.size == y.size >= 2
    )


def own_curve(answer: Answer, name: str) -> tuple[Floats, Floats] | None:
    """A function's values over the interval, as its own kernel computed them."""
    own = answer.value.get("own") if isinstance(answer.value, dict) else None
    values = own.get("values") if isinstance(own, dict) else None
    if not isinstance(own, dict) or not isinstance(values, dict):
        return None
    if not is_curve(own.get("x"), values.get(name)):
        return None
    x, y = np.asarray(own["x"], dtype=np.float64), np.asarray(values[name], dtype=np.float64)
    if not np.isfinite(x).all() or not (np.diff(x) > 0).all():
        return None
    x, y = x[np.isfinite(y)], y[np.isfinite(y)]  # a wrong function may have poles
    if x.size < 8 or np.ptp(y) == 0:
        return None  # a constant function is no curve: any flat line would show it
    return x, y


def shows(line: dict[str, Any], curve: tuple[Floats, Floats], span: tuple[float, float]) -> bool:
    """Whether a line runs along a curve, over the whole interval, with enough points."""
    x, y = np.asarray(line["x"], float), np.asarray(line["y"], float)
    low, high = span
    step = (high - low) / 8  # range(x_min, x_max) stops one step early
    drawn = np.isfinite(x) & np.isfinite(y)
    x, y = x[drawn], y[drawn]
    if np.unique(x).size < MIN_POINTS or abs(x.min() - low) > step or abs(x.max() - high) > step:
        return False
    known_x, known_y = curve
    within = (x >= known_x[0]) & (x <= known_x[-1])
    if not within.any():
        return False
    expected = np.interp(x[within], known_x, known_y)
    scale = max(1e-3, float(np.ptp(known_y)))
    wrong = np.abs(y[within] - expected) > TOLERANCE * scale
    # A jump (relu's gradient) may be off at the points right beside it.
    return bool(wrong.mean() <= 0.02 or wrong.sum() <= 2)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _texts(value: object) -> list[str]:
    return [t for t in value if isinstance(t, str)] if isinstance(value, list) else []
