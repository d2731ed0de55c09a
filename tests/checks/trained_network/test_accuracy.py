"""The accuracy that counts: measured outside, over several runs, and what looks odd."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from grader.checks.trained_network.accuracy import RetrainedAccuracy
from grader.checks.trained_network.network_facts import EXPORT, FIGURES, HISTORIES, NETWORK, TEST
from grader.core import codec
from grader.core.model import (
    Answer,
    AnswerStatus,
    Case,
    Cell,
    CellRun,
    Ending,
    Evidence,
    Notebook,
    Outcome,
    Run,
    Status,
)
from grader.retraining import runs
from grader.retraining.datasets import fashion_mnist
from tests.checks.model_evaluation.evaluation_task import case

CHECK = RetrainedAccuracy()
LABELS = (np.arange(10_000) % 10).astype(np.uint8)
ASKED = (NETWORK, EXPORT, HISTORIES, FIGURES)
FACTS: dict[str, Any] = {
    "name": "model",
    "layers": [],
    "parameters": 1000,
    "steps": 10,
    "networks": 1,
    "calls": [],
    "output": [4, 10],
    "seeded": False,
    "evaluated": True,
}


@pytest.fixture(autouse=True)
def labels(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Made-up data in place of Fashion-MNIST: these tests are about verdicts."""
    monkeypatch.setattr(fashion_mnist, "load", lambda split, folder=None: (None, LABELS))
    yield


def ok(value: Any) -> Answer:
    return Answer(status=AnswerStatus.OK, value=value)


def predicted(percent: float, shift: int = 0) -> NDArray[np.uint8]:
    """Classes of which so many percent are right; the wrong ones differ with `shift`."""
    classes = LABELS.copy()
    wrong = round(10_000 - percent * 100)
    place = (np.arange(wrong) + shift) % 10_000
    classes[place] = (classes[place] + 1) % 10
    return classes


def export(percent: float, shift: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "problem": "",
        "classes": predicted(percent, shift),
        "finite": True,
        "dense": 3,
        "strange": "",
        "agree": 1.0,
        "before": 0.1,
        "moved": 1.5,
    } | more


def further(number: int, value: Any, question: Any = EXPORT) -> Run:
    """A further run: its predictions carry the secret numbers of classes."""
    order = runs.order(1, number)
    if isinstance(value, dict) and value.get("classes") is not None:
        value = value | {"classes": order[value["classes"]]}
    evidence = Evidence(
        task="fmssvrc", ending=Ending.COMPLETED, answers={codec.digest(question): ok(value)}
    )
    return Run(evidence=evidence, labels=order)


def seen(*percents: float, seeded: bool = False, **more: Any) -> Case:
    """A case of so many runs with these accuracies."""
    answers = (ok(FACTS | {"seeded": seeded}), ok(export(percents[0], **more)), ok({}), ok([]))
    others = tuple(further(n, export(p, shift=2000 * n)) for n, p in enumerate(percents[1:], 1))
    return replace(case(CHECK, ASKED, answers), runs=others)


def judge(*percents: float, **more: Any) -> Outcome:
    return CHECK.judge(seen(*percents, **more))


# --- the verdict ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("percent", "status", "share"),
    [
        (100, Status.PASSED, "1"),
        (82.01, Status.PASSED, "1"),
        (82, Status.PASSED, "1"),
        (81.99, Status.PARTIAL, "0.749"),
        (77, Status.PARTIAL, "0.375"),
        (72.4, Status.PARTIAL, "0.030"),
        (72, Status.FAILED, "0"),
        (10, Status.FAILED, "0"),
    ],
)
def test_points_of_a_notebook_with_its_own_seed(percent: float, status: Status, share: str) -> None:
    got = judge(percent, min(percent + 0.5, 99), seeded=True)
    assert (got.status, got.share) == (status, Decimal(share)), got
    assert got.details["accuracies"] == [percent]
    assert got.details["deterministic"] is True
    assert "sets its own seed" in got.message


@pytest.mark.parametrize(("percent", "status"), [(84, Status.PASSED), (77, None), (10, None)])
def test_where_another_network_may_be_meant_a_person_looks(
    percent: float, status: Status | None
) -> None:
    told = seen(percent, percent, seeded=True)
    facts = ok(FACTS | {"seeded": True, "networks": 2, "rivals": 1})
    cell = Cell(id="a", kind="code", source="evaluate(other, testloader)")
    run = CellRun(index=0, id="a", status="ok", text="test accuracy: 88.1%")
    got = CHECK.judge(
        replace(
            told,
            answers=(facts, *told.answers[1:]),
            notebook=Notebook(name="n", cells=(cell,)),
            evidence=Evidence(task="fmssvrc", ending=Ending.COMPLETED, cells=(run,)),
        )
    )
    assert got.status is (status or Status.REVIEW)
    assert "form of the notebook's own" not in got.message
    compared = "The notebook evaluates 2 networks on the test images; ‘model’ counts here."
    assert (compared in got.message) is (status is None)


