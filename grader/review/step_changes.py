"""What a change of a step does to marks: shown first, decided once, and taken back whole.

No row is touched: a change appends a version, and a new mark for each mark that it changes, all
under one decision. Taking that back makes the earlier ones count again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from grader.core.errors import UsageError
from grader.core.model import Mark
from grader.review import steps
from grader.review.desk import Desk, Marker
from grader.store.decisions import Decision, StepVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a change of a step does to one student."""

    student: str
    before: Mark
    after: Mark
    standing_before: str
    standing_after: str

    @property
    def crosses(self) -> bool:
        """Whether the student's result becomes another."""
        return self.standing_before != self.standing_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A change of a step before it is decided."""

    step: StepVersion
    old: StepVersion | None
    effects: tuple[Effect, ...]

    @property
    def key(self) -> str:
        """Changes when the plan would do something else than what was shown."""
        marks = [(e.student, e.before.id, str(e.after.points)) for e in self.effects]
        shown = repr((self.step, self.old.id if self.old else 0, marks))
        return hashlib.sha256(shown.encode()).hexdigest()[:16]


def plan(desk: Desk, step: StepVersion, by: str, at: datetime) -> Plan:
    """What a new version of a step would do. Nothing is written.

    Raises:
        UsageError: the step is none that can be.
    """
    if not step.text.strip():
        raise UsageError("a step needs words")
    versions = desk.store.decisions.steps(step.item)
    now = {version.name: version for version in steps.newest(versions)}
    steps.check_groups(step, (one for one in now.values() if not one.hidden))
    old = now.get(step.name)
    if old and old == replace(step, id=old.id, decision=old.decision):
        raise UsageError("nothing was changed")
    name_of = {version.id: version.name for version in versions}
    effects = []
    for student, card in desk.cards[step.item].items():
        mark = card.mark
        names = [name_of.get(number, "") for number in mark.steps] if mark else []
        if mark is None or step.name not in names or step.hidden:
            continue
        chosen = [step if name == step.name else now[name] for name in names if name in now]
        out_of = desk.items[step.item][1].points
        points = steps.worth(chosen, mark.adjustment, out_of)
        after = replace(
            mark,
            points=points,
            reason=steps.words(chosen, mark.comment) or mark.reason,
            by=by,
            at=at,
            before=mark.points,
            request="",
            id=0,
        )
        standing = desk.people[student].standing
        then = desk.standing_with(student, after)
        effects.append(
            Effect(
                student=student,
                before=mark,
                after=after,
                standing_before=standing,
                standing_after=then,
            )
        )
    return Plan(step=step, old=old, effects=tuple(effects))


def apply(desk: Desk, planned: Plan, marker: Marker, at: datetime) -> int:
    """Decides a change as it was shown; the number of the decision."""
    step, store = planned.step, desk.store
    told = f"{step.text} ({steps.signed(step.points)})"
    body = {"step": told, "name": step.name, "marks": len(planned.effects), "hidden": step.hidden}
    if planned.old:
        body["before"] = f"{planned.old.text} ({steps.signed(planned.old.points)})"
    with store.transaction():
        number = store.decisions.add(
            Decision(kind="step", item=step.item, by=marker.name, at=at, body=body)
        )
        version = store.decisions.add_step(step, number)
        name_of = {v.id: v.name for v in store.decisions.steps(step.item)}
        for effect in planned.effects:
            chosen = tuple(
                version if name_of[n] == step.name else n
                for n in effect.after.steps
                if n in name_of
            )
            store.hand_marks.add(
                effect.student, replace(effect.after, steps=chosen, decision=number)
            )
    for effect in planned.effects:
        desk.refresh(effect.student)
    desk.claims.tell(f"{marker.name} changed a step: {told}", by=marker.name, item=step.item)
    return number
