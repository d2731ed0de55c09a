"""Recognises typical mistakes by what they compute, and adds the author's hint. Trusted side.

A mistake is a wrong solution in the rubric's folder. It is asked what a submission was asked; where
the answers are the same, and are not the reference's, its hint is shown. Nothing else goes into
that: who sees the hint learns of no input and no right answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.checks.base import Check
from grader.checks.functions.results import alike
from grader.core import codec, notebook_patch
from grader.core.model import Answer, AnswerStatus, Item, Notebook, Outcome, Question, Status, Task
from grader.sandbox import observe_many
from grader.sandbox.observe import Surroundings

TOLERANCE = 1e-4
Asked = Mapping[str, tuple[Question, ...]]
Known = Mapping[str, Answer]
"""Answers of mistakes, by `key`: plain data that can be stored, or put into a bundle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one mistake is to be asked."""

    item: Item
    name: str
    code: str
    questions: tuple[Question, ...]


def key(item: str, mistake: str, question: Question) -> str:
    """Under which a mistake's answer to a question is kept."""
    return f"{item}/{mistake}/{codec.digest(question)}"


def wanted(items: Iterable[Item], asked: Iterable[Asked], known: Known) -> list[Wanted]:
    """What the mistakes of these items have yet to answer of all that was asked."""
    found = []
    everything = list(asked)
    for item in items:
        for mistake in item.mistakes:
            open_ = {
                key(item.id, mistake.name, question): question
                for one in everything
                for question in one.get(item.id, ())
            }
            left = tuple(question for name, question in open_.items() if name not in known)
            if left and observe_many.is_possible(left):
                found.append(
                    Wanted(item=item, name=mistake.name, code=mistake.code, questions=left)
                )
    return found


def observe(
    asked: Sequence[Wanted], master: Notebook, surroundings: Surroundings, *, seed: int, jobs: int
) -> dict[str, Answer]:
    """The answers of mistakes, each in the reference's place; one kernel for each job.

    Raises:
        UsageError: a mistake's code does not fit the reference.
        GraderError: the sandbox could not be set up.
    """
    asks = [
        observe_many.Ask(
            notebook=notebook_patch.applied(master, one.code, f"mistakes/{one.name}"),
            questions=one.questions,
        )
        for one in asked
    ]
    found = observe_many.observe_apart(asks, surroundings, seed=seed, jobs=jobs) if asks else []
    return {
        key(one.item.id, one.name, question): answers[codec.digest(question)]
        for one, answers in zip(asked, found, strict=True)
        for question in one.questions
    }


def is_lost(outcome: Outcome) -> bool:
    """Whether an outcome is one that a hint may help with."""
    return outcome.status in (Status.FAILED, Status.PARTIAL)


def lost(
    task: Task, outcomes: Mapping[str, Outcome], asked: Asked, answers: Mapping[str, Answer]
) -> Asked:
    """What was asked about those lost items that gave answers, and have mistakes to look for."""
    items = [item for item in task.items if item.mistakes and is_lost(outcomes[item.id])]
    return {item.id: asked[item.id] for item in items if _answered(asked[item.id], answers)}


def _answered(questions: Sequence[Question], answers: Mapping[str, Answer]) -> bool:
    found = [answers.get(codec.digest(question)) for question in questions]
    return any(answer is not None and answer.status is AnswerStatus.OK for answer in found)


def hinted(
    task: Task,
    outcomes: Mapping[str, Outcome],
    asked: Asked,
    *,
    answers: Mapping[str, Answer],
    expected: Mapping[str, Answer],
    known: Known,
) -> dict[str, Outcome]:
    """The outcomes, with the hint of each mistake that was recognised.

    `answers` are the submission's and `expected` the reference's, by question digest.
    """
    found = dict(outcomes)
    for item in task.items:
        if not item.mistakes or not is_lost(outcomes[item.id]):
            continue
        for mistake in item.mistakes:
            own = {
                codec.digest(q): known.get(key(item.id, mistake.name, q)) for q in asked[item.id]
            }
            if _is_the_same(item.check, own, answers, expected):
                message = f"{outcomes[item.id].message} {mistake.hint}"
                details = {**outcomes[item.id].details, "mistake": mistake.name}
                found[item.id] = replace(outcomes[item.id], message=message, details=details)
                break
    return found


def _is_the_same(
    check: Check, own: Mapping[str, Answer | None], given: Known, expected: Known
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


def _equal(check: Check, one: Answer, other: Answer) -> bool:
    a, b = check.essence(one), check.essence(other)
    return (a is None and b is None) or alike(a, b, TOLERANCE)
