"""Kinds of values that rubric files hold, each with the words for what was expected."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

Share = Annotated[Decimal, Field(ge=0, le=1)]
"""Of an item's points."""

Tolerance = Annotated[float, Field(ge=0, le=1)]
Percent = Annotated[float, Field(ge=0, le=100)]


def expected(words: str) -> PydanticCustomError:
    """The refusal of a value, by what was expected in its place."""
    return PydanticCustomError("expected", words)


def text(
    pattern: str, words: str, make: Callable[[str], object] = str
) -> tuple[BeforeValidator, WithJsonSchema]:
    """For `Annotated`: what is made of a text of this form, which `words` describe."""

    def checked(value: object) -> object:
        if not isinstance(value, str) or not re.fullmatch(pattern, value, re.DOTALL):
            raise expected(words)
        return make(value)

    return BeforeValidator(checked), WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


def file_name(suffix: str) -> tuple[BeforeValidator, WithJsonSchema]:
    """For `Annotated`: a file's name alone, so that no rubric leads out of its folder.

    Nor to a drive of Windows: C:a.toml is a file there, whatever folder it is looked for in.
    """
    return text(
        rf"[^/\\:.\x00-\x1f][^/\\:\x00-\x1f]*\.{suffix}",
        f"a file's name alone, ending in .{suffix}",
    )


Settings = TypeVar("Settings", bound=BaseModel)
Name = Annotated[str, *text(r"[^\W\d]\w*", "a name as in Python")]
"""Of a function or variable in a notebook."""


def sum_up(settings: Settings) -> Settings:
    """Holds that the `…_share` settings are the parts of one whole.

    Raises:
        ValueError: they are not.
    """
    shares = {name: value for name, value in settings if name.endswith("_share")}
    if (total := sum(shares.values(), Decimal(0))) != 1:
        raise ValueError(f"{', '.join(shares)} add up to {total}, not to 1")
    return settings
