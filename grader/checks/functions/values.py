"""Checks a student's function by its values on hidden inputs, compared with the reference's.

Trusted side, pure. How the function is written does not matter: arrays or scalars, numpy, torch or
plain Python.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from grader.checks.base import Check, error, failed, partial, passed, review
from grader.checks.settings import Name, Share, Tolerance, expected
from grader.core.model import JSON, Answer, AnswerStatus, Case, Outcome, Question

DIFFERENCES = 1e-2
"""Tolerance for derivatives by differences: steps up to 0.01 are this far off."""

UNKNOWN = (AnswerStatus.LOST, AnswerStatus.MALFORMED)
Points = Annotated[tuple[float, ...], Field(min_length=1)]
Floats = NDArray[np.float64]
ORDINARY, EXTREME, WHOLE, SHOWN, LARGE, SHIFTED, BASE_ORDINARY, BASE_EXTREME = range(8)


class FunctionValues(Check):
    """A function of one number. Tolerances are relative, and absolute near zero."""

    reference: ClassVar[bool] = True

    function: Name = Field(examples=["tanh_grad"])
    """The function's name in the notebook."""
    base: Name | Literal[""] = Field(default="", examples=["tanh"])
    """Of a gradient: the function that it belongs to."""
    shown: Points = (-2.0, -0.5, 1.0, 3.0)
    """Public points, for the feedback."""
    large: Points = (-1000.0, 1000.0)
    """Likewise, where overflow shows."""
    tolerance: Tolerance = 1e-4
    """Relative; near zero absolute, of a hundredth."""
    allowed: dict[str, Points] = Field(default_factory=dict, examples=[{"0": [0.0, 0.5, 1.0]}])
    """Points, in quotes, where several values are right."""
    extreme_share: Share = Decimal("0.25")
    """Lost if only inputs of large size go wrong."""
    difference_share: Share = Decimal("0.25")
    """Lost for differences where a formula is asked for."""

    @field_validator("allowed")
    @classmethod
    def _are_points(cls, allowed: dict[str, Points]) -> dict[str, Points]:
        for point in allowed:
            try:
                float(point)
            except ValueError:
                raise expected(f"points in quotes for keys, not {point!r}") from None
        return allowed

    def published(self, answer: Answer) -> Answer:
        """The values alone, not how the reference computes them."""
        values = answer.value.get("values") if isinstance(answer.value, dict) else None
        return replace(answer, value={} if values is None else {"values": values})

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        """Ordinary, extreme, integer and public points; for a gradient also how it is computed."""
        ordinary = np.concatenate([rng.uniform(-6, 6, 20), rng.normal(0, 0.3, 6), [0.0]])
        sizes = np.array([25.0, 90.0, 720.0, 1200.0]) * rng.uniform(1, 1.3, 4)
        extreme = np.concatenate([sizes, -sizes])
        whole = rng.permutation(np.arange(-9, 10))[:8].astype(np.float64)
        asked = [
            self._ask(ordinary),
            self._ask(extreme),
            Question(
                probe="call_function",
                params={"name": self.function, "points": whole, "integers": True},
            ),
            self._ask(np.array(self.shown)),
            self._ask(np.array(self.large)),
        ]
        if self.base:
            points = rng.uniform(0.5, 3, 3) * np.array([1, -1, 1])
            params = {"name": self.function, "base": self.base, "points": points}
            asked.append(Question(probe="shifted_calls", params=params))
            asked += [self._ask(points, self.base) for points in (ordinary, extreme)]
        return tuple(asked)

    def _ask(self, points: Floats, name: str = "") -> Question:
        params = {"name": name or self.function, "points": points}
        return Question(probe="call_function", params=params)

    def essence(self, answer: Answer) -> JSON:
        """The values alone: not how often other functions were called for them."""
        return answer.value.get("values") if isinstance(answer.value, dict) else None

    def judge(self, case: Case) -> Outcome:
        """PASSED, PARTIAL for slips at the edges, FAILED for a wrong function."""
        if (early := undecided(case.answers[ORDINARY], self.function)) is not None:
            return early
        needed = (EXTREME, WHOLE, SHOWN, *((SHIFTED,) if self.base else ()))
        if any(case.answers[n].status in UNKNOWN for n in needed):
            return error(f"What {self.function} gives could not be established.")
        differences = bool(self.base) and _count(case.answers[SHIFTED], "shifted") > 0
        right = {
            n: self._right(case.asked[n], case.answers[n], case.expected[n], differences)
            for n in (ORDINARY, EXTREME, WHOLE, SHOWN)
        }
        if not right[ORDINARY] or not right[SHOWN]:
            return self._wrong(case)
        slips = []
        if not right[EXTREME] and not self._follows(case, BASE_EXTREME, EXTREME):
            slips.append(
                (
                    self.extreme_share,
                    "inputs of large size give wrong values or no number (overflow)",
                )
            )
        if not right[WHOLE]:
            slips.append((self.extreme_share, "whole numbers as input give wrong values"))
        if differences:
            slips.append(
                (self.difference_share, "it is computed from differences, not by a formula")
            )
        if not slips:
            lesser = "" if right[EXTREME] else f", but for what follows from {self.base}"
            return passed(f"Right on all inputs{lesser}.")
        message = f"Right on ordinary inputs, but {' and '.join(reason for _, reason in slips)}."
        details = self._shown(case, (SHOWN,) if right[EXTREME] else (SHOWN, LARGE))
        share = Decimal(1) - sum((lost for lost, _ in slips), Decimal(0))
        return partial(share, message, **details) if share > 0 else failed(message, **details)

    def _wrong(self, case: Case) -> Outcome:
        """The outcome for wrong values; a person looks at those that may come from elsewhere."""
        details = self._shown(case, (SHOWN,))
        if self._follows(case, BASE_ORDINARY, ORDINARY):
            return review(
                f"It uses {self.base}, which is wrong itself: a person must look "
                "whether it would be right otherwise.",
                **details,
            )
        answer = case.answers[ORDINARY]
        values = values_of(answer, len(case.asked[ORDINARY].params["points"]))
        errors = answer.value.get("errors") if isinstance(answer.value, dict) else None
        if values is None or not np.isfinite(values).any():
            text = errors[0] if isinstance(errors, list) and errors else "no number came back"
            details.pop("given", None)  # nothing but nan
            return failed(f"{self.function} could not be evaluated: {str(text)[:300]}", **details)
        return failed(f"{self.function} gives wrong values.", **details)

    def _follows(self, case: Case, base: int, own: int) -> bool:
        """Whether wrong values of a gradient may come from its function, which it calls."""
        if not self.base or _count(case.answers[SHIFTED], "calls") == 0:
            return False
        size = len(case.asked[base].params["points"])
        given, wanted = values_of(case.answers[own], size), values_of(case.expected[own], size)
        below, truth = values_of(case.answers[base], size), values_of(case.expected[base], size)
        if given is None or wanted is None or below is None or truth is None:
            return False
        # Only where the function itself is right is the gradient answerable for its value.
        sound = _close(below, truth, self.tolerance)
        return bool(not sound.all() and _close(given, wanted, self.tolerance)[sound].all())

    def _right(self, asked: Question, given: Answer, expected: Answer, differences: bool) -> bool:
        points = np.asarray(asked.params["points"], dtype=np.float64)
        values, wanted = values_of(given, points.size), values_of(expected, points.size)
        if values is None or wanted is None:
            return False
        tolerance = DIFFERENCES if differences else self.tolerance
        close = _close(values, wanted, tolerance)
        if differences:  # their error does not shrink with the value
            close |= np.abs(values - wanted) <= tolerance
        for point, alternatives in self.allowed.items():
            here = points == float(point)
            near = np.min(np.abs(values[:, None] - np.array(alternatives)[None, :]), axis=1)
            close |= here & (near <= tolerance)
        return bool(close.all())

    def _shown(self, case: Case, which: tuple[int, ...]) -> dict[str, object]:
        """The student's values at public points beside the right ones."""
        expected, given = [], []
        for number in which:
            points = np.asarray(case.asked[number].params["points"], dtype=np.float64)
            expected += self._written(points, values_of(case.expected[number], points.size))
            given += self._written(points, values_of(case.answers[number], points.size))
        return {"expected": expected, "given": given} if expected else {}

    def _written(self, points: Floats, values: Floats | None) -> list[str]:
        if values is None:
            return ["no values"]
        return [f"{self.function}({x:g}) = {y:.6g}" for x, y in zip(points, values, strict=True)]


