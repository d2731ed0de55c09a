"""Variant files: read strictly, and put where the reference has its own."""

from __future__ import annotations

import pytest

from grader.assignment import variants
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
FILE = """\
# A note on all of them.

# %% loses double: adds one
def double(x):
    return x + 1

# %% keeps double, half: both
def double(x):
    return x + x

def half(x):
    return 0.5 * x
"""


def sources(code: str) -> dict[str, str]:
    return {cell.id: cell.source for cell in notebook_patch.applied(MASTER, code, "here").cells}


def test_a_file_holds_several_variants() -> None:
    first, second = variants.parse(FILE, "v.py", ["double", "half"])
    assert (first.verb, first.items, first.why) == ("loses", ("double",), "adds one")
    assert first.code == "def double(x):\n    return x + 1\n"
    assert first.source == "v.py, line 3"
    assert not first.is_right
    assert (second.items, second.is_right) == (("double", "half"), True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def double(x): pass", "no line begins with '# %%'"),
        ("# %% breaks double: x", "a variant begins with a line such as '# %% loses double: why'"),
        ("# %% loses double", "a variant begins with"),
        ("# %% loses triple: x", "'triple' is no item; known are double, half"),
    ],
)
def test_what_is_no_variant_is_told(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=r"v\.py") as bad:
        variants.parse(text, "v.py", ["double", "half"])
    assert told in str(bad.value)


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
