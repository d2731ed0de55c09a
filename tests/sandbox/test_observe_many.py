"""Variants in namespaces of their own: definitions alone are run, and none touches another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.core import codec
from grader.core.model import AnswerStatus, Cell, Limits, Notebook, Question
from grader.sandbox import observe_many
from grader.sandbox.inside import protocol
from grader.sandbox.inside.probes.apart import within
from grader.sandbox.observe import Surroundings


def notebook(*sources: str) -> Notebook:
    cells = tuple(Cell(id=str(n), kind="code", source=text) for n, text in enumerate(sources))
    return Notebook(name="n", cells=cells)


def call(name: str) -> Question:
    return Question(probe="call_function", params={"name": name, "points": np.array([1.0, 2.0])})


def test_what_only_shows_a_function_is_left_out() -> None:
    found = observe_many.definitions(
        notebook(
            "import math\nroot = math.sqrt(2)",
            "def f(x):\n    return x",
            "f(3)\nprint(f(3))\nkept = 5",
            "result, more = f((1, 2))",
            "def g(x):\n    return x\nh = f(g)",
        )
    )
    assert found == [
        "import math\nroot = math.sqrt(2)",
        "def f(x):\n    return x",
        "kept = 5",
        "def g(x):\n    return x\nh = f(g)",
    ]


def test_a_cell_that_fails_does_not_stop_the_next() -> None:
    asked = {"probe": "call_function", "seconds": 5, "params": protocol.pack(call("f").params)}
    cells = ["1 / 0", "def f(:", "def f(x):\n    return 2 * x"]
    (answer,) = within({}, {"cells": cells, "questions": [asked]})
    assert answer["status"] == "ok"
    assert protocol.unpack(answer["value"])["values"].tolist() == [2, 4]


def test_questions_about_a_run_can_not_be_asked_apart() -> None:
    assert observe_many.is_possible([call("f")])
    assert not observe_many.is_possible([call("f"), Question(probe="network")])


@pytest.mark.sandbox
@pytest.mark.parametrize("jobs", [1, 2])
def test_each_variant_answers_for_itself(jobs: int) -> None:
    """Also one that ends its kernel: the others are asked again in a fresh one."""
    sources: dict[str, Any] = {
        "double": "def f(x):\n    return 2 * x",
        "gone": "import os\ndef f(x):\n    os._exit(1)",
        "stub": "def f(x):\n    return result",
        "base": "def f(x):\n    return helper(x)",
        "none": "def g(x):\n    return x",
    }
    asks = [
        observe_many.Ask(
            notebook=notebook("helper = lambda x: x + 1", text), questions=(call("f"),)
        )
        for text in sources.values()
    ]
    answers = observe_many.observe_apart(
        asks, Surroundings(limits=Limits(question_seconds=3)), seed=1, jobs=jobs
    )
    found = dict(zip(sources, (one[codec.digest(call("f"))] for one in answers), strict=True))
    assert found["double"].value["values"].tolist() == [2, 4]
    assert found["base"].value["values"].tolist() == [2, 3]
    assert found["stub"].value["errors"] == ["NameError: name 'result' is not defined"]
    assert found["none"].status is AnswerStatus.UNDEFINED
    assert found["gone"].status is AnswerStatus.LOST
