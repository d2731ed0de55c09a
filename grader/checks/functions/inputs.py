"""Inputs that a rubric describes: sizes, random arrays, rows of other arrays. Trusted side, pure.

[item.check.sizes]              # drawn anew for each call
n = [20, 40]
k = [2, 5]
[[item.check.argument]]
draw = "normal"                 # or "uniform", "integers", "rows", "value"
shape = ["n", 2]
[[item.check.argument]]
draw = "rows"                   # different rows of an earlier argument
of = 0
shape = ["k"]
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from grader.core.model import JSON

Count = Annotated[int, Field(ge=0, le=10_000)]
SizeName = Annotated[str, Field(min_length=1, max_length=60)]
Size = Count | SizeName
Number = Annotated[float, Field(ge=-1e15, le=1e15)]
MOST_NUMBERS = 1_000_000
"""In one argument."""

ACTING = {
    "normal": {"shape", "mean", "spread"},
    "uniform": {"shape", "low", "high"},
    "integers": {"shape", "low", "high"},
    "rows": {"shape", "of"},
    "value": {"value"},
}
"""The keys that each way to draw reads."""


class Argument(BaseModel):
    """How one argument is drawn."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    draw: Literal["normal", "uniform", "integers", "rows", "value"] = Field(examples=["normal"])
    """How it is drawn; each way has keys of its own."""
    shape: tuple[Size, ...] = Field(default=(), max_length=6, examples=[["n", 2]])
    """Numbers, or names of sizes; none for a single number. Of "rows": how many."""
    low: Number | SizeName = 0.0
    """Of "uniform" and "integers": a number, or the name of a size."""
    high: Number | SizeName = 1.0
    """Likewise; "integers" end below it."""
    mean: Number = 0.0
    """Of "normal"."""
    spread: Annotated[Number, Field(ge=0)] = 1.0
    """Of "normal": the standard deviation."""
    of: Annotated[int, Field(ge=0)] = 0
    """Of "rows": which earlier argument they are rows of, counted from 0; all different."""
    value: JSON = Field(default=None, examples=["k"])
    """Of "value": a number, a list, or the name of a size."""

    @model_validator(mode="after")
    def _acts(self) -> Self:
        for key in sorted(self.model_fields_set - {"draw"}):
            # Written down in full, as in a bundle, all keys are there with their defaults.
            is_default = getattr(self, key) == type(self).model_fields[key].get_default()
            if key not in ACTING[self.draw] and not is_default:
                acting = ", ".join(sorted(ACTING[self.draw]))
                raise ValueError(f'{key} does nothing with draw = "{self.draw}", but {acting} do')
        return self

    def drawn(
        self, rng: np.random.Generator, sizes: Mapping[str, int], earlier: Sequence[JSON]
    ) -> JSON:
        """A value of this argument."""
        shape = tuple(sizes[size] if isinstance(size, str) else size for size in self.shape)
        match self.draw:
            case "normal":
                return _plain(rng.normal(self.mean, abs(self.spread), shape))  # -0.0 is refused
            case "uniform":
                return _plain(
                    rng.uniform(_number(self.low, sizes), _number(self.high, sizes), shape)
                )
            case "integers":
                low, high = (int(_number(end, sizes)) for end in (self.low, self.high))
                return _plain(rng.integers(low, high, shape))
            case "rows":
                rows = np.asarray(earlier[self.of])
                return rows[rng.permutation(len(rows))[: shape[0]]]
            case "value":
                return (
                    sizes.get(self.value, self.value)
                    if isinstance(self.value, str)
                    else given(self.value)
                )


class Inputs(BaseModel):
    """The arguments of calls that are drawn, and the sizes that they share."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    sizes: dict[SizeName, tuple[Count, Count]] = Field(
        default_factory=dict, examples=[{"n": [20, 40], "k": [2, 5]}]
    )
    """Numbers that arguments share, drawn anew for each call: smallest and largest."""
    argument: tuple[Argument, ...] = Field(
        min_length=1,
        examples=[
            [
                {"draw": "normal", "shape": ["n", 2], "mean": 0.0, "spread": 3.0},
                {"draw": "integers", "shape": ["n"], "low": 0, "high": "k"},
                {"draw": "uniform", "shape": [], "low": -1.0, "high": 1.0},
                {"draw": "rows", "of": 0, "shape": ["k"]},
                {"draw": "value", "value": "k"},
            ]
        ],
    )
    """One table for each."""
    calls: Annotated[int, Field(ge=1, le=50)] = 4
    """So many, each with arguments of its own."""

    @model_validator(mode="after")
    def _can_be_drawn(self) -> Self:
        for name, (low, high) in self.sizes.items():
            if low > high:
                raise ValueError(f"size {name} goes from {low} down to {high}")
        for number, argument in enumerate(self.argument):
            place = f"argument number {number + 1}"
            names = [*argument.shape, argument.low, argument.high]
            unknown = [n for n in names if isinstance(n, str) and n not in self.sizes]
            if unknown:
                raise ValueError(f"{place}: {unknown[0]!r} is none of the sizes")
            if fault := self._fault(number, argument):
                raise ValueError(f"{place}: {fault}")
        return self

    def _fault(self, number: int, argument: Argument) -> str:
        """Why an argument can't be drawn for some of the sizes, or takes too much."""
        most = [self._end(size, 1) for size in argument.shape]
        if math.prod(most) > MOST_NUMBERS:
            return f"it may have {math.prod(most):,.0f} numbers, more than {MOST_NUMBERS:,}"
        if argument.draw in ("uniform", "integers"):
            low, high = self._end(argument.low, 1), self._end(argument.high, 0)
            whole = math.floor if argument.draw == "integers" else float
            return "" if whole(low) < whole(high) else f"low may be {low:g}, and high {high:g}"
        if argument.draw != "rows":
            return ""
        if argument.of >= number or len(argument.shape) != 1:
            return "rows need `of`, an earlier argument, and a shape of one number"
        there = self.argument[argument.of]
        rows = there.shape[0] if there.shape else len(there.value or ())
        if rows != argument.shape[0] and self._end(rows, 0) < most[0]:
            return f"number {argument.of + 1} may have fewer rows"
        return ""

    def _end(self, size: float | str, end: int) -> float:
        """A number itself, or a size's smallest (0) or largest (1)."""
        return self.sizes[size][end] if isinstance(size, str) else size

    def drawn(self, rng: np.random.Generator) -> list[list[JSON]]:
        """The arguments of each call."""
        return [self._one(rng) for _ in range(self.calls)]

    def _one(self, rng: np.random.Generator) -> list[JSON]:
        sizes = {n: int(rng.integers(low, high + 1)) for n, (low, high) in self.sizes.items()}
        found: list[JSON] = []
        for argument in self.argument:
            found.append(argument.drawn(rng, sizes, found))
        return found


def given(value: JSON) -> JSON:
    """An argument that is written in the rubric: lists of numbers become arrays."""
    if not isinstance(value, (list, tuple)):
        return value
    try:
        array = np.array(value)
    except ValueError:
        return list(value)
    return array if array.dtype.kind in "iufb" else list(value)


def _number(value: float | str, sizes: Mapping[str, int]) -> float:
    return sizes[value] if isinstance(value, str) else value


def _plain(value: JSON) -> JSON:
    return value.item() if np.ndim(value) == 0 else value
