"""A notebook of plain Python needs no Jupyter; one that asks for its parts does."""

from __future__ import annotations

import pytest

from grader.core.notebook import read
from grader.student.needs_jupyter import needs_jupyter
from tests.bundle import REFERENCE, cell, notebook


def needs(*cells: object) -> bool:
    return needs_jupyter(read(notebook(*cells), "x.ipynb"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np\nfor _ in range(3):\n    pass",
        "%matplotlib inline\n%config InlineBackend.figure_format = 'retina'",
        "%%time\nx = 1",
        "display(1)\nplot?",
        "'get_ipython, await, In and Out are words here'  # and !ls",
        "def _1(): pass",
    ],
)
def test_python_and_what_only_sets_or_shows_something_does_not(source: str) -> None:
    assert not needs(source)


@pytest.mark.parametrize(
    "source",
    [
        "!ls",
        "files = !ls",
        "%timeit f(1)",
        "%%bash\nls",
        "get_ipython().run_line_magic('who', '')",
        "from IPython.display import HTML",
        "import ipywidgets as widgets",
        "from tqdm import notebook",
        "import tqdm.autonotebook",
        "await f()",
        "import asyncio",
        "async def f():\n    pass",
        "_3 + 1",
        "Out[3]",
        "def broken(:",
        "(" * 300 + ")" * 300,
    ],
)
def test_what_jupyter_alone_understands_does(source: str) -> None:
    assert needs("x = 1", source)


def test_only_cells_with_code_count() -> None:
    assert not needs(cell("!ls", "w", "markdown"))


@pytest.mark.parametrize("path", sorted(REFERENCE.glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_references_need_none(path: object) -> None:
    assert not needs_jupyter(read(path.read_bytes(), "x.ipynb"))  # type: ignore[attr-defined]
