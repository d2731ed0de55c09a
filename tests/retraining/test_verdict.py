"""The statistical verdict in plain numbers."""

from __future__ import annotations

import pytest

from grader.retraining.verdict import Rule, Verdict, decide, spread


@pytest.mark.parametrize(
    ("accuracies", "verdict"),
    [
        ([86.0], Verdict.PASS),
        ([79.0], Verdict.FAIL),
        ([82.5], Verdict.REFER),
        ([83.2], Verdict.REFER),
        ([83.3], Verdict.PASS),
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
