"""What markers do: mark, undo, hand on, settle, reveal. An act is stored before it is answered.

All functions hold the desk's lock, and write in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from grader.core.errors import UsageError
from grader.core.model import Mark
from grader.marking import hand_marks
from grader.marking.hand_marks import Entry, GivenFor, Present
from grader.review import appeals, steps
from grader.review.desk import Desk, Marker
from grader.review.queues import Queue
from grader.review.rounds import Round
from grader.store.decisions import Decision, StepVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """A mark as a page sends it, with what that page was made from."""

    item: str
    student: str
    seen: GivenFor
    edition: str  # of the steps
    chosen: tuple[int, ...] = ()
    points: str = ""  # typed; "": what the steps come to
    comment: str = ""
    request: str = ""
    equals: tuple[str, ...] = ()  # students whose equal answers get the same
    round: Round = Round.FIRST
    appeal: int = 0  # number of the request that this mark answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What became of it."""

    mark: Mark
    also: int = 0  # equal answers that got the same
    other: Mark | None = None  # the one that counts, where this doesn't
    reason: str = ""  # why it doesn't, in a sentence


def save(desk: Desk, marker: Marker, wanted: Save) -> Saved:
    """Appends a mark. One that was made from a page that is no longer true is kept, and waits.

    Raises:
        UsageError: it is no mark that can be given; nothing was written.
    """
    with desk.lock:
        known = desk.store.hand_marks.of_request(wanted.request) if wanted.request else []
        if known:
            return _again(desk, wanted, known)
        present = Present(desk.store, desk.assignment)
        offered = steps.current(desk.store, wanted.item)
        mark = _mark(desk, marker, wanted, present, offered)
        now, reason = present.given_for(wanted.student, wanted.item), ""
        if not mark.counts:
            reason = "Somebody else marked this answer while your page was open."
        elif wanted.edition != steps.edition(offered):
            mark, reason = replace(mark, counts=False), "The steps were changed meanwhile."
        elif (mark.answer, mark.out_of) != (now.answer, now.out_of):
            mark, reason = replace(mark, counts=False), "The answer has changed meanwhile."
        alike = [] if reason or wanted.round is not Round.FIRST else _alike(desk, marker, wanted)
        with desk.store.transaction():
            decision = 0
            if alike:
                decision = desk.store.decisions.add(
                    Decision(
                        kind="equal",
                        item=wanted.item,
                        by=marker.name,
                        at=mark.at,
                        body={"marks": len(alike) + 1},
                    )
                )
            mark = replace(mark, decision=decision)
            number = desk.store.hand_marks.add(wanted.student, mark)
            if wanted.appeal and not reason:
                _answer(desk, marker, wanted, number)
            for student in alike:
                seen = present.given_for(student, wanted.item)
                twin = replace(mark, answer=seen.answer, out_of=seen.out_of, before=None)
                desk.store.hand_marks.add(student, twin)
        for student in (wanted.student, *alike):
            desk.refresh(student)
        other = desk.cards[wanted.item][wanted.student].mark if reason else None
        code = desk.people[wanted.student].code
        if wanted.round is Round.FIRST:
            desk.claims.tell(
                f"{marker.name} marked {code}", by=marker.name, item=wanted.item, code=code
            )
        return Saved(mark=replace(mark, id=number), also=len(alike), other=other, reason=reason)


def _answer(desk: Desk, marker: Marker, wanted: Save, number: int) -> None:
    """Notes that a mark answers a request."""
    asked = appeals.open_of(desk, wanted.student, wanted.item)
    if asked is None or asked.id != wanted.appeal:
        raise UsageError("this request was answered meanwhile; look at it again")
    if not wanted.comment:
        raise UsageError("a request is answered with a reason; write one")
    desk.store.decisions.add(
        Decision(
            kind="appeal",
            student=wanted.student,
            item=wanted.item,
            by=marker.name,
            at=datetime.now(UTC),
            body={"appeal": asked.id, "text": wanted.comment, "mark": number},
        )
    )


def _again(desk: Desk, wanted: Save, known: Sequence[tuple[str, Mark]]) -> Saved:
    """The answer to a request that has come before."""
    mark = next((m for student, m in known if student == wanted.student), known[0][1])
    now = desk.cards[wanted.item][wanted.student].mark
    fine = mark.counts or mark.round != Round.FIRST
    reason = "" if fine else "Somebody else marked this answer while your page was open."
    return Saved(mark=mark, also=len(known) - 1, other=None if fine else now, reason=reason)


def _mark(
    desk: Desk,
    marker: Marker,
    wanted: Save,
    present: Present,
    offered: Sequence[StepVersion],
) -> Mark:
    """The mark that is asked for, checked."""
    if not desk.may_mark(marker, wanted.student):
        raise UsageError("you and this student are kept apart; leave this answer to others")
    known = {step.id: step for step in desk.store.decisions.steps(wanted.item)}
    if any(number not in known for number in wanted.chosen):
        raise UsageError("one of these steps was taken back; look at the answer again")
    chosen = [known[number] for number in wanted.chosen]
    steps.check(chosen)
    if not chosen and not wanted.points.strip():
        raise UsageError("choose a step, or type points")
    total = sum((step.points for step in chosen), Decimal(0))
    entry = Entry(
        student=wanted.student,
        item=wanted.item,
        points=wanted.points.strip() or str(steps.worth(chosen, Decimal(0), wanted.seen.out_of)),
        reason=steps.words(chosen, wanted.comment),
        given_for=wanted.seen,
    )
    mark = hand_marks.checked(entry, present, marker.name, datetime.now(UTC))
    card = desk.cards[wanted.item][wanted.student]
    if not card.waits and card.mark is None and not wanted.comment:
        raise UsageError("an automatic mark is changed with a reason; write one")
    typed = bool(wanted.points.strip()) and bool(chosen)
    return replace(
        mark,
        round=wanted.round,
        steps=wanted.chosen,
        adjustment=mark.points - total if typed or not chosen else Decimal(0),
        comment=wanted.comment,
        request=wanted.request,
        counts=mark.counts or wanted.round is not Round.FIRST,
    )


