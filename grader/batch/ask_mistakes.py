"""Asks a rubric's typical mistakes what submissions were asked. Trusted side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from grader.batch.ask_many import Ask, Runs, is_possible
from grader.core import codec, notebook_patch
from grader.core.model import Answer, Item, Notebook, Question, Task
from grader.marking.stored_work import StoredWork
from grader.marking.typical_mistakes import Asked, Known, key

SUBMISSIONS = 500
"""So many are looked at for typical mistakes at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one mistake is to be asked."""

    item: Item
    name: str
    code: str
    questions: tuple[Question, ...]


def wanted_by(
    work: StoredWork, task: Task, students: Sequence[str]
) -> Iterator[tuple[list[str], list[Wanted]]]:
    """By some students at a time: whose lost items may be mistakes, and what these are to answer.

    Where nothing is to be asked, nothing comes.
    """
    for at in range(0, len(students), SUBMISSIONS):
        lost = {
            student: asked
            for student in students[at : at + SUBMISSIONS]
            if (asked := work.lost(student, task))
        }
        known = work.reference.known_mistakes(task, [*lost.values()])
        if found := wanted(task.items, lost.values(), known):
            yield list(lost), found


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
            if left and is_possible(left):
                found.append(
                    Wanted(item=item, name=mistake.name, code=mistake.code, questions=left)
                )
    return found


def observe(asked: Sequence[Wanted], master: Notebook, task: Task, runs: Runs) -> dict[str, Answer]:
    """The answers of mistakes, each in the reference's place.

    Raises:
        UsageError: a mistake's code does not fit the reference.
        GraderError: the sandbox could not be set up.
    """
    asks = [
        Ask(
            notebook=notebook_patch.applied(master, one.code, f"mistakes/{one.name}"),
            questions=one.questions,
        )
        for one in asked
    ]
    found = runs.answers(asks, task, seed=0)
    return {
        key(one.item.id, one.name, question): answers[codec.digest(question)]
        for one, answers in zip(asked, found, strict=True)
        for question in one.questions
    }
