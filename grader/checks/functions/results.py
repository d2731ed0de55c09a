"""Checks a student's function of arrays by what it returns, compared with the reference's.

Trusted side, pure. The inputs are described in the rubric (`grader.checks.functions.inputs`); what
comes back may be a number, an array, a list, or a tuple of these, of any library.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from decimal import Decimal
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from grader.checks.base import Check, error, failed, partial, passed
from grader.checks.functions.inputs import Inputs, given
from grader.checks.functions.values import undecided
from grader.checks.settings import Name, Share, Tolerance
from grader.core.model import JSON, Answer, AnswerStatus, Case, Outcome, Question

SHOWN = 400
"""Characters of a value that are shown."""


class Example(BaseModel):
    """A call that is written down in the rubric, and so public: shown when it goes wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    arguments: tuple[JSON, ...] = Field(examples=[[[3.0, 1.0, 2.0]]])
    """What the function is called with."""
    why: str = Field(default="", examples=["there is one value only"])
    """What is special about it, in words for the student."""
    share: Share = Decimal(1)
    """Of the points, lost if only this goes wrong."""


class FunctionResults(Check):
    """A function called with arrays. Ordinary calls must be right; examples cost their share."""

    reference: ClassVar[bool] = True

    function: Name = Field(examples=["spread"])
    """The function's name in the notebook."""
    base: Name | Literal[""] = Field(default="", examples=["assign"])
    """Another function that it calls; who only calls a wrong one is for a person."""
    inputs: Inputs
    """The arguments of hidden calls, drawn anew for each submission."""
    example: tuple[Example, ...] = ()
    """Public calls, shown when they go wrong."""
    arrays: Literal["numpy", "torch", "lists"] = "numpy"
    """What the arguments are."""
    tolerance: Tolerance = 1e-6
    """Relative, and absolute near zero."""
    compare: Literal["values", "rows", "labels", "any order"] = Field(
        default="values", examples=["labels"]
    )
    """rows: the rows of an array in any order; labels: groups, whatever numbers they have; any
    order: the entries of a list or of an array."""
    fixed_labels: tuple[int, ...] = Field(default=(), examples=[[-1]])
    """With labels: numbers that mean something, such as -1 for noise, and stay as they are."""

    @model_validator(mode="after")
    def _labels_are_compared(self) -> Self:
        if self.fixed_labels and self.compare != "labels":
            raise ValueError('fixed_labels do nothing without compare = "labels"')
        return self

    def calls(self, case: Case) -> int:
        """As the answers tell."""
        return calls_of_base(case)

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        """The examples, then the calls that are drawn."""
        examples = [[given(value) for value in one.arguments] for one in self.example]
        return tuple(self._ask(arguments) for arguments in [*examples, *self.inputs.drawn(rng)])

    def _ask(self, arguments: list[JSON]) -> Question:
        params = {"name": self.function, "arguments": arguments, "arrays": self.arrays}
        return Question(probe="call_results", params=params | with_base(self.base))

    def essence(self, answer: Answer) -> JSON:
        """What is returned."""
        return returned(answer)

    def judge(self, case: Case) -> Outcome:
        """PASSED, a share less for each example that goes wrong, FAILED for a wrong function."""
        first = len(self.example)
        if (early := undecided(case.answers[first], self.function)) is not None:
            return early
        if any(a.status in (AnswerStatus.LOST, AnswerStatus.MALFORMED) for a in case.answers):
            return error(f"What {self.function} returns could not be established.")
        right = [
            self._right(given_, expected)
            for given_, expected in zip(case.answers, case.expected, strict=True)
        ]
        details = self._shown(case, right)
        if not all(right[first:]):
            return failed(f"{self.function} returns wrong values.", **details)
        missed = [one for one, good in zip(self.example, right, strict=False) if not good]
        if not missed:
            return passed("Right on all inputs.")
        reasons = " and ".join(one.why or "an example goes wrong" for one in missed)
        message = f"Right on ordinary inputs, but not where {reasons}."
        share = Decimal(1) - sum((one.share for one in missed), Decimal(0))
        return partial(share, message, **details) if share > 0 else failed(message, **details)

    def _right(self, answer: Answer, expected: Answer) -> bool:
        value, wanted = returned(answer), returned(expected)
        return answer.status is AnswerStatus.OK and alike(
            value, wanted, self.tolerance, self.compare, self.fixed_labels
        )

    def _shown(self, case: Case, right: list[bool]) -> dict[str, JSON]:
        """The examples that went wrong, else the first: expected beside given. No hidden input."""
        wrong = [n for n in range(len(self.example)) if not right[n]] or range(len(self.example))
        for number in list(wrong)[:1]:
            call = f"{self.function}({', '.join(map(_text, self.example[number].arguments))})"
            answer = case.answers[number]
            told = answer.error[:200] if answer.status is not AnswerStatus.OK else ""
            return {
                "expected": f"{call} = {_text(returned(case.expected[number]))}",
                "given": told or _text(returned(answer)),
            }
        return {}


