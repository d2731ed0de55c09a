"""A student's check: the grading's verdicts on public items, told as they come."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any
from unittest.mock import ANY

import numpy as np
import pytest

from grader.core.errors import SandboxError
from grader.core.model import (
    Ending,
    Evidence,
    ItemGrade,
    Notebook,
    Outcome,
    Question,
    Status,
    Submission,
    Task,
)
from grader.core.notebook import read
from grader.marking import plan, typical_mistakes
from grader.marking.judge import judge
from grader.marking.task_work import TaskWork
from grader.sandbox.surroundings import Surroundings
from grader.student import ask_in_kernel, public_checks, selfcheck
from grader.student.selfcheck import Budget, Checked, SelfCheck
from tests.bundle import REFERENCE, RIGHT, ROOT, WRONG, door, made, notebook

EXAMPLES = ROOT / "submissions" / "examples"


def submission(content: bytes) -> Submission:
    notebook = read(content, "ActivationFunctions.ipynb")
    missing = {"evaluation": "Evaluation.ipynb was not handed in."}
    return Submission(student="s", name="s", notebooks={"activation": notebook}, missing=missing)


def check(content: bytes, *names: str, **changed: Any) -> tuple[Checked, list[str]]:
    """What came of it, and the items in the order in which they were told."""
    told: list[str] = []

    def settled(task: Task, item: ItemGrade) -> None:
        told.append(item.item.id)

    fields: dict[str, Any] = {"door": door, "settled": settled} | changed
    job = SelfCheck(public=made(), submission=submission(content), **fields)
    return job.run(public_checks.select(made(), names)), told


def statuses(found: Checked) -> dict[str, Status]:
    return {i.item.id: i.outcome.status for t in found.grade.tasks for i in t.items}


def test_items_named_are_judged_and_worth_their_points() -> None:
    found, told = check(RIGHT, "logistic", "relu")
    assert statuses(found) == {"logistic": Status.PASSED, "relu": Status.PASSED}
    assert found.grade.points == found.grade.max_points == Decimal(3)
    assert found.passed
    assert told == ["logistic", "relu"]


def test_a_wrong_function_costs_its_item() -> None:
    found, _ = check(WRONG, "logistic", "relu")
    assert statuses(found) == {"logistic": Status.PASSED, "relu": Status.FAILED}
    assert not found.passed
    assert found.broken == ()


@pytest.mark.parametrize(
    "name", ["Ada Strong", "Jörg Müller", "Mei Lin", "Noah Blank", "Sam Conway"]
)
def test_the_verdict_is_the_gradings(name: str) -> None:
    """Status, share and message of every public item, with hidden inputs and published ones."""
    (path,) = EXAMPLES.glob(f"{name}_*/ActivationFunctions.ipynb")
    found, _ = check(path.read_bytes(), "activation")
    task, handed_in = made().task("activation"), submission(path.read_bytes())
    asked = plan.plan(task, 20210530)
    questions = [question for several in asked.values() for question in several]
    reference = read((REFERENCE / "ActivationFunctions.ipynb").read_bytes(), "reference")
    evidence, right = (
        observed(notebook, questions) for notebook in (handed_in.notebooks["activation"], reference)
    )
    work = TaskWork(
        task=task,
        submission=handed_in,
        questions=asked,
        evidence=evidence,
        expected=right.answers,
        reference_dir=REFERENCE,
    )
    assert {i.item.id: i.outcome for i in found.grade.tasks[0].items} == {
        key: replace(outcome, details=ANY) for key, outcome in judge(work).items()
    }


def observed(notebook: Notebook, questions: list[Question]) -> Evidence:
    return door(
        notebook,
        questions,
        Surroundings(),
        task="activation",
        seed=0,
        resources=None,
        progress=None,
        answered=lambda digest, answer: None,
    )


def test_what_passed_is_told_while_questions_are_still_asked() -> None:
    """A failure waits for the end of the run: it may turn out to be the machine's."""
    told: list[str] = []
    at_end: list[str] = []

    def slow(*args: Any, answered: Any, **more: Any) -> Evidence:
        evidence = door(*args, answered=answered, **more)
        at_end.extend(told)
        return evidence

    def settled(task: Task, item: ItemGrade) -> None:
        told.append(item.item.id)

    check(WRONG, "logistic", "relu", door=slow, settled=settled)
    assert at_end == ["logistic"]
    assert told == ["logistic", "relu"]


def test_a_missing_module_is_no_failure_in_the_end() -> None:
    def lacking(*args: Any, **more: Any) -> Evidence:
        evidence = door(*args, **more)
        cell = replace(evidence.cells[0], error="ModuleNotFoundError: No module named 'jax'")
        return replace(evidence, cells=(cell,))

    found, _ = check(WRONG, "relu", door=lacking)
    assert statuses(found) == {"relu": Status.REVIEW}


def test_a_notebook_that_is_not_there_fails_its_items() -> None:
    found, told = check(RIGHT, "confusion_counts")
    assert statuses(found) == {"confusion_counts": Status.FAILED}
    assert told == ["confusion_counts"]
    assert found.broken == ()


def test_when_the_grader_fails_it_says_so_and_nothing_is_failed() -> None:
    def broken(*args: Any, **more: Any) -> Evidence:
        raise SandboxError("no sandbox")

    found, _ = check(RIGHT, "relu", door=broken)
    assert statuses(found) == {"relu": Status.ERROR}
    assert found.broken == ("ActivationFunctions.ipynb: no sandbox",)


