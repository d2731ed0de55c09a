"""What is public of an assignment: all that students need to check themselves.

Trusted side. Public items with their settings, the questions that they ask with inputs drawn from a
published seed, and the reference's answers to these. Of hidden items, titles and points alone.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import numpy as np

from grader.checks import is_own
from grader.checks.trained_network.accuracy import RetrainedAccuracy
from grader.core import codec
from grader.core.errors import UsageError
from grader.core.model import Answer, Assignment, Item, Question, Task, Visibility
from grader.marking import plan

SEED = 1 << 64
"""The published seed. A submission's own seed has 62 bits, so no grading draws these inputs."""

EMPTY: Mapping[str, Answer] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """An item that only the full grading, or a person, will judge."""

    task: str
    id: str
    title: str
    points: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """What is public of an assignment."""

    assignment: Assignment  # with its public items alone; points are theirs
    asked: Mapping[str, Mapping[str, tuple[Question, ...]]]  # by task and item
    expected: Mapping[str, Answer]  # the reference's answers, by question digest
    withheld: tuple[Withheld, ...] = ()
    accuracies: Mapping[str, float] = field(default_factory=dict)  # by task: percent to be reached
    mistakes: Mapping[str, Answer] = field(default_factory=dict)  # by `mistakes.key`

    def task(self, id: str) -> Task:
        """The task of this id."""
        return next(task for task in self.assignment.tasks if task.id == id)


# --- from the rubric --------------------------------------------------------------------------


def questions(assignment: Assignment) -> dict[str, dict[str, tuple[Question, ...]]]:
    """The public questions by task and item; the inputs follow from the published seed."""
    return {task.id: plan.plan(_public(task), SEED) for task in assignment.tasks}


def make(
    assignment: Assignment, answers: Mapping[str, Answer], mistaken: Mapping[str, Answer] = EMPTY
) -> Public:
    """The public part of an assignment.

    `answers` are the reference's, by question digest, and `mistaken` those of the typical mistakes,
    by `mistakes.key`.
    """
    asked = questions(assignment)
    expected = {
        codec.digest(question): _rounded(item.check.published(answers[codec.digest(question)]))
        for task in assignment.tasks
        for item in _public(task).items
        if item.check.reference
        for question in asked[task.id][item.id]
    }
    withheld = tuple(
        Withheld(task=task.id, id=item.id, title=item.title, points=item.points)
        for task in assignment.tasks
        for item in task.items
        if not is_given(item)
    )
    accuracies = {
        task.id: item.check.cutoff
        for task in assignment.tasks
        for item in task.items
        if isinstance(item.check, RetrainedAccuracy)
    }
    tasks = tuple(_public(task) for task in assignment.tasks)
    return Public(
        assignment=_only(assignment, tasks),
        asked=asked,
        expected=expected,
        withheld=withheld,
        accuracies=accuracies,
        mistakes={key: _rounded(mistaken[key]) for key in sorted(mistaken)},
    )


def _rounded(answer: Answer) -> Answer:
    """The answer with twelve digits of each number: the rest differs between processors."""
    return replace(answer, value=_round(answer.value))


def _round(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _round(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_round(inner) for inner in value]
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if isinstance(value, np.ndarray) and value.dtype == np.float64:
        return np.array([float(f"{v:.12g}") for v in value.flat]).reshape(value.shape)
    return value


def is_given(item: Item) -> bool:
    """Whether students get what judges an item.

    Not where it is a course's own code: public checks are data, so that whoever looks into a
    student's folder runs nothing that lies there.
    """
    return item.visibility is Visibility.PUBLIC and not is_own(item.check)


def _public(task: Task) -> Task:
    """The task with its public items, which need each other alone."""
    items = tuple(item for item in task.items if is_given(item))
    known = {item.id for item in items}
    items = tuple(replace(i, needs=tuple(n for n in i.needs if n in known)) for i in items)
    return only(task, items)


def only(task: Task, items: tuple[Item, ...]) -> Task:
    """The task with these items, worth what they are worth."""
    return replace(task, items=items, points=sum((item.points for item in items), Decimal(0)))


def _only(assignment: Assignment, tasks: tuple[Task, ...]) -> Assignment:
    """The assignment with these tasks; who has all their points passes."""
    points = sum((task.points for task in tasks), Decimal(0))
    return replace(assignment, tasks=tasks, points=points, pass_points=points)


def chosen(public: Public, tasks: tuple[Task, ...]) -> Assignment:
    """The public assignment cut down to these tasks."""
    return _only(public.assignment, tasks)


def select(public: Public, names: Sequence[str]) -> tuple[Task, ...]:
    """The tasks that these names ask for: tasks, items or functions; all if there are none.

    Raises:
        UsageError: there is nothing of a name.
    """
    tasks = public.assignment.tasks
    if not names:
        return tuple(task for task in tasks if task.items)
    wanted = [_plain(name) for name in names]
    known = {_plain(key) for task in tasks if task.items for key in (task.id, str(task.notebook))}
    known |= {_plain(key) for task in tasks for i in task.items for key in (i.id, i.check.subject)}
    for name, plain in zip(names, wanted, strict=True):
        if plain not in known:
            raise UsageError(_unknown(public, name))
    found = []
    for task in tasks:
        whole = any(_plain(key) in wanted for key in (task.id, str(task.notebook)))
        items = [
            item
            for item in task.items
            if whole or {_plain(item.id), _plain(item.check.subject)} & set(wanted)
        ]
        if items:
            found.append(only(task, tuple(items)))
    return tuple(found)


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").removesuffix(".ipynb")


def _unknown(public: Public, name: str) -> str:
    """Why nothing is asked for by a name: it is hidden, or misspelled."""
    for item in public.withheld:
        if _plain(name) in (_plain(item.id), _plain(item.task)):
            return f"{name} is judged by a person or by the full grading, not here"
    names = [item.id for task in public.assignment.tasks for item in task.items]
    close = difflib.get_close_matches(_plain(name), names, 1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}"
    return f"there is no public item {name[:60]}; {hint}"
