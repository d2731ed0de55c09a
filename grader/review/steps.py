"""Steps of an item: their versions, and what chosen ones come to."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import chain, count

from grader.core.errors import UsageError
from grader.store.decisions import StepVersion
from grader.store.store import Store


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


def named(words: str) -> str:
    """A name for a step or a group, such as rubric files take: its first words."""
    plain = unicodedata.normalize("NFKD", words.casefold()).encode("ascii", "ignore").decode()
    found = re.findall(r"[a-z0-9]+", plain)
    return "_".join(found[:4])[:40].strip("_")


def new_name(text: str, known: Iterable[str]) -> str:
    """A name for a new step, which no other has."""
    taken, name = set(known), named(text) or "step"
    numbered = (f"{name}_{number}" for number in count(2))
    return next(one for one in chain([name], numbered) if one not in taken)


def check_groups(step: StepVersion, others: Iterable[StepVersion]) -> None:
    """Raises UsageError if a step does not go with the others, as rubric files have it."""
    if step.exclusive and not step.group:
        raise UsageError("a step that is one of its group needs a group; name one")
    for other in others:
        same = not step.hidden and other.group == step.group and other.name != step.name
        if step.group and same and other.exclusive != step.exclusive:
            which = "one alone is chosen" if other.exclusive else "several are chosen together"
            raise UsageError(f"of group {step.group} {which}; that holds for all its steps")
