"""One mark for all that waits of a student's exercise: a file that nobody can read, say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from grader.core.errors import UsageError
from grader.marking import hand_marks
from grader.marking.hand_marks import Entry, Present
from grader.review.desk import Desk, Marker
from grader.store.decisions import Decision


def waiting(desk: Desk, student: str, task: str) -> list[str]:
    """The items ("task/item") of a task of a student that wait for a person."""
    own = [name for name, (of, _) in desk.items.items() if of.id == task]
    return [name for name in own if desk.cards[name][student].waits]


def mark(desk: Desk, marker: Marker, student: str, task: str, full: bool, comment: str) -> int:
    """Gives full points or none to each item that still waits, as one decision; how many.

    Raises:
        UsageError: nothing waits, or there is no reason.
    """
    with desk.lock:
        names, now = waiting(desk, student, task), datetime.now(UTC)
        if not desk.may_mark(marker, student):
            raise UsageError("you and this student are kept apart; leave this answer to others")
        if not names:
            raise UsageError("nothing of this exercise waits any more")
        if not comment.strip():
            raise UsageError("write a word to the student: why do all of these get the same?")
        present = Present(desk.store, desk.assignment)
        with desk.store.transaction():
            decision = desk.store.decisions.add(
                Decision(
                    kind="whole",
                    student=student,
                    by=marker.name,
                    at=now,
                    body={"task": task, "marks": len(names)},
                )
            )
            for name in names:
                points = desk.items[name][1].points if full else Decimal(0)
                entry = Entry(student=student, item=name, points=str(points), reason=comment)
                given = hand_marks.checked(entry, present, marker.name, now)
                new = replace(given, adjustment=points, comment=comment, decision=decision)
                desk.store.hand_marks.add(student, new)
        desk.refresh(student)
        return len(names)
