"""Checks of a student's k-fold cross-validation: results, folds, isolation, parameters.

Trusted side, pure. The function is called on rows of our own, with predictions that a script
fixes for each model; what its models saw tells what it did, however it is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

import numpy as np
from pydantic import Field, ValidationError

from grader.checks.base import Check, error, failed, partial, passed, review
from grader.checks.model_evaluation.folds import (
    FOREIGN_ROW,
    TOLERANCE,
    UNKNOWN_ROW,
    Call,
    Fold,
    draw_script,
    read,
)
from grader.checks.settings import Share
from grader.core.model import JSON, Answer, AnswerStatus, Case, Outcome, Question

NAME = "kfold_crossvalidation"


class KFoldCheck(Check):
    """What the four checks share: how they ask, and when there is nothing to mark."""

    attributes: Annotated[int, Field(ge=1, le=1000)] = 13
    """Columns of the data, as in the notebook."""
    classes: Annotated[int, Field(ge=2, le=10)] = 3
    """Classes of the target."""

    @property
    def subject(self) -> str:
        """The function."""
        return NAME

    def essence(self, answer: Answer) -> JSON:
        """What is returned."""
        return answer.value.get("returned") if isinstance(answer.value, dict) else None

    def question(
        self, rng: np.random.Generator, k: int, *, even: bool = True, deep: bool = False
    ) -> Question:
        """A call with hidden data; `even`: k divides the number of rows."""
        size = k * int(rng.integers(9, 13)) + (0 if even else int(rng.integers(1, k)))
        target = rng.permutation(np.arange(size) % self.classes)
        params: dict[str, JSON] = {
            "k": k,
            "data": rng.standard_normal((size, self.attributes)).astype(np.float32),
            "target": target,
            "hidden": [int(n) for n in rng.permutation(np.arange(4, 10))[: 2 if deep else 1]],
            "epochs": int(rng.integers(3, 6)),
            "lr": float(rng.integers(21, 80)) / 10_000,
            "script": draw_script(rng, target, k, self.classes),
            "classes": self.classes,
            "seed": int(rng.integers(2**31)),
        }
        return Question(probe="kfold", params=params)

    def judge(self, case: Case) -> Outcome:
        """The verdict, if there is something to judge."""
        calls = _understand(case)
        return calls if isinstance(calls, Outcome) else self.verdict(calls)

    def verdict(self, calls: Sequence[Call]) -> Outcome:
        """The verdict on calls that were answered."""
        raise NotImplementedError


class KFoldResults(KFoldCheck):
    """k results, each the accuracy of a fold's model on its test rows, and their mean."""

    mean_share: Share = Decimal("0.5")
    """Of the points, for the right mean."""

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        """Two calls with different k."""
        few, many = rng.permutation([4, 5, 6])[:2]
        return (self.question(rng, int(few)), self.question(rng, int(many)))

    def verdict(self, calls: Sequence[Call]) -> Outcome:
        """Results and mean each carry their share."""
        details = _returned(calls)
        if any(call.facts.error or call.accuracies is None for call in calls):
            return failed(_no_results(calls), **details)
        if any(call.share_of(UNKNOWN_ROW) > 0.5 for call in calls):
            return review(_CHANGED, **details)
        wrong = next((text for call in calls if (text := _wrong_results(call))), "")
        off = next((text for call in calls if (text := _wrong_mean(call))), "")
        if not wrong and not off:
            return passed("One accuracy for each fold, and their mean.", **details)
        if wrong and any(np.ptp(c.accuracies) == 0 for c in calls if c.accuracies is not None):
            return failed(wrong, **details)  # the mean of equal made-up values shows nothing
        share = (Decimal(0) if wrong else 1 - self.mean_share) + (0 if off else self.mean_share)
        message = " ".join(filter(None, [wrong, off]))
        return partial(share, message, **details) if 0 < share < 1 else failed(message, **details)


class KFoldPartition(KFoldCheck):
    """The test folds are disjoint, k in number, and cover all rows."""

    remainder_share: Share = Decimal("0.75")
    """Left if it only works where k divides the number of rows."""

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        """One call where k divides the number of rows, one where it does not."""
        return (self.question(rng, 5), self.question(rng, 4, even=False))

    def verdict(self, calls: Sequence[Call]) -> Outcome:
        """The rows that each model was tested on, compared."""
        even, uneven = calls
        sizes: dict[str, JSON] = {"fold_sizes": [[len(f.rows) for f in c.folds] for c in calls]}
        if reason := _unreadable(even):
            return reason
        if fault := _partition_fault(even):
            return failed(fault, **sizes)
        fault = _partition_fault(uneven) or (uneven.facts.error and _stopped(uneven.facts.error))
        if fault:
            text = f"The folds are right where k divides the number of rows. Else: {fault}"
            return partial(self.remainder_share, text, **sizes)
        return passed("The test folds are disjoint and cover all rows.", **sizes)


