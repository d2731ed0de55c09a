"""Second marks beside first ones: how far they agree, and which differences are to settle."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from starlette.responses import Response

from grader.core.model import Mark
from grader.review.agreement import FEWEST, alpha
from grader.review.agreement import agreement as compared
from grader.review.desk import Desk
from grader.review.marker_lines import independent, lines
from grader.review.queues import seconds
from grader.review.rounds import Round
from grader.review.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An answer that was marked twice."""

    student: str
    first: Mark
    second: Mark
    settled: Mark | None  # that counts, given after both

    @property
    def difference(self) -> Decimal:
        """Second minus first."""
        return self.second.points - self.first.points


def pairs(desk: Desk, item: str) -> list[Pair]:
    """All answers of an item that two people have marked, the largest difference first."""
    found = []
    for student, marks in _by_student(desk, item).items():
        seconds = [m for m in marks if m.round == Round.SECOND and not m.taken_back]
        if not seconds or student not in desk.people:
            continue
        second = seconds[-1]
        before = [m for m in marks if m.round == Round.FIRST and m.counts and m.id < second.id]
        after = [m for m in marks if m.round == Round.FIRST and m.counts and m.id > second.id]
        if before and before[-1].answer == second.answer:
            found.append(
                Pair(
                    student=student,
                    first=before[-1],
                    second=second,
                    settled=after[-1] if after else None,
                )
            )
    return sorted(found, key=lambda pair: (-abs(pair.difference), pair.student))


def _by_student(desk: Desk, item: str) -> dict[str, list[Mark]]:
    found: dict[str, list[Mark]] = {}
    for student, mark in desk.store.hand_marks.of_item(item):
        found.setdefault(student, []).append(mark)
    return found


def agreement(visit: Visit) -> Response:
    """Agreement on one item. Pairs are shown only once both marks are in."""
    name, desk = visit.item(), visit.desk
    found = pairs(desk, name)
    numbers = compared([(pair.first.points, pair.second.points) for pair in found], desk.tolerance)
    units = [independent(marks) for marks in _by_student(desk, name).values()]
    several = [[float(points) for points in unit] for unit in units if len(unit) > 1]
    marked = {s for s, card in desk.cards[name].items() if card.mark is not None}
    return visit.show(
        "agreement",
        name=name,
        item=desk.items[name][1],
        pairs=found,
        texts={pair.student: desk.answer(name, pair.student) for pair in found},
        numbers=numbers,
        tolerance=desk.tolerance,
        levels=sorted({points for pair in numbers.table for points in pair}),
        lines=lines(desk, name, visit.marker) if desk.statistics else [],
        several=len(several),
        alpha=alpha(several) if len(several) >= FEWEST else None,
        twice=seconds(desk, name, visit.marker),
        drawn=sum(student in marked for student in desk.sample(name)),
        newest={pair.student: desk.store.hand_marks.newest(pair.student, name) for pair in found},
    )
