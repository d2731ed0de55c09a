"""The statistical verdict in plain numbers."""

from __future__ import annotations

import numpy as np
import pytest

from grader.retraining.verdict import Rule, Verdict, decide, spread


@pytest.mark.parametrize(
    ("accuracies", "verdict"),
    [
        ([86.0], Verdict.PASS),
        ([79.0], Verdict.FAIL),
        ([82.5], Verdict.REFER),
        ([84.3], Verdict.REFER),
        ([84.4], Verdict.PASS),
        ([83.2, 83.3], Verdict.REFER),
        ([83.4, 83.5], Verdict.PASS),
        ([82.6, 82.7, 82.8, 82.7, 82.6], Verdict.PASS),
        ([81.9, 82.1, 82.0, 82.2, 81.8], Verdict.REFER),
    ],
)
def test_clear_cases_need_one_run_and_close_ones_more(
    accuracies: list[float], verdict: Verdict
) -> None:
    assert decide(accuracies, Rule()).verdict is verdict


def test_a_deterministic_submission_is_compared_alone() -> None:
    assert decide([82.0], Rule(), deterministic=True).verdict is Verdict.PASS
    assert decide([81.99], Rule(), deterministic=True).verdict is Verdict.FAIL


def test_the_spread_pools_the_prior_with_the_runs() -> None:
    assert spread([82.0], Rule()) == pytest.approx(0.5)
    # (4 * 0.25 + 2) / 5 = 0.6
    assert spread([81.0, 83.0], Rule()) == pytest.approx(0.6**0.5)


@pytest.mark.parametrize("accuracies", [[], [float("nan")], [-1.0], [100.5]])
def test_what_is_no_accuracy_is_refused(accuracies: list[float]) -> None:
    with pytest.raises(ValueError, match="percentages"):
        decide(accuracies, Rule())


def test_the_last_look_is_content_with_less() -> None:
    four = [82.4, 82.5, 82.6, 82.5]
    assert decide(four, Rule()).verdict is Verdict.REFER
    assert decide([*four, 82.5], Rule()).verdict is Verdict.PASS
    assert decide([*four, 82.5], Rule(most_runs=6)).verdict is Verdict.REFER


def test_the_interval_is_students() -> None:
    # t(0.995; 4 + 2 - 1) = 4.0321 degrees of freedom from the prior and two runs
    found = decide([82.0, 82.0], Rule())
    half = 4.0321 * (4 * 0.25 / 5) ** 0.5 / 2**0.5
    assert found.low == pytest.approx(82 - half, abs=1e-3)
    assert found.high == pytest.approx(82 + half, abs=1e-3)


def passed(true: float, spread_: float, draws: int = 1500) -> float:
    """The share of submissions of this accuracy that pass, in percent, from two runs on."""
    rng = np.random.default_rng(1)
    passes = 0
    for runs in (true + spread_ * rng.normal(size=(draws, 5))).clip(0, 100).tolist():
        looks = (decide(runs[:k], Rule()).verdict for k in range(2, 6))
        passes += next((v for v in looks if v is not Verdict.REFER), None) is Verdict.PASS
    return 100 * passes / draws


@pytest.mark.parametrize(
    ("spread_", "most"), [(0.3, 0.1), (0.5, 0.2), (0.75, 1.0), (1.0, 2.0), (1.5, 5.5)]
)
def test_half_a_point_below_the_cutoff_hardly_ever_passes(spread_: float, most: float) -> None:
    assert passed(81.5, spread_) <= most


@pytest.mark.parametrize(("spread_", "least"), [(0.3, 99.9), (0.5, 98), (0.75, 88)])
def test_a_point_above_the_cutoff_passes(spread_: float, least: float) -> None:
    assert passed(83.0, spread_) >= least
