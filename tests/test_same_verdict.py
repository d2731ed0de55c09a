"""The verdict on a public item is the same in %check, `grader check`, CI and the grading.

Over every known way, right or wrong, to solve what can be asked without training Fashion-MNIST. Of
what takes that training, the same is asked and judged everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml

from grader.assignment import rubric, variants
from grader.core import codec, notebook_patch
from grader.core.errors import UsageError
from grader.core.model import (
    Answer,
    Ending,
    Evidence,
    Notebook,
    Outcome,
    Question,
    Status,
    Submission,
    Task,
)
from grader.core.notebook import read
from grader.marking import plan
from grader.marking.judge import judge
from grader.marking.task_work import TaskWork
from grader.reports import junit
from grader.student import ask_in_kernel, jupyter_magic, public_checks, public_file
from grader.student.public_checks import Public
from grader.student.selfcheck import SelfCheck
from tests.bundle import ROOT, made

GRADING_SEED = 20210530
TASKS = [
    ("kmeans-example", "kmeans"),
    ("dais2021-a4", "activation"),
    ("dais2021-a4", "evaluation"),
]
FILES = [
    (name, task, path.name)
    for name, task in TASKS
    for path in sorted((ROOT / "reference" / name / "variants" / task).glob("*.py"))
]
TRAINING = ("dais2021-a4", "fmssvrc")
FILES += [(*TRAINING, "split.py")]  # the one item that needs no training
UNTRAINED = ("imports", "data", "split", "loaders")
IMAGES = """
from tests.checks.trained_network.test_course_of_training import Fashion
trainset, testset = Fashion(), Fashion(train=False, size=10_000)
"""


def folder(name: str) -> Path:
    return ROOT / "reference" / name


def public_of(name: str) -> Public:
    """With the reference's answers to what is asked of it, too."""
    return made(name, next(task for known, task in TASKS if known == name))


@cache
def master(name: str, task: str) -> Notebook:
    """The reference without cells that only try it out, or train on Fashion-MNIST."""
    file = folder(name) / str(public_of(name).task(task).notebook)
    found = read(file.read_bytes(), file.name)
    tried = ("call-", "-test", "run")
    code = [cell for cell in found.cells if cell.kind == "code"]
    cells = tuple(cell for cell in code if not any(word in cell.id for word in tried))
    if (name, task) == TRAINING:
        few = [cell for cell in cells if cell.id in UNTRAINED]
        cells = tuple(replace(cell, source=IMAGES) if cell.id == "data" else cell for cell in few)
    return Notebook(name=found.name, cells=cells)


@cache
def names_of(name: str, task: str) -> dict[str, Any]:
    return defined(master(name, task))


def defined(notebook: Notebook) -> dict[str, Any]:
    """What a notebook's cells define."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in notebook.cells:
        exec(cell.source, names)
    return names


@cache
def expected(name: str, task: str, item: str) -> dict[str, Answer]:
    """The reference's answers to what the grading asks of one item."""
    found = {}
    for question in plan.plan(public_of(name).task(task), GRADING_SEED)[item]:
        answer = ask_in_kernel.ask(names_of(name, task), question, 20)
        found[codec.digest(question)] = answer
    return found


def observed(names: dict[str, Any], questions: Iterable[Question], task: str) -> Evidence:
    """What a run of the notebook that defined these names tells."""
    answers = {codec.digest(q): ask_in_kernel.ask(names, q, 20) for q in questions}
    return Evidence(task=task, ending=Ending.COMPLETED, answers=answers)


def graded(
    name: str, task: Task, submission: Submission, names: dict[str, Any]
) -> dict[str, Outcome]:
    """As in a batch: other inputs, and the reference's answers to them."""
    asked = plan.plan(task, GRADING_SEED)
    questions = [question for several in asked.values() for question in several]
    evidence = observed(names, questions, task.id)
    right = {key: a for item in task.items for key, a in expected(name, task.id, item.id).items()}
    work = TaskWork(
        task=task,
        submission=submission,
        questions=asked,
        evidence=evidence,
        expected=right,
        reference_dir=folder(name),
    )
    return judge(work)


@pytest.mark.parametrize(("name", "task", "file"), FILES, ids=str)
def test_every_variant_has_one_verdict(name: str, task: str, file: str, tmp_path: Path) -> None:
    public = public_of(name)
    (tmp_path / public_file.FILE).write_bytes(public_file.dump(public))
    chosen = rubric.find(str(ROOT / "rubrics" / name))
    items = [item.id for one in chosen.tasks if one.id == task for item in one.items]
    code = (folder(name) / "variants" / task / file).read_text()
    others = []
    for variant in variants.parse(code, file, items):
        wanted = [i.id for i in public.task(task).items if i.id in variant.items]
        if not wanted:
            continue
        notebook = notebook_patch.applied(master(name, task), variant.code, variant.source)
        submission = Submission(student="s", name="s", notebooks={task: notebook}, missing={})
        (one,) = public_checks.select(public, wanted)
        names = defined(notebook)

        def door(_: Notebook, questions: list[Question], *__: Any, **___: Any) -> Evidence:
            return observed(names, questions, task)  # noqa: B023 (called in this turn)

        check = SelfCheck(public=public, submission=submission, door=door).run((one,))
        by_check = {i.item.id: i.outcome for i in check.grade.tasks[0].items}
        live = jupyter_magic.judged(wanted, names, tmp_path)
        by_magic = {i.item.id: i.outcome for i in live.items}
        by_grading = graded(name, one, submission, names)
        (suite,) = JUnitXml.fromstring(junit.render([check.grade], public.assignment)["junit.xml"])
        by_runner = {case.name: not case.result for case in suite}
        for item in wanted:
            told = (by_check[item], by_magic[item], by_grading[item])
            same = len({(outcome.status, outcome.share) for outcome in told[:2]}) == 1
            # With other inputs a part may be another part, and is no whole and no nothing.
            same = same and told[2].status is told[0].status
            if not same or by_runner[item] != (told[0].status is Status.PASSED):
                others.append((variant.source, item, [str(one) for one in told]))
    assert others == []


def test_what_takes_a_training_is_asked_and_judged_alike(tmp_path: Path) -> None:
    """Whatever was handed in: of one run there is one verdict. What asks for more is the grading's.

    %check, which runs no notebook, leaves both to others, in a sentence.
    """
    name, id = TRAINING
    public = public_of(name)
    (tmp_path / public_file.FILE).write_bytes(public_file.dump(public))
    (whole,) = [one for one in rubric.find(str(ROOT / "rubrics" / name)).tasks if one.id == id]
    asked, here = plan.plan(whole, GRADING_SEED), public.asked[id]
    checks = {item.id: item.check for item in public.task(id).items}
    for item in whole.items:
        if item.id not in here:
            with pytest.raises(UsageError, match="by a person or by the full grading, not here"):
                jupyter_magic.judged([item.id], {}, tmp_path)
            continue
        assert not (plan.asks_again(item) or item.check.reference)
        assert (checks[item.id], here[item.id]) == (item.check, asked[item.id])
        if not all(map(ask_in_kernel.is_possible, here[item.id])):
            (note,) = jupyter_magic.judged([item.id], {}, tmp_path).notes
            assert note.startswith(f"{item.id}: needs a run of the whole notebook")
    assert {i.id for i in whole.items if plan.asks_again(i)} == set(asked) - set(here)
