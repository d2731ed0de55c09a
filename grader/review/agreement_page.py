"""Second marks beside first ones: how far they agree, and which differences are to settle."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from starlette.responses import Response

from grader.core.model import Mark
from grader.review.agreement import agreement as compared
from grader.review.desk import Desk, Marker
from grader.review.drift import Drift, drift
from grader.review.visit import Visit

TOLERANCE = Decimal("0.5")
"""Points by which two marks may differ before the lead settles."""


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
    by_student: dict[str, list[Mark]] = {}
    for student, mark in desk.store.hand_marks.of_item(item):
        by_student.setdefault(student, []).append(mark)
    found = []
    for student, marks in by_student.items():
        seconds = [m for m in marks if m.round == 2 and not m.taken_back]
        if not seconds or student not in desk.people:
            continue
        second = seconds[-1]
        before = [m for m in marks if m.round == 1 and m.counts and m.id < second.id]
        after = [m for m in marks if m.round == 1 and m.counts and m.id > second.id]
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


def drifts(desk: Desk, item: str, marker: Marker) -> dict[str, Drift]:
    """By marker how marks of an item moved; others' are shown to the lead alone."""
    by: dict[str, dict[str, float]] = {}
    all_points, groups = list[float](), set[int]()
    for student, mark in desk.store.hand_marks.of_item(item):
        if mark.taken_back or mark.round != 1 or mark.decision in groups:
            continue
        if mark.decision:
            groups.add(mark.decision)  # equal answers are one look
        by.setdefault(mark.by, {}).setdefault(student, float(mark.points))
        all_points.append(float(mark.points))
    mean = sum(all_points) / len(all_points) if all_points else 0.0
    names = by if marker.leads else {marker.name} & by.keys()
    found = {name: drift(list(by[name].values()), mean) for name in names}
    return {name: line for name, line in found.items() if line is not None}


def agreement(visit: Visit) -> Response:
    """Agreement on one item. Pairs are shown only once both marks are in."""
    name, desk = visit.item(), visit.desk
    found = pairs(desk, name)
    numbers = compared([(pair.first.points, pair.second.points) for pair in found], TOLERANCE)
    marked = [s for s, card in desk.cards[name].items() if card.mark is not None]
    return visit.show(
        "agreement",
        name=name,
        item=desk.items[name][1],
        pairs=found,
        numbers=numbers,
        tolerance=TOLERANCE,
        levels=sorted({points for pair in numbers.table for points in pair}),
        drifts=drifts(desk, name, visit.marker) if desk.statistics else {},
        drawn=sum(desk.in_sample(name, student) for student in marked),
        newest={pair.student: desk.store.hand_marks.newest(pair.student, name) for pair in found},
    )
