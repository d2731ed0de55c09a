"""What a selftest found: tallies by item, the fate of each mutant, and all that is wrong. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.assignment.selftest import known, mutants
from grader.assignment.selftest.known import Pack
from grader.assignment.selftest.mutants import Equivalent, Mutant
from grader.assignment.variants import EQUIVALENT
from grader.core.model import Grade, Item, Outcome, Status, Task

KILLED = 0.95
"""So many of the mutants that are no equivalents must be killed."""

Marked = Sequence[tuple[Pack, Mapping[str, Outcome]]]
"""Packs, each with the outcomes of its task's items, by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of one item over all variants."""

    task: str
    item: str
    wrong: int = 0  # variants that must lose it, or go to a person
    caught: int = 0
    right: int = 0  # variants that are about it and must keep it
    kept: int = 0
    others: int = 0  # variants about other items
    spared: int = 0

    @property
    def sensitivity(self) -> float | None:
        """The share of wrong variants that were caught."""
        return self.caught / self.wrong if self.wrong else None

    @property
    def specificity(self) -> float | None:
        """The share of all that is right here that kept the item."""
        total = self.right + self.others
        return (self.kept + self.spared) / total if total else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of one mutant: the items that it lost, or why it may keep them."""

    task: str
    mutant: Mutant
    lost: tuple[str, ...]
    equivalent: Equivalent | None = None


@dataclass(slots=True)
class Report:
    """All that a selftest found. It passed if there are no faults."""

    grades: dict[str, Grade] = field(default_factory=dict)  # reference, template
    marked: list[tuple[Pack, Mapping[str, Outcome]]] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)
    fates: list[Fate] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def expect(self, who: str, task: Task, item: Item, wanted: str, outcome: Outcome) -> None:
        """Notes an outcome that is not the wanted one."""
        if reason := known.fault(wanted, outcome):
            self.faults.append(f"{who}: {task.id}/{item.id} {reason}")

    def expect_nothing(self, task: Task, item: Item, outcome: Outcome) -> None:
        """Notes where the template earns anything, or can't be marked."""
        if outcome.share > 0 or outcome.status in (Status.ERROR, Status.REVIEW):
            self.faults.append(
                f"the template: {task.id}/{item.id} should earn nothing, but is "
                f"{outcome.status.value}: {outcome.message}"
            )

    def count(self, task: Task, marked: Marked) -> None:
        """Compares what became of a task's items in each pack with what had to."""
        self.marked += marked
        for item in known.automatic(task):
            mine = [(pack, outcomes[item.id]) for pack, outcomes in marked if item.id in outcomes]
            for pack, outcome in mine:
                self.expect(pack.name, task, item, pack.wanted(item.id), outcome)
            tally = _tally(task, item, mine)
            self.tallies.append(tally)
            if mine and not (tally.wrong and tally.right):
                self.faults.append(
                    f"{task.id}/{item.id} has {tally.wrong} wrong and {tally.right} right "
                    "variants: it needs one of each at least"
                )

    def meet(self, task: Task, mutant: Mutant, outcomes: Mapping[str, Outcome]) -> None:
        """Notes what became of a mutant."""
        lost = tuple(name for name, found in outcomes.items() if found.status is not Status.PASSED)
        self.fates.append(Fate(task=task.id, mutant=mutant, lost=lost))
        broken = [found.message for found in outcomes.values() if found.status is Status.ERROR]
        if broken:
            self.faults.append(
                f"mutant {mutant.function}: {mutant.change}: ends in an error: {broken[0]}"
            )

    def judge_mutants(self, task: Task, folder: Path) -> None:
        """Which survivors are known to be equivalent; what the list says and is not so."""
        for entry in mutants.equivalents(folder / EQUIVALENT):
            self._excuse(task, entry, f"{folder.name}/{EQUIVALENT}")
        counted = [f for f in self.fates if f.task == task.id and f.equivalent is None]
        killed = sum(bool(fate.lost) for fate in counted)
        if counted and killed / len(counted) < KILLED:
            self.faults.append(
                f"{task.id}: {killed} of {len(counted)} mutants were killed, less than {KILLED:.0%}"
            )

    def _excuse(self, task: Task, entry: Equivalent, file: str) -> None:
        """Marks the mutants that an entry is about."""
        place = f"{file}: {entry.function}: {entry.change}"
        meant = [
            number
            for number, fate in enumerate(self.fates)
            if fate.task == task.id and entry.holds(fate.mutant)
        ]
        if not meant and any(fate.task == task.id for fate in self.fates):
            self.faults.append(f"{place}: there is no such mutant")
        for number in meant:
            fate = self.fates[number]
            if fate.lost:
                self.faults.append(
                    f"{place}: it is called equivalent, but loses {', '.join(fate.lost)}"
                )
            else:
                self.fates[number] = replace(fate, equivalent=entry)


def _tally(task: Task, item: Item, marked: Sequence[tuple[Pack, Outcome]]) -> Tally:
    tally = Tally(task=task.id, item=item.id)
    for pack, outcome in marked:
        good = not known.fault(pack.wanted(item.id), outcome)
        if pack.wanted(item.id) != "keeps":
            tally = replace(tally, wrong=tally.wrong + 1, caught=tally.caught + good)
        elif any(item.id in variant.items for variant in pack.variants):
            tally = replace(tally, right=tally.right + 1, kept=tally.kept + good)
        else:
            tally = replace(tally, others=tally.others + 1, spared=tally.spared + good)
    return tally
