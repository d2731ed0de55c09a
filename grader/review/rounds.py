"""Marks that do not count, and compare people: which answers are marked once more, and by whom.

A second and blind mark of a sample; the same first answers for all who mark an item, before its
queue opens; and a marker's own earlier answers again. Looking never writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from grader.core import digests
from grader.core.model import Mark
from grader.review import appeals
from grader.review.desk import Desk, Marker

LATELY = 10
"""Own answers that are too fresh to be shown again."""


class Round(IntEnum):
    """For what a mark is given; those of the first round alone count."""

    FIRST = 1
    SECOND = 2
    START = 3  # the lead marked it, too; both are compared before the queue opens
    AGAIN = 4  # the same marker did before


def named(text: str) -> Round:
    """The round that a request names; the first, if it names none."""
    return next((one for one in Round if text == str(one.value)), Round.FIRST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The answers with which a marker begins an item."""

    size: int  # how many there are to be
    agreed: dict[str, Mark]  # by student the lead's mark, as far as it is given
    own: dict[str, Mark]  # this marker's

    @property
    def left(self) -> list[str]:
        """Students whose answers this marker has still to mark for it."""
        return [student for student in self.agreed if student not in self.own]

    @property
    def is_over(self) -> bool:
        """Whether the queue is open."""
        return len(self.agreed) >= self.size and not self.left


def start(desk: Desk, item: str, marker: Marker) -> Start:
    """The first answers that the lead marked, each of equal ones once; for the lead there are none.

    Answers come in an order by chance, so the lead's first are a sample.
    """
    if marker.leads or not desk.calibrate:
        return Start(size=0, agreed={}, own={})
    store, agreed, seen = desk.store.hand_marks, dict[str, Mark](), set[str]()
    for student, mark in store.given(item, desk.markers[0].name, Round.FIRST):
        now = desk.cards.get(item, {}).get(student)
        if now is None or now.answer != mark.answer or not desk.may_mark(marker, student):
            continue
        if student not in seen and len(agreed) < desk.calibrate:
            agreed[student] = mark
            seen.update((student, *desk.equal[item].get(student, ())))
    waits = any(card.waits for card in desk.cards[item].values())
    own = dict(store.given(item, marker.name, Round.START))
    return Start(
        size=desk.calibrate if waits else len(agreed),
        agreed=agreed,
        own={student: mark for student, mark in own.items() if student in agreed},
    )


def again(desk: Desk, item: str, marker: Marker) -> str:
    """The student whose answer this marker is to mark once more now; "" if none is due."""
    if not desk.repeats:
        return ""
    store = desk.store.hand_marks
    looks = dict[int, tuple[str, Mark]]()
    for student, mark in store.given(item, marker.name, Round.FIRST):
        looks.setdefault(-mark.decision or mark.id, (student, mark))  # equal ones are one look
    done = {student for student, _ in store.given(item, marker.name, Round.AGAIN)}
    if len(looks) // desk.repeats <= len(done):
        return ""
    known = [
        student
        for student, mark in list(looks.values())[:-LATELY]
        if student not in done and desk.cards[item][student].answer == mark.answer
    ]
    drawn = (digests.keyed(desk.secret, "again", item, marker.name, student) for student in known)
    return min(zip(drawn, known, strict=True), default=(b"", ""))[1]


def second_waits(desk: Desk, item: str, student: str, marker: Marker) -> bool:
    """Whether this marker may be the one who marks an answer a second time."""
    card = desk.cards[item][student]
    if card.mark is None or card.mark.by == marker.name or not desk.may_mark(marker, student):
        return False
    if student not in desk.sample(item):
        return False
    return all(mark.round != Round.SECOND for mark in desk.store.hand_marks.all(student, item))


def blind(desk: Desk, item: str, student: str, marker: Marker) -> Round | None:
    """The round in which this marker is to mark an answer before seeing others' marks of it.

    A student's request opens them: who answers it must know them.
    """
    found = None
    if student in start(desk, item, marker).left:
        found = Round.START
    elif second_waits(desk, item, student, marker):
        found = Round.SECOND
    is_asked = found is not None and appeals.open_of(desk, student, item) is not None
    return None if is_asked else found
