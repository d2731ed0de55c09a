"""In which order a marker meets the answers of an item. Looking never writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from grader.core import digests
from grader.review import rounds, steps
from grader.review.desk import Card, Desk, Marker
from grader.review.rounds import Round


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a marker is in an item's queue. Students; "" where there is none."""

    before: str = ""
    after: str = ""
    next: str = ""  # the next that waits and that nobody else has open
    number: int = 0  # from 1
    of: int = 0


def first_item(desk: Desk, marker: Marker, names: Iterable[str]) -> str:
    """The first of these items of which an answer waits for this marker; "" if none does."""
    return next((name for name in names if Queue(desk, name, marker).all()), "")


def seconds(desk: Desk, name: str, marker: Marker) -> int:
    """How many answers of an item wait for this marker's second mark."""
    return len(Queue(desk, name, marker, round=Round.SECOND).all()) if name in desk.second else 0


class Queue:
    """The answers of an item for one marker, of one round."""

    def __init__(
        self,
        desk: Desk,
        item: str,
        marker: Marker,
        *,
        round: Round = Round.FIRST,
        every: bool = False,
        before: str = "",
    ) -> None:
        """With `every` also those that are decided; with `before`, a step's name, those alone that
        were marked before it was there."""
        self._desk, self._item, self._marker = desk, item, marker
        self._round, self._every = round, every
        self._handed = {d.student: d for d in desk.store.decisions.all("hand") if d.item == item}
        self._twice = self._second_marks() if round is Round.SECOND else {}
        self._only = self._once_more()
        self._since = steps.since(desk.store, item, before) if before else None
        self._plain = round is Round.FIRST and not every and self._since is None
        self._row: list[str] | None = None

    def _once_more(self) -> set[str]:
        """The answers of a round that says itself which these are."""
        if self._round is Round.START:
            return set(rounds.start(self._desk, self._item, self._marker).left)
        if self._round is Round.AGAIN:
            return {rounds.again(self._desk, self._item, self._marker)}
        return set()

    def _second_marks(self) -> dict[str, set[str]]:
        """By student who has marked an answer in the second round."""
        found: dict[str, set[str]] = {}
        for student, mark in self._desk.store.hand_marks.of_item(self._item):
            if mark.round == Round.SECOND:
                found.setdefault(student, set()).add(mark.by)
        return found

    def all(self) -> list[str]:
        """The students whose answers are for this marker, in this marker's order."""
        if self._row is None:
            self._row = self._ordered()
        return self._row

    def _ordered(self) -> list[str]:
        order = self._desk.order[self._item]
        if not order:
            return []
        turn = int.from_bytes(
            digests.keyed(self._desk.secret, "turn", self._item, self._marker.name)[:4]
        ) % len(order)
        turned = [*order[turn:], *order[:turn]]
        skipped = self._desk.claims.skipped(self._item, self._marker.name)
        wanted = [s for s in turned if s not in skipped] + skipped
        return list(self._represented(s for s in wanted if self.takes(s)))

    def takes(self, student: str) -> bool:
        """Whether an answer is for this marker."""
        card = self._desk.cards[self._item][student]
        if self._plain and not card.waits:
            return False
        if not self._desk.may_mark(self._marker, student):
            return False
        if self._round in (Round.START, Round.AGAIN):
            return student in self._only
        if self._round is Round.SECOND:
            first = card.mark is not None and card.mark.by != self._marker.name
            return (
                first and student in self._desk.sample(self._item) and not self._twice.get(student)
            )
        if self._since is not None:
            return card.mark is not None and card.mark.at < self._since
        if self.is_handed(card) and not self._marker.leads:
            return self._every
        return self._every or card.waits

    def is_handed(self, card: Card) -> bool:
        """Whether somebody handed an answer to the lead, who has not marked it since."""
        handed = self._handed.get(card.student)
        if handed is None:
            return False
        last = card.mark or card.stale
        return card.waits and (last is None or last.at < handed.at)

    def note(self, student: str) -> str:
        """With what words an answer was handed to the lead."""
        handed = self._handed.get(student)
        return f"{handed.by}: {handed.body.get('note', '')}" if handed else ""

    def _represented(self, students: Iterator[str]) -> Iterator[str]:
        """Of equal answers that wait the first alone."""
        seen, equal = set[str](), self._desk.equal[self._item] if self._plain else {}
        for student in students:
            if student in seen:
                continue
            if len(group := equal.get(student, ())) > 1:
                seen.update(group)
            yield student

    def equals(self, student: str) -> list[str]:
        """The others whose answer is equal, waits, and is for this marker."""
        group = self._desk.equal[self._item].get(student, ())
        cards = self._desk.cards[self._item]
        return [s for s in group if s != student and cards[s].waits and self.takes(s)]

    def place(self, student: str) -> Place:
        """Where a student's answer stands in the queue."""
        row = self.all()
        if not row:
            return Place()
        if student not in row:
            return Place(after=row[0], next=self.first(row), of=len(row))
        at = row.index(student)
        return Place(
            before=row[at - 1] if at else "",
            after=row[at + 1] if at + 1 < len(row) else "",
            next=self.first(chain(row[at + 1 :], row[:at])),
            number=at + 1,
            of=len(row),
        )

    def first(self, row: Iterable[str]) -> str:
        """The first that waits and that nobody else has open; else the first that waits."""
        cards, mine, taken = self._desk.cards[self._item], ("", self._marker.name), ""
        for student in row:
            if self._round is Round.FIRST and not (cards[student].waits or self._since):
                continue
            if self._desk.claims.holder(self._item, student) in mine:
                return student
            taken = taken or student
        return taken
