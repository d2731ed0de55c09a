"""What an assignment's notebooks import is known before anything runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.assignment import rubric
from grader.core import extras
from grader.core.extras import MissingLibraryError
from grader.core.notebook import read
from grader.marking import libraries, masters
from tests.bundle import ROOT, notebook

DAIS = rubric.find(str(ROOT / "rubrics" / "dais2021-a4"))


def test_imports_are_found_wherever_they_stand() -> None:
    content = notebook(
        "import os.path, numpy as np\nfrom sklearn.datasets import load_wine",
        "def late():\n    import torch\n    from . import beside",
        "import is no Python",
        "%matplotlib inline\n!pip install seaborn\nimport seaborn",
    )
    found = libraries.imported(read(content, "x.ipynb"))
    assert found == {"os", "numpy", "sklearn", "torch", "seaborn"}


def test_a_task_that_trains_needs_torch_before_its_first_cell() -> None:
    tasks = {task.id: libraries.of_fixtures(task) for task in DAIS.tasks}
    assert tasks["fmssvrc"] == ["torch", "torchvision"]
    assert tasks["activation"] == []


def test_the_reference_tells_what_its_notebooks_need() -> None:
    known = masters.read_all(DAIS)
    assert libraries.of_notebooks(DAIS, known) == ["matplotlib", "sklearn", "torch", "torchvision"]


def test_grading_says_at_once_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = ("onnx", "pygraphviz")
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name in gone else name)
    with pytest.raises(MissingLibraryError, match=r"\[quiz,retraining\]") as told:
        libraries.require(DAIS, masters.read_all(DAIS))
    assert " needs pygraphviz, onnx: " in str(told.value)
    quick = replace(DAIS, tasks=tuple(task for task in DAIS.tasks if task.id == "activation"))
    libraries.require(quick, masters.read_all(quick))
