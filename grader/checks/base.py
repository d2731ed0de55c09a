"""What a check is: frozen settings, the questions it asks, and a pure verdict on the answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict

from grader.core.model import (
    JSON,
    Answer,
    Evidence,
    Item,
    Notebook,
    Outcome,
    Question,
    QuizResponse,
    Status,
)

if TYPE_CHECKING:
    from grader.retraining.runs import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that a check may look at when it judges one item of one submission."""

    item: Item
    asked: tuple[Question, ...] = ()  # what `questions` returned
    answers: tuple[Answer, ...] = ()  # the student's, one for each in `asked`
    expected: tuple[Answer, ...] = ()  # the reference's, likewise; empty if `reference` is False
    evidence: Evidence | None = None
    notebook: Notebook | None = None  # the student's
    master: Notebook | None = None  # the reference's, with solutions
    template: Notebook | None = None  # what students were given
    quiz: QuizResponse | None = None
    reference_dir: Path = field(default_factory=Path)
    data_dir: Path | None = None  # Fashion-MNIST, true labels
    runs: tuple[Run, ...] = ()  # further runs of the notebook, that `again` asked for


class Check(BaseModel):
    """Base of all check types. The fields of a subclass are the keys of `[item.check]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: ClassVar[bool] = False  # whether the reference answers the same questions
    observes: ClassVar[bool] = True  # whether the task's notebook must be run for it
    automatic: ClassVar[bool] = True  # whether a right solution passes without a person

    @property
    def subject(self) -> str:
        """The name in the notebook that the check is about; "" if it is about no single one."""
        return ""

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
