"""The table of README.md is complete, and what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.hostile.accidents import ACCIDENTS
from tests.hostile.attacks import ATTACKS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def rows() -> dict[int, str]:
    """What holds each number."""
    table = re.findall(r"^\| (\d+) \| .+? \| (.+) \|$", (HERE / "README.md").read_text(), re.M)
    return {int(number): held for number, held in table}


def test_every_known_attack_and_accident_is_in_the_table() -> None:
    numbers = list(rows())
    assert numbers == sorted(set(numbers))
    assert {*range(1, 71)} <= {*numbers} <= {*range(1, 88)}


def test_every_test_that_the_table_names_exists() -> None:
    for number, held in rows().items():
        for file, function in re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", held):
            path = ROOT / file if file.startswith("tests/") else HERE / file
            assert path.is_file(), (number, file)
            assert not function or f"def {function}(" in path.read_text(), (number, function)


def test_every_notebook_that_the_table_names_exists() -> None:
    for number, held in rows().items():
        for file, which in re.findall(r"`(attacks|accidents)\.py`: ([\d, ]+)", held):
            known = {int(name[:2]) for name in (ATTACKS if file == "attacks" else ACCIDENTS)}
            assert {int(n) for n in which.split(",")} <= known, number


def test_every_notebook_is_in_the_table() -> None:
    named = {int(n) for held in rows().values() for n in re.findall(r"\d\d", held)}
    assert {int(name[:2]) for name in [*ATTACKS, *ACCIDENTS]} <= named
