"""From a submission to outcomes: which questions to ask, and every check's verdict. Trusted, pure.

The pipeline of one task is: plan → observe → judge. This module is its first and last step.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from grader.checks.base import Case, error, failed, review
from grader.core import codec
from grader.core.model import (
    Answer,
    AnswerStatus,
    Ending,
    Evidence,
    Item,
    Notebook,
    Outcome,
    Question,
    Status,
    Submission,
    Task,
)
from grader.retraining.runs import Run

MISSING_MODULE = re.compile(r"ModuleNotFoundError: No module named '([^']+)'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Masters:
    """A task's reference notebook with solutions, and as students get it."""

    master: Notebook
    template: Notebook


def submission_seed(batch_seed: int, submission: Submission) -> int:
    """A submission's own seed: its hidden inputs follow from it and from nothing else."""
    text = f"{batch_seed}:{submission.student}:{submission.digest}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6])


def plan(task: Task, seed: int) -> dict[str, tuple[Question, ...]]:
    """The questions of each item of a task, hidden inputs drawn from the submission's seed."""
    return {item.id: item.check.questions(_stream(seed, task.id, item.id)) for item in task.items}


def _stream(seed: int, task: str, item: str) -> np.random.Generator:
    salt = hashlib.sha256(f"{task}/{item}".encode()).digest()[:8]
    return np.random.default_rng([seed, int.from_bytes(salt)])


def needs_run(task: Task) -> bool:
    """Whether the task has a notebook to run at all."""
    return task.notebook is not None and any(item.check.observes for item in task.items)


def judge(
    task: Task,
    submission: Submission,
    questions: Mapping[str, tuple[Question, ...]],
    *,
    evidence: Evidence | None,
    expected: Mapping[str, Answer],
    masters: Masters | None,
    reference_dir: Path,
    data_dir: Path | None,
    runs: tuple[Run, ...] = (),
) -> dict[str, Outcome]:
    """Every item's outcome. `expected` holds the reference's answers by question digest.

    A task without a notebook fails its items with the reason; a notebook that can't be read goes to
    a person, who can ask for the file again; a run that could not be set up, or
    a check that crashes, is an ERROR: nobody loses a mark by it.
    """
    outcomes = {}
    notebook = submission.notebooks.get(task.id)
    for item in task.items:
        if task.notebook is not None and notebook is None:
            reason = submission.missing.get(task.id, "No notebook was handed in.")
            lost = task.id in submission.damaged
            outcomes[item.id] = review(reason) if lost else failed(reason)
            continue
        if item.check.observes and (evidence is None or evidence.ending is Ending.SETUP_FAILED):
            reason = evidence.message if evidence else "the notebook was not run"
            outcomes[item.id] = error(f"The notebook could not be run: {reason}")
            continue
        case = _case(task, item, submission, questions[item.id], evidence, runs, data_dir)
        case = replace(
            case,
            expected=_answers(case.asked, expected) if item.check.reference else (),
            master=masters.master if masters else None,
            template=masters.template if masters else None,
            reference_dir=reference_dir,
        )
        outcomes[item.id] = _verdict(item, case)
    return outcomes


def again(
    task: Task,
    submission: Submission,
    questions: Mapping[str, tuple[Question, ...]],
    *,
    evidence: Evidence,
    runs: tuple[Run, ...],
    data_dir: Path | None,
) -> tuple[Question, ...]:
    """What one more run of the notebook is to be asked; nothing if its checks have seen enough."""
    asked: dict[str, Question] = {}
    for item in task.items:
        case = _case(task, item, submission, questions[item.id], evidence, runs, data_dir)
        asked |= {codec.digest(question): question for question in item.check.again(case)}
    return tuple(asked.values())


def _case(
    task: Task,
    item: Item,
    submission: Submission,
    asked: tuple[Question, ...],
    evidence: Evidence | None,
    runs: tuple[Run, ...],
    data_dir: Path | None,
) -> Case:
    return Case(
        item=item,
        asked=asked,
        answers=_answers(asked, evidence.answers if evidence else {}),
        evidence=evidence,
        notebook=submission.notebooks.get(task.id),
        quiz=submission.quiz,
        data_dir=data_dir,
        runs=runs,
    )


def _answers(asked: tuple[Question, ...], by_digest: Mapping[str, Answer]) -> tuple[Answer, ...]:
    lost = Answer(status=AnswerStatus.LOST)
    return tuple(by_digest.get(codec.digest(question), lost) for question in asked)


def _excused(outcome: Outcome, evidence: Evidence | None) -> Outcome:
    """What failed where a library was missing goes to a person: that may be our machine's fault."""
    cells = evidence.cells if evidence else ()
    missing = [m[1] for cell in cells if (m := MISSING_MODULE.match(cell.error))]
    if outcome.status is not Status.FAILED or not missing:
        return outcome
    reason = (
        f"{outcome.message} The module {missing[0][:80]} is not installed here, which may be why."
    )
    return replace(outcome, status=Status.REVIEW, message=f"{reason} A person must look.")


def _verdict(item: Item, case: Case) -> Outcome:
    broken = [a for a in case.expected if a.status is not AnswerStatus.OK]
    if broken:
        return error(f"The reference solution gave no answer: {broken[0].error or 'none'}")
    try:
        return _excused(item.check.judge(case), case.evidence)
    except Exception as bug:
        return error(f"The check itself failed ({type(bug).__name__}: {bug}).")
