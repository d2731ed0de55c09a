"""Harsher over the evening: the line, its interval, and when nothing is said."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from grader.review.drift import FEWEST, Drift, drift
from tests.review.conftest import WHY, Room, mark
from tests.review.evening import Work


def test_a_straight_fall_is_found_exactly() -> None:
    found = drift(list(np.linspace(2, 1, 40)), 1.5)
    assert found is not None
    assert (found.marks, len(found.running)) == (40, 40 - FEWEST + 1)
    assert [found.change, found.low, found.high] == pytest.approx([-1, -1, -1])
    assert found.running[0] > 0 > found.running[-1]


def test_an_interval_of_nothing_but_noise_holds_zero_nineteen_times_of_twenty() -> None:
    rng = np.random.default_rng(5)
    found = [drift(list(rng.normal(1, 0.4, 30)), 1.0) for _ in range(400)]
    inside = sum(line is not None and line.low <= 0 <= line.high for line in found)
    assert 370 <= inside <= 390


def test_of_few_marks_nothing_is_said() -> None:
    assert drift([1.0] * (FEWEST - 1), 1.0) is None


def test_it_is_shown_to_the_marker_and_the_lead_and_to_nobody_if_switched_off(
    make: Callable[..., Room],
) -> None:
    room = make(works=[Work(why=f"{chr(97 + n) * 9} {n}") for n in range(FEWEST)])
    for number in range(FEWEST):
        address = f"/item/{WHY}?at={room.code(f's{number:04}')}"
        assert (
            mark(room.browser("Max"), address, points=f"{2 - number / 10:.2f}").status_code == 303
        )
    for name in ("Jo", "Max"):
        assert "Max: -1.40 points" in room.browser(name).get(f"/agreement/{WHY}").text
    silent = make(statistics=False)
    assert "points from the first" not in silent.browser().get(f"/agreement/{WHY}").text


def test_the_fewest_marks_are_one_point_of_the_line() -> None:
    found = drift([1.0] * FEWEST, 0.75)
    assert found is not None
    assert found.marks == FEWEST
    assert (found.change, found.low, found.high) == pytest.approx((0, 0, 0))
    assert found.running == pytest.approx((0.25,))
    assert found.line(1.0) == "0.0,30.0"


def test_the_mean_of_the_others_moves_the_line_and_not_the_change() -> None:
    points = [float(n % 4) for n in range(20)]
    one, other = drift(points, 0.0), drift(points, 2.0)
    assert one is not None
    assert other is not None
    assert (other.change, other.low) == pytest.approx((one.change, one.low))
    assert [a - b for a, b in zip(one.running, other.running, strict=True)] == pytest.approx(
        [2.0] * 6
    )


def test_full_marks_above_the_mean_are_the_top_of_the_picture() -> None:
    found = Drift(marks=17, change=0, low=0, high=0, running=(2.0, 0.0, -2.0))
    assert found.line(2.0) == "0.0,0.0 160.0,40.0 320.0,80.0"
