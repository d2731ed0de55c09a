"""Agreement of two markers, against scikit-learn and numbers worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from grader.review.agreement import agreement, kappa

HALF = Decimal("0.5")


def pairs(*rows: tuple[str, str, int]) -> list[tuple[Decimal, Decimal]]:
    return [(Decimal(a), Decimal(b)) for a, b, times in rows for _ in range(times)]


def test_kappa_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    first = rng.integers(0, 5, 200)
    second = np.clip(first + rng.integers(-1, 2, 200), 0, 4)
    theirs = cohen_kappa_score(first, second, weights="quadratic")
    assert kappa(first / 2, second / 2) == pytest.approx(theirs)


def test_where_nothing_varies_there_is_no_kappa() -> None:
    found = agreement(pairs(("2", "2", 30)), HALF)
    assert (found.exact, found.kappa, found.kappa_range) == (1.0, None, None)


def test_shares_and_differences() -> None:
    found = agreement(pairs(("1", "1", 2), ("1", "1.5", 1), ("2", "0", 1)), HALF)
    assert (found.pairs, found.exact, found.within) == (4, 0.5, 0.75)
    assert (found.mean, found.absolute, found.largest) == (-0.375, 0.625, 2.0)
    assert found.table[Decimal(2), Decimal(0)] == 1
    assert found.mean_range is not None
    # t(3, 97.5 %) = 3.18245, standard deviation 1.108678 over the root of 4
    assert found.mean_range[1] - found.mean == pytest.approx(3.18245 * 1.108678 / 2, rel=1e-4)


def test_kappa_is_shown_from_twenty_pairs_on_and_rough_below_forty() -> None:
    few = agreement(pairs(("1", "1", 10), ("2", "2", 9)), HALF)
    some = agreement(pairs(("1", "1", 10), ("2", "2", 9), ("1", "2", 1)), HALF)
    many = agreement(pairs(("1", "1", 20), ("2", "2", 19), ("1", "2", 1)), HALF)
    assert (few.kappa, some.kappa is None, some.rough, many.rough) == (None, False, True, False)
    assert some.kappa_range is not None
    assert some.kappa is not None
    assert some.kappa_range[0] < some.kappa <= some.kappa_range[1] <= 1


def test_without_pairs_there_is_nothing() -> None:
    assert agreement([], HALF).pairs == 0
