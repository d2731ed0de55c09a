"""The queue of one item: one answer at a time, with all that is needed to mark it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from grader.core.model import Mark, Status
from grader.reports import html
from grader.review import appeals, notebook_page, rounds, steps
from grader.review.desk import Card, Desk
from grader.review.queues import Queue, first_item
from grader.review.rounds import Round
from grader.review.visit import Visit, query, see
from grader.store.decisions import StepVersion

COMMENTS = 12
"""Earlier comments that are offered."""
MAX_ANSWER = 20_000
"""Characters of an answer; as many as a check keeps."""


def item(visit: Visit) -> Response:
    """One answer: that which the address names, or the next that waits."""
    name = visit.item()
    round_ = rounds.named(visit.query.get("round", ""))
    every, before = visit.query.get("show") == "all", visit.query.get("before", "")
    queue = Queue(visit.desk, name, visit.marker, round=round_, every=every, before=before)
    if "at" in visit.query:
        student = visit.student()
        before_others = rounds.blind(visit.desk, name, student, visit.marker)
        if round_ is Round.FIRST and before_others:
            at = visit.query["at"]
            return see(f"/item/{name}", at=at, round=shown(before_others))
    else:
        begin = rounds.start(visit.desk, name, visit.marker)
        if round_ is Round.FIRST and not (every or before or begin.is_over):
            return see(f"/item/{name}", round=3) if begin.left else start(visit)
        row = queue.all()
        student = queue.first(row) or next(iter(row), "")
        if not student:
            names = [*visit.desk.items]
            here = names.index(name)
            others = [*names[here + 1 :], *names[:here]]
            following = first_item(visit.desk, visit.marker, others)
            return visit.show("done", name=name, following=following)
    return visit.show("item", **answer(visit, queue, name, student, round_, every, before))


def start(visit: Visit) -> Response:
    """How a marker began an item, beside the lead's marks; or that the lead has not yet."""
    name, desk = visit.item(), visit.desk
    begin = rounds.start(desk, name, visit.marker)
    return visit.show(
        "start",
        name=name,
        item=desk.items[name][1],
        begin=begin,
        lead=desk.markers[0],
        texts={s: desk.answer(name, s) for s in begin.own},
    )


def shown(round_: Round) -> str:
    """A round in an address; "" is the first."""
    return "" if round_ is Round.FIRST else str(round_.value)


def leads_to(desk: Desk, name: str, student: str, round_: Round) -> str:
    """Where one goes on after a mark of the first round, if not to the next answer.

    Who answers a request came from the requests, who overrides an automatic mark from the
    submission.
    """
    if round_ is not Round.FIRST:
        return ""
    if appeals.open_of(desk, student, name):
        return "/requests"
    task, item = desk.items[name]
    if item.check.automatic and not desk.cards[name][student].waits:
        return f"/student/{desk.people[student].code}{query(task=task.id, item=item.id)}"
    return ""


def answer(
    visit: Visit, queue: Queue, name: str, student: str, round_: Round, every: bool, before: str
) -> dict[str, Any]:
    """What the page of one answer shows."""
    desk, first = visit.desk, round_ is Round.FIRST
    card, graded = desk.cards[name][student], desk.graded(student, name)
    offered, details = steps.current(desk.store, name), graded.outcome.details
    desk.claims.take(name, student, visit.marker.name)
    holder = desk.claims.holder(name, student)
    given = [card.text] if card.text else html.listed(details.get("given", ""))
    return {
        "name": name,
        "item": graded.item,
        "task": desk.items[name][0],
        "card": card,
        "person": desk.people[student],
        "question": getattr(graded.item.check, "question", ""),
        "given": [desk.masked(html.shown(line, MAX_ANSWER), student) for line in given],
        "above": _above(desk, name, student),
        "expected": html.listed(details.get("expected", "")),
        "message": desk.masked(card.message, student),
        "settles": settles(card, offered),
        "groups": groups(offered),
        "chosen": _chosen(card, offered) if first else (),
        "given_before": card.mark if first else None,
        "edition": steps.edition(offered),
        "seen": desk.given_for(student, name),
        "comments": _bank(visit, name, None if first else visit.marker.name),
        "equals": queue.equals(student) if first else [],
        "place": queue.place(student),
        "holder": holder if holder != visit.marker.name else "",
        "handed": queue.note(student) if queue.is_handed(card) else "",
        "marks": _marks(desk, name, student) if first else [],
        "appeal": appeals.open_of(desk, student, name) if first else None,
        "leads_away": bool(leads_to(desk, name, student, round_)),
        "round": round_,
        "in_address": shown(round_),
        "every": every,
        "before": before,
        "kept_apart": not desk.may_mark(visit.marker, student),
        "code_of": lambda other: desk.people[other].code if other else "",
    }


def _above(desk: Desk, name: str, student: str) -> str:
    """What stands above the answer in the notebook, where the handout says in which cell it is."""
    task, item = desk.items[name]
    cell = getattr(item.check, "cell", "")
    notebook = desk.store.submission(student).notebooks.get(task.id) if cell else None
    if notebook is None:
        return ""
    evidence = desk.evidence(student, task.id)
    return notebook_page.above(notebook, evidence, cell, lambda text: desk.masked(text, student))


def settles(card: Card, offered: Sequence[StepVersion]) -> str:
    """What would settle an item that waits, in a sentence."""
    if not card.waits:
        return ""
    if card.stale is not None:
        return "Give the mark anew for what is there now; the old one stands beside."
    if card.status is Status.ERROR:
        return "`grader grade` tries again what could not be told; a mark settles it, too."
    if card.text:
        told = (
            "choose what applies" if offered else "give points ; steps can be written for it, too"
        )
        return f"Read the answer, and {told}."
    return "Look at the submission, and decide; a word to the student says why."


def groups(offered: Sequence[StepVersion]) -> list[tuple[str, bool, list[tuple[int, StepVersion]]]]:
    """Steps by group, each with its number from 1: name, whether exclusive, steps."""
    found: dict[str, list[StepVersion]] = {}
    for step in offered:
        found.setdefault(step.group, []).append(step)
    numbered = enumerate((step for group in found.values() for step in group), 1)
    number = {step.id: place for place, step in numbered}
    return [
        (name, bool(name) and of[0].exclusive, [(number[step.id], step) for step in of])
        for name, of in found.items()
    ]


def _marks(desk: Desk, name: str, student: str) -> list[Mark]:
    """What people gave for the answer, the newest first; not what only compares them."""
    marks = desk.store.hand_marks.all(student, name)[::-1]
    return [mark for mark in marks if mark.round in (Round.FIRST, Round.SECOND)]


def _bank(visit: Visit, name: str, by: str | None) -> list[tuple[str, int]]:
    """Earlier comments; who marks blind is offered their own alone."""
    return visit.desk.store.hand_marks.comments(name, COMMENTS, by)


def _chosen(card: Card, offered: Sequence[StepVersion]) -> tuple[int, ...]:
    """The steps of the mark that counts, where they are still offered."""
    return tuple(step.id for step in offered if card.mark and step.id in card.mark.steps)
