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


def test_of_one_pair_there_is_no_interval() -> None:
    found = agreement(pairs(("1", "2", 1)), HALF)
    assert (found.mean, found.mean_range, found.largest, found.rough) == (1.0, None, 1.0, True)


def test_a_difference_of_just_the_tolerance_is_within_it() -> None:
    """0.7 and 1.0 differ by 0.30000000000000004 in binary."""
    found = agreement(pairs(("0.7", "1.0", 1), ("0.7", "1.01", 1)), Decimal("0.3"))
    assert (found.exact, found.within) == (0.0, 0.5)


def test_the_table_of_pairs_is_in_order_and_counts() -> None:
    found = agreement(pairs(("2", "1", 3), ("1", "2", 1), ("1", "1", 2)), HALF)
    one, two = Decimal(1), Decimal(2)
    assert list(found.table.items()) == [((one, one), 2), ((one, two), 1), ((two, one), 3)]


@pytest.mark.parametrize(
    ("second", "expected"),
    [([0.0, 1.0], 1.0), ([1.0, 0.0], -1.0), ([1.0, 2.0], 1 / 3), ([0.5, 0.5], 0.0)],
)
def test_kappa_falls_with_a_shift_and_below_zero_with_contradiction(
    second: list[float], expected: float
) -> None:
    assert kappa(np.array([0.0, 1.0]), np.array(second)) == pytest.approx(expected)


def test_kappa_that_hangs_on_one_pair_has_no_interval() -> None:
    found = agreement(pairs(("2", "2", 19), ("1", "1", 1)), HALF)
    assert (found.kappa, found.kappa_range) == (1.0, None)


def test_an_answer_with_one_mark_says_nothing_to_alpha() -> None:
    assert alpha([[1.0, 1.0], [2.0, 2.0], [9.0]]) == 1.0
    assert alpha([[1.0, 2.0], [1.0, 1.0]]) == pytest.approx(0.0)  # observed 1/2, expected 1/2
