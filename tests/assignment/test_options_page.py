"""The page of all keys: it is what the models read, and its examples are read by them."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import Field

from grader.assignment import options_page
from grader.assignment.rubric_file import (
    AssignmentFile,
    AssignmentHead,
    ItemTable,
    MistakeTable,
    StepTable,
    TaskFile,
    TaskHead,
)
from grader.checks import CHECKS
from grader.checks.base import Check
from grader.cli.main import main
from grader.core.model import LateRule, Limits

PAGE = Path(__file__).parents[2] / "rubrics" / "README.md"
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def read(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


def settings() -> dict[str, dict[str, Any]]:
    """The example of each check type."""
    found = [read(block)["item"]["check"] for block in BLOCKS[3:]]
    return {table.pop("type"): table for table in found}


def test_the_written_page_is_that_of_now() -> None:
    """`grader schema --page rubrics/README.md` writes it again."""
    assert PAGE.read_text(encoding="utf-8") == options_page.page()


def test_the_command_writes_it(tmp_path: Path) -> None:
    words = ["schema", str(tmp_path / "schema"), "--page", str(tmp_path / "README.md")]
    done = CliRunner().invoke(main, words)
    assert done.output.splitlines()[-1] == f"{tmp_path / 'README.md'}"
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == options_page.page()


def test_the_examples_of_the_files_are_right_and_have_every_key() -> None:
    assignment, task, quiz = map(read, BLOCKS[:3])
    plain = json.dumps(assignment, default=lambda time: time.isoformat())
    assert AssignmentFile.model_validate_json(plain, strict=True)
    assert TaskFile.model_validate_json(json.dumps(task), strict=True)
    assert TaskHead.model_validate_json(json.dumps(quiz["task"]), strict=True)
    assert set(assignment) == set(AssignmentFile.model_fields)
    assert set(assignment["assignment"]) == set(AssignmentHead.model_fields)
    assert set(assignment["late"]) == {field.name for field in fields(LateRule)}
    assert set(assignment["limits"]) == {field.name for field in fields(Limits)}
    assert set(task) == set(TaskFile.model_fields)
    assert {*task["task"], *quiz["task"]} == set(TaskHead.model_fields)
    items = task["item"]
    assert {key for item in items for key in item} == set(ItemTable.model_fields)
    assert {key for step in items[1]["step"] for key in step} == set(StepTable.model_fields)
    assert set(items[0]["mistake"][0]) == set(MistakeTable.model_fields)


@pytest.mark.parametrize("name", CHECKS)
def test_each_check_types_example_is_right_and_has_every_key(name: str) -> None:
    table = settings()[name]
    assert CHECKS[name].model_validate_json(json.dumps(table), strict=True)
    assert set(table) == set(CHECKS[name].model_fields)


def test_the_keys_of_drawn_arguments_are_all_there() -> None:
    inputs = settings()["function_results"]["inputs"]
    keys = {key for argument in inputs["argument"] for key in argument}
    assert keys == {"draw", "shape", "low", "high", "mean", "spread", "of", "value"}


@pytest.mark.parametrize("block", BLOCKS[3:], ids=lambda block: block.split('"')[1])
def test_every_key_of_a_check_is_told_where_it_first_stands(block: str) -> None:
    seen = {"type"}
    for before, line in pairwise(block.splitlines()):
        key, is_set, _ = line.partition(" = ")
        if is_set and not line.startswith("#") and key not in seen:
            assert before.startswith("# "), line
            seen.add(key)


class Own(Check):
    """A course's own."""

    least: int = Field(ge=2)
    most: int | None = None
    names: dict[str, Path] = Field(default_factory=lambda: {"a": Path("b")})


def test_a_courses_own_type_is_told_as_far_as_it_says_itself() -> None:
    text = options_page.page({"own": Own})
    assert "### own\n\nA course's own.\n" in text
    assert '# most is not set\nnames = { a = "b" }\n' in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        ('a"b', '"a\\"b"'),
        ([1, 2.5], "[1, 2.5]"),
        ({"n": (1, 2), "0": []}, '{ n = [1, 2], "0" = [] }'),
    ],
    ids=str,
)
def test_values_are_written_as_toml_reads_them(value: object, text: str) -> None:
    assert options_page.written(value) == text
    assert json.dumps(tomllib.loads(f"x = {text}")["x"]) == json.dumps(value)
