"""What is found in a watched cross-validation, one question at a time, and the words for it.

Trusted side, pure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import ValidationError

from grader.checks.base import error, failed, review
from grader.checks.model_evaluation.folds import (
    FOREIGN_ROW,
    TOLERANCE,
    UNKNOWN_ROW,
    Call,
    Fold,
    read,
)
from grader.core.model import JSON, Answer, AnswerStatus, Case, Outcome

NAME = "kfold_crossvalidation"
MAX_EPOCHS = 25
"""So many of the training function are really run in the sandbox."""

LUCK = 1e-4
"""The chance at which a model's own answers to rows that it can't know are no luck any more."""

CHANGED = (
    "The rows of `data` were changed before the models saw them, so that they could not be "
    "recognised. A person must look at how the folds are made."
)

UNSEEN = (
    "Models were seen to predict their training rows alone, but what was returned does not come "
    "from these. A person must look at how the models are tested."
)


def understand(case: Case) -> Outcome | list[Call]:
    """The calls behind the answers, or the outcome where there is nothing to judge."""
    calls = []
    for question, answer in zip(case.asked, case.answers, strict=True):
        if answer.status is not AnswerStatus.OK:
            return _unanswered(answer)
        try:
            calls.append(read(question.params, answer))
        except (ValidationError, ValueError):
            return error(f"The answer about `{NAME}` is not what was asked for.")
    first = calls[0]
    if first.phases:
        return calls
    if first.told.error:
        return failed(stopped(first.told.error))
    if first.accuracies is not None and len(first.accuracies) == first.params["k"]:
        return review(
            f"`{NAME}` returned {first.params['k']} results, but no model was seen at work. "
            "A person must look at how they come about.",
            **returned(calls),
        )
    return failed(f"`{NAME}` did not test any model on the data that it was given.")


def _unanswered(answer: Answer) -> Outcome:
    match answer.status:
        case AnswerStatus.UNDEFINED:
            return failed(f"There is no function `{NAME}`.")
        case AnswerStatus.RAISED:
            return failed(stopped(answer.error))
        case AnswerStatus.TIMEOUT:
            return failed(f"`{NAME}` did not finish in time on a small data set.")
        case _:
            return error(f"No usable answer came back from `{NAME}`: {answer.error}".rstrip(": "))


def stopped(text: str) -> str:
    """The sentence on an exception of the function."""
    if text.startswith(("NameError", "UnboundLocalError", "NotImplementedError")):
        return f"`{NAME}` is not attempted, or not finished: {text[:300]}"
    return f"`{NAME}` stopped with {text[:300]}"


def returned(calls: Sequence[Call]) -> dict[str, JSON]:
    """What was returned and what was seen, for the report."""
    lists = [[] if call.accuracies is None else list(call.accuracies) for call in calls]
    given = [[round(float(value), 4) for value in values] for values in lists]
    seen = [[round(fold.accuracy, 4) for fold in call.folds] for call in calls]
    return {"given": given, "average": [call.average for call in calls], "seen": seen}


def no_results(calls: Sequence[Call]) -> str:
    """The sentence on a call that returned no accuracies."""
    call = next(call for call in calls if call.told.error or call.accuracies is None)
    if call.told.error:
        return stopped(call.told.error)
    kind = "nothing" if call.told.returned is None else "something else"
    return f"`{NAME}` returns {kind}. It should return the accuracies and their average."


def wrong_results(call: Call) -> str:
    """What is wrong with the returned accuracies; empty if nothing is."""
    k, given = call.params["k"], call.accuracies
    if given is None or len(given) != k:
        return f"For k = {k} it returned {0 if given is None else len(given)} results."
    if len(call.folds) != k:
        return f"For k = {k} it tested {len(call.folds)} models, so the {k} results can't be right."
    for number, (fold, value) in enumerate(zip(call.folds, given, strict=True), 1):
        if not fold.matched:
            return (
                f"Fold {number}: {value:.3f} was returned, but the model was right on "
                f"{round(fold.accuracy * len(fold.rows))} of {len(fold.rows)} test rows "
                f"({fold.accuracy:.3f})."
            )
    return ""


def wrong_mean(call: Call) -> str:
    """What is wrong with the returned average; empty if nothing is."""
    if call.average is None or call.accuracies is None:
        return "The average is missing from what is returned."
    means = [float(call.accuracies.mean())]
    if len(call.folds) == len(call.accuracies):  # each row may count the same, too
        weights = [len(fold.rows) for fold in call.folds]
        means.append(float(np.average(call.accuracies, weights=weights)))
    if min(abs(mean - call.average) for mean in means) <= TOLERANCE:
        return ""
    return f"The mean of the returned results is {means[0]:.3f}, not {call.average:.3f}."


def unreadable(call: Call) -> Outcome | None:
    """Where it can't be told which rows were used, or not where the results come from."""
    if unseen_tests(call):
        return review(UNSEEN)
    if call.share_of(FOREIGN_ROW) > 0.5:
        return failed(
            "The models were tested on the notebook's own `data`, not on the data that the "
            "function was called with."
        )
    return review(CHANGED) if call.share_of(UNKNOWN_ROW) > 0.5 else None


