"""Every check's verdict on what was observed of a task. Trusted, pure."""

from __future__ import annotations

import re
from dataclasses import replace

from grader.checks.base import error, failed, review
from grader.core.model import AnswerStatus, Case, Evidence, Item, Outcome, Status
from grader.marking.task_work import TaskWork

MISSING_MODULE = re.compile(r"ModuleNotFoundError: No module named '([^']+)'")


def judge(work: TaskWork) -> dict[str, Outcome]:
    """Every item's outcome, by item id.

    A task without a notebook fails its items with the reason; a notebook that can't be read goes to
    a person, who can ask for the file again; a run that could not be set up, or
    a check that crashes, is an ERROR: nobody loses a mark by it.
    """
    return {item.id: _outcome(work, item) for item in work.task.items}


def _outcome(work: TaskWork, item: Item) -> Outcome:
    task, submission, evidence = work.task, work.submission, work.evidence
    if task.notebook is not None and task.id not in submission.notebooks:
        reason = submission.missing.get(task.id, "No notebook was handed in.")
        return review(reason) if task.id in submission.damaged else failed(reason)
    if item.check.observes and not work.was_run:
        reason = evidence.message if evidence else "the notebook was not run"
        return error(f"The notebook could not be run: {reason}")
    return _verdict(item, work.case(item))


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