def test_a_kernel_that_does_not_start_is_the_graders_failure() -> None:
    def dead(*args: Any, **more: Any) -> Evidence:
        return Evidence(task="activation", ending=Ending.SETUP_FAILED, message="It did not start.")

    found, _ = check(RIGHT, "relu", door=dead)
    assert found.broken == ("ActivationFunctions.ipynb: It did not start.",)


def test_what_is_judged_later_is_told() -> None:
    found, _ = check(RIGHT, "relu")
    (note,) = found.grade.notes
    assert (
        note == "Judged later, by a person or the full grading: 4 items of activation (5 points)."
    )
    found, _ = check(RIGHT, "relu", tell_later=False)
    assert found.grade.notes == ()


def test_what_a_cut_training_did_not_reach_is_not_failed() -> None:
    def cut(*args: Any, **more: Any) -> Evidence:
        return replace(door(*args, **more), repairs=("the training was stopped after 1 epochs",))

    public_ = replace(made(), accuracies={"activation": 82.0})
    fields: dict[str, Any] = {"public": public_, "submission": submission(WRONG), "door": cut}
    tasks = public_checks.select(made(), ["logistic", "relu"])
    plain = SelfCheck(**fields).run(tasks)
    assert statuses(plain) == {"logistic": Status.PASSED, "relu": Status.FAILED}
    found = SelfCheck(**fields, train=Budget(epochs=1)).run(tasks)
    assert statuses(found) == {"logistic": Status.PASSED, "relu": Status.REVIEW}
    assert found.estimates[0].was_cut


def test_limits_are_the_rubrics_and_a_budget_lowers_them(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def looking(notebook: Any, questions: Any, around: Any, **more: Any) -> Evidence:
        seen.append((around.limits, [q.probe for q in questions]))
        return Evidence(task="fmssvrc", ending=Ending.SETUP_FAILED)

    monkeypatch.setattr("grader.retraining.datasets.fashion_mnist.prepare", lambda *a, **k: None)
    monkeypatch.setattr("grader.retraining.datasets.fashion_mnist.sandbox_folder", lambda *a: None)
    network = submission(RIGHT)
    network = replace(network, notebooks={"fmssvrc": network.notebooks["activation"]})
    tasks = public_checks.select(made(), ["mlp"])
    SelfCheck(public=made(), submission=network, door=looking).run(tasks)
    budget = Budget(epochs=2, seconds=40)
    monkeypatch.setattr("grader.retraining.runs.distilled", lambda evidence, *_: evidence)
    found = SelfCheck(public=made(), submission=network, door=looking, train=budget).run(tasks)
    (plain, asked), (low, more) = seen
    assert plain == made().task("fmssvrc").limits
    assert (low.training_epochs, low.notebook_seconds, low.cell_seconds) == (2, 70, 40)
    assert asked == ["network", "export"]
    assert set(more) == {"network", "export", "histories", "figures"}
    (estimate,) = found.estimates
    assert (estimate.cutoff, estimate.outcome.status) == (82.0, Status.ERROR)


def test_a_typical_mistake_is_told_by_its_hint() -> None:
    (item,) = [i for i in made().task("activation").items if i.id == "logistic"]
    mistake = next(one for one in item.mistakes if one.name == "logistic_is_tanh.py")
    names: dict[str, Any] = {"np": np}
    exec(mistake.code, names)
    known = {
        typical_mistakes.key("logistic", mistake.name, question): ask_in_kernel.ask(
            names, question, 20
        )
        for question in made().asked["activation"]["logistic"]
    }
    bundle = replace(made(), mistakes=known)
    said = {}
    for function in ("np.tanh(x)", "np.sinh(x)"):
        content = notebook(f"import numpy as np\ndef logistic(x):\n    return {function}")
        job = SelfCheck(public=bundle, submission=submission(content), door=door)
        (task,) = job.run(public_checks.select(bundle, ["logistic"])).grade.tasks
        said[function] = task.items[0].outcome.message
    assert said["np.tanh(x)"].endswith(mistake.hint)
    assert mistake.hint not in said["np.sinh(x)"]


def test_what_this_machine_lacks_is_no_failure_of_the_whole() -> None:
    found, _ = check(WRONG, "relu")
    assert not found.passed
    assert replace(found, skipped={"activation": "it needs torch"}).passed


def test_of_a_cut_training_a_pass_stays_and_all_else_is_open() -> None:
    passed = Outcome(status=Status.PASSED, share=Decimal(1), message="")
    failed = Outcome(status=Status.FAILED, share=Decimal(0), message="bad")
    assert selfcheck._undecided(passed) is passed
    found = selfcheck._undecided(failed)
    assert found.status is Status.REVIEW
    assert found.message == (
        "The training was cut short, so this can't be told; check again without "
        "--epochs and --seconds."
    )


def test_one_item_judged_later_is_no_plural_and_none_is_no_sentence() -> None:
    task = made().task("activation")
    hidden = [
        public_checks.Withheld(task=id, id=f"h{n}", title="H", points=Decimal("1.5"))
        for n, id in enumerate(["activation", "evaluation", "evaluation"])
    ]
    public = replace(made(), withheld=tuple(hidden))
    assert selfcheck.later(public, (task,)) == (
        "Judged later, by a person or the full grading: 1 item of activation (1.5 points).",
    )
    both = selfcheck.later(public, (task, made().task("evaluation")))
    assert both[0].endswith(
        "1 item of activation (1.5 points), 2 items of evaluation (3.0 points)."
    )
    assert selfcheck.later(public, (made().task("fmssvrc"),)) == ()
