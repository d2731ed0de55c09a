"""Outcomes, a person's marks and the rubric become a grade: pure arithmetic in Decimal. Trusted."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from decimal import ROUND_HALF_UP, Decimal

from grader.core.model import (
    Assignment,
    Evidence,
    Grade,
    Item,
    ItemGrade,
    Mark,
    Outcome,
    Status,
    Submission,
    Task,
    TaskGrade,
)
from grader.marking import answers

CENT = Decimal("0.01")
UNUSED = 10
"""Files that are named of those which were not used."""


def score(
    submission: Submission,
    assignment: Assignment,
    outcomes: Mapping[str, Mapping[str, Outcome]],
    *,
    evidences: Mapping[str, Evidence],
    marks: Sequence[Mark] = (),
) -> Grade:
    """The grade. `outcomes` by task and item id; of an item's marks the last counts.

    A mark for an answer, or item's points, that have changed since does not: a person looks again.
    """
    last = {mark.item: mark for mark in marks}
    tasks = tuple(
        _task_grade(task, outcomes[task.id], last, submission, evidences.get(task.id))
        for task in assignment.tasks
    )
    raw = sum((task.points for task in tasks), Decimal(0))
    deduction, notes = late(submission, assignment)
    points = max(Decimal(0), raw - deduction)
    return Grade(
        submission=submission,
        points=points,
        max_points=assignment.points,
        passed=points >= assignment.pass_points,
        tasks=tasks,
        deduction=min(deduction, raw),
        notes=(*submission.problems, *_unused(submission), *notes),
    )


def _unused(submission: Submission) -> tuple[str, ...]:
    """What was handed in and not used, in one sentence."""
    if not submission.unused:
        return ()
    told = ", ".join(submission.unused[:UNUSED])
    more = len(submission.unused) - UNUSED
    return (f"Handed in and not used: {told}{f', and {more} more' if more > 0 else ''}.",)


def with_marks(grade: Grade, assignment: Assignment, marks: Sequence[Mark]) -> Grade:
    """The grade as it would be with these marks, the machine's verdicts being as they are."""
    outcomes = {
        task.task.id: {item.item.id: item.outcome for item in task.items} for task in grade.tasks
    }
    return score(grade.submission, assignment, outcomes, evidences={}, marks=marks)


def late(submission: Submission, assignment: Assignment) -> tuple[Decimal, tuple[str, ...]]:
    """Points lost by lateness, and the sentence that says so. Without a time stamp: none.

    Wall clocks are compared in UTC, for they are put forward and back.
    """
    rule, extension = assignment.late, submission.extension
    if submission.is_draft and not rule.drafts:
        told = "This is a draft that was never submitted, which the rule does not accept."
        return assignment.points, (told,)
    if submission.submitted_at is None or not rule.needs_times:
        return Decimal(0), ()
    due, longer = assignment.due, ""
    if extension is not None and extension.until.astimezone(UTC) > due.astimezone(UTC):
        due = extension.until
        longer = f", extended ({extension.reason or extension.source})"
    over = submission.submitted_at.astimezone(UTC) - due.astimezone(UTC)
    over -= timedelta(minutes=rule.grace_minutes)
    if over <= timedelta(0):
        return Decimal(0), ()
    zone = assignment.due.tzinfo
    came = f"{submission.submitted_at.astimezone(zone):%Y-%m-%d %H:%M}"
    what = f"Handed in late, on {came}; due was {due.astimezone(zone):%Y-%m-%d %H:%M}{longer}"
    days = math.ceil(over / timedelta(days=1))
    started = f"{days} started day{'s' if days > 1 else ''}"
    if rule.days is not None and days > rule.days:
        return assignment.points, (f"{what}: {started}, no longer accepted.",)
    lost = min(assignment.points, rounded(assignment.points * rule.percent_per_day * days / 100))
    return lost, (f"{what}: {started}, {lost} points deducted.",)


