"""Small notebooks and the released bundle, for the tests of what students run."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt

from grader.assignment import rubric
from grader.core import codec
from grader.core.model import Answer, CellRun, Ending, Evidence, Notebook, Question
from grader.core.notebook import read
from grader.sandbox.surroundings import Surroundings
from grader.student import ask_in_kernel, public_checks
from grader.student.public_checks import Public

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "reference" / "dais2021-a4"


def cell(source: str, id: str = "", kind: str = "code") -> dict[str, Any]:
    """A cell as it is saved; each line of its source stands in a line of its own."""
    lines = source.splitlines(keepends=True)
    extra: dict[str, Any] = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"id": id or "c", "cell_type": kind, "metadata": {}, "source": lines, **extra}


def notebook(*cells: dict[str, Any] | str) -> bytes:
    """A notebook file, indented as Jupyter does."""
    entries = [cell(c, f"c{n}") if isinstance(c, str) else c for n, c in enumerate(cells)]
    document = {"cells": entries, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()


@cache
def made(name: str = "dais2021-a4", task: str = "activation") -> Public:
    """The public checks of an assignment, with one task's answers of the reference.

    It answers in this process, unconfined.
    """
    assignment = rubric.find(str(ROOT / "rubrics" / name))
    notebook = next(t.notebook for t in assignment.tasks if t.id == task)
    names = namespace((assignment.reference_dir / str(notebook)).read_bytes())
    answers: dict[str, Answer] = {}
    for item in public_checks.questions(assignment)[task].values():
        answers |= {
            codec.digest(question): ask_in_kernel.ask(names, question, 20) for question in item
        }
    return public_checks.make(assignment, answers)


def namespace(content: bytes, without: str = "call-") -> dict[str, Any]:
    """What a notebook's code cells define; cells that only try it out are left out by their ids."""
    matplotlib.use("agg")
    names: dict[str, Any] = {}
    for entry in read(content, "test.ipynb").cells:
        if entry.kind == "code" and without not in entry.id:
            exec(entry.source, names)
    plt.close("all")
    return names


RIGHT = notebook(
    "import numpy as np",
    "def logistic(x):\n    x = np.asarray(x, dtype=float)\n    d = np.exp(-np.abs(x))\n"
    "    return np.where(x >= 0, 1.0, d) / (1.0 + d)",
    "def relu(x):\n    return np.maximum(x, 0)",
)
WRONG = notebook(
    "import numpy as np",
    'print("::error::forged\\n%0A::set-output name=points::99\\n\\x1b[31mred")',
    "def logistic(x):\n    x = np.asarray(x, dtype=float)\n    d = np.exp(-np.abs(x))\n"
    "    return np.where(x >= 0, 1.0, d) / (1.0 + d)",
    cell(
        "# relu\ndef relu(x):\n    raise ValueError('::error::forged\\n::notice::%0A::x')", "relu"
    ),
)


def door(
    notebook: Notebook,
    questions: Sequence[Question],
    around: Surroundings,
    *,
    task: str,
    seed: int,
    resources: object,
    progress: object,
    answered: Callable[[str, Answer], None],
) -> Evidence:
    """Like `observe`, in this process: for code of our own, where no confinement is tested."""
    names: dict[str, Any] = {}
    cells = []
    for index, entry in enumerate(notebook.cells):
        if entry.kind == "code":
            error = ""
            try:
                with redirect_stdout(io.StringIO()):
                    exec(entry.source, names)
            except Exception as raised:
                error = f"{type(raised).__name__}: {raised}"
            status = "error" if error else "ok"
            cells.append(CellRun(index=index, id=entry.id, status=status, error=error))
    answers = {}
    for question in questions:
        answers[codec.digest(question)] = ask_in_kernel.ask(names, question, 20)
        answered(codec.digest(question), answers[codec.digest(question)])
    plt.close("all")
    return Evidence(task=task, ending=Ending.COMPLETED, cells=tuple(cells), answers=answers)
