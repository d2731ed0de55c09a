"""The JSON Schemas of rubric files: kept in step with what validates, and true for all rubrics."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from grader.assignment import json_schema
from grader.assignment.rubric_file import ItemTable
from grader.checks import CHECKS

RUBRICS = Path(__file__).parents[2] / "rubrics"
FILES = sorted(RUBRICS.glob("*/*.toml"))
ITEM: dict[str, Any] = {
    "id": "a",
    "title": "A",
    "points": "1.5",
    "visibility": "public",
    "hint": "h",
    "check": {"type": "function_values", "function": "f"},
}


def errors(item: dict[str, Any]) -> list[str]:
    whole = {"task": {"id": "t", "title": "T", "points": "1.5"}, "item": [item]}
    return [error.message for error in Draft7Validator(json_schema.task()).iter_errors(whole)]


@pytest.mark.parametrize("name", json_schema.files())
def test_the_written_files_are_those_of_now(name: str) -> None:
    """`grader schema` writes them again."""
    assert (RUBRICS / "schema" / name).read_text(encoding="utf-8") == json_schema.files()[name]
    Draft7Validator.check_schema(json.loads(json_schema.files()[name]))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_rubric_file_fits_and_names_its_schema(path: Path) -> None:
    kind = "assignment" if path.stem == "assignment" else "task"
    known = json_schema.assignment() if kind == "assignment" else json_schema.task()
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"#:schema ../schema/{kind}.json\n")
    assert list(Draft7Validator(known).iter_errors(tomllib.loads(text))) == []


def test_all_check_types_and_their_settings_are_there() -> None:
    parts = json_schema.task()["$defs"]
    item = parts["ItemTable"]["properties"]
    assert set(item) == set(ItemTable.model_fields)
    assert set(item["check"]["properties"]["type"]["enum"]) == set(CHECKS)
    for kind in CHECKS.values():
        assert set(parts[kind.__name__]["properties"]) == {"type", *kind.model_fields}


def test_every_key_is_described_or_says_itself() -> None:
    """Editors show these texts."""
    parts = json_schema.task()["$defs"]
    assert parts["Limits"]["properties"]["cpu_seconds"]["description"] == (
        "Of all processes together; 0: four times notebook_seconds."
    )
    assert parts["TaskHead"]["properties"]["notebook"]["description"].startswith("The file name")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"points": 1.5}, "1.5 is not of type 'string'"),
        ({"visibility": "secret"}, "'secret' is not one of ['public', 'hidden']"),
        ({"hints": "x"}, "'hints' was unexpected"),
        ({"check": {"type": "magic"}}, "'magic' is not one of"),
        ({"check": {"type": "function_values", "funktion": "f"}}, "'funktion' was unexpected"),
        ({"check": {"type": "function_values"}}, "'function' is a required property"),
        ({"mistake": [{"variant": "x.py"}]}, "'hint' is a required property"),
    ],
)
def test_what_the_grader_would_refuse_is_marked(change: dict[str, Any], told: str) -> None:
    assert errors(ITEM) == []
    assert any(told in error for error in errors(ITEM | change))
