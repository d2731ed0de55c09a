"""Variants in namespaces of their own: definitions alone are run, and none touches another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.assignment import rubric
from grader.batch import ask_many, engines
from grader.batch.engine import Job, Queue
from grader.core import codec
from grader.core.errors import GraderError
from grader.core.model import (
    Answer,
    AnswerStatus,
    Cell,
    Ending,
    Evidence,
    Limits,
    Notebook,
    Question,
)
from grader.sandbox.inside import protocol
from grader.sandbox.inside.probes.apart import within


def notebook(*sources: str) -> Notebook:
    cells = tuple(Cell(id=str(n), kind="code", source=text) for n, text in enumerate(sources))
    return Notebook(name="n", cells=cells)


def call(name: str) -> Question:
    return Question(probe="call_function", params={"name": name, "points": np.array([1.0, 2.0])})


def test_what_only_shows_a_function_is_left_out() -> None:
    found = ask_many.definitions(
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
    assert ask_many.is_possible([call("f")])
    assert not ask_many.is_possible([call("f"), Question(probe="network")])


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
        "loop": "def f(x):\n    while True:\n        pass",
        "last": "def f(x):\n    return 3 * x",
    }
    if jobs > 1:
        del sources["loop"]  # it takes its time once
    asks = [
        ask_many.Ask(notebook=notebook("helper = lambda x: x + 1", text), questions=(call("f"),))
        for text in sources.values()
    ]
    (task,) = rubric.find("kmeans-example").tasks
    task = replace(task, limits=Limits(question_seconds=3))
    runs = ask_many.Runs(
        engine=engines.local("", jobs, None), tell=lambda job, text: None, jobs=jobs
    )
    answers = runs.answers(asks, task, seed=1)
    found = dict(zip(sources, (one[codec.digest(call("f"))] for one in answers), strict=True))
    assert found["double"].value["values"].tolist() == [2, 4]
    assert found["base"].value["values"].tolist() == [2, 3]
    assert found["stub"].value["errors"] == ["NameError: name 'result' is not defined"]
    assert found["none"].status is AnswerStatus.UNDEFINED
    assert found["gone"].status is AnswerStatus.LOST
    assert jobs > 1 or found["loop"].status is AnswerStatus.TIMEOUT
    assert found["last"].value["values"].tolist() == [3, 6]


class Recorded:
    """An engine that runs nothing: all end as it is told."""

    here = False

    def __init__(self, ending: Ending) -> None:
        self.ending, self.jobs = ending, list[Job]()

    def run(self, queue: Queue, tell: object) -> Iterator[tuple[Job, Evidence]]:
        while job := queue.pop([], 1):
            self.jobs.append(job)
            yield job, Evidence(task="", ending=self.ending, message="no room")


def asked(engine: Recorded, variants: int, jobs: int) -> list[dict[str, Answer]]:
    (task,) = rubric.find("kmeans-example").tasks
    ask = ask_many.Ask(notebook=notebook("x = 1"), questions=(call("f"),))
    runs = ask_many.Runs(
        engine=engine, tell=lambda job, text: None, jobs=jobs, hide=(Path("/x"),), rung="landlock"
    )
    return runs.answers([ask] * variants, task, seed=3)


@pytest.mark.parametrize(
    ("variants", "jobs", "runs"), [(0, 2, []), (1, 2, [1]), (5, 2, [3, 2]), (450, 2, [150] * 3)]
)
def test_any_engine_runs_them_few_jobs_for_many_variants(
    variants: int, jobs: int, runs: list[int]
) -> None:
    engine = Recorded(Ending.CRASHED)
    found = asked(engine, variants, jobs)
    assert [one[codec.digest(call("f"))].status for one in found] == [AnswerStatus.LOST] * variants
    parcels = [job.parcel() for job in engine.jobs]
    assert sorted((len(p.questions) for p in parcels), reverse=True) == runs
    for parcel in parcels:
        assert (parcel.hide, parcel.rung, parcel.seed) == (("/x",), "landlock", 3)
        assert {question.probe for question in parcel.questions} == {"within"}


def test_a_run_that_could_not_be_set_up_is_told() -> None:
    with pytest.raises(GraderError, match="the variants could not be run: no room"):
        asked(Recorded(Ending.SETUP_FAILED), 1, 1)