@pytest.mark.parametrize(
    ("starts", "fixed"), [(("a", "a"), True), (("a", "b"), False), (("a", ""), True)]
)
def test_a_seed_that_differs_from_run_to_run_is_none(starts: tuple[str, str], fixed: bool) -> None:
    told = replace(
        seen(83.0, 81.2, seeded=True, start=starts[0]),
        runs=(further(1, export(81.2, shift=2000, start=starts[1])),),
    )
    got = CHECK.judge(told)
    assert got.details["deterministic"] is fixed
    assert (got.status is Status.PASSED) is fixed
    assert bool(CHECK.again(told)) is not fixed


@pytest.mark.parametrize(
    ("percents", "status", "verdict"),
    [
        ((86.0, 86.4), Status.PASSED, "pass"),
        ((78.0, 78.5), Status.PARTIAL, "fail"),
        ((60.0,), Status.FAILED, "fail"),
        ((82.1, 81.9, 82.0, 82.2, 81.8), Status.REVIEW, "refer"),
        ((82.9, 82.8, 82.9, 82.8, 82.9), Status.PASSED, "pass"),
    ],
)
def test_points_of_a_notebook_without_a_seed(
    percents: tuple[float, ...], status: Status, verdict: str
) -> None:
    got = judge(*percents)
    assert (got.status, got.details["verdict"]) == (status, verdict), got
    assert got.details["accuracies"] == list(percents)
    assert got.details["mean"] == pytest.approx(np.mean(percents), abs=0.01)


@pytest.mark.parametrize(
    ("tie", "status"),
    [
        ("refer", Status.REVIEW),
        ("student", Status.PASSED),
        ("mean", Status.PARTIAL),
    ],
)
def test_what_a_tie_means_is_a_setting(tie: Any, status: Status) -> None:
    check = CHECK.model_copy(update={"tie": tie})
    assert check.judge(seen(82.1, 81.9, 81.9, 82.0, 81.9)).status is status


# --- how many runs ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("percents", "seeded", "more"),
    [
        ((87.0,), True, True),
        ((87.0, 87.1), True, False),
        ((87.0,), False, True),
        ((87.0, 87.1), False, False),
        ((82.2, 81.9), False, True),
        ((82.2, 81.9, 82.0, 82.1), False, True),
        ((82.2, 81.9, 82.0, 82.1, 82.0), False, False),
        ((60.0,), False, False),
        ((88.0, 12.0), False, False),
    ],
)
def test_runs_go_on_until_the_rule_decides(
    percents: tuple[float, ...], seeded: bool, more: bool
) -> None:
    assert bool(CHECK.again(seen(*percents, seeded=seeded))) is more


def test_there_is_no_further_run_without_a_network() -> None:
    answers = (Answer(status=AnswerStatus.UNDEFINED), *[ok(None)] * 3)
    assert CHECK.again(case(CHECK, ASKED, answers)) == ()


# --- what looks odd ---------------------------------------------------------------------------


def test_what_falls_under_secret_class_numbers_goes_to_a_person() -> None:
    got = judge(88.2, 2.7)
    assert got.status is Status.REVIEW
    assert "With secret class numbers it reaches only 2.70 %" in got.message


def test_the_same_predictions_twice_go_to_a_person() -> None:
    answers = (ok(FACTS), ok(export(88.0)), ok({}), ok([]))
    got = CHECK.judge(replace(case(CHECK, ASKED, answers), runs=(further(1, export(88.0)),)))
    assert got.status is Status.REVIEW
    assert "gave the same predictions" in got.message


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        ({"before": 0.85}, "Before its first step"),
        ({"agree": 0.6}, "predicts otherwise"),
    ],
)
def test_odd_facts_go_to_a_person(odd: dict[str, Any], words: str) -> None:
    got = judge(87.0, 86.5, **odd)
    assert got.status is Status.REVIEW
    assert words in got.message


def test_weights_that_hardly_moved_go_to_a_person() -> None:
    got = judge(87.0, 86.5, moved=0.001)
    assert got.status is Status.REVIEW
    assert "moved its weights by no more than 0.10%" in got.message
    assert judge(50.0, moved=0.001).status is Status.FAILED


