"""The tables and keys of rubric files. What stands here is read, refused, completed by editors.

`grader.assignment.rubric` makes an `Assignment` of them, `json_schema` the schemas for editors, and
`refusal` the sentence for what does not fit.
"""

from __future__ import annotations

import graphlib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from grader.checks.settings import expected, file_name, text
from grader.core import bounded
from grader.core.model import AttemptRule, LateRule, Limits, Visibility
from grader.sandbox.inside.fixtures import FIXTURES

NAME = r"[a-z0-9][a-z0-9._-]{0,60}"
"""An assignment's name: a folder's everywhere."""

OUR_OWN = {"count_last_network", "cuda", "no_acceleration", "other_seeds"}
PREPARED = sorted(FIXTURES.keys() - OUR_OWN)
"""Fixtures that a rubric may name; the others follow from keys, options, or what a run showed."""

_NUMBER = r"[0-9]{1,5}(\.[0-9]{1,2})?"
_POINTS = 'a number in quotes such as "1.5", with two decimals at most'

Text = Annotated[str, *text(r".*\S.*", "text")]
Id = Annotated[str, *text(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,60}", "a name of letters, digits, _ and -")]
Points = Annotated[Decimal, *text(_NUMBER, _POINTS, Decimal)]
Change = Annotated[Decimal, *text(f"-?{_NUMBER}", _POINTS, Decimal)]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise expected("one such as Europe/Berlin") from None
    return name


def _local(value: object) -> datetime:
    try:
        due = bounded.time(value) if isinstance(value, str) and "T" in value else None
    except ValueError:
        due = None
    if due is None or due.tzinfo is not None:
        raise expected("a local time such as 2021-05-30T20:00:00")
    return due


def _fixture(name: str) -> str:
    if name not in PREPARED:
        raise expected(f"one of {', '.join(PREPARED)}")
    return name


Fixture = Annotated[str, AfterValidator(_fixture), WithJsonSchema({"enum": PREPARED})]


class Table(BaseModel):
    """A table of a rubric file. The text below a field is its description in editors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AssignmentHead(Table):
    """What holds for all tasks."""

    name: Annotated[str, *text(NAME, "lower-case letters, digits and - only")]
    """The name of the rubric's folder."""
    title: Text
    points: Points
    """What the tasks' points come to."""
    pass_points: Points
    """From so many points on it is passed."""
    due: Annotated[datetime, BeforeValidator(_local), WithJsonSchema({})]
    """A local time such as 2021-05-30T20:00:00."""
    timezone: Annotated[Text, AfterValidator(_zone)]
    """Such as Europe/Berlin."""
    tasks: tuple[Id, ...] = Field(min_length=1)
    """The files of the tasks, without .toml, in order."""
    questions_to: Text | None = None
    """Whom students ask about their marks, and how; stands on their pages."""
    questions_until: Annotated[datetime, BeforeValidator(_local), WithJsonSchema({})] | None = None
    """Until when, as a local time."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        _distinct(self.tasks, "task")
        _some(self.points)
        if self.pass_points > self.points:
            raise ValueError(f"pass_points is {self.pass_points}, more than {self.points} points")
        if self.questions_until is not None and self.questions_to is None:
            raise ValueError("questions_until does nothing without questions_to")
        return self


class AssignmentFile(Table):
    """An assignment."""

    assignment: AssignmentHead
    late: LateRule = LateRule()
    limits: Limits = Limits()
    """Of each notebook whose task says nothing else."""


class MistakeTable(Table):
    """A typical wrong solution, recognised by what it computes."""

    variant: Annotated[str, *file_name("py")]
    """A file in the folder `mistakes`."""
    hint: Text
    """For whose function computes the same."""


class StepTable(Table):
    """What earns, or costs, points where a person marks the item."""

    id: Id
    """Its own in the item."""
    text: Text
    """What a solution shows that takes this step."""
    points: Change
    """In quotes; below 0 for a deduction."""
    group: Id | None = None
    """Steps of one group are shown together."""
    exclusive: bool = False
    """At most one step of the group is chosen."""


class ItemTable(Table):
    """One line of the rubric."""

    id: Id
    """Its own in the task."""
    title: Text
    points: Points
    visibility: Visibility
    """public: students may check it themselves."""
    question: Text | None = None
    """What is asked, in a sentence or two; stands on the student's page. An answer in words has the
    `question` of its check."""
    hint: Text
    """The author's words for who did not get it."""
    needs: tuple[Id, ...] = ()
    """Items without which this one is blocked."""
    check: dict[str, Any]
    """What marks it: the type, and its settings."""
    mistake: tuple[MistakeTable, ...] = ()
    step: tuple[StepTable, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        _distinct([one.variant for one in self.mistake], "mistake")
        _distinct([step.id for step in self.step], "step")
        for step in self.step:
            if step.exclusive and step.group is None:
                raise ValueError(f"step {step.id} is exclusive, but of no group")
        for name, steps in _groups(self.step).items():
            if len({step.exclusive for step in steps}) > 1:
                raise ValueError(f"of group {name} some steps are exclusive, and some are not")
            if steps[0].exclusive and len(steps) == 1:
                raise ValueError(f"group {name} has one exclusive step, which excludes nothing")
        most = _most(self.step)
        if self.step and most != self.points:
            raise ValueError(f"the steps come to {most} at most, not to {self.points} points")
        return self


class TaskHead(Table):
    """What holds for all items of the task."""

    id: Id
    """The name of its file."""
    title: Text
    points: Points
    """What the items' points come to."""
    notebook: Annotated[str, *file_name("ipynb")] | None = None
    """The file name, in the reference and as handed in; none for a quiz."""
    prepare: tuple[Fixture, ...] = ()
    """What is set up before the first cell."""
    network: Literal["evaluated", "last"] | None = None
    """Which of several trained networks counts: evaluated last on test images, or trained last."""
    attempt: AttemptRule | None = None
    """Which of several attempts at a quiz counts."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        _some(self.points)
        _distinct(self.prepare, "fixture")
        if self.notebook is None and self.prepare:
            raise ValueError("prepare does nothing without a notebook")
        if self.network is not None and "training" not in self.prepare:
            raise ValueError('network does nothing without "training" in prepare')
        if self.notebook is not None and self.attempt is not None:
            raise ValueError("attempt is of a quiz, and does nothing in a task with a notebook")
        return self


class TaskFile(Table):
    """A task of an assignment."""

    task: TaskHead
    limits: Limits = Limits()
    """In place of the assignment's."""
    item: tuple[ItemTable, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        adds_up(self.task.points, [item.points for item in self.item], "items")
        needs = {item.id: item.needs for item in self.item}
        _distinct([item.id for item in self.item], "item")
        for item in self.item:
            for need in item.needs:
                if need not in needs:
                    raise ValueError(f"item {item.id}: needs {need!r}, which is no item here")
        _no_circle(needs)
        if self.task.notebook is None and "limits" in self.model_fields_set:
            raise ValueError("[limits] are of a notebook, and this task has none")
        return self


def adds_up(whole: Decimal, parts: Iterable[Decimal], what: str) -> None:
    """Holds that points are the sum of their parts.

    Raises:
        ValueError: they are not.
    """
    if (total := sum(parts, Decimal(0))) != whole:
        raise ValueError(f"the {what} add up to {total}, not to {whole} points")


def _some(points: Decimal) -> None:
    if points == 0:
        raise ValueError('points is "0"; expected more, or nothing can be earned')


def _distinct(names: Iterable[str], what: str) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise ValueError(f"{what} {name} occurs twice")


def _no_circle(needs: Mapping[str, tuple[str, ...]]) -> None:
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as circle:
        raise ValueError(f"items need each other: {', '.join(circle.args[1])}") from None


def _groups(steps: Iterable[StepTable]) -> dict[str, list[StepTable]]:
    grouped = sorted((step for step in steps if step.group), key=lambda step: str(step.group))
    return {str(name): list(some) for name, some in groupby(grouped, lambda step: step.group)}


def _most(steps: Iterable[StepTable]) -> Decimal:
    """The points that can be reached: of a group's exclusive steps one alone."""
    best: dict[str, Decimal] = {}
    for step in steps:
        name = f"group {step.group}" if step.exclusive else f"step {step.id}"
        best[name] = max(best.get(name, Decimal(0)), step.points)
    return sum(best.values(), Decimal(0))
