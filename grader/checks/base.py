"""What a check is: frozen settings, the questions it asks, and a pure verdict on the answers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict

from grader.core.model import JSON, Answer, Case, Outcome, Question, Status


class Check(BaseModel):
    """Base of all check types. The fields of a subclass are the keys of `[item.check]`.

    The text below a field is what authors read of it, in editors and in `rubrics/README.md`.
    """

    # A validator is built when it is first used: a bundle has few of the check types.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    reference: ClassVar[bool] = False  # whether the reference answers the same questions
    observes: ClassVar[bool] = True  # whether the task's notebook must be run for it
    automatic: ClassVar[bool] = True  # whether a right solution passes without a person
    sources: ClassVar[Mapping[str, str]] = {}  # of a course's own probes, by name

    @property
    def may_ask_again(self) -> bool:
        """Whether this check type may want further runs of the notebook."""
        return type(self).again is not Check.again

    @property
    def subject(self) -> str:
        """The name in the notebook that the check is about; "" if it is about no single one.

        That is its setting `plot` or `function`; a check type that knows the name itself says so.
        """
        return str(getattr(self, "plot", "") or getattr(self, "function", ""))

    def calls(self, case: Case) -> int:
        """How often its function called the one of its setting `base`, if that may excuse it."""
        return 0

    def published(self, answer: Answer) -> Answer:
        """What students may have of a reference's answer: the facts that `judge` compares with."""
        return answer

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        """The questions to ask, hidden inputs drawn from `rng` (a stream of this item's own)."""
        return ()

    def again(self, case: Case) -> tuple[Question, ...]:
        """What to ask in one more run with secret classes, given all runs so far; () for none."""
        return ()

    def essence(self, answer: Answer) -> JSON:
        """What two solutions with the same mistake have in common; None: nothing to compare."""
        return answer.value

    def judge(self, case: Case) -> Outcome:
        """The verdict. Pure; an exception in here becomes Status.ERROR, never a mark."""
        raise NotImplementedError


def outcome(
    status: Status, message: str, share: Decimal | str | None = None, **details: JSON
) -> Outcome:
    """An outcome; `share` is implied by every status but PARTIAL."""
    if share is None:
        if status is Status.PARTIAL:
            raise ValueError("a partial outcome needs its share")
        share = "1" if status is Status.PASSED else "0"
    return Outcome(status=status, share=Decimal(share), message=message, details=details)


def passed(message: str, **details: JSON) -> Outcome:
    """Full marks."""
    return outcome(Status.PASSED, message, **details)


def failed(message: str, **details: JSON) -> Outcome:
    """No marks."""
    return outcome(Status.FAILED, message, **details)


def partial(share: Decimal | str, message: str, **details: JSON) -> Outcome:
    """A share of the marks, strictly between 0 and 1."""
    return outcome(Status.PARTIAL, message, share, **details)


def review(message: str, **details: JSON) -> Outcome:
    """A person must look."""
    return outcome(Status.REVIEW, message, **details)


def error(message: str, **details: JSON) -> Outcome:
    """The grader could not tell."""
    return outcome(Status.ERROR, message, **details)
