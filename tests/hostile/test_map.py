"""The table of README.md is complete, and what it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.hostile.accidents import ACCIDENTS
from tests.hostile.attacks import ATTACKS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KNOWN = range(1, 106)
"""Numbers of the catalogue, all of them."""

NOTEBOOKS = {"attacks": ATTACKS, "accidents": ACCIDENTS}
TEST = re.compile(r"`((?:\w+/)*test_\w+\.py)(?:::(\w+))?`")
NOTEBOOK = re.compile(r"`(attacks|accidents)\.py`: (\d+(?:, \d+)*)")
AS_ANOTHER = re.compile(r"\bas (\d+)\b")

IN_WORDS = {39}
"""Held by what is not there, which the row says: the test set never enters the sandbox."""


def rows() -> list[tuple[int, str]]:
    """The numbers in the order of the table, each with what holds it."""
    table = re.findall(r"^\| (\d+) \| .+? \| (.+) \|$", (HERE / "README.md").read_text(), re.M)
    return [(int(number), held) for number, held in table]


@cache
def names_in(path: Path) -> frozenset[str]:
    """The names of a file's tests."""
    tree = ast.parse(path.read_text())
    names = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return frozenset(name for name in names if name.startswith("test_"))


def named(held: str) -> list[tuple[Path, str]]:
    """The tests that a row names: their file, and the function or ""."""
    found = TEST.findall(held)
    return [((ROOT if f.startswith("tests/") else HERE) / f, test) for f, test in found]


def notebooks(held: str) -> set[tuple[str, int]]:
    """The notebooks that a row names: which file, and the number before their names."""
    found = NOTEBOOK.findall(held)
    return {(file, int(number)) for file, numbers in found for number in numbers.split(", ")}


def test_each_number_has_one_row_in_order() -> None:
    assert [number for number, _ in rows()] == [*KNOWN]


@pytest.mark.parametrize(("number", "held"), rows(), ids=[str(number) for number, _ in rows()])
def test_what_holds_a_row_is_there(number: int, held: str) -> None:
    for path, test in named(held):
        assert path.is_file(), path
        assert names_in(path), path
        assert not test or test in names_in(path), test
    there = {(file, int(name[:2])) for file, all_ in NOTEBOOKS.items() for name in all_}
    assert notebooks(held) <= there
    others = [dict(rows())[int(other)] for other in AS_ANOTHER.findall(held)]
    tested = any(named(text) or notebooks(text) for text in (held, *others))
    assert tested != (number in IN_WORDS)


def test_every_notebook_has_a_row() -> None:
    held = {entry for _, text in rows() for entry in notebooks(text)}
    assert {(file, int(name[:2])) for file, all_ in NOTEBOOKS.items() for name in all_} <= held