def returned(answer: Answer) -> JSON:
    """What the function returned, as the answer tells."""
    return answer.value.get("returned") if isinstance(answer.value, dict) else None


def with_base(base: str) -> dict[str, JSON]:
    """What a question holds so that calls of another function are counted."""
    return {"base": base} if base else {}


def calls_of_base(case: Case) -> int:
    """How often that was called, over all answers."""
    told = [answer.value.get("calls") for answer in case.answers if isinstance(answer.value, dict)]
    return sum(count for count in told if type(count) is int and count > 0)


def alike(
    value: JSON,
    wanted: JSON,
    tolerance: float,
    compare: str = "values",
    fixed: Collection[int] = (),
) -> bool:
    """Whether two returned values are the same up to the tolerance: tuples part by part.

    Texts, None and the keys of a dict must be equal; an infinity is near itself alone.
    """
    if isinstance(wanted, dict):
        return (
            isinstance(value, dict)
            and value.keys() == wanted.keys()
            and all(alike(value[key], wanted[key], tolerance, compare, fixed) for key in wanted)
        )
    if wanted is None or isinstance(wanted, str):
        return type(value) is type(wanted) and bool(value == wanted)
    ours = numbers(wanted)
    if ours is None:
        return (
            isinstance(wanted, list)
            and isinstance(value, list)
            and len(value) == len(wanted)
            and _same_parts(value, wanted, tolerance, compare, fixed)
        )
    theirs = numbers(value)
    if theirs is None:
        return False
    if theirs.shape != ours.shape and theirs.size == ours.size == max((1, *ours.shape)):
        theirs = theirs.reshape(ours.shape)  # a row, a column, or a number in brackets
    if theirs.shape != ours.shape:
        return False
    if compare == "labels" and ours.ndim == 1:
        return _same_groups(theirs, ours, fixed)
    if (compare == "rows" and ours.ndim == 2) or (compare == "any order" and ours.ndim >= 1):
        return _same_rows(theirs, ours, tolerance)
    return bool(_close(theirs, ours, tolerance).all())


def numbers(value: JSON) -> np.ndarray | None:
    """A number, an array, or nested lists of one shape as an array of floats; else None."""
    if isinstance(value, np.ndarray):
        return value.astype(np.float64) if value.dtype.kind in "biuf" else None
    if isinstance(value, (bool, int, float)):
        with suppress(OverflowError):
            return np.array(float(value))
        return None
    if not isinstance(value, list) or not value:
        return None
    parts = [numbers(part) for part in value]
    if any(part is None or part.shape != parts[0].shape for part in parts if parts[0] is not None):
        return None
    return None if parts[0] is None else np.array(parts, dtype=np.float64)


def _close(values: np.ndarray, wanted: np.ndarray, tolerance: float) -> np.ndarray:
    with np.errstate(all="ignore"):
        near = np.abs(values - wanted) <= tolerance * np.maximum(1, np.abs(wanted))
    near &= np.isfinite(wanted)
    return np.asarray(near | (np.isnan(values) & np.isnan(wanted)) | (values == wanted))


def _same_parts(
    parts: list[JSON], wanted: list[JSON], tolerance: float, compare: str, fixed: Collection[int]
) -> bool:
    """Lists of what is no number: entry by entry, or each with one that is like it."""
    left = list(wanted)
    for part in parts:
        open_ = range(len(left) if compare == "any order" else 1)
        same = (n for n in open_ if alike(part, left[n], tolerance, compare, fixed))
        if (match := next(same, None)) is None:
            return False
        del left[match]
    return True


def _same_groups(labels: np.ndarray, wanted: np.ndarray, fixed: Collection[int]) -> bool:
    pairs = set(zip(labels.tolist(), wanted.tolist(), strict=True))
    if any(a != b and (a in fixed or b in fixed) for a, b in pairs):
        return False
    return len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def _same_rows(rows: np.ndarray, wanted: np.ndarray, tolerance: float) -> bool:
    left = list(range(len(wanted)))
    for row in rows:
        match = next((n for n in left if _close(row, wanted[n], tolerance).all()), None)
        if match is None:
            return False
        left.remove(match)
    return True


def _text(value: JSON) -> str:
    """The beginning of a value in words; what is not shown of a large one is not read."""
    if isinstance(value, np.ndarray) and value.ndim < 2:
        value = np.round(value[:SHOWN] if value.ndim else value, 6).tolist()
    if not isinstance(value, (list, tuple, np.ndarray)):
        return f"{value:.6g}" if isinstance(value, float) else str(value)[:SHOWN]
    told = ""
    for part in value:
        told += (", " if told else "") + _text(part)
        if len(told) >= SHOWN:
            break
    return f"[{told}]"[:SHOWN]
