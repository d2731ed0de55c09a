"""Steps of an item: their versions, and what chosen ones come to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from grader.core.errors import UsageError
from grader.core.model import Assignment
from grader.store.decisions import Decision, StepVersion
from grader.store.store import Store


def seed(store: Store, assignment: Assignment, at: datetime) -> None:
    """Takes those steps from the rubric that are not known yet."""
    new: list[StepVersion] = []
    for task in assignment.tasks:
        for item in task.items:
            name = f"{task.id}/{item.id}"
            known = {step.name for step in store.decisions.steps(name)} if item.steps else set()
            new += [
                StepVersion(
                    item=name,
                    name=step.id,
                    text=step.text,
                    points=step.points,
                    group=step.group,
                    exclusive=step.exclusive,
                )
                for step in item.steps
                if step.id not in known
            ]
    if new:
        with store.transaction():
            decision = store.decisions.add(Decision(kind="rubric", by="rubric", at=at))
            for step in new:
                store.decisions.add_step(step, decision)


def newest(versions: Iterable[StepVersion]) -> list[StepVersion]:
    """Of each step the newest version, in the order in which steps came to be."""
    found: dict[str, StepVersion] = {}
    for version in versions:
        found[version.name] = version
    return list(found.values())


def current(store: Store, item: str) -> list[StepVersion]:
    """The steps of an item that are offered."""
    return [step for step in newest(store.decisions.steps(item)) if not step.hidden]


def since(store: Store, item: str, name: str) -> datetime | None:
    """When a step came to be; None if there is none of this name."""
    first = [step.decision for step in store.decisions.steps(item) if step.name == name][:1]
    return next((d.at for d in store.decisions.all() if d.id in first), None)


def edition(steps: Iterable[StepVersion]) -> str:
    """Changes with every version: a page knows by it whether its steps are those of now."""
    return hashlib.sha256(repr([step.id for step in steps]).encode()).hexdigest()[:12]


def worth(steps: Iterable[StepVersion], adjustment: Decimal, out_of: Decimal) -> Decimal:
    """Points of chosen steps and an adjustment, within what the item can have."""
    total = sum((step.points for step in steps), adjustment)
    return min(max(total, Decimal(0)), out_of)


def words(steps: Sequence[StepVersion], comment: str) -> str:
    """What the student reads: the steps' words, and the comment."""
    lines = [f"{step.text} ({signed(step.points)})" for step in steps]
    return "\n".join([*lines, comment] if comment else lines)


def signed(points: Decimal) -> str:
    """Points of a step as people write them."""
    text = f"{abs(points):.2f}".rstrip("0").rstrip(".")
    return f"{'−' if points < 0 else '+'}{text}"


def check(steps: Sequence[StepVersion]) -> None:
    """Raises UsageError if two of them exclude each other."""
    seen: dict[str, StepVersion] = {}
    for step in steps:
        if not (step.group and step.exclusive):
            continue
        other = seen.setdefault(step.group, step)
        if other is not step:
            raise UsageError(f"“{other.text}” and “{step.text}” exclude each other; choose one")