@pytest.mark.parametrize(
    ("course", "status"),
    [
        (np.linspace(0.4, 0.4, 50), Status.REVIEW),
        (np.linspace(2.3, 0.3, 50), Status.PASSED),
        (np.linspace(0.4, 0.4, 5), Status.PASSED),
        (np.full(50, np.nan), Status.PASSED),
        ("falls", Status.PASSED),
    ],
)
def test_a_good_network_whose_loss_did_not_fall_goes_to_a_person(
    course: Any, status: Status
) -> None:
    assert told(FACTS | {"losses": course}, 87.0, 86.5).status is status


def audit(percent: float) -> Run:
    """A run whose pixels were moved, too."""
    return replace(further(9, export(percent, shift=5000)), pixels=runs.moved(1))


@pytest.mark.parametrize(("percent", "status"), [(86.0, Status.PASSED), (40.0, Status.REVIEW)])
def test_an_audit_is_told_and_never_counts_as_a_run(percent: float, status: Status) -> None:
    first = seen(87.0, 86.5)
    got = CHECK.judge(replace(first, runs=(*first.runs, audit(percent))))
    assert got.status is status
    assert got.details["audit"] == percent
    assert got.details["accuracies"] == [87.0, 86.5]
    assert ("with pixels moved, it reaches only 40.00 %" in got.message) is (percent == 40.0)


def test_weights_that_no_optimizer_updated_go_to_a_person() -> None:
    answers = (ok(FACTS | {"steps": 0}), ok(export(87.0)), ok({}), ok([]))
    got = CHECK.judge(replace(case(CHECK, ASKED, answers), runs=(further(1, export(86.0)),)))
    assert got.status is Status.REVIEW
    assert "No optimizer" in got.message


def test_a_diverged_network_fails_and_the_reason_is_told() -> None:
    got = judge(10.0, finite=False)
    assert got.status is Status.FAILED
    assert "the training diverged" in got.message


def test_a_network_that_can_not_leave_goes_to_a_person_with_its_own_predictions() -> None:
    stuck = {"problem": "it has data-dependent branches", "classes": None}
    answers = (ok(FACTS), ok(stuck), ok({}), ok([]))
    first = case(CHECK, ASKED, answers)
    assert CHECK.again(first) == (TEST,)
    order = runs.order(1, 1)
    told = {"classes": order[predicted(85.0)]}
    evidence = Evidence(
        task="fmssvrc", ending=Ending.COMPLETED, answers={codec.digest(TEST): ok(told)}
    )
    second = replace(first, runs=(Run(evidence=evidence, labels=order),))
    assert CHECK.again(second) == ()
    got = CHECK.judge(second)
    assert got.status is Status.REVIEW
    assert "by its own predictions it reaches 85.00 %" in got.message


def test_a_claim_above_a_training_that_was_stopped_is_no_suspicion() -> None:
    cell = Cell(id="a", kind="code", source="test", outputs=("test accuracy: 90%",))
    first = seen(87.0, 86.5)
    answers = (ok(FACTS | {"stopped": "epochs"}), *first.answers[1:])
    notebook = Notebook(name="n", cells=(cell,))
    got = CHECK.judge(replace(first, answers=answers, notebook=notebook))
    assert "says 90.00 %, perhaps after the whole of its training" in got.message


def told(facts: dict[str, Any], *percents: float) -> Outcome:
    """The outcome with these facts of the network."""
    first = seen(*percents)
    return CHECK.judge(replace(first, answers=(ok(facts), *first.answers[1:])))


@pytest.mark.parametrize(
    ("stopped", "percents", "status"),
    [
        ("epochs", (87.0, 86.5), Status.PASSED),
        ("seconds", (87.0, 86.5), Status.PASSED),
        ("epochs", (77.0, 77.5), Status.PARTIAL),
        ("seconds", (77.0, 77.5), Status.REVIEW),
    ],
)
def test_a_training_over_its_budget_is_measured_and_told(
    stopped: str, percents: tuple[float, ...], status: Status
) -> None:
    got = told(FACTS | {"stopped": stopped}, *percents)
    assert got.status is status
    assert "measured is what it had reached by then" in got.message
    assert got.details["stopped"] == stopped


@pytest.mark.parametrize(
    ("evaluated", "words"),
    [
        (True, "‘model’ (of 3, the one evaluated on test images last) reaches"),
        (False, "‘model’ (of 3, the one trained last) reaches"),
    ],
)
def test_which_of_several_networks_counts_is_told(evaluated: bool, words: str) -> None:
    assert words in told(FACTS | {"networks": 3, "evaluated": evaluated}, 87.0, 86.5).message