def _alike(desk: Desk, marker: Marker, wanted: Save) -> list[str]:
    """Those of the equal answers asked for that still wait, and are this marker's to mark."""
    open_now = Queue(desk, wanted.item, marker).equals(wanted.student)
    return [student for student in open_now if student in wanted.equals]


def undo(desk: Desk, marker: Marker, number: int | None = None) -> tuple[str, list[Mark]]:
    """Takes back one's own last mark, or the one of this number, with all of the same decision.

    Its student, and the marks; the one asked for comes last.

    Raises:
        UsageError: there is none.
    """
    with desk.lock:
        own = desk.store.hand_marks.by(marker.name, 1 if number is None else 10_000)
        found = [pair for pair in own if number in (None, pair[1].id)]
        if not found:
            raise UsageError("there is no mark of yours to take back")
        student, mark = found[0]
        what, of = ("decision", mark.decision) if mark.decision else ("mark", mark.id)
        gone = desk.store.hand_marks.of_decision(mark.decision) if mark.decision else found
        if number is None:  # of equal answers the one that was shown
            student, mark = gone[0]
        take_back(desk, marker, what, of, item=mark.item, student=student)
        for other in {other for other, _ in gone}:
            desk.refresh(other)
        others = [one for _, one in gone if one.id != mark.id]
        return student, [*others, mark]


def take_back(
    desk: Desk, marker: Marker, what: str, number: int, *, item: str, student: str = ""
) -> None:
    """Notes that a mark or a decision no longer counts."""
    with desk.lock, desk.store.transaction():
        decision = desk.store.decisions.add(
            Decision(
                kind="undo",
                student=student,
                item=item,
                by=marker.name,
                at=datetime.now(UTC),
                body={what: number},
            )
        )
        desk.store.decisions.take_back(what, [number], decision)


def take_back_change(desk: Desk, marker: Marker, number: int) -> str:
    """Takes back a change of a step, with all marks that came of it; the item.

    Raises:
        UsageError: there is no such change.
    """
    with desk.lock:
        found = [d for d in desk.store.decisions.all("step") if d.id == number]
        if not found or found[0].taken_back:
            raise UsageError("there is no such change to take back")
        item = found[0].item
        affected = [s for s, m in desk.store.hand_marks.of_item(item) if m.decision == number]
        take_back(desk, marker, "decision", number, item=item)
        for student in affected:
            desk.refresh(student)
        desk.claims.tell(f"{marker.name} took a change back", by=marker.name, item=item)
        return item


def settle(desk: Desk, marker: Marker, item: str, student: str, number: int, seen: int) -> Mark:
    """Lets a mark of before count: it is given again, as it was, by who settles.

    Raises:
        UsageError: there is no such mark, or the answer was marked again meanwhile.
    """
    with desk.lock:
        if desk.store.hand_marks.newest(student, item) != seen:
            raise UsageError("somebody marked this answer meanwhile; look at it again")
        found = [m for m in desk.store.hand_marks.all(student, item) if m.id == number]
        if not found:
            raise UsageError("there is no such mark")
        if not desk.may_mark(marker, student):
            raise UsageError("you and this student are kept apart; leave this answer to others")
        given = Present(desk.store, desk.assignment).given_for(student, item)
        now = desk.cards[item][student]
        mark = replace(
            found[0],
            by=marker.name,
            at=datetime.now(UTC),
            before=None if now.waits else now.points,
            counts=True,
            round=1,
            decision=0,
            request="",
            answer=given.answer,
            out_of=given.out_of,
        )
        if mark.points > given.out_of:
            raise UsageError(f"{mark.points} points are more than this is worth now")
        desk.store.hand_marks.add(student, mark)
        desk.refresh(student)
        return mark


def note(
    desk: Desk, marker: Marker, kind: str, *, item: str, student: str, text: str, needed: str
) -> None:
    """Appends a decision with a note: "hand" to the lead, "reveal" a name, "settled" a difference.

    Raises:
        UsageError: there is no note; `needed` says what for.
    """
    if not text.strip():
        raise UsageError(needed)
    body = {"note": text.strip()}
    with desk.lock:
        desk.store.decisions.add(
            Decision(
                kind=kind,
                student=student,
                item=item,
                by=marker.name,
                at=datetime.now(UTC),
                body=body,
            )
        )


def decimal(text: str) -> Decimal:
    """Points as people type them.

    Raises:
        UsageError: they are no number.
    """
    try:
        points = Decimal(text.strip().replace(",", ".").replace("−", "-"))
    except InvalidOperation:
        points = Decimal("NaN")
    if not points.is_finite() or abs(points) > 10_000 or points != round(points, 2):
        raise UsageError(f"points are {text!r}; expected a number such as 1.5")
    return points