class KFoldIsolation(KFoldCheck):
    """Each fold has a fresh model, trained on the other folds and never on its own test rows."""

    reused_share: Share = Decimal("0.25")
    """One model for all folds, but rows kept apart in each."""
    flawed_share: Share = Decimal("0.5")
    """Apart and fresh, but trained on too little, or wrongly."""

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        """One call."""
        return (self.question(rng, 5),)

    def verdict(self, calls: Sequence[Call]) -> Outcome:
        """What each fold's model had learned from when it was tested."""
        call = calls[0]
        if reason := _unreadable(call):
            return reason
        if not call.folds or not all(fold.phase.trained.any() for fold in call.folds):
            return failed("No model was tested after it had been trained on rows of `data`.")
        if len({fold.phase.life for fold in call.folds}) < len(call.folds):
            return self._reused(call)
        for number, fold in enumerate(call.folds, 1):
            leaked = int(fold.phase.trained[fold.rows].sum())
            if leaked:
                return failed(
                    f"The model of fold {number} was trained on {leaked} of the "
                    f"{len(fold.rows)} rows on which it was then tested."
                )
        if len(call.folds) == 1:
            return failed("Only one model was trained and tested.")
        return self._flawed(call) or passed(
            "Every fold has a fresh model that never saw its test rows in training."
        )

    def _reused(self, call: Call) -> Outcome:
        text = (
            "The same model is trained on from fold to fold. From the second fold on it has "
            "already learned from rows on which it is then tested. Make a new model in each fold."
        )
        apart = not any(fold.learned[fold.rows].any() for fold in call.folds)
        return partial(self.reused_share, text) if apart and self.reused_share else failed(text)

    def _flawed(self, call: Call) -> Outcome | None:
        target = np.asarray(call.params["target"])
        for number, fold in enumerate(call.folds, 1):
            others, used = call.size - len(fold.rows), int(fold.phase.trained.sum())
            if used < others / 2:
                return partial(
                    self.flawed_share,
                    f"The model of fold {number} was trained on {used} of the {others} rows that "
                    "are not in its test fold. It should learn from all of them.",
                )
            if left_out := call.unseen(fold):
                return partial(
                    self.flawed_share,
                    f"The model of fold {number} was trained without the rows of fold {left_out}. "
                    "It should learn from all folds but its own.",
                )
            labels = np.array(fold.phase.labels)
            wrong = (labels >= 0) & (labels != target)
            if wrong.sum() > (labels >= 0).sum() / 5:
                return partial(
                    self.flawed_share,
                    f"In fold {number}, {int(wrong.sum())} of {int((labels >= 0).sum())} training "
                    "rows were learned with the target of another row.",
                )
        return None


class KFoldParameters(KFoldCheck):
    """`hidden`, `epochs` and `lr` reach the models and their training."""

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        """One call with unusual values."""
        return (self.question(rng, 4, deep=True),)

    def verdict(self, calls: Sequence[Call]) -> Outcome:
        """A third of the points for each parameter."""
        call = calls[0]
        if call.facts.arguments < 6:
            return failed(f"`{NAME}` can't be called with `hidden`, `epochs` and `lr`.")
        if not any(fold.phase.trained.any() for fold in call.folds):
            return failed("No model was trained and then tested.")
        asked = {name: call.params[name] for name in ("hidden", "epochs", "lr")}
        used = {name: _used(call, name) for name in asked}
        details: dict[str, JSON] = {"expected": asked, "given": used}
        ignored = [n for n in asked if used[n] is not None and not _same(used[n], asked[n])]
        if ignored:
            told = ", ".join(f"`{n}` was {asked[n]}, but used was {used[n]}" for n in ignored)
            share = (Decimal(3 - len(ignored)) / 3).quantize(Decimal("0.01"))
            message = f"Not honoured: {told}."
            return partial(share, message, **details) if share else failed(message, **details)
        unseen = [f"`{name}`" for name in asked if used[name] is None]
        if unseen:
            text = f"It could not be seen whether {', '.join(unseen)} is honoured."
            return review(text, **details)
        return passed("`hidden`, `epochs` and `lr` are honoured.", **details)


