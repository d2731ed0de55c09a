"""Steps between the rubric's files and a result folder: taken over once, compared, written back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from grader.assignment import step_tables
from grader.core.errors import UsageError
from grader.core.model import Assignment, Item, Step
from grader.review import steps
from grader.store.decisions import Decision, StepVersion
from grader.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A step that was edited in the rubric's file after marking began."""

    now: StepVersion
    then: StepVersion  # as the file has it; hidden, if it is no longer there


def seed(store: Store, assignment: Assignment, at: datetime) -> None:
    """Takes those steps from the rubric that are not known yet."""
    new: list[StepVersion] = []
    for task in assignment.tasks:
        for item in task.items:
            name = f"{task.id}/{item.id}"
            known = {step.name for step in store.decisions.steps(name)} if item.steps else set()
            new += [_version(name, step) for step in item.steps if step.id not in known]
    if new:
        with store.transaction():
            decision = store.decisions.add(Decision(kind="rubric", by="rubric", at=at))
            for step in new:
                store.decisions.add_step(step, decision)


def edited(store: Store, name: str, item: Item) -> list[Edited]:
    """The steps of an item ("task/item") of which the file says what they never were here."""
    versions = store.decisions.steps(name)
    if not versions:
        return []
    bare = [replace(version, id=0, decision=0) for version in versions]
    seeds = {decision.id for decision in store.decisions.all("rubric")}
    of_rubric = {version.name for version in versions if version.decision in seeds}
    now = {version.name: version for version in versions}
    told = {step.id: _version(name, step) for step in item.steps}
    found = []
    for step, version in now.items():
        then = told.get(step) or replace(version, id=0, decision=0, hidden=True)
        if then not in bare and (step in told or step in of_rubric):
            found.append(Edited(now=version, then=then))
    return found


def edited_items(store: Store, assignment: Assignment) -> list[str]:
    """The items ("task/item") with such steps."""
    named = ((f"{task.id}/{item.id}", item) for task in assignment.tasks for item in task.items)
    return [name for name, item in named if edited(store, name, item)]


def written_back(store: Store, assignment: Assignment) -> dict[str, tuple[str, list[str]]]:
    """The rubric's files with the steps that are offered now: by name the text, and whose steps.

    Only those that change.

    Raises:
        UsageError: a file cannot hold them, or was edited since marking began.
    """
    new: dict[str, tuple[str, list[str]]] = {}
    for task in assignment.tasks:
        wanted: dict[str, Sequence[Step]] = {}
        for item in task.items:
            name = f"{task.id}/{item.id}"
            if differing := edited(store, name, item):
                raise UsageError(
                    f"step {differing[0].now.name} of {name} was edited in the rubric after "
                    "marking began; say on the page of its steps what holds"
                )
            place = {step.id: number for number, step in enumerate(item.steps)}
            found = [_step(version) for version in steps.current(store, name)]
            offered = tuple(sorted(found, key=lambda step: place.get(step.id, len(place))))
            if store.decisions.steps(name) and offered != item.steps:
                wanted[item.id] = offered
        if wanted:
            path = assignment.rubric_dir / f"{task.id}.toml"
            text = path.read_text(encoding="utf-8")
            new[path.name] = step_tables.replaced(text, wanted, str(path)), list(wanted)
    return new


def _version(name: str, step: Step) -> StepVersion:
    return StepVersion(
        item=name,
        name=step.id,
        text=step.text,
        points=step.points,
        group=step.group,
        exclusive=step.exclusive,
    )


def _step(version: StepVersion) -> Step:
    return Step(
        id=version.name,
        text=version.text,
        points=version.points,
        group=version.group,
        exclusive=version.exclusive,
    )
