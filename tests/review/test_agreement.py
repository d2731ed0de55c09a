"""Agreement of two markers, against scikit-learn and numbers worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from grader.review.agreement import agreement, alpha, kappa

HALF = Decimal("0.5")


def pairs(*rows: tuple[str, str, int]) -> list[tuple[Decimal, Decimal]]:
    return [(Decimal(a), Decimal(b)) for a, b, times in rows for _ in range(times)]


def test_kappa_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import cohen_kappa_score  # takes a second

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


def test_eight_pairs_worked_out_by_hand() -> None:
    first = ("0", "0.5", "1", "1", "1.5", "2", "2", "2")
    second = ("0", "0.5", "0.5", "1", "2", "2", "1.5", "2")
    found = agreement(pairs(*((a, b, 1) for a, b in zip(first, second, strict=True))), HALF)
    assert (found.exact, found.mean, found.absolute) == (0.625, -0.0625, 0.1875)
    assert kappa(np.array(first, np.float64), np.array(second, np.float64)) == pytest.approx(
        0.911765, abs=1e-6
    )


PUBLISHED = """\
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 ."""
"""Four observers of twelve units, section C of Krippendorff (2011)."""


def test_alpha_is_that_of_krippendorffs_own_example() -> None:
    rows = [line.split() for line in PUBLISHED.splitlines()]
    units = [
        [float(value) for value in column if value != "."] for column in zip(*rows, strict=True)
    ]
    assert alpha(units) == pytest.approx(0.849, abs=5e-4)


def test_alpha_of_two_complete_markers_is_nearly_kappa() -> None:
    rng = np.random.default_rng(3)
    first = rng.integers(0, 5, 2000).astype(np.float64)
    second = np.clip(first + rng.integers(-1, 2, 2000), 0.0, 4.0)
    assert alpha(list(zip(first, second, strict=True))) == pytest.approx(
        kappa(first, second), abs=1e-3
    )


@pytest.mark.parametrize("units", [[], [[1.0]], [[1.0, 1.0], [1.0, 1.0]]])
def test_where_nothing_is_paired_or_varies_there_is_no_alpha(units: list[list[float]]) -> None:
    assert alpha(units) is None