def test_the_loss_seen_here_is_drawn_where_the_notebook_kept_none() -> None:
    got = told(FACTS | {"losses": np.linspace(2.3, 0.3, 500)}, 87.0, 86.5)
    assert len(got.details["curves"]["step_loss"]) == 167
    assert got.details["curves"]["step_loss"][0] == 2.3


def test_lost_exports_are_an_error() -> None:
    answers = (ok(FACTS), Answer(status=AnswerStatus.LOST), ok({}), ok([]))
    assert CHECK.judge(case(CHECK, ASKED, answers)).status is Status.ERROR


# --- what is told -----------------------------------------------------------------------------


def test_accuracies_of_classes_and_the_confusion_matrix_are_told() -> None:
    classes = LABELS.copy()
    classes[LABELS == 6] = 0
    answers = (ok(FACTS | {"seeded": True}), ok(export(100) | {"classes": classes}), ok({}), ok([]))
    got = CHECK.judge(case(CHECK, ASKED, answers))
    assert got.details["per_class"]["Shirt"] == 0.0
    assert got.details["per_class"]["Ankle boot"] == 100.0
    assert got.details["confusion"][6][0] == 1000
    assert got.details["confusion"][5][5] == 1000


@pytest.mark.parametrize(
    ("again", "words"),
    [
        ("test accuracy: 83.2%", "perhaps measured on images that it was trained on"),
        ("test accuracy: 71.0%", "run again it says 71.00 %: it is from another run"),
    ],
)
def test_a_claim_far_from_the_measurement_is_told_with_a_reason(again: str, words: str) -> None:
    said = "test accuracy: 83.2%" if "perhaps" in words else "test accuracy: 95.0%"
    cell = Cell(id="a", kind="code", source="evaluate(model, testloader)", outputs=(said,))
    evidence = Evidence(
        task="fmssvrc",
        ending=Ending.COMPLETED,
        cells=(CellRun(index=0, id="a", status="ok", text=again),),
    )
    got = CHECK.judge(
        replace(seen(78.0, 78.2), notebook=Notebook(name="n", cells=(cell,)), evidence=evidence)
    )
    assert words in got.message
    assert got.details["claimed"] == (83.2 if "perhaps" in words else 95.0)


@pytest.mark.parametrize(
    ("printed", "status"),
    [
        ("test accuracy: 87.1%", Status.REVIEW),
        ("test accuracy: 12.0%", Status.FAILED),
        ("test accuracy: 24.9%", Status.FAILED),
        ("", Status.FAILED),
    ],
)
def test_who_tells_far_more_of_its_own_run_here_is_failed_by_no_measurement(
    printed: str, status: Status
) -> None:
    """Pixels that the notebook changes by its own means are not those that it was measured on."""
    cell = Cell(id="a", kind="code", source="evaluate(model, testloader)", outputs=())
    run = CellRun(index=0, id="a", status="ok", text=printed)
    evidence = Evidence(task="fmssvrc", ending=Ending.COMPLETED, cells=(run,))
    got = CHECK.judge(
        replace(seen(10.0, 10.1), notebook=Notebook(name="n", cells=(cell,)), evidence=evidence)
    )
    assert got.status is status
    assert ("Run here, the notebook itself tells 87.10 %" in got.message) is (
        status is Status.REVIEW
    )


# --- a seed that was set for a GPU ------------------------------------------------------------


def elsewhere(*percents: float) -> Case:
    """Seeded by the notebook, which ran on a GPU."""
    found = seen(*percents, seeded=True)
    network = ok(FACTS | {"seeded": True, "elsewhere": True})
    return replace(found, answers=(network, *found.answers[1:]))


def test_a_seed_for_a_gpu_says_nothing_of_the_runs_here() -> None:
    assert CHECK.again(elsewhere(81.0)) == (EXPORT, HISTORIES, FIGURES)
    assert CHECK.again(elsewhere(81.0, 83.2)) == (EXPORT,)
    got = CHECK.judge(elsewhere(81.0, 84.9, 85.2, 85.5, 85.1))
    assert got.details["accuracies"] == [81.0, 84.9, 85.2, 85.5, 85.1]
    assert "It sets its own seed, but for a GPU; here other seeds were used, too." in got.message


def test_a_seed_for_this_machine_still_says_it_all() -> None:
    assert CHECK.judge(seen(81.0, 85.0, seeded=True)).details["accuracies"] == [81.0]
