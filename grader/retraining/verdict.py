"""The statistical verdict on retraining: does the submitted training reach the cutoff? Pure.

Sequential rule: after k runs with mean m and pooled standard deviation
s = sqrt((n0 s0^2 + (k-1) var) / (n0 + k-1)), a run more is needed while m -+ t s / sqrt(k) holds
the cutoff. The prior (n0 = 4 runs' worth of s0 = 0.5 points) keeps two lucky runs from looking
certain; t is Student's quantile of n0 + k-1 degrees of freedom, for the spread is estimated, too.
Who looks five times is wrong five times as easily: all looks but the last are strict (99 %), and
the last, after which a person would decide, is content with 90 %.

The form is the usual pooling of variances (Snedecor & Cochran, Statistical Methods, 6.7), the
looks are as in group-sequential tests (O'Brien & Fleming, Biometrics 35, 1979: strict first); the
numbers were chosen by simulation, `benchmarks/verdict.py`, which says what the rule keeps.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from grader.core import extras


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
    confidence: float = 0.99  # of all looks but the last
    last_confidence: float = 0.90
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
    half = _quantile(len(accuracies), rule) * spread(accuracies, rule) / math.sqrt(len(accuracies))
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


@lru_cache(maxsize=256)
def _quantile(runs: int, rule: Rule) -> float:
    """Student's quantile, both sides together, of the look after so many runs."""
    extras.require("the verdict on a training", "scipy", extra="retraining")
    from scipy.special import stdtrit  # noqa: PLC0415 (an extra)

    inside = rule.confidence if runs < rule.most_runs else rule.last_confidence
    return float(stdtrit(rule.prior_runs + runs - 1, (1 + inside) / 2))
