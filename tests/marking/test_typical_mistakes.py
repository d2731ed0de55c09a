"""Typical mistakes: told by the same answers, by nothing less, and never to who is right."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from grader.assignment import rubric
from grader.batch import ask_many, ask_mistakes, batch, worker
from grader.batch.engine import Job, LocalEngine, Queue
from grader.checks.functions.values import FunctionValues
from grader.cli.progress import Lines
from grader.core import codec, notebook_patch
from grader.core.errors import UsageError
from grader.core.model import (
    Answer,
    Ending,
    Evidence,
    Item,
    Mistake,
    Outcome,
    Question,
    Status,
    Submission,
    Visibility,
)
from grader.marking import typical_mistakes
from grader.marking.masters import read_masters
from grader.marking.task_work import TaskWork
from grader.store.store import Store
from tests.checks.model_evaluation.evaluation_task import ask, case, namespace

HANDOUT = "import numpy as np"
TRUTH = "def tanh(x):\n    return np.tanh(x)"
LOGISTIC = "def tanh(x):\n    return 1 / (1 + np.exp(-x))"
CHECK = FunctionValues(function="tanh")
ITEM = Item(
    id="tanh",
    title="",
    points=Decimal(2),
    visibility=Visibility.PUBLIC,
    hint="",
    check=CHECK,
    mistakes=(Mistake(name="logistic.py", code=LOGISTIC, hint="This is the logistic function."),),
)
TASK = replace(rubric.find("dais2021-a4").tasks[1], items=(ITEM,))
ASKED = {"tanh": CHECK.questions(np.random.default_rng(1))}


def answers(source: str) -> dict[str, Answer]:
    names: dict[str, Any] = namespace(source, HANDOUT)
    return {codec.digest(question): ask(question, names) for question in ASKED["tanh"]}


def known() -> dict[str, Answer]:
    own = answers(LOGISTIC)
    return {
        typical_mistakes.key("tanh", "logistic.py", q): own[codec.digest(q)] for q in ASKED["tanh"]
    }


def work(
    given: dict[str, Answer],
    expected: dict[str, Answer] | None = None,
    asked: Mapping[str, tuple[Question, ...]] = ASKED,
) -> TaskWork:
    return TaskWork(
        task=TASK,
        submission=Submission(student="ada", name="Ada", notebooks={}, missing={}),
        questions=asked,
        evidence=Evidence(task=TASK.id, ending=Ending.COMPLETED, answers=given),
        expected=expected or {},
    )


def hinted(
    source: str,
    *,
    expected: dict[str, Answer] | None = None,
    mistakes: dict[str, Answer] | None = None,
) -> Outcome:
    """The outcome of a submission with this function, hints added."""
    own, right = answers(source), answers(TRUTH)
    found = case(CHECK, ASKED["tanh"], tuple(own.values()))
    outcome = CHECK.judge(replace(found, expected=tuple(right.values())))
    marked = work(own, right if expected is None else expected)
    known_ones = known() if mistakes is None else mistakes
    return typical_mistakes.hinted(marked, {"tanh": outcome}, known_ones)["tanh"]


@pytest.mark.parametrize(
    "source",
    [
        LOGISTIC,
        "def tanh(x):\n    return 0.5 + 0.5 * np.tanh(x / 2)",
        "def tanh(x):\n    return 1 / (1 + np.exp(-x)) + 1e-7",
    ],
)
def test_who_computes_the_mistake_gets_its_hint(source: str) -> None:
    got = hinted(source)
    assert got.status is Status.FAILED
    assert got.message == "tanh gives wrong values. This is the logistic function."
    assert got.details["mistake"] == "logistic.py"


@pytest.mark.parametrize(
    "source",
    [
        "def tanh(x):\n    return -np.tanh(x)",
        "def tanh(x):\n    return 1 / (1 + np.exp(-x)) + 0.01",
        "def tanh(x):\n    return np.where(x < 5, 1 / (1 + np.exp(-x)), 0)",
        "def tanh(x):\n    return result",
        "x = 1",
    ],
)
def test_other_mistakes_get_no_hint(source: str) -> None:
    got = hinted(source)
    assert "logistic function" not in got.message
    assert "mistake" not in got.details


def test_who_is_right_gets_no_hint() -> None:
    assert hinted(TRUTH).message == "Right on all inputs."


def test_a_mistake_that_is_right_here_is_no_mistake() -> None:
    got = hinted(LOGISTIC, expected=answers(LOGISTIC))
    assert got.message == "tanh gives wrong values."


def test_without_all_of_the_mistakes_answers_nothing_is_told() -> None:
    some = dict(list(known().items())[1:])
    assert hinted(LOGISTIC, mistakes=some).message == "tanh gives wrong values."


def test_only_what_is_not_known_is_asked() -> None:
    (wanted,) = ask_mistakes.wanted([ITEM], [ASKED, ASKED], {})
    assert (wanted.name, wanted.questions) == ("logistic.py", ASKED["tanh"])
    assert ask_mistakes.wanted([ITEM], [ASKED], known()) == []


def test_who_gave_no_answer_or_is_right_causes_no_questions() -> None:
    lost = Outcome(status=Status.FAILED, share=Decimal(0), message="")
    right = Outcome(status=Status.PASSED, share=Decimal(1), message="")
    assert typical_mistakes.lost(work(answers(LOGISTIC)), {"tanh": lost}) == ASKED
    assert typical_mistakes.lost(work(answers("x = 1")), {"tanh": lost}) == {}
    assert typical_mistakes.lost(work(answers(TRUTH)), {"tanh": right}) == {}


def test_questions_about_a_whole_run_can_not_be_asked() -> None:
    asked = {"tanh": (Question(probe="network"),)}
    assert ask_mistakes.wanted([ITEM], [asked], {}) == []


class Watched(LocalEngine):
    """Knows whose jobs it got."""

    seen: ClassVar[list[str]] = []

    def run(self, queue: Queue, tell: Callable[[Job, str], None]) -> Iterator[tuple[Job, Evidence]]:
        for job, evidence in super().run(queue, tell):
            self.seen.append(job.student)
            yield job, evidence


@pytest.mark.sandbox
def test_a_batch_tells_a_mistake_and_asks_about_it_once(tmp_path: Path) -> None:
    """Through the whole way: two submissions with the same slip, one of them graded again."""
    chosen = rubric.find("kmeans-example")
    master = read_masters(chosen, chosen.tasks[0]).master
    own = (
        "def assign(points, centres):\n"
        "    return [int(np.argmax([np.hypot(*(p - c)) for c in centres])) for p in points]\n"
    )
    notebook = notebook_patch.applied(master, own, "here")
    handed = [
        Submission(student=name, name=name, notebooks={"kmeans": notebook}, missing={}, digest=name)
        for name in ("ada", "ben")
    ]
    told, engine = io.StringIO(), Watched(2, worker.perform)
    with Store(tmp_path / "grader.sqlite") as store:
        for submissions in (handed, handed[:1]):
            settings = batch.Settings(seed=1, jobs=2)
            grades = batch.Batch(chosen, store, settings, Lines(told), engine).run(submissions)
            for grade in grades:
                found = grade.tasks[0].items[0].outcome
                assert found.details["mistake"] == "farthest.py"
                assert found.message.startswith(
                    "assign returns wrong values. These are the farthest"
                )
                assert grade.tasks[0].items[1].outcome.status is Status.PASSED
    assert told.getvalue().count("typical mistakes") == 1
    assert engine.seen.count(ask_many.VARIANTS) == 2  # one for each of two at once


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ('variant = "gone.py"\nhint = "h"', "kmeans-example/mistakes/gone.py is missing"),
        ('variant = "../kmeans.toml"\nhint = "h"', "expected a file's name alone"),
        ('variant = "farthest.py"', "mistake farthest.py: key 'hint' is missing"),
        ('variant = "farthest.py"\nhints = "h"', "key 'hints' is unknown; did you mean 'hint'?"),
        ('variant = "broken.py"\nhint = "h"', "mistakes/broken.py is no Python"),
    ],
)
def test_a_mistake_that_can_not_be_used_is_told(tmp_path: Path, wrong: str, told: str) -> None:
    chosen = rubric.find("kmeans-example")
    folder = tmp_path / "rubrics" / "kmeans-example"
    shutil.copytree(chosen.rubric_dir, folder)
    (folder / "mistakes" / "broken.py").write_text("def f(:\n")
    path = folder / "kmeans.toml"
    right = path.read_text(encoding="utf-8").rstrip("\n").split("[[item]]")
    first = f"{right[1].split('[[item.mistake]]')[0]}[[item.mistake]]\n{wrong}\n\n"
    path.write_text("[[item]]".join([right[0], first, *right[2:]]) + "\n", encoding="utf-8")
    with pytest.raises(UsageError) as bad:
        rubric.load(folder, chosen.reference_dir)
    assert told in str(bad.value)
    assert "item assign" in str(bad.value)
