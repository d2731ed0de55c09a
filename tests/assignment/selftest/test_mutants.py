"""Mutants: each one change, told in words; the list of equivalents holds what it names."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from grader.assignment.selftest import mutants
from grader.assignment.selftest.mutants import Equivalent
from grader.core.errors import UsageError
from grader.core.model import Cell, Notebook

SOURCE = '''
def f(x, axis=0):
    """Words, 1 + 1."""
    total = x.sum(axis=1) + 3
    if total > 2:
        return total, -x
    return None
'''
NOTEBOOK = Notebook(name="m", cells=(Cell(id="f", kind="code", source=SOURCE),))


@pytest.fixture(scope="module")
def found() -> dict[str, str]:
    return {mutant.change: mutant.source for mutant in mutants.of(NOTEBOOK, ["f"])}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("- in place of + in x.sum(axis=1) + 3", "x.sum(axis=1) - 3"),
        ("only 3 of x.sum(axis=1) + 3", "total = 3"),
        ("without axis in x.sum(axis=1)", "x.sum() + 3"),
        ("2 in place of 1 in x.sum(axis=1)", "x.sum(axis=2)"),
        ("0 in place of 1 in x.sum(axis=1)", "x.sum(axis=0)"),
        (">= in place of > in total > 2", "if total >= 2"),
        ("< in place of > in total > 2", "if total < 2"),
        ("-x without its -", "return (total, x)"),
        ("return (total, -x) in reverse order", "return (-x, total)"),
        ("nothing in place of return (total, -x)", "return None"),
    ],
)
def test_each_kind_of_slip_is_made(found: dict[str, str], change: str, code: str) -> None:
    assert code in found[change]


def test_a_line_is_dropped(found: dict[str, str]) -> None:
    assert "total =" not in found["without the line total = x.sum(axis=1) + 3"]


def test_every_mutant_is_python_and_none_is_the_original(found: dict[str, str]) -> None:
    original = ast.unparse(ast.parse(SOURCE))
    assert original not in found.values()
    assert len(set(found.values())) == len(found)
    for source in found.values():
        ast.parse(source)


def test_the_docstring_is_left_alone(found: dict[str, str]) -> None:
    assert all("Words, 1 + 1." in source for source in found.values())


def test_other_functions_are_left_alone() -> None:
    assert mutants.of(NOTEBOOK, ["g"]) == []


def test_a_pattern_names_mutants() -> None:
    known = Equivalent(function="f", change="* in place of 1 in x.sum(*", reason="r")
    held = [m.change for m in mutants.of(NOTEBOOK, ["f"]) if known.holds(m)]
    assert held == ["2 in place of 1 in x.sum(axis=1)", "0 in place of 1 in x.sum(axis=1)"]


def test_brackets_in_a_pattern_are_meant(tmp_path: Path) -> None:
    cell = Cell(id="g", kind="code", source="def g(x):\n    return x[1]")
    (mutant, *_) = mutants.of(Notebook(name="m", cells=(cell,)), ["g"])
    assert mutant.change == "nothing in place of return x[1]"
    assert Equivalent(function="g", change="*return x[1]", reason="r").holds(mutant)


def test_the_list_is_read_and_a_broken_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "equivalent.toml"
    assert mutants.equivalents(path) == ()
    path.write_text('[[equivalent]]\nfunction = "f"\nchange = "c"\nreason = "r"\n')
    assert mutants.equivalents(path) == (Equivalent(function="f", change="c", reason="r"),)
    path.write_text('[[equivalent]]\nfunction = "f"\n')
    with pytest.raises(UsageError, match="function, change and reason"):
        mutants.equivalents(path)
