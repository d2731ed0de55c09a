"""Recognises typical mistakes by what they compute, and adds the author's hint. Trusted side.

A mistake is a wrong solution in the rubric's folder. It is asked what a submission was asked; where
the answers are the same, and are not the reference's, its hint is shown. Nothing else goes into
that: who sees the hint learns of no input and no right answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from grader.checks.functions.results import alike
from grader.core import codec
from grader.core.model import Answer, AnswerStatus, Item, ItemCheck, Outcome, Question, Status
from grader.marking.task_work import TaskWork

TOLERANCE = 1e-4
Asked = Mapping[str, tuple[Question, ...]]
Known = Mapping[str, Answer]
"""Answers of mistakes, by `key`: plain data that can be stored, or put into a bundle."""


def key(item: str, mistake: str, question: Question) -> str:
    """Under which a mistake's answer to a question is kept."""
    return f"{item}/{mistake}/{codec.digest(question)}"


def is_lost(outcome: Outcome) -> bool:
    """Whether an outcome is one that a hint may help with."""
    return outcome.status in (Status.FAILED, Status.PARTIAL)


def lost(work: TaskWork, outcomes: Mapping[str, Outcome]) -> Asked:
    """What was asked about those lost items that gave answers, and have mistakes to look for."""
    answers = work.evidence.answers if work.evidence else {}
    return {
        item.id: work.questions[item.id]
        for item in work.task.items
        if item.mistakes
        and is_lost(outcomes[item.id])
        and _answered(work.questions[item.id], answers)
    }


def open_items(items: Iterable[Item], asked: Asked, known: Known) -> list[str]:
    """Those items of which a mistake was not asked all that the submission was asked."""
    return [
        item.id
        for item in items
        if any(
            key(item.id, mistake.name, question) not in known
            for mistake in item.mistakes
            for question in asked.get(item.id, ())
        )
    ]


def _answered(questions: Sequence[Question], answers: Mapping[str, Answer]) -> bool:
    found = [answers.get(codec.digest(question)) for question in questions]
    return any(answer is not None and answer.status is AnswerStatus.OK for answer in found)


def hinted(work: TaskWork, outcomes: Mapping[str, Outcome], known: Known) -> dict[str, Outcome]:
    """The outcomes, with the hint of each mistake that was recognised."""
    answers = work.evidence.answers if work.evidence else {}
    found = dict(outcomes)
    for item in work.task.items:
        if not item.mistakes or not is_lost(outcomes[item.id]):
            continue
        for mistake in item.mistakes:
            own = {
                codec.digest(question): known.get(key(item.id, mistake.name, question))
                for question in work.questions[item.id]
            }
            if _is_the_same(item.check, own, answers, work.expected):
                message = f"{outcomes[item.id].message} {mistake.hint}"
                details = {**outcomes[item.id].details, "mistake": mistake.name}
                found[item.id] = replace(outcomes[item.id], message=message, details=details)
                break
    return found


def _is_the_same(
    check: ItemCheck, own: Mapping[str, Answer | None], given: Known, expected: Known
) -> bool:
    """Whether all answers are those of the mistake, and at least one tells it from the truth."""
    tells = False
    for digest, answer in own.items():
        theirs = given.get(digest)
        if answer is None or theirs is None or theirs.status is not answer.status:
            return False
        if not _equal(check, theirs, answer):
            return False
        right = expected.get(digest)
        if answer.status is AnswerStatus.OK and check.essence(answer) is not None:
            tells = tells or right is None or not _equal(check, right, answer)
    return tells


def _equal(check: ItemCheck, one: Answer, other: Answer) -> bool:
    a, b = check.essence(one), check.essence(other)
    return (a is None and b is None) or alike(a, b, TOLERANCE)
