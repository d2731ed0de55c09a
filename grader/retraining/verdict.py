"""The statistical verdict on retraining: does the submitted training reach the cutoff? Pure.

Sequential rule: after k runs with mean m and pooled standard deviation
s = sqrt((n0 s0^2 + (k-1) var) / (n0 + k-1)), a run more is needed while m -+ z s / sqrt(k) holds
the cutoff. The prior (n0 = 4 runs' worth of s0 = 0.5 points) keeps two lucky runs from looking
certain.
The form is the usual pooling of variances (Snedecor & Cochran, Statistical Methods, 6.7); the
numbers were fitted by simulation to the seed noise of small networks on Fashion-MNIST.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What the runs say of the cutoff."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    REFER = "refer"  # too close for the runs there are


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Settings of the sequential rule. Percentage points throughout."""

    cutoff: float = 82.0
    prior_spread: float = 0.5
    prior_runs: int = 4
    quantile: float = 2.576
    most_runs: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """A verdict with its mean and interval, in percentage points."""

    verdict: Verdict
    mean: float
    low: float
    high: float


def decide(accuracies: Sequence[float], rule: Rule, *, deterministic: bool = False) -> Conclusion:
    """The verdict on accuracies in percent, one for each run.

    A deterministic submission (its own seed) gives the same accuracy each time: one run says all.

    Raises:
        ValueError: there is no accuracy, or one is not a number from 0 to 100.
    """
    if not accuracies or not all(0 <= accuracy <= 100 for accuracy in accuracies):
        raise ValueError("accuracies must be percentages")
    mean = statistics.fmean(accuracies)
    if deterministic:
        verdict = Verdict.PASS if mean >= rule.cutoff else Verdict.FAIL
        return Conclusion(verdict=verdict, mean=mean, low=mean, high=mean)
    half = rule.quantile * spread(accuracies, rule) / math.sqrt(len(accuracies))
    low, high = mean - half, mean + half
    verdict = (
        Verdict.PASS
        if low >= rule.cutoff
        else Verdict.FAIL
        if high < rule.cutoff
        else Verdict.REFER
    )
    return Conclusion(verdict=verdict, mean=mean, low=low, high=high)


def spread(accuracies: Sequence[float], rule: Rule) -> float:
    """The pooled standard deviation of one run, in percentage points."""
    k = len(accuracies)
    own = statistics.variance(accuracies) * (k - 1) if k > 1 else 0.0
    return math.sqrt((rule.prior_runs * rule.prior_spread**2 + own) / (rule.prior_runs + k - 1))
