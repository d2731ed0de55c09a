"""Whether a marker became harsher or milder over an evening. Pure.

Answers come in an order by chance, so the mark to expect does not depend on the place: a trend
is the marker's. Few marks show little: the interval says how little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

FEWEST = 15
"""Marks from which on a line is drawn; as many are averaged for each of its points."""
CONFIDENCE = 0.975
WIDTH, HEIGHT = 320, 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One marker's marks of an item in the order they were given, as differences to the mean."""

    marks: int
    change: float  # points from the first to the last, by a straight line
    low: float  # and its interval at 95 %
    high: float
    running: tuple[float, ...]  # means of `FEWEST` marks in a row

    def line(self, most: float) -> str:
        """The running mean as points of a polyline, in a box of `WIDTH` by `HEIGHT`."""
        step = WIDTH / max(1, len(self.running) - 1)
        middle = HEIGHT / 2
        return " ".join(
            f"{n * step:.1f},{middle - value / most * middle:.1f}"
            for n, value in enumerate(self.running)
        )


def drift(points: Sequence[float], mean: float) -> Drift | None:
    """Of a marker's points in order, beside the mean of all who mark this; None of too few.

    The change is the slope of the least-squares line times the length; its interval is Student's.
    """
    n = len(points)
    if n < FEWEST:
        return None
    values = np.asarray(points, dtype=float) - mean
    place = np.linspace(-0.5, 0.5, n)
    spread = float(place @ place)
    slope = float(place @ values) / spread
    rest = values - values.mean() - slope * place
    half = float(stdtrit(n - 2, CONFIDENCE)) * float(np.sqrt(rest @ rest / (n - 2) / spread))
    running = np.convolve(values, np.full(FEWEST, 1 / FEWEST), mode="valid")
    return Drift(
        marks=n,
        change=slope,
        low=slope - half,
        high=slope + half,
        running=tuple(float(value) for value in running),
    )