def _close(values: Floats, wanted: Floats, tolerance: float) -> NDArray[np.bool_]:
    with np.errstate(all="ignore"):
        near = np.abs(values - wanted) <= tolerance * np.maximum(1e-2, np.abs(wanted))
    near &= np.isfinite(wanted)  # every number is as near to an infinity as to another one
    return np.asarray(near | (values == wanted), dtype=np.bool_)


def undecided(answer: Answer, name: str) -> Outcome | None:
    """The outcome for an answer that holds no facts, else None."""
    if answer.status is AnswerStatus.UNDEFINED:
        if answer.error not in ("", name):
            return failed(f"{answer.error}.")
        return failed(f"{name} is not defined: not attempted, or its cell does not run.")
    if answer.status is AnswerStatus.RAISED:
        return failed(f"{name} could not be called: {answer.error[:300]}")
    if answer.status is AnswerStatus.TIMEOUT:
        return failed(f"{name} did not come back in time.")
    if answer.status is not AnswerStatus.OK:
        return error(f"What {name} gives could not be established.")
    return None


def values_of(answer: Answer, size: int) -> Floats | None:
    """The `size` values that a call gave, or None if the answer is anything else."""
    if answer.status is not AnswerStatus.OK or not isinstance(answer.value, dict):
        return None
    values = answer.value.get("values")
    if (
        not isinstance(values, np.ndarray)
        or values.shape != (size,)
        or values.dtype.kind not in "fiu"
    ):
        return None
    return values.astype(np.float64)


def _count(answer: Answer, name: str) -> int:
    found = answer.value.get(name) if isinstance(answer.value, dict) else None
    return found if isinstance(found, int) else 0
