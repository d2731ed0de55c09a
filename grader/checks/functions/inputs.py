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

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from grader.core.model import JSON

Size = int | str
Count = Annotated[int, Field(ge=0, le=10_000)]


class Argument(BaseModel):
    """How one argument is drawn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    draw: Literal["normal", "uniform", "integers", "rows", "value"]
    shape: tuple[Size, ...] = ()  # numbers, or names of sizes; () is a single number
    low: float | str = 0.0  # of "uniform" and "integers"; "integers" end below `high`
    high: float | str = 1.0
    mean: float = 0.0  # of "normal"
    spread: float = 1.0
    of: int = 0  # of "rows": the number of an earlier argument, from 0
    value: JSON = None  # of "value": a number, a list, or the name of a size

    def drawn(
        self, rng: np.random.Generator, sizes: Mapping[str, int], earlier: Sequence[JSON]
    ) -> JSON:
        """A value of this argument."""
        shape = tuple(sizes[size] if isinstance(size, str) else size for size in self.shape)
        match self.draw:
            case "normal":
                return _plain(rng.normal(self.mean, self.spread, shape))
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

    model_config = ConfigDict(frozen=True, extra="forbid")

    sizes: dict[str, tuple[Count, Count]] = Field(default_factory=dict)  # both ends included
    argument: tuple[Argument, ...] = Field(min_length=1)
    calls: Annotated[int, Field(ge=1, le=50)] = 4

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        for number, argument in enumerate(self.argument):
            names = [*argument.shape, argument.low, argument.high]
            unknown = [n for n in names if isinstance(n, str) and n not in self.sizes]
            if unknown:
                raise ValueError(f"argument {number}: {unknown[0]!r} is none of the sizes")
            if argument.draw == "rows" and not (0 <= argument.of < number and argument.shape):
                raise ValueError(
                    f"argument {number}: rows need `of`, an earlier argument, and a shape"
                )
        return self

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
