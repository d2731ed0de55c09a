"""Students' requests to look again: which wait, and how others were answered. Each is once."""

from __future__ import annotations

from collections.abc import Mapping

from grader.review.desk import Desk
from grader.store.decisions import Appeal


def answered(desk: Desk) -> Mapping[int, str]:
    """By number of those appeals that were answered the answer."""
    decisions = desk.store.decisions.all("appeal")
    return {d.body["appeal"]: d.body["text"] for d in decisions if not d.taken_back}


def waiting(desk: Desk) -> list[Appeal]:
    """The appeals that nobody has answered yet, of students and items that there are."""
    done = answered(desk)
    return [
        appeal
        for appeal in desk.store.decisions.appeals()
        if appeal.id not in done and appeal.item in desk.items and appeal.student in desk.people
    ]


def open_of(desk: Desk, student: str, item: str) -> Appeal | None:
    """The oldest open appeal for an item of a student."""
    found = [a for a in waiting(desk) if (a.student, a.item) == (student, item)]
    return found[0] if found else None
