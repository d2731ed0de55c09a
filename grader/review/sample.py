"""Which answers a second person marks: of each level of first marks its own share. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable
from decimal import Decimal

from grader.core.model import Mark

FIRST = 1
"""The round whose marks count."""


def drawn(
    marks: Iterable[tuple[str, Mark]],
    share: Decimal,
    start: Callable[[Decimal], Decimal],
    whole: Container[int] = (),
) -> frozenset[str]:
    """The students of an item whose answer is to be marked twice, of those that are marked.

    Drawn within each level of points: of a simple sample most would have full marks where most are
    full, and say little. `marks` are all of the item, oldest first. Of a level's answers, in the
    order they were marked, every one that `share` (0 to 1) comes to is drawn, from `start` (of a
    level, 0 to below 1) on. What is drawn stays so, whatever is marked, changed or taken back
    later: the first mark ever given decides, so nobody who saw it is asked for a blind one.

    Equal answers that got one mark together are one look. Decisions of `whole` were made about a
    file that nobody can read, say, and not about answers.
    """
    looked, seen, number, found = set[str](), set[int](), Counter[Decimal](), set[str]()
    for student, mark in marks:
        gave = mark.round == FIRST and (mark.counts or mark.taken_back)
        if not gave or student in looked:
            continue
        looked.add(student)
        if mark.decision in seen or mark.decision in whole:
            continue
        seen.update([mark.decision] if mark.decision else [])
        before = number[mark.points] * share + start(mark.points)
        number[mark.points] += 1
        if int(before + share) > int(before):
            found.add(student)
    return frozenset(found)