def unseen_tests(call: Call) -> bool:
    """Whether models were seen at their training rows alone, and nothing returned is from there.

    Then that is what was looked at beside the tests, and these went a way that is not seen.
    """
    if call.accuracies is None or not call.folds:
        return False
    return all(not fold.matched and fold.phase.touched[fold.rows].all() for fold in call.folds)


def untrained(call: Call) -> Outcome:
    """Where no gradient came back to any model: it did not learn, or in a way that is not seen."""
    if reason := next(filter(None, map(_made_rows, call.folds)), None):
        return reason
    if any(fold.phase.moved and not fold.phase.trained.any() for fold in call.folds):
        return review(
            "The weights of the models changed, but no gradient came back through what they "
            "predicted. A person must look at how they learn."
        )
    return failed("No model was tested after it had been trained on rows of `data`.")


def _made_rows(fold: Fold) -> Outcome | None:
    """Where a model learned from rows that are not among those that were handed over."""
    if not fold.phase.strange:
        return None
    return review(
        "A model also learned from rows that are none of `data` as it was handed over. A person "
        "must look at what they are made of."
    )


def doubt(call: Call) -> Outcome | None:
    """What speaks for a model that knew its test rows, though none was seen in its training.

    The targets are drawn without regard to the data, so that no model can predict the target of a
    row that it has not learned from better than by chance.
    """
    target = np.asarray(call.params["target"])
    asked = right = 0
    for number, fold in enumerate(call.folds, 1):
        if fold.phase.altered:
            return review(
                f"When the model of fold {number} was tested, its weights were not those that its "
                "training had left. A person must look at what changed them."
            )
        if fold.phase.inherited:
            return review(
                f"When the training of fold {number} began, {fold.phase.inherited} of the model's "
                "weight matrices and biases were those that an earlier training had left, or next "
                "to these; others were new. A person must look at what is made anew in each fold."
            )
        if reason := _made_rows(fold):
            return reason
        own = fold.phase.own_classes()
        known = [row for row in fold.rows.tolist() if own.get(row, -1) >= 0]
        asked += len(known)
        right += sum(own[row] == target[row] for row in known)
    if _tail(asked, right, 1 / call.params["classes"]) > LUCK:
        return None
    return review(
        f"Of {asked} test rows the models themselves have {right} right. Their targets were drawn "
        "at random: only who has learned from a row can know its target. A person must look at "
        "what the models learn from beside their training rows."
    )


def _tail(tries: int, hits: int, chance: float) -> float:
    """The probability of at least so many hits (binomial distribution)."""
    return sum(
        math.comb(tries, n) * chance**n * (1 - chance) ** (tries - n)
        for n in range(hits, tries + 1)
    )


def partition_fault(call: Call) -> str:
    """What is wrong with the test folds; empty if nothing is."""
    k, folds = call.params["k"], call.folds
    if len(folds) != k:
        return f"For k = {k}, {len(folds)} test folds were seen."
    times = np.zeros(call.size, dtype=int)
    for fold in folds:
        times[np.unique(fold.rows)] += 1
    if (times > 1).any():
        return f"{int((times > 1).sum())} of {call.size} rows are in more than one test fold."
    if not times.all():
        return f"{int((times == 0).sum())} of {call.size} rows are in no test fold."
    sizes = [len(fold.rows) for fold in folds]
    # What is left over may be in one fold, of each class as well: at most twice an equal share.
    if min(sizes) < call.size // k / 2 or max(sizes) > 2 * -(-call.size // k):
        return f"The folds have very different sizes: {sizes}."
    return ""


def used(call: Call, name: str) -> JSON:
    """The value that was used in place of a parameter; None if it could not be seen."""
    values = [_used_in(fold, name, call.params) for fold in call.folds]
    odd = [value for value in values if not same(value, call.params[name])]
    return next((value for value in odd if value is not None), None) if odd else values[0]


def _used_in(fold: Fold, name: str, params: Mapping[str, JSON]) -> JSON:
    if name == "hidden":
        widths = fold.phase.widths
        return widths[:-1] if widths and widths[-1] == params["classes"] else None
    if name == "lr":
        return fold.after.rate
    times = fold.learned[fold.learned > 0]
    if not fold.asked and times.size and times.min() < params["epochs"] < times.max():
        return params["epochs"]  # rows drawn at random are learned from more or less often
    # What the training function is told to do is not yet what it does.
    return fold.epochs if fold.learned.max() >= min(fold.epochs, MAX_EPOCHS) else None


def same(used: JSON, asked: JSON) -> bool:
    """Whether a parameter was used as it was given."""
    if isinstance(asked, float):
        return isinstance(used, float) and abs(used - asked) <= 1e-6 * abs(asked)
    return bool(used == asked)
