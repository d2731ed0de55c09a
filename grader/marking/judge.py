"""Every check's verdict on what was observed of a task. Trusted, pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from grader.checks.base import error, failed, review
from grader.core import codec
from grader.core.extras import MissingLibraryError
from grader.core.model import AnswerStatus, Case, Item, Outcome, Status
from grader.marking import plan
from grader.marking.task_work import TaskWork

MISSING_MODULE = re.compile(r"ModuleNotFoundError: No module named '([^']+)'")


def judge(work: TaskWork) -> dict[str, Outcome]:
    """Every item's outcome, by item id.

    A task without a notebook fails its items with the reason; a notebook that can't be read goes to
    a person, who can ask for the file again; a run that could not be set up, or
    a check that crashes, is an ERROR: nobody loses a mark by it, and nobody passes on less than
    its check asks for.
    """
    found = {item.id: _outcome(work, item) for item in work.task.items}
    return {item.id: _blamed(work, item, found) for item in work.task.items}


def _blamed(work: TaskWork, item: Item, found: Mapping[str, Outcome]) -> Outcome:
    """What lost points and calls another function of the student's, which is wrong, is for a
    person: else one mistake costs its neighbours, too."""
    base, outcome = str(getattr(item.check, "base", "")), found[item.id]
    lost = (Status.FAILED, Status.PARTIAL)
    if not base or outcome.status not in lost or not item.check.calls(work.case(item)):
        return outcome
    of_base = [one for one in work.task.items if getattr(one.check, "function", "") == base]
    if not any(found[one.id].status in lost for one in of_base):
        return outcome
    return review(
        f"It uses {base}, which is wrong itself: a person must look whether it would be right "
        f"otherwise. {outcome.message}",
        **outcome.details,
    )


def _outcome(work: TaskWork, item: Item) -> Outcome:
    task, submission, evidence = work.task, work.submission, work.evidence
    doubt = submission.doubts.get(task.id, "")
    if task.notebook is not None and task.id not in submission.notebooks:
        reason = submission.missing.get(task.id, "No notebook was handed in.")
        return _doubted(failed(reason), doubt)
    if item.check.observes and not work.was_run:
        reason = evidence.message if evidence else "the notebook was not run"
        return error(f"The notebook could not be run: {reason}")
    return _doubted(_verdict(work, item, work.case(item)), doubt)


def lacking(work: TaskWork, item: Item) -> str:
    """What must be observed before an item can be judged, as a reason; "" if nothing is."""
    if not item.check.observes or not work.was_run or work.evidence is None:
        return ""
    asked = [codec.digest(question) for question in work.questions[item.id]]
    if any(key not in work.evidence.answers for key in asked):
        return "its check asks something new"
    if item.check.reference and any(key not in work.expected for key in asked):
        return "the reference must be run again"
    if not item.check.may_ask_again:
        return ""
    try:
        if item.check.again(work.case(item)):
            return "its network must be trained once more"
    except MissingLibraryError:  # no fault of the submission's
        raise
    except Exception as bug:
        return f"its check failed ({type(bug).__name__}: {bug})"
    return "its network must be trained in an audit" if plan.audited(work) else ""


def _unknown(work: TaskWork, item: Item, case: Case) -> Outcome | None:
    """The outcome where something was not observed that the verdict needs; it is never a mark."""
    reason = lacking(work, item)
    if not reason:
        return None
    if work.out_of_time:  # what is known so far stays, for who decides
        found = item.check.judge(case)
        told = f"{found.message} {work.out_of_time} A person must decide."
        return review(told, **found.details)
    why = f" That run could not be made: {work.unmade}" if work.unmade else ""
    return error(f"This could not be judged yet: {reason}.{why}")


def _doubted(outcome: Outcome, doubt: str) -> Outcome:
    """What failed goes to a person where something was handed in that may be the work."""
    if outcome.status is not Status.FAILED or not doubt:
        return outcome
    told = outcome.message
    message = told if doubt in told else f"{_sentence(told)} {doubt}"
    return replace(outcome, status=Status.REVIEW, message=message)


def _excused(outcome: Outcome, case: Case, subject: str = "") -> Outcome:
    """What failed where something is missing here goes to a person: that may be why.

    It is not where the notebook never speaks of the subject.
    """
    language = case.notebook.language if case.notebook else ""
    if language and outcome.status is Status.FAILED:
        reason = f"The notebook is written in {language}, which is not run here"
        message = f"{reason}: a person must look. {outcome.message}"
        return replace(outcome, status=Status.REVIEW, message=message)
    cells = case.evidence.cells if case.evidence else ()
    missing = [m[1] for cell in cells if (m := MISSING_MODULE.match(cell.error))]
    code = "\n".join(c.source for c in case.notebook.cells) if case.notebook else subject
    if outcome.status is not Status.FAILED or not missing or subject not in code:
        return outcome
    reason = f"The module {missing[0][:80]} is not installed here, which may be why."
    message = f"{_sentence(outcome.message)} {reason} A person must look."
    return replace(outcome, status=Status.REVIEW, message=message)


def _sentence(message: str) -> str:
    """It may end with a student's own words."""
    return message if message.endswith((".", "!", "?")) else f"{message}."


def _verdict(work: TaskWork, item: Item, case: Case) -> Outcome:
    keys = [codec.digest(question) for question in case.asked] if item.check.reference else []
    known = [work.expected[key] for key in keys if key in work.expected]
    broken = [answer for answer in known if answer.status is not AnswerStatus.OK]
    if broken:
        why = broken[0].error or broken[0].status.value
        return error(f"The reference solution gave no answer: {why}")
    try:
        unknown = _unknown(work, item, case)
        return unknown or _excused(item.check.judge(case), case, item.check.subject)
    except MissingLibraryError:
        raise
    except Exception as bug:
        return error(f"The check itself failed ({type(bug).__name__}: {bug}).")
