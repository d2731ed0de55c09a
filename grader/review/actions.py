"""The forms that are sent. Each writes once, and leads on by an address."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.responses import Response

from grader.core.errors import UsageError
from grader.marking.hand_marks import GivenFor
from grader.reports import html
from grader.review import item_page, rounds, saving, step_changes, steps, whole_task
from grader.review.item_page import shown
from grader.review.queues import Queue
from grader.review.rounds import Round
from grader.review.visit import Visit, see
from grader.store.decisions import StepVersion

MAX_COMMENT = 10_000


def mark(visit: Visit) -> Response:
    """A mark; on to the next answer, or to both marks if another overtook it."""
    name, student = visit.item(), visit.student()
    round_ = rounds.named(visit.sent("round"))
    every, before = visit.sent("show") == "all", visit.sent("before")
    queue = Queue(visit.desk, name, visit.marker, round=round_, every=every, before=before)
    place = queue.place(student)
    wanted = _wanted(visit, name, student, round_)
    leads_to = item_page.leads_to(visit.desk, name, student, round_)
    try:
        done = saving.save(visit.desk, visit.marker, wanted)
    except UsageError as bad:
        return _once_more(visit, queue, wanted, str(bad), every, before)
    if done.reason:
        return visit.show(
            "overtaken",
            409,
            name=name,
            item=visit.desk.items[name][1],
            person=visit.desk.people[student],
            mine=done.mark,
            other=done.other,
            reason=done.reason,
            next=visit.desk.people[place.next].code if place.next else "",
            newest=visit.desk.store.hand_marks.newest(student, name),
        )
    code, stay = visit.desk.people[student].code, visit.sent("go") == "stay"
    said = _saved(visit, done, code)
    if leads_to and not stay:
        return see(leads_to, said=said)
    at = code if stay else _next(visit, queue, (place.after or student) if every else place.next)
    if not stay and round_ is Round.FIRST and (due := rounds.again(visit.desk, name, visit.marker)):
        at, round_ = visit.desk.people[due].code, Round.AGAIN
    elif not stay and round_ is Round.AGAIN:
        at, round_ = "", Round.FIRST
    if round_ is Round.START and not at:
        return see(f"/start/{name}", said=said)
    show = "all" if every or stay else ""
    return see(f"/item/{name}", at=at, show=show, round=shown(round_), before=before, said=said)


def _saved(visit: Visit, done: saving.Saved, code: str) -> str:
    """What was saved, in words."""
    equal = f", and {done.also} equal" if done.also else ""
    out_of = visit.desk.items[done.mark.item][1].points
    return f"Saved: {code}{equal}, {html.points(done.mark.points)} of {html.points(out_of)}"


def _wanted(visit: Visit, name: str, student: str, round_: Round) -> saving.Save:
    answer = visit.sent("answer")
    out_of = saving.decimal(visit.sent("out_of"))
    equals = visit.form.get("equal", ()) if visit.sent("all") else ()
    known = visit.desk.student_of
    return saving.Save(
        item=name,
        student=student,
        seen=GivenFor(answer=answer, out_of=out_of, newest=visit.number("seen")),
        edition=visit.sent("edition"),
        chosen=tuple(int(n) for n in visit.form.get("step", ()) if n.isascii() and n.isdigit()),
        points=visit.sent("points"),
        comment=visit.sent("comment").strip()[:MAX_COMMENT],
        request=visit.sent("request")[:40],
        equals=tuple(known[code] for code in equals if code in known),
        round=round_,
        appeal=visit.number("appeal"),
    )


def _once_more(
    visit: Visit, queue: Queue, wanted: saving.Save, sentence: str, every: bool, before: str
) -> Response:
    """The same page with what was typed, and why it can't be a mark."""
    page = item_page.answer(visit, queue, wanted.item, wanted.student, wanted.round, every, before)
    page |= {"chosen": wanted.chosen, "typed": wanted, "problem": sentence}
    return visit.show("item", 400, **page)


def _next(visit: Visit, queue: Queue, student: str) -> str:
    """The code of the next that waits, if it still does."""
    if not student:
        return ""
    return visit.desk.people[student].code if queue.takes(student) else ""


def mark_task(visit: Visit) -> Response:
    """The same for all that waits of a student's exercise; back to the submission."""
    student, task = visit.student(), visit.sent("task")
    comment, full = visit.sent("comment").strip()[:MAX_COMMENT], visit.sent("points") == "full"
    count = whole_task.mark(visit.desk, visit.marker, student, task, full, comment)
    code = visit.desk.people[student].code
    return see(f"/student/{code}", task=task, said=f"Saved: {count} items")