def standing(grade: Grade, assignment: Assignment) -> str:
    """The result: passed, not passed, or undecided while a person can still make it a pass."""
    if grade.passed:
        return "passed"
    deduction, _ = late(grade.submission, assignment)
    most = sum((task.points for task in grade.tasks), grade.open_points) - deduction
    return "undecided" if grade.provisional and most >= assignment.pass_points else "not passed"


def _task_grade(
    task: Task,
    outcomes: Mapping[str, Outcome],
    marks: Mapping[str, Mark],
    submission: Submission,
    evidence: Evidence | None,
) -> TaskGrade:
    items: list[ItemGrade] = []
    for item in task.items:
        mark = stale = marks.get(f"{task.id}/{item.id}")
        outcome = _sane(outcomes[item.id])
        if mark is not None and (why := _changed(mark, submission, task, item, outcome)):
            mark, message = None, f"{why} {outcome.message}"
            outcome = replace(outcome, status=Status.REVIEW, share=Decimal(0), message=message)
        else:
            stale = None
        items.append(replace(item_grade(item, outcome, mark), stale=stale))
    given = {item.item.id for item in items if item.mark is not None and item.mark.points > 0}
    items = [replace(i, outcome=blocked(i.item, outcomes, i.outcome, given)) for i in items]
    return TaskGrade(
        task=task,
        points=sum((item.points for item in items), Decimal(0)),
        items=tuple(items),
        evidence=evidence,
        problem=submission.missing.get(task.id, "") if evidence is None else "",
    )


def item_grade(item: Item, outcome: Outcome, mark: Mark | None = None) -> ItemGrade:
    """An item with its points: the only place where a share becomes points."""
    outcome = _sane(outcome)
    points = mark.points if mark is not None else rounded(item.points * outcome.share)
    return ItemGrade(item=item, outcome=outcome, points=points, mark=mark)


def _changed(mark: Mark, submission: Submission, task: Task, item: Item, outcome: Outcome) -> str:
    """Why a mark no longer counts, in a sentence; empty if it does. What was not kept is equal."""
    gave = f"{mark.by} gave {mark.points} points"
    if mark.out_of not in (None, item.points):
        return f"{gave} when this was worth {mark.out_of}; a person must look again."
    if mark.points > item.points:
        return f"{gave}, more than the {item.points} that this is worth; a person must look again."
    if mark.answer not in ("", answers.digest(submission, task, item, outcome)):
        return f"{gave} for an answer that has changed since; a person must look again."
    return ""


def blocked(
    item: Item,
    outcomes: Mapping[str, Outcome],
    outcome: Outcome,
    given: Collection[str] = (),
) -> Outcome:
    """The outcome, or BLOCKED if it would earn nothing and what the item needs did not pass.

    `given` are ids of items to which a person gave points: these passed, whatever was found.
    """
    fine = (Status.PASSED, Status.PARTIAL, Status.REVIEW)
    missing = [n for n in item.needs if n not in given and outcomes[n].status not in fine]
    if not missing or outcome.status not in (Status.FAILED, Status.BLOCKED):
        return outcome
    reason = f"This needs {', '.join(missing)}, which did not pass."
    return replace(outcome, status=Status.BLOCKED, message=f"{reason} {outcome.message}".strip())


def _sane(outcome: Outcome) -> Outcome:
    """An outcome whose share fits its status; a check that returns anything else has a bug."""
    share = outcome.share
    if not share.is_finite() or not 0 <= share <= 1:
        return replace(
            outcome,
            status=Status.ERROR,
            share=Decimal(0),
            message=f"The check gave an impossible share ({share}).",
        )
    if outcome.status is Status.PASSED:
        return replace(outcome, share=Decimal(1))
    return outcome if outcome.status is Status.PARTIAL else replace(outcome, share=Decimal(0))


def rounded(points: Decimal) -> Decimal:
    """Points with two decimals, half a hundredth up."""
    return points.quantize(CENT, ROUND_HALF_UP)
