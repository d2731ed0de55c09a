"""The course of a training as two pictures: the loss, and accuracies in percent. Trusted, pure.

Both have axes with numbers and words, and lines that differ without colours, too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

LEFT, RIGHT, TOP, BOTTOM = 50, 312, 10, 138
"""The frame, in a picture of 320 x 180."""

COLOURS = ("#2563eb", "#c2570c", "#15803d")
DASHES = ("none", "6 3", "2 3")
NAMES = {
    "loss": "loss",
    "step_loss": "loss",
    "train_accuracy": "training accuracy",
    "validation_accuracy": "validation accuracy",
}
TICKS = 5
MOST, LEAST = 1e9, 1e-9
"""Sizes of numbers that are drawn as they are. A student's list may hold any: 1e308, say."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Numbers along one side, from `low` to `high`, and what they are."""

    label: str
    ticks: tuple[float, ...]

    @property
    def low(self) -> float:
        """Where it begins."""
        return self.ticks[0]

    @property
    def high(self) -> float:
        """Where it ends."""
        return self.ticks[-1]

    def written(self, value: float) -> str:
        """A number with as many decimals as its neighbours need."""
        if abs(value) >= 1e5:
            return f"{value:.0e}"
        step = self.ticks[1] - self.ticks[0]
        return f"{value:.{max(0, -math.floor(math.log10(step) + 1e-9))}f}"


def figures(details: Mapping[str, Any]) -> Markup:
    """The pictures that an outcome's `curves` give; one epoch is no curve."""
    series = details.get("curves")
    known = {n: v for n, v in series.items() if len(v) > 1} if isinstance(series, dict) else {}
    drawable = {n: [_drawable(v) for v in known[n]] for n in NAMES if n in known}
    shares = {n: [100 * v for v in drawable[n]] for n in drawable if "accuracy" in n}
    losses = {n: v for n, v in drawable.items() if "loss" in n}
    drawn = []
    if losses:
        top = max(max(values) for values in losses.values())
        bottom = min(0.0, *(min(values) for values in losses.values()))
        drawn.append(_figure(losses, Axis("mean loss", _ticks(bottom, top)), ""))
    if shares:
        bottom = min(50.0, *(min(values) for values in shares.values()))
        drawn.append(_figure(shares, Axis("accuracy in %", _ticks(bottom, 100)), " %"))
    return (
        Markup('<div class="curves">{}</div>').format(Markup("").join(drawn)) if drawn else Markup()
    )


def _drawable(value: float) -> float:
    """The number, or where no axis can hold it the nearest that one can."""
    return max(-MOST, min(MOST, value)) if abs(value) >= LEAST else 0.0


def _ticks(low: float, high: float) -> tuple[float, ...]:
    """Round numbers that reach from below `low` to above `high`."""
    span = (high - low) or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(span / TICKS))
    step = next(power * n for n in (1, 2, 5, 10) if span / (power * n) <= TICKS)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(step * n for n in range(first, max(last, first + 1) + 1))


def _epochs(count: int) -> tuple[float, ...]:
    """Whole numbers from 1 to the last epoch."""
    step = max(1, math.ceil((count - 1) / TICKS))
    return tuple(
        float(n) for n in [*range(1, count, step), count] if n == count or count - n > step / 2
    )


def _figure(series: Mapping[str, Sequence[float]], y: Axis, unit: str) -> Markup:
    longest = max(len(values) for values in series.values())
    x = Axis("epoch", _epochs(longest))
    if "step_loss" in series:
        x = Axis("part of the training in %", _ticks(0, 100))
    lines, keys, told = [], [], []
    for number, (name, values) in enumerate(series.items()):
        first, last = (f"{value:.{1 if unit else 2}f}{unit}" for value in (values[0], values[-1]))
        told.append(f"{NAMES[name]} {first} → {last}")
        lines.append(_line(values, x, y, COLOURS[number], DASHES[number]))
        keys.append(_key(COLOURS[number], DASHES[number]) + f" {told[-1]}")
    return Markup(
        '<figure><svg viewBox="0 0 320 180" role="img" aria-label="{} over the {}: {}">{}{}</svg>'
        "<figcaption>{}</figcaption></figure>"
    ).format(
        y.label,
        x.label,
        "; ".join(told),
        _frame(x, y),
        Markup("").join(lines),
        Markup("<br>").join(keys),
    )


def _key(colour: str, dash: str) -> Markup:
    """A piece of a line, for the words below."""
    return Markup(
        '<svg class="key" width="26" height="8" viewBox="0 0 26 8" aria-hidden="true">'
        '<line x1="0" y1="4" x2="26" y2="4" stroke="{}" stroke-width="2.5" stroke-dasharray="{}"/>'
        "</svg>"
    ).format(colour, dash)


def _line(values: Sequence[float], x: Axis, y: Axis, colour: str, dash: str) -> Markup:
    step = (x.high - x.low) / (len(values) - 1)
    points = " ".join(
        f"{_across(x, x.low + n * step):.1f},{_down(y, value):.1f}"
        for n, value in enumerate(values)
    )
    return Markup(
        '<polyline points="{}" fill="none" stroke="{}" stroke-width="2" stroke-dasharray="{}"/>'
    ).format(points, colour, dash)


def _across(x: Axis, value: float) -> float:
    return LEFT + (value - x.low) / (x.high - x.low) * (RIGHT - LEFT)


def _down(y: Axis, value: float) -> float:
    return BOTTOM - (value - y.low) / (y.high - y.low) * (BOTTOM - TOP)


def _frame(x: Axis, y: Axis) -> Markup:
    """Axes, their numbers, and their words."""
    text = Markup(
        '<text x="{}" y="{}" font-size="11" text-anchor="{}" fill="currentColor">{}</text>'
    )
    rule = Markup(
        '<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="currentColor" stroke-opacity="{}"/>'
    )
    parts = []
    for tick in y.ticks:
        at = round(_down(y, tick), 1)
        parts += [
            rule.format(LEFT, at, RIGHT, at, ".15"),
            text.format(LEFT - 6, at + 4, "end", y.written(tick)),
        ]
    for tick in x.ticks:
        at = round(_across(x, tick), 1)
        parts += [
            rule.format(at, BOTTOM, at, BOTTOM + 4, ".6"),
            text.format(at, BOTTOM + 17, "middle", x.written(tick)),
        ]
    parts += [
        rule.format(LEFT, BOTTOM, RIGHT, BOTTOM, ".6"),
        rule.format(LEFT, TOP, LEFT, BOTTOM, ".6"),
        text.format((LEFT + RIGHT) / 2, 175, "middle", x.label),
        Markup(
            '<text transform="translate(11 {}) rotate(-90)" font-size="11" text-anchor="middle" '
            'fill="currentColor">{}</text>'
        ).format((TOP + BOTTOM) / 2, y.label),
    ]
    return Markup("").join(parts)
