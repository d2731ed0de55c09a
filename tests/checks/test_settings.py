"""Values of rubric files: what fits, and the words for what was expected in their place."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from grader.checks import settings
from grader.checks.settings import Name, Share, Tolerance, file_name, sum_up, text

FILE = TypeAdapter(Annotated[str, *file_name("toml")])
NUMBER = TypeAdapter(Annotated[int, *text(r"\d+", "digits", int)])


def refusal(adapter: TypeAdapter[Any], value: object) -> str:
    with pytest.raises(ValidationError) as refused:
        adapter.validate_python(value)
    (found,) = refused.value.errors()
    return found["msg"]


@pytest.mark.parametrize("name", ["a.toml", "Größe.toml", "a b.toml", "a..toml"])
def test_a_files_name_alone_is_taken(name: str) -> None:
    assert FILE.validate_python(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "../a.toml",
        "/a.toml",
        "a/b.toml",
        ".a.toml",
        "a\\b.toml",
        "C:a.toml",
        "C:/a.toml",
        "C:\\a.toml",
        "a\n.toml",
        "a.py",
        ".toml",
        "",
        5,
    ],
)
def test_no_name_leads_out_of_a_rubrics_folder(name: object) -> None:
    assert refusal(FILE, name) == "a file's name alone, ending in .toml"


def test_a_text_of_a_form_becomes_what_is_made_of_it() -> None:
    assert NUMBER.validate_python("012") == 12
    assert refusal(NUMBER, "12a") == "digits"
    assert refusal(NUMBER, 12) == "digits"
    assert NUMBER.json_schema() == {"type": "string", "pattern": r"^\d+$"}


def test_a_form_is_that_of_the_whole_text() -> None:
    assert refusal(NUMBER, "12\n") == "digits"
    assert refusal(NUMBER, " 12") == "digits"


@pytest.mark.parametrize("name", ["f", "plot_f", "_x", "größe", "x1"])
def test_a_name_is_one_of_pythons(name: str) -> None:
    assert TypeAdapter(Name).validate_python(name) == name


@pytest.mark.parametrize("name", ["1f", "", "f g", "f-g", "f.g", "f\n", None])
def test_what_is_no_name_is_told(name: object) -> None:
    assert refusal(TypeAdapter(Name), name) == "a name as in Python"


@pytest.mark.parametrize(
    ("value", "fits"), [("0", True), ("1", True), ("1.01", False), (-1, False)]
)
def test_a_share_lies_between_none_and_all(value: object, fits: bool) -> None:
    adapter = TypeAdapter(Share)
    if fits:
        assert adapter.validate_python(value) == Decimal(str(value))
    else:
        assert refusal(adapter, value)


@pytest.mark.parametrize("value", [float("nan"), 1.5, -0.1, "x"])
def test_a_tolerance_is_a_small_number(value: object) -> None:
    assert refusal(TypeAdapter(Tolerance), value)


class Parts(BaseModel):
    """Two shares, and a number that is none."""

    first_share: Decimal = Field(default=Decimal("0.4"))
    second_share: Decimal = Field(default=Decimal("0.6"))
    other: int = 7


def test_shares_are_the_parts_of_a_whole() -> None:
    parts = Parts()
    assert sum_up(parts) is parts
    with pytest.raises(ValueError, match=r"first_share, second_share add up to 0\.9, not to 1"):
        sum_up(Parts(first_share=Decimal("0.3")))


def test_a_refusal_says_what_was_expected() -> None:
    assert settings.expected("a whole number").message() == "a whole number"
