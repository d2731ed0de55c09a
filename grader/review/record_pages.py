"""What was done: an item's history, its steps, requests, and the keys. Looking never writes."""

from __future__ import annotations

from starlette.responses import Response

from grader.review import appeals, rounds, rubric_steps, steps
from grader.review.queues import Queue
from grader.review.rounds import Round
from grader.review.visit import Visit, see


def history(visit: Visit) -> Response:
    """Every mark of an item of a student, and what was decided about it."""
    desk, student, name = visit.desk, visit.student(), visit.item()
    me, all_marks = visit.marker, desk.store.hand_marks.all(student, name)
    is_blind = rounds.blind(desk, name, student, me) is not None
    marks = [
        mark
        for mark in all_marks
        if mark.by == me.name or me.leads or (mark.round == Round.FIRST and not is_blind)
    ]
    about = [d for d in desk.store.decisions.all() if (d.student, d.item) == (student, name)]
    return visit.show(
        "history",
        name=name,
        item=desk.items[name][1],
        person=desk.people[student],
        card=desk.cards[name][student],
        marks=marks,
        is_blind=is_blind and not me.leads,
        kept_back=len(all_marks) - len(marks),
        decisions=about,
        newest=desk.store.hand_marks.newest(student, name),
    )


def step_list(visit: Visit) -> Response:
    """The steps of an item, and every change of them."""
    name, store = visit.item(), visit.desk.store
    offered = steps.current(store, name)
    used = [mark for card in visit.desk.cards[name].values() if (mark := card.mark) is not None]
    return visit.show(
        "steps",
        name=name,
        item=visit.desk.items[name][1],
        offered=offered,
        edited=rubric_steps.edited(store, name, visit.desk.items[name][1]),
        uses={step.id: sum(step.id in mark.steps for mark in used) for step in offered},
        earlier={step.name: len(_earlier(visit, name, step.name)) for step in offered},
        changes=[d for d in store.decisions.all("step") if d.item == name][::-1],
    )


def _earlier(visit: Visit, item: str, name: str) -> list[str]:
    """The students whose answers were marked before a step was there."""
    return Queue(visit.desk, item, visit.marker, before=name).all()


def requests(visit: Visit) -> Response:
    """What students asked to be looked at again."""
    desk = visit.desk
    done = {d.body["appeal"]: d for d in desk.store.decisions.all("appeal")}
    rows = [
        (appeal, done.get(appeal.id))
        for appeal in desk.store.decisions.appeals()
        if appeal.student in desk.people and appeal.item in desk.items
    ]
    return visit.show("requests", rows=rows, waits=len(appeals.waiting(desk)))


def keys(visit: Visit) -> Response:
    """The keys."""
    return visit.show("keys")


def first_appeal(visit: Visit) -> Response:
    """The oldest request that waits."""
    waiting = appeals.waiting(visit.desk)
    if not waiting:
        return see("/requests")
    code = visit.desk.people[waiting[0].student].code
    return see(f"/item/{waiting[0].item}", at=code, show="all")
