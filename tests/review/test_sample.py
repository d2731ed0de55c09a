"""Which answers are marked twice: of each level its share, the same whatever comes later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.core.model import Mark
from grader.review.sample import drawn
from tests.review.conftest import WHY, Room, mark
from tests.review.evening import Work

AT = datetime(2021, 6, 1, tzinfo=UTC)
LEVELS = [Decimal(n) / 2 for n in range(5)]


def of(points: Decimal, **more: object) -> Mark:
    """A mark of the first round."""
    made = Mark(item=WHY, points=points, reason="", by="Jo", at=AT)
    return replace(made, **more)  # type: ignore[arg-type]


def start(level: Decimal) -> Decimal:
    """Another for each level."""
    return level * Decimal("0.37") % 1


marks = st.lists(st.sampled_from(LEVELS), max_size=60).map(
    lambda levels: [(f"s{n}", of(level)) for n, level in enumerate(levels)]
)
shares = st.integers(0, 100).map(lambda percent: Decimal(percent) / 100)


@given(marks, shares)
def test_each_level_gives_its_share(given: list[tuple[str, Mark]], share: Decimal) -> None:
    twice = drawn(given, share, start)
    every = Counter(mark.points for _, mark in given)
    found = Counter(mark.points for student, mark in given if student in twice)
    assert all(abs(found[level] - share * every[level]) < 1 for level in every)


@given(marks, shares, st.data())
def test_what_is_drawn_stays_so_whatever_comes_later(
    given: list[tuple[str, Mark]], share: Decimal, data: st.DataObject
) -> None:
    before = drawn(given, share, start)
    known = {student for student, _ in given}
    some = data.draw(st.sets(st.sampled_from(sorted(known))) if known else st.just(set()))
    back = [(s, replace(m, taken_back=True, counts=False) if s in some else m) for s, m in given]
    anew = [(student, of(Decimal(2))) for student in sorted(some)]
    blind = [(student, of(Decimal(1), round=2, counts=False)) for student in sorted(known)]
    later = [*back, *anew, *blind, ("new", of(Decimal(1)))]
    assert {student for student in drawn(later, share, start) if student in known} == before


def test_equal_answers_are_one_look_and_a_file_is_none() -> None:
    together = [(f"s{n}", of(Decimal(1), decision=7)) for n in range(4)]
    file = [("unread", of(Decimal(0), decision=8))]
    assert drawn([*together, *file], Decimal(1), start, {8}) == {"s0"}


def test_a_mark_that_never_counted_says_nothing() -> None:
    overtaken = ("s0", of(Decimal(1), counts=False))
    assert drawn([overtaken], Decimal(1), start) == frozenset()


@pytest.mark.parametrize("of_one", [True, False])
def test_the_share_can_be_of_one_item_alone(make: Callable[..., Room], of_one: bool) -> None:
    second = {WHY: Decimal(1)} if of_one else Decimal(1)
    room = make(works=[Work(why="a"), Work(why="quite another answer")], second=second)
    other = "activation/relu"
    for student in room.desk.people:
        for name in (WHY, other):
            mark(room.browser(), f"/item/{name}?at={room.code(student)}", points="1")
    assert room.desk.sample(WHY) == {"s0000", "s0001"}
    assert room.desk.sample(other) == (set() if of_one else {"s0000", "s0001"})
    page = room.browser("Max").get("/").text
    assert page.count("2 to mark a second time") == (1 if of_one else 2)


def test_what_was_marked_as_a_whole_is_not_marked_twice(make: Callable[..., Room]) -> None:
    from grader.review import whole_task
    from tests.review.conftest import JO

    room = make(works=[Work(why="a", doubt="no file")], second=Decimal(1))
    assert whole_task.mark(room.desk, JO, "s0000", "activation", False, "The file is empty.") == 3
    assert [room.desk.sample(name) for name in room.desk.items] == [frozenset()] * 4
