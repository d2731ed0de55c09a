"""What is asked of a submission, and whether its notebook must be run once more. Trusted, pure.

The way of a task is plan → observe → judge → score; this is its first step.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

import numpy as np

from grader.core import codec, seeds
from grader.core.model import Evidence, Item, Question, Submission, Task
from grader.marking.task_work import TaskWork
from grader.retraining import runs

EXPORT = "export"
"""The probe whose answer says whether a trained network left the sandbox."""


def submission_seed(batch_seed: int, submission: Submission) -> int:
    """A submission's own seed: its hidden inputs follow from it and from nothing else."""
    who = submission.identity or submission.student
    return seeds.derived(batch_seed, "submission", who, submission.digest)


def plan(task: Task, seed: int) -> dict[str, tuple[Question, ...]]:
    """The questions of each item of a task, hidden inputs drawn from the submission's seed."""
    return {
        item.id: _with_sources(item, item.check.questions(_stream(seed, task.id, item.id)))
        for item in task.items
    }


def _with_sources(item: Item, questions: Iterable[Question]) -> tuple[Question, ...]:
    """The questions, those to a course's own probes with the probe."""
    own = item.check.sources
    return tuple(replace(q, source=own[q.probe]) if q.probe in own else q for q in questions)


def _stream(seed: int, task: str, item: str) -> np.random.Generator:
    # The kernel sees what is drawn, and from that the generator's seed can be worked out.
    return np.random.default_rng(seeds.derived(seed, "inputs", task, item, bits=256))


def needs_run(task: Task) -> bool:
    """Whether the task has a notebook to run at all."""
    return task.notebook is not None and any(item.check.observes for item in task.items)


def asks_again(item: Item) -> bool:
    """Whether this item's check may want further runs."""
    return item.check.may_ask_again


def trains(task: Task) -> bool:
    """Whether a check of this task may want further runs."""
    return any(asks_again(item) for item in task.items)


def again(work: TaskWork) -> tuple[Question, ...]:
    """What one more run of the notebook is to be asked; nothing if its checks have seen enough."""
    if not work.was_run:
        return ()
    asked: dict[str, Question] = {}
    for item in work.task.items:
        # A check's bug makes its own verdict an ERROR; the batch and other checks go on.
        with suppress(Exception):
            more = _with_sources(item, item.check.again(work.case(item)))
            asked |= {codec.digest(question): question for question in more}
    return tuple(asked.values())


OTHER_SEEDS = "other_seeds"
"""The fixture of further runs where the notebook's own seed was meant for another machine."""


def prepared(task: Task, number: int, first: Evidence | None) -> tuple[str, ...]:
    """The fixtures of run `number`, given what was seen in the first."""
    values = [answer.value for answer in first.answers.values()] if first else []
    other = any(isinstance(value, dict) and value.get("elsewhere") is True for value in values)
    return (*task.prepare, OTHER_SEEDS) if number and other else task.prepare


def next_run(work: TaskWork) -> tuple[int, tuple[Question, ...]]:
    """The number of the next run that is needed, and what it is to be asked; () if none is.

    Where an audit is wanted, one run more is needed if a network was trained.
    """
    further = sum(run.pixels is None for run in work.runs)
    if more := again(work):
        return further + 1, more
    return runs.AUDIT, audited(work)


def audited(work: TaskWork) -> tuple[Question, ...]:
    """What an audit is yet to ask: nothing if none is wanted, or no network left the sandbox."""
    there = any(run.pixels is not None for run in work.runs)
    if not work.audit or work.evidence is None or there:
        return ()
    answers = work.evidence.answers
    asked = {
        key: question
        for questions in work.questions.values()
        for question in questions
        if question.probe == EXPORT and (key := codec.digest(question)) in answers
    }
    values = [answers[key].value for key in asked]
    left = any(isinstance(value, dict) and "classes" in value for value in values)
    return tuple(asked.values()) if left else ()
