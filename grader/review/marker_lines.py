"""What one marker's marks of an item tell, beside the others': for the marker and the lead."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from grader.core.model import Mark
from grader.review.agreement import Agreement, agreement
from grader.review.desk import Desk, Marker
from grader.review.drift import Drift, drift
from grader.review.rounds import Round

FEWEST = 30
"""Marks from which on a mean says something of a marker, and not of the answers."""
PAUSE = 600
"""Seconds after which a marker was away, and not slow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One marker on one item. Points; equal answers marked together are one mark."""

    name: str
    marks: int
    drift: Drift | None
    mean: float | None = None  # from FEWEST marks on
    spread: float | None = None  # standard deviation
    full: float | None = None  # share of full marks
    seconds: float | None = None  # from one mark to the next, the median
    again: Agreement | None = None  # first marks and later ones of the same answers


def lines(desk: Desk, item: str, marker: Marker) -> list[Line]:
    """All markers' for the lead, one's own for others; in order of the names."""
    by: dict[str, dict[int, tuple[str, Mark]]] = {}
    again: dict[str, dict[str, Mark]] = {}
    for student, mark in desk.store.hand_marks.of_item(item):
        if mark.taken_back or not (mark.counts or mark.round != Round.FIRST):
            continue
        if mark.round == Round.FIRST:
            by.setdefault(mark.by, {}).setdefault(-mark.decision or mark.id, (student, mark))
        elif mark.round == Round.AGAIN:
            again.setdefault(mark.by, {})[student] = mark
    all_points = [float(mark.points) for own in by.values() for _, mark in own.values()]
    mean = statistics.fmean(all_points) if all_points else 0.0
    names = sorted(by if marker.leads else by.keys() & {marker.name})
    return [
        _line(desk, item, name, list(by[name].values()), again.get(name, {}), mean)
        for name in names
    ]


def _line(
    desk: Desk,
    item: str,
    name: str,
    own: Sequence[tuple[str, Mark]],
    later: dict[str, Mark],
    mean: float,
) -> Line:
    first = dict(reversed(own))  # of a student's marks the first
    points = [float(mark.points) for mark in first.values()][::-1]
    pairs = [(first[s].points, mark.points) for s, mark in later.items() if s in first]
    told = Line(
        name=name,
        marks=len(points),
        drift=drift(points, mean),
        again=agreement(pairs, desk.tolerance) if pairs else None,
    )
    if len(points) < FEWEST:
        return told
    out_of = desk.items[item][1].points
    return replace(
        told,
        mean=statistics.fmean(points),
        spread=statistics.stdev(points),
        full=sum(mark.points == out_of for mark in first.values()) / len(points),
        seconds=pace([mark for _, mark in own]),
    )


def pace(marks: Sequence[Mark]) -> float | None:
    """The median seconds from one mark to the next, pauses left out; None where there is none."""
    gaps = [(after.at - before.at).total_seconds() for before, after in pairwise(marks)]
    return statistics.median(found) if (found := [g for g in gaps if 0 < g < PAUSE]) else None


def independent(marks: Sequence[Mark]) -> list[Decimal]:
    """Of all marks of one answer, oldest first, those that people gave without seeing another's."""
    kept = [mark for mark in marks if not mark.taken_back and mark.answer == marks[-1].answer]
    firsts = [mark for mark in kept if mark.round == Round.FIRST][:1]
    blind = [mark for mark in kept if mark.round in (Round.SECOND, Round.START)]
    return [mark.points for mark in {mark.by: mark for mark in [*blind, *firsts]}.values()]
