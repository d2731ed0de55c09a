"""What marks tell of a marker: from enough of them on, without pauses, equal ones once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from grader.core.model import Mark
from grader.review.marker_lines import FEWEST, independent, lines, pace
from tests.review.conftest import JO, MAX, WHY, Room

NOW = datetime(2026, 1, 1, 20, tzinfo=UTC)
GIVEN = Mark(item=WHY, points=Decimal(1), reason="", by="Max", at=NOW, answer="a")


def test_from_thirty_marks_on_mean_spread_full_marks_and_pace(make: Callable[..., Room]) -> None:
    room = make(count=1)
    for number in range(FEWEST):
        assert [(one.marks, one.mean) for one in lines(room.desk, WHY, MAX)] in (
            [],
            [(number, None)],
        )
        points, at = Decimal(2 if number % 2 else 1), NOW + timedelta(seconds=20 * number)
        room.store.hand_marks.add(f"s{number}", replace(GIVEN, points=points, at=at))
    (line,) = lines(room.desk, WHY, MAX)
    assert (line.name, line.marks, line.mean, line.full) == ("Max", FEWEST, 1.5, 0.5)
    assert line.seconds == 20
    assert line.spread == pytest.approx(0.5085, abs=1e-4)
    assert lines(room.desk, WHY, JO) == [line]  # the lead sees all
    room.store.hand_marks.add("s0", replace(GIVEN, by="Jo"))
    assert [one.name for one in lines(room.desk, WHY, JO)] == ["Jo", "Max"]
    assert [one.name for one in lines(room.desk, WHY, MAX)] == ["Max"]


def test_equal_answers_that_were_marked_together_are_one_mark(make: Callable[..., Room]) -> None:
    room = make(count=1)
    for student in ("a", "b", "c"):
        room.store.hand_marks.add(student, replace(GIVEN, decision=7))
    room.store.hand_marks.add("d", GIVEN)
    (line,) = lines(room.desk, WHY, MAX)
    assert line.marks == 2


def test_a_pause_is_no_slow_mark() -> None:
    seconds = (0, 10, 30, 3630, 3660)
    assert pace([replace(GIVEN, at=NOW + timedelta(seconds=s)) for s in seconds]) == 20
    assert pace([GIVEN]) is None


def test_marks_that_were_given_after_anothers_are_not_independent() -> None:
    first = replace(GIVEN, by="Jo")
    settled = replace(GIVEN, points=Decimal(2), by="Ada")
    blind = replace(GIVEN, points=Decimal("1.5"), round=2)
    gone = replace(blind, by="Eva", taken_back=True)
    assert independent([first, blind, gone, settled]) == [Decimal("1.5"), Decimal(1)]
    assert independent([replace(first, answer="old"), blind]) == [Decimal("1.5")]