def undo(visit: Visit) -> Response:
    """Takes one's last mark back, or one of a number; on to its answer."""
    student, gone = saving.undo(visit.desk, visit.marker, visit.number("mark") or None)
    code, last = visit.desk.people[student].code, gone[-1]
    if len({mark.item for mark in gone}) > 1:
        task, said = last.item.partition("/")[0], f"Taken back: {len(gone)} marks of {code}"
        return see(f"/student/{code}", task=task, said=said)
    said = f"Taken back: {code}" + (f", and {len(gone) - 1} equal" if len(gone) > 1 else "")
    return see(f"/item/{last.item}", at=code, show="all", round=shown(Round(last.round)), said=said)


def skip(visit: Visit) -> Response:
    """Puts an answer last."""
    name, student = visit.item(), visit.student()
    queue = Queue(visit.desk, name, visit.marker)
    following = queue.place(student).next
    for other in [student, *queue.equals(student)]:
        visit.desk.claims.skip(name, other, visit.marker.name)
    visit.desk.claims.release(visit.marker.name)
    said = f"Skipped: {visit.desk.people[student].code}; it comes back last"
    return see(f"/item/{name}", at=_next(visit, queue, following), said=said)


def hand(visit: Visit) -> Response:
    """Hands an answer to the lead."""
    name, student = visit.item(), visit.student()
    following = Queue(visit.desk, name, visit.marker).place(student).next
    saving.note(
        visit.desk,
        visit.marker,
        "hand",
        item=name,
        student=student,
        text=visit.sent("note"),
        needed="write a word to the lead: what is odd about this answer?",
    )
    code = visit.desk.people[student].code
    visit.desk.claims.tell(
        f"{visit.marker.name} handed {code} to the lead", by=visit.marker.name, item=name, code=code
    )
    queue = Queue(visit.desk, name, visit.marker)
    at = _next(visit, queue, following)
    return see(f"/item/{name}", at=at, said=f"Handed to the lead: {code}")


def take(visit: Visit) -> Response:
    """Takes an answer over that somebody else has open."""
    name, student = visit.item(), visit.student()
    visit.desk.claims.take(name, student, visit.marker.name, over=True)
    return see(f"/item/{name}", at=visit.desk.people[student].code)


def release(visit: Visit) -> Response:
    """Gives back what is open, when its page is left."""
    visit.desk.claims.release(visit.marker.name)
    return Response(status_code=204)


def settle(visit: Visit) -> Response:
    """Lets one of several marks count."""
    name, student = visit.item(), visit.student()
    mark = saving.settle(
        visit.desk, visit.marker, name, student, visit.number("mark"), visit.number("seen")
    )
    said = f"Settled: {visit.desk.people[student].code}, {html.points(mark.points)} points"
    if visit.sent("back") == "agreement":
        return see(f"/agreement/{name}", said=said)
    return see(f"/item/{name}", at=visit.sent("next"), said=said)


def reveal(visit: Visit) -> Response:
    """Shows a student's name to this marker, with a reason that is kept."""
    student = visit.student()
    saving.note(
        visit.desk,
        visit.marker,
        "reveal",
        item="",
        student=student,
        text=visit.sent("note"),
        needed="write why you need the name; it is kept in the history",
    )
    return see(f"/student/{visit.desk.people[student].code}", task=visit.sent("task"))


def reports(visit: Visit) -> Response:
    """Writes all reports of the folder."""
    visit.web.write_reports()
    return see("/", said="The reports are written")


# --- steps ------------------------------------------------------------------------------------


def change_step(visit: Visit) -> Response:
    """Shows what a change of a step would do, and does it if exactly that was shown before."""
    name = visit.item()
    versions, text = visit.desk.store.decisions.steps(name), visit.sent("text").strip()[:1000]
    known = {version.name for version in versions}
    step = StepVersion(
        item=name,
        name=visit.sent("name") if visit.sent("name") in known else steps.new_name(text, known),
        text=text,
        points=saving.decimal(visit.sent("points")),
        group=steps.named(visit.sent("group")),
        exclusive=bool(visit.sent("exclusive")),
        hidden=bool(visit.sent("hidden")),
    )
    planned = step_changes.plan(visit.desk, step, visit.marker.name, datetime.now(UTC))
    if visit.sent("plan") != planned.key:
        return visit.show(
            "step_change",
            name=name,
            item=visit.desk.items[name][1],
            planned=planned,
            again=bool(visit.sent("plan")),
        )
    step_changes.apply(visit.desk, planned, visit.marker, datetime.now(UTC))
    return see(f"/steps/{name}", said="The steps are changed")


def take_back(visit: Visit) -> Response:
    """Takes a change of a step back, with all that came of it."""
    name = saving.take_back_change(visit.desk, visit.marker, visit.number("decision"))
    return see(f"/steps/{name}", said="The steps are changed")
