"""Why a rubric file is refused: one sentence with file, item, key and the near miss."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from grader.assignment import refusal


class Check(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    type: str
    tolerance: Annotated[float, Field(gt=0)] = 1.0


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    id: str
    points: int = 1
    kind: Literal["public", "hidden"] = "public"
    check: Annotated[Check, Field(default_factory=lambda: Check(type="x"))]
    words: Annotated[list[str], Field(max_length=2)] = []


class File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    title: Annotated[str, Field(min_length=1)]
    open: bool = False
    item: list[Item] = []
    limits: dict[str, int] = {}


def told(data: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as invalid:
        File.model_validate(data)
    return refusal.sentence(invalid.value, File, data, "t.toml")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "t.toml: key 'title' is missing"),
        ({"title": ""}, "t.toml: title is ''; expected text"),
        ({"title": 5}, "t.toml: title is 5; expected text"),
        ({"title": "t", "open": "yes"}, "t.toml: open is 'yes'; expected true or false"),
        ({"title": "t", "item": {}}, "t.toml: item is {}; expected a valid list"),
        ({"title": "t", "item": [5]}, "t.toml: item number 1 is 5; expected a table"),
        (
            {"title": "t", "limits": {"a": "x"}},
            "t.toml: [limits]: a is 'x'; expected a whole number",
        ),
        ({"title": "t", "item": [{}]}, "t.toml: item number 1: key 'id' is missing"),
        (
            {"title": "t", "item": [{"id": "a"}, {"id": "b", "points": 1.5}]},
            "t.toml: item b: points is 1.5; expected a whole number",
        ),
        (
            {"title": "t", "item": [{"id": "a", "kind": "secret"}]},
            "t.toml: item a: kind is 'secret'; expected 'public' or 'hidden'",
        ),
        (
            {"title": "t", "item": [{"id": "a", "words": ["x", 2]}]},
            "t.toml: item a: words number 2 is 2; expected text",
        ),
        (
            {"title": "t", "item": [{"id": "a", "words": ["x"] * 3}]},
            "t.toml: item a: words is ['x', 'x', 'x']; expected 2 at most",
        ),
        (
            {"title": "t", "item": [{"id": "a", "check": {"type": "x", "tolerance": 0}}]},
            "t.toml: item a: [check]: tolerance is 0; expected greater than 0",
        ),
    ],
)
def test_a_fault_is_told_by_its_place_and_what_was_expected(
    data: dict[str, Any], sentence: str
) -> None:
    assert told(data) == sentence


def test_a_mistyped_key_comes_before_what_is_missing_for_it() -> None:
    assert told({"titel": "t"}) == "t.toml: key 'titel' is unknown; did you mean 'title'?"


def test_without_a_near_miss_all_keys_are_told() -> None:
    assert told({"title": "t", "x": 1}) == (
        "t.toml: key 'x' is unknown; known are item, limits, open, title"
    )


def test_a_mistyped_key_of_a_check_is_compared_with_the_checks_own() -> None:
    data = {"title": "t", "item": [{"id": "a", "check": {"type": "x", "tolerence": 1.0}}]}
    assert told(data).startswith(
        "t.toml: item a: [check]: key 'tolerence' is unknown; did you mean"
    )


@pytest.mark.parametrize("name", ["a\nb", "n" * 81, 5, None])
def test_an_item_whose_name_does_not_tell_is_counted(name: object) -> None:
    data = {"title": "t", "item": [{"id": name, "points": "x"}]}
    assert told(data).startswith("t.toml: item number 1: ")


def test_a_long_value_is_cut() -> None:
    assert refusal.shown("x" * 200) == "'" + "x" * 79 + "…"
    assert refusal.shown([1, 2]) == "[1, 2]"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tanh", "; did you mean 'tan'?"),
        ("zzz", "; known are cos, tan"),
    ],
)
def test_a_near_miss_is_offered(name: str, said: str) -> None:
    assert refusal.close(name, ["tan", "cos"]) == said
