"""Asks the reference what submissions will be asked, as far as that is not known. Trusted side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from grader.batch.worker import Parcel
from grader.core import codec
from grader.core.errors import GraderError
from grader.core.model import Answer, Ending, Evidence, Question, Task
from grader.marking import plan
from grader.marking.reference import Reference

CHUNK = 2000
"""Questions that the reference is asked in one run."""

Run = Callable[[Task, Parcel], Evidence]
"""Runs the reference's notebook."""


def observe(
    reference: Reference,
    wanted: Iterable[tuple[Task, int]],
    run: Run,
    rung: str,
    *,
    fresh: bool = False,
) -> None:
    """Asks for these tasks and seeds; the answers go into the store that the reference has.

    What has no answer is asked once more. With `fresh` nothing counts that was known.

    Raises:
        GraderError: a reference notebook does not run to its end.
    """
    seeds: dict[str, list[int]] = {}
    for task, seed in wanted:
        seeds.setdefault(task.id, []).append(seed)
    for task in reference.tasks:
        reference.begin(task, fresh=fresh)
        unknown: dict[str, Question] = {}
        for seed in seeds.get(task.id, ()):
            unknown |= _unknown(reference, task, seed)
            if len(unknown) >= CHUNK:
                _ask_twice(reference, task, unknown, run, rung)
                unknown = {}
        if unknown:
            _ask_twice(reference, task, unknown, run, rung)


def _unknown(reference: Reference, task: Task, seed: int) -> dict[str, Question]:
    planned = plan.plan(task, seed)
    known = reference.expected(task, planned)
    asked = {
        codec.digest(question): question
        for item in task.items
        if item.check.reference
        for question in planned[item.id]
    }
    return {key: question for key, question in asked.items() if key not in known}


def _ask_twice(
    reference: Reference, task: Task, wanted: Mapping[str, Question], run: Run, rung: str
) -> None:
    """What a busy machine answered too late comes in time, alone; what does not is no fact."""
    failed = _ask(reference, task, wanted, run, rung)
    if left := {key: question for key, question in wanted.items() if key in failed}:
        _ask(reference, task, left, run, rung)


def _ask(
    reference: Reference, task: Task, wanted: Mapping[str, Question], run: Run, rung: str
) -> Mapping[str, Answer]:
    limits = replace(task.limits, notebook_seconds=task.limits.notebook_seconds + len(wanted))
    evidence = run(
        task,
        Parcel(
            task=task.id,
            notebook=reference.masters[task.id].master,
            questions=tuple(wanted.values()),
            prepare=task.prepare,
            limits=limits,
            seed=0,
            rung=rung,
        ),
    )
    if evidence.ending is not Ending.COMPLETED:
        raise GraderError(
            f"{task.notebook} in {reference.folder} could not be run: {evidence.message}"
        )
    return reference.keep(task, evidence.answers)
