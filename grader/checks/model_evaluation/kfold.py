"""Checks of a student's k-fold cross-validation: results, folds, isolation, parameters.

Trusted side, pure. The function is called on rows of our own, with predictions that a script
fixes for each model; what its models saw tells what it did, however it is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

import numpy as np
from pydantic import Field

from grader.checks.base import Check, failed, partial, passed, review
from grader.checks.model_evaluation import findings
from grader.checks.model_evaluation.findings import NAME
from grader.checks.model_evaluation.folds import UNKNOWN_ROW, Call, draw_script
from grader.checks.settings import Share
from grader.core.model import JSON, Answer, Case, Outcome, Question

ENOUGH = 0.9
"""Of the rows of the other folds: less may be by intent, such as for a validation set."""


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
        calls = findings.understand(case)
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
        details = findings.returned(calls)
        if any(call.told.error or call.accuracies is None for call in calls):
            return failed(findings.no_results(calls), **details)
        if any(call.share_of(UNKNOWN_ROW) > 0.5 for call in calls):
            return review(findings.CHANGED, **details)
        if any(findings.unseen_tests(call) for call in calls):
            return review(findings.UNSEEN, **details)
        wrong = next((text for call in calls if (text := findings.wrong_results(call))), "")
        off = next((text for call in calls if (text := findings.wrong_mean(call))), "")
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
        if reason := findings.unreadable(even):
            return reason
        if fault := findings.partition_fault(even):
            return failed(fault, **sizes)
        fault = findings.partition_fault(uneven) or (
            uneven.told.error and findings.stopped(uneven.told.error)
        )
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
        if reason := findings.unreadable(call):
            return reason
        if not call.folds or not all(fold.phase.trained.any() for fold in call.folds):
            return findings.untrained(call)
        if len({fold.phase.life for fold in call.folds}) < len(call.folds):
            return self._reused(call)
        for number, fold in enumerate(call.folds, 1):
            leaked = int(fold.phase.touched[fold.rows].sum())
            if leaked:
                return failed(
                    f"The model of fold {number} was trained on {leaked} of the "
                    f"{len(fold.rows)} rows on which it was then tested."
                )
        if len(call.folds) == 1:
            return failed("Only one model was trained and tested.")
        return (
            findings.doubt(call)
            or self._flawed(call)
            or passed("Every fold has a fresh model that never saw its test rows in training.")
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
            given = int(fold.phase.touched.sum())
            if given < ENOUGH * others:
                return review(
                    f"The model of fold {number} was given {given} of the {others} rows that are "
                    "not in its test fold. A person must look at what the others are used for."
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
        if call.told.arguments < 6:
            return failed(f"`{NAME}` can't be called with `hidden`, `epochs` and `lr`.")
        if not any(fold.phase.trained.any() for fold in call.folds):
            return findings.untrained(call)
        asked = {name: call.params[name] for name in ("hidden", "epochs", "lr")}
        used = {name: findings.used(call, name) for name in asked}
        details: dict[str, JSON] = {"expected": asked, "given": used}
        ignored = [n for n in asked if used[n] is not None and not findings.same(used[n], asked[n])]
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
