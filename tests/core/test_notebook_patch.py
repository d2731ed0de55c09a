"""Code in the place of a notebook's own: found by what it defines, or by a cell's name."""

from __future__ import annotations

import ast

import pytest

from grader.core import notebook_patch
from grader.core.errors import UsageError
from grader.core.model import Cell, Notebook

MASTER = Notebook(
    name="m",
    cells=(
        Cell(id="intro", kind="markdown", source="words"),
        Cell(id="double", kind="code", source="def double(x):\n    return 2 * x"),
        Cell(id="half", kind="code", source="def half(x):\n    return x / 2"),
        Cell(id="show", kind="code", source="print(double(3))"),
    ),
)


def sources(code: str) -> dict[str, str]:
    return {cell.id: cell.source for cell in notebook_patch.applied(MASTER, code, "here").cells}


def test_a_definition_takes_the_place_of_the_references() -> None:
    found = sources("def double(x):\n    return x + 1\n")
    assert found["double"].strip() == "def double(x):\n    return x + 1"
    assert found["half"] == MASTER.cells[2].source
    assert list(found) == ["intro", "double", "half", "show"]


def test_helpers_go_with_the_definition_that_follows() -> None:
    found = sources(
        "import math\n\ndef helper():\n    return 1\n\ndef half(x):\n    return helper()"
    )
    assert found["half"].startswith("import math")
    assert "def helper" in found["half"]
    assert found["double"] == MASTER.cells[1].source


def test_definitions_of_several_cells_are_divided() -> None:
    found = sources("def double(x):\n    return 1\n\ndef half(x):\n    return 2\n")
    assert "return 1" in found["double"]
    assert "return 2" in found["half"]
    assert "half" not in found["double"]


def test_a_named_cell_is_replaced_or_emptied() -> None:
    found = sources("# cell: show\nprint(1)\n# cell: half\n")
    assert found["show"] == "print(1)\n"
    assert found["half"].strip() == ""


def test_code_without_a_place_is_a_cell_at_the_end() -> None:
    found = sources("print('new')")
    assert list(found)[-1] == "variant"
    assert found["variant"].strip() == "print('new')"


def test_a_cell_that_is_not_there_is_told() -> None:
    with pytest.raises(UsageError, match="here: the reference has no cell 'nowhere'"):
        sources("# cell: nowhere\nprint(1)\n")


def test_code_that_is_no_python_is_told() -> None:
    with pytest.raises(UsageError, match="here: this is no Python"):
        sources("def double(x:\n")


def test_a_definition_twice_in_a_file_stands_in_its_cell_in_that_order() -> None:
    found = sources("def half(x):\n    return 1\n\ndef half(x):\n    return 2\n")
    assert found["half"].index("return 1") < found["half"].index("return 2")


def test_what_follows_the_last_definition_stays_with_it() -> None:
    found = sources("def half(x):\n    return x / 2\n\nhalf.checked = True")
    assert found["half"].rstrip().endswith("half.checked = True")
    assert list(found) == ["intro", "double", "half", "show"]


def test_a_name_that_two_cells_define_belongs_to_the_later_one() -> None:
    again = Cell(id="again", kind="code", source="double = abs")
    master = Notebook(name="m", cells=(*MASTER.cells, again))
    assert notebook_patch.parts(master, "double = len", "here") == {"again": "double = len\n"}


def test_code_and_named_cells_may_stand_in_one_file() -> None:
    code = "def double(x):\n    return 0\n# cell: show\nprint(0)\n# cell:   half  \nhalf = None"
    assert notebook_patch.parts(MASTER, code, "here") == {
        "double": "def double(x):\n    return 0\n",
        "show": "print(0)\n",
        "half": "half = None\n",
    }


def test_cells_keep_their_kind_and_the_master_stays_as_it_was() -> None:
    before = [cell.source for cell in MASTER.cells]
    changed = notebook_patch.applied(MASTER, "double = half = abs", "here")
    assert [cell.kind for cell in changed.cells] == [cell.kind for cell in MASTER.cells]
    assert [cell.source for cell in MASTER.cells] == before


def test_empty_code_changes_nothing() -> None:
    assert notebook_patch.applied(MASTER, "\n\n", "here") == MASTER


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("def f(x): pass", ["f"]),
        ("class Net: pass", ["Net"]),
        ("a = b = 1", ["a", "b"]),
        ("a, b = 1, 2", []),  # not a simple one
        ("a.b = 1", []),
        ("import numpy", []),
        ("if True:\n    def f(): pass", []),
    ],
)
def test_definitions_of_a_statement(statement: str, names: list[str]) -> None:
    (parsed,) = ast.parse(statement).body
    assert notebook_patch.defined(parsed) == names


def test_a_master_with_lines_for_the_shell_has_its_other_cells_found() -> None:
    shell = Cell(id="shell", kind="code", source="!pip install x\ndef half(x): pass")
    words = Cell(id="words", kind="markdown", source="double = 1")
    master = Notebook(name="m", cells=(*MASTER.cells, shell, words))
    found = notebook_patch.parts(master, "double = abs\nhalf = abs", "here")
    assert found == {"double": "double = abs\n", "half": "half = abs\n"}


def test_a_cell_that_is_named_twice_holds_both_parts_in_their_order() -> None:
    code = "# cell: show\na = 1\n# cell: half\nb = 2\n# cell: show\nc = 3"
    assert notebook_patch.parts(MASTER, code, "here") == {
        "show": "a = 1\nc = 3\n",
        "half": "b = 2\n",
    }