_CHANGED = (
    "The rows of `data` were changed before the models saw them, so that they could not be "
    "recognised. A person must look at how the folds are made."
)


def _understand(case: Case) -> Outcome | list[Call]:
    """The calls behind the answers, or the outcome where there is nothing to judge."""
    calls = []
    for question, answer in zip(case.asked, case.answers, strict=True):
        if answer.status is not AnswerStatus.OK:
            return _unanswered(answer)
        try:
            calls.append(read(question.params, answer.value))
        except (ValidationError, ValueError):
            return error(f"The answer about `{NAME}` is not what was asked for.")
    first = calls[0]
    if first.facts.phases:
        return calls
    if first.facts.error:
        return failed(_stopped(first.facts.error))
    if first.accuracies is not None and len(first.accuracies) == first.params["k"]:
        return review(
            f"`{NAME}` returned {first.params['k']} results, but no model was seen at work. "
            "A person must look at how they come about.",
            **_returned(calls),
        )
    return failed(f"`{NAME}` did not test any model on the data that it was given.")


def _unanswered(answer: Answer) -> Outcome:
    match answer.status:
        case AnswerStatus.UNDEFINED:
            return failed(f"There is no function `{NAME}`.")
        case AnswerStatus.RAISED:
            return failed(_stopped(answer.error))
        case AnswerStatus.TIMEOUT:
            return failed(f"`{NAME}` did not finish in time on a small data set.")
        case _:
            return error(f"No usable answer came back from `{NAME}`: {answer.error}".rstrip(": "))


def _stopped(text: str) -> str:
    if text.startswith(("NameError", "UnboundLocalError", "NotImplementedError")):
        return f"`{NAME}` is not attempted, or not finished: {text[:300]}"
    return f"`{NAME}` stopped with {text[:300]}"


def _returned(calls: Sequence[Call]) -> dict[str, JSON]:
    lists = [[] if call.accuracies is None else list(call.accuracies) for call in calls]
    given = [[round(float(value), 4) for value in values] for values in lists]
    seen = [[round(fold.accuracy, 4) for fold in call.folds] for call in calls]
    return {"given": given, "average": [call.average for call in calls], "seen": seen}


def _no_results(calls: Sequence[Call]) -> str:
    call = next(call for call in calls if call.facts.error or call.accuracies is None)
    if call.facts.error:
        return _stopped(call.facts.error)
    kind = "nothing" if call.facts.returned is None else "something else"
    return f"`{NAME}` returns {kind}. It should return the accuracies and their average."


def _wrong_results(call: Call) -> str:
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


def _wrong_mean(call: Call) -> str:
    if call.average is None or call.accuracies is None:
        return "The average is missing from what is returned."
    means = [float(call.accuracies.mean())]
    if len(call.folds) == len(call.accuracies):  # each row may count the same, too
        weights = [len(fold.rows) for fold in call.folds]
        means.append(float(np.average(call.accuracies, weights=weights)))
    if min(abs(mean - call.average) for mean in means) <= TOLERANCE:
        return ""
    return f"The mean of the returned results is {means[0]:.3f}, not {call.average:.3f}."


def _unreadable(call: Call) -> Outcome | None:
    """Where it can't be told which rows were used."""
    if call.share_of(FOREIGN_ROW) > 0.5:
        return failed(
            "The models were tested on the notebook's own `data`, not on the data that the "
            "function was called with."
        )
    return review(_CHANGED) if call.share_of(UNKNOWN_ROW) > 0.5 else None


def _partition_fault(call: Call) -> str:
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
    if min(len(fold.rows) for fold in folds) < call.size // k / 2:
        return f"The folds have very different sizes: {[len(fold.rows) for fold in folds]}."
    return ""


def _used(call: Call, name: str) -> JSON:
    """The value that was used in place of a parameter; None if it could not be seen."""
    values = [_used_in(fold, name, call.params["classes"]) for fold in call.folds]
    odd = [value for value in values if not _same(value, call.params[name])]
    return odd[0] if odd else values[0]


def _used_in(fold: Fold, name: str, classes: int) -> JSON:
    if name == "hidden":
        widths = fold.phase.widths
        return widths[:-1] if widths and widths[-1] == classes else None
    return fold.epochs if name == "epochs" else fold.after.rate


def _same(used: JSON, asked: JSON) -> bool:
    if isinstance(asked, float):
        return isinstance(used, float) and abs(used - asked) <= 1e-6 * abs(asked)
    return bool(used == asked)
