"""The first page: what waits, by item, and all students. Looking never writes."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from starlette.responses import Response

from grader.core.model import Status
from grader.review import appeals, rubric_steps
from grader.review.desk import Desk, Marker
from grader.review.marker_lines import PAUSE
from grader.review.queues import Queue, first_item, seconds
from grader.review.visit import Visit

ROWS = 100
"""Students on one page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An item on the course page."""

    name: str
    title: str
    waits: int
    handed: int
    changed: int
    errors: int
    doubts: int  # of an automatic item
    mine: int
    others: int
    twice: int  # that wait for me as the second
    seconds: float | None  # for one answer of mine, the median of the last

    @property
    def left(self) -> int | None:
        """Minutes that are left at this pace."""
        return round(self.waits * self.seconds / 60) if self.seconds else None


def course(visit: Visit) -> Response:
    """What waits, by item; and all students."""
    desk, wanted = visit.desk, visit.query.get("q", "").strip()
    only, page = visit.query.get("only", ""), visit.query.get("page", "")
    revealed = desk.revealed(visit.marker)
    people = [
        person
        for person in desk.people.values()
        if only in ("", person.standing) or (only == "waits" and person.open_points)
        if wanted.casefold() in person.code.casefold()
        or (person.student in revealed and wanted.casefold() in person.name.casefold())
    ]
    number = max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 6 else 1
    rows = sorted(
        _rows(desk, visit.marker), key=lambda row: (-row.errors, not row.doubts, -row.waits)
    )
    return visit.show(
        "course",
        rows=rows,
        first=first_item(desk, visit.marker, [row.name for row in rows if row.waits]),
        waits=sum(row.waits for row in rows),
        people=sorted(people, key=lambda person: person.code)[(number - 1) * ROWS : number * ROWS],
        found=len(people),
        number=number,
        pages=max(1, -(-len(people) // ROWS)),
        q=wanted,
        only=only,
        odd=[person for person in desk.people.values() if person.notes][:ROWS],
        appeals=appeals.waiting(desk),
        edited=rubric_steps.edited_items(desk.store, desk.assignment),
    )


def _rows(desk: Desk, marker: Marker) -> list[Row]:
    pace, found = _paces(desk, marker) if desk.statistics else {}, []
    for name, (_, item) in desk.items.items():
        cards = desk.cards[name].values()
        waiting = [card for card in cards if card.waits]
        by = Counter(card.mark.by for card in cards if card.mark)
        if not waiting and not by:
            continue
        queue = Queue(desk, name, marker)
        found.append(
            Row(
                name=name,
                title=item.title,
                waits=len(waiting),
                handed=sum(queue.is_handed(card) for card in waiting),
                changed=sum(card.stale is not None for card in waiting),
                errors=sum(card.status is Status.ERROR for card in waiting),
                doubts=len(waiting) if item.check.automatic else 0,
                mine=by[marker.name],
                others=by.total() - by[marker.name],
                twice=seconds(desk, name, marker),
                seconds=pace.get(name),
            )
        )
    return found


def _paces(desk: Desk, marker: Marker) -> dict[str, float]:
    """By item the median seconds from one mark of this marker to the next, of the last twenty."""
    newest = desk.store.hand_marks.by(marker.name, 200)
    gaps: dict[str, list[float]] = {}
    for (_, later), (_, earlier) in pairwise(newest):
        seconds = (later.at - earlier.at).total_seconds()
        if later.item == earlier.item and 0 < seconds < PAUSE:
            gaps.setdefault(later.item, []).append(seconds)
    return {item: statistics.median(found[:20]) for item, found in gaps.items()}
