"""How far two markers agree on an item: shares, differences, weighted kappa. Pure.

Never a verdict by kappa alone: with mostly full marks it may be anything (the prevalence paradox),
so exact agreement and the mean difference stand beside it, and below 20 pairs it is not shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

FEWEST, ROUGH = 20, 40
"""Pairs from which on kappa is shown, and is more than rough."""
CONFIDENCE = 0.975


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What pairs of first and second marks tell. Points; intervals at 95 %."""

    pairs: int
    table: dict[tuple[Decimal, Decimal], int]  # first, second: how often
    exact: float = 0.0  # share
    within: float = 0.0  # share of differences up to the tolerance
    mean: float = 0.0  # second minus first
    mean_range: tuple[float, float] | None = None
    absolute: float = 0.0
    largest: float = 0.0
    kappa: float | None = None
    kappa_range: tuple[float, float] | None = None

    @property
    def rough(self) -> bool:
        """Whether the interval of kappa is too narrow for what it says."""
        return self.pairs < ROUGH


def agreement(pairs: Sequence[tuple[Decimal, Decimal]], tolerance: Decimal) -> Agreement:
    """Of pairs of a first and a second mark, which were given independently."""
    table = Counter(pairs)
    if not pairs:
        return Agreement(pairs=0, table={})
    first, second = np.array(pairs, dtype=float).T
    differences = second - first
    size = np.abs(differences)
    shown = len(pairs) >= FEWEST
    return Agreement(
        pairs=len(pairs),
        table=dict(sorted(table.items())),
        exact=float(np.mean(size == 0)),
        within=float(np.mean(size <= float(tolerance) + 1e-9)),
        mean=float(differences.mean()),
        mean_range=_around_mean(differences),
        absolute=float(size.mean()),
        largest=float(size.max()),
        kappa=kappa(first, second) if shown else None,
        kappa_range=_jackknife(first, second) if shown else None,
    )


def kappa(first: NDArray[np.float64], second: NDArray[np.float64]) -> float | None:
    """Quadratic-weighted kappa of points, which need not be whole; None where nothing varies.

    1 - mean((a - b)^2) / (var a + var b + (mean a - mean b)^2), variances over n: a closed form of
    Cohen's weighted kappa (Fleiss and Cohen 1973), also Lin's concordance coefficient.
    """
    by_chance = first.var() + second.var() + (first.mean() - second.mean()) ** 2
    if by_chance == 0:
        return None
    return float(1 - np.mean((first - second) ** 2) / by_chance)


def alpha(units: Sequence[Sequence[float]]) -> float | None:
    """Krippendorff's alpha for numbers, of any number of marks for each answer; None of too few.

    1 - observed / expected disagreement, squared differences over all pairs of marks within
    answers and over all pairs there are (Krippendorff 2011, "Computing Krippendorff's
    Alpha-Reliability", section E, interval metric). Answers with a single mark say nothing.
    """
    paired = [np.asarray(unit, dtype=float) for unit in units if len(unit) > 1]
    if not paired:
        return None
    every = np.concatenate(paired)
    n = len(every)
    observed = sum(2 * len(unit) / (len(unit) - 1) * _spread(unit) for unit in paired) / n
    expected = 2 * _spread(every) / (n - 1)
    return None if expected == 0 else float(1 - observed / expected)


def _spread(values: NDArray[np.float64]) -> float:
    """The sum of squared differences from the mean: a 2n-th of that over all ordered pairs."""
    return float(np.sum((values - values.mean()) ** 2))


def _jackknife(
    first: NDArray[np.float64], second: NDArray[np.float64]
) -> tuple[float, float] | None:
    """An interval for kappa: leaving out one pair at a time (Hughes 2022, arXiv 2210.13265)."""
    whole, n = kappa(first, second), len(first)
    left = [kappa(np.delete(first, k), np.delete(second, k)) for k in range(n)]
    if whole is None or any(value is None for value in left):
        return None
    values = n * whole - (n - 1) * np.array(left, dtype=float)
    half = float(stdtrit(n - 1, CONFIDENCE)) * float(values.std(ddof=1)) / n**0.5
    return whole - half, min(1.0, whole + half)


def _around_mean(values: NDArray[np.float64]) -> tuple[float, float] | None:
    """Student's interval for a mean; None for a single value."""
    n = len(values)
    if n < 2:
        return None
    half = float(stdtrit(n - 1, CONFIDENCE)) * float(values.std(ddof=1)) / n**0.5
    return float(values.mean()) - half, float(values.mean()) + half
