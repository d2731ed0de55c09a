"""Submissions whose marks are known: the reference, the template, and variants. Trusted, pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.assignment.variants import Variant
from grader.checks.autodiff import AutodiffValues
from grader.core import notebook_patch
from grader.core.model import (
    Assignment,
    Item,
    Notebook,
    Outcome,
    QuizResponse,
    Status,
    Submission,
    Task,
)
from grader.marking.masters import Masters
from grader.quiz import answers, graph, quiz

MOST = 7
"""So many variants of a notebook that trains share one run, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Variants that are handed in together, all right or all wrong, and what becomes of them."""

    task: str
    variants: tuple[Variant, ...]

    @property
    def name(self) -> str:
        """For people: where the variants stand."""
        return "; ".join(variant.source for variant in self.variants)

    def wanted(self, item: str) -> str:
        """What must become of an item: "loses", "refers" or "keeps"."""
        verbs = [v.verb for v in self.variants if item in v.items and not v.is_right]
        return verbs[0] if verbs else "keeps"


def automatic(task: Task) -> tuple[Item, ...]:
    """The items that are marked without a person."""
    return tuple(item for item in task.items if item.check.automatic)


def fault(wanted: str, outcome: Outcome) -> str:
    """Why an outcome is not the wanted one; "" if it is."""
    status = outcome.status
    if status is Status.ERROR:
        return f"ends in an error: {outcome.message}"
    right = {
        "keeps": status is Status.PASSED,
        "refers": status is Status.REVIEW,
        "loses": status in (Status.PARTIAL, Status.FAILED, Status.BLOCKED),
    }[wanted]
    told = {"keeps": "should pass", "refers": "should go to a person", "loses": "should lose"}
    return "" if right else f"{told[wanted]}, but is {status.value}: {outcome.message}"


def reference(assignment: Assignment, masters: Mapping[str, Masters]) -> Submission:
    """The reference solution, handed in."""
    notebooks = {name: master.master for name, master in masters.items()}
    return _submission("reference", notebooks, solved(assignment))


def template(masters: Mapping[str, Masters]) -> Submission:
    """What students were given, handed in as it is."""
    notebooks = {name: master.template for name, master in masters.items()}
    return _submission("template", notebooks, None)


def submission(pack: Pack, masters: Mapping[str, Masters], assignment: Assignment) -> Submission:
    """A pack's variants, handed in as one solution of its task.

    Raises:
        UsageError: a variant does not fit the reference.
    """
    if pack.task in masters:
        found = masters[pack.task].master
        for variant in pack.variants:
            found = notebook_patch.applied(found, variant.code, variant.source)
        return _submission(pack.name, {pack.task: found}, None)
    response = solved(assignment)
    values = dict(response.values) if response else {}
    for variant in pack.variants:
        values |= answers.read("variant.toml", variant.code.encode()).values
    return _submission(pack.name, {}, QuizResponse(values=values, source=pack.name))


def _submission(
    name: str, notebooks: Mapping[str, Notebook], response: QuizResponse | None
) -> Submission:
    state = hashlib.sha256(name.encode())
    for notebook in notebooks.values():
        for cell in notebook.cells:
            state.update(f"{cell.id}\0{cell.source}\0".encode())
    return Submission(
        student=state.hexdigest()[:16],
        name=name,
        notebooks=notebooks,
        missing={},
        quiz=response,
        digest=state.hexdigest(),
    )


def solved(assignment: Assignment) -> QuizResponse | None:
    """The right answers to the assignment's quiz, as a student types them; None without a quiz."""
    for task in assignment.tasks:
        for item in task.items:
            if isinstance(item.check, AutodiffValues):
                path = assignment.reference_dir / item.check.graph
                own = quiz.read(path, item.check.variants, item.check.seed).variants[0]
                values = {
                    name: f"{value:.{own.digits}f}"
                    for group in graph.solution(own).values()
                    for name, value in group.items()
                }
                return QuizResponse(values=values, source="reference")
    return None


def packed(task: str, known: Sequence[Variant], master: Notebook | None, most: int) -> list[Pack]:
    """The variants in as few packs as their cells and items allow, at most `most` in each.

    Right and wrong ones never share a pack, so that each item's verdict is one variant's.

    Raises:
        UsageError: a variant does not fit the reference.
    """
    packs: list[list[Variant]] = []
    taken: list[set[str]] = []  # by each pack: cells and items
    # First fit, in the files' order: a run of a notebook costs seconds, a variant in it nothing,
    # and a variant that stays in the pack where it was is easy to look up when it fails.
    for variant in known:
        needs = {variant.source, *variant.items}
        if master is not None:
            needs |= set(notebook_patch.parts(master, variant.code, variant.source))
        for members, used in zip(packs, taken, strict=True):
            alike = members[0].is_right is variant.is_right and len(members) < most
            if alike and not needs & used:
                members.append(variant)
                used.update(needs)
                break
        else:
            packs.append([variant])
            taken.append(needs)
    return [Pack(task=task, variants=tuple(members)) for members in packs]
