"""What looks as if a network had not been trained here: each oddity, and how far it is honest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.checks.trained_network.doubts import BY_HAND, Suspicion, doubts
from grader.checks.trained_network.measured import Measured
from grader.checks.trained_network.network_facts import EXPORT, NETWORK, Export
from grader.core import codec
from grader.core.model import Answer, AnswerStatus, Case, Ending, Evidence, Run
from grader.sandbox.inside.fixtures import by_hand

LIMITS = Suspicion()
CUTOFF = 82.0
FACTS: dict[str, Any] = {
    "name": "model",
    "layers": [],
    "parameters": 1000,
    "steps": 100,
    "networks": 1,
    "calls": [],
    "output": [4, 10],
    "losses": np.linspace(2.3, 0.4, 100),
}


def network(accuracy: float = 88.0, *, shift: int = 0, **facts: Any) -> Measured:
    """A network of this accuracy; with another `shift` its predictions are others."""
    known: dict[str, Any] = {"agree": 1.0, "before": 0.1, "moved": 0.3}
    export = Export(
        **(
            {"problem": "", "classes": None, "finite": True, "dense": 2, "strange": ""}
            | known
            | facts
        )
    )
    classes = ((np.arange(10_000) + shift) % 10).astype(np.uint8)
    return Measured(classes=classes, accuracy=accuracy, export=export)


def run(message: str = "", *, pixels: bool = False) -> Run:
    evidence = Evidence(task="t", ending=Ending.COMPLETED, message=message)
    order = np.arange(10, dtype=np.uint8)
    return Run(evidence=evidence, labels=order, pixels=np.arange(784) if pixels else None)


def case(*runs: Run, **facts: Any) -> Case:
    answer = Answer(status=AnswerStatus.OK, value=FACTS | facts)
    return Case(asked=(NETWORK,), answers=(answer,), runs=runs)


def told(*found: Measured, of: Case | None = None) -> list[str]:
    return doubts(list(found), of or case(), LIMITS, CUTOFF)


def test_an_honest_training_raises_no_doubt() -> None:
    assert told(network()) == []
    assert told(network(), network(87.0, shift=1), of=case(run())) == []


def test_whose_accuracy_falls_with_secret_classes_did_not_learn_here() -> None:
    (sentence,) = told(network(90.0), network(83.9, shift=1), of=case(run()))
    assert sentence.startswith("With secret class numbers it reaches only 83.90 %")


def test_trainings_vary_that_much_honestly() -> None:
    assert told(network(90.0), network(84.0, shift=1), of=case(run())) == []


def test_two_trainings_that_end_the_same_were_none() -> None:
    (sentence,) = told(network(), network(), of=case(run()))
    assert "gave the same predictions" in sentence


def test_a_further_run_without_a_network_is_told_with_its_reason() -> None:
    assert told(network(), of=case(run("It ran longer than 4 s."))) == [
        "Trained again with secret class numbers, it gave no network.",
        "It ran longer than 4 s.",
    ]


def test_a_network_that_knows_images_before_its_first_step_was_brought_along() -> None:
    assert told(network(before=0.85)) == [
        "Before its first step it already knows 85% of the images."
    ]
    assert told(network(before=0.4)) == []
    assert told(network(before=None)) == []


@pytest.mark.parametrize(
    ("moved", "accuracy", "doubted"),
    [(0.005, 88.0, True), (0.01, 88.0, False), (0.005, 40.0, False), (None, 88.0, False)],
)
def test_good_without_having_moved_is_odd_and_bad_is_not(
    moved: float | None, accuracy: float, doubted: bool
) -> None:
    found = told(network(accuracy, moved=moved))
    assert bool(found) is doubted
    assert not found or "training moved its weights by no more than" in found[0]


@pytest.mark.parametrize(("agree", "doubted"), [(0.9, True), (0.998, False), (None, False)])
def test_another_network_than_the_one_that_left_is_odd(agree: float | None, doubted: bool) -> None:
    found = told(network(agree=agree))
    assert bool(found) is doubted
    assert not found or "(90.0% alike)" in found[0]


@pytest.mark.parametrize(("tested", "doubted"), [(64, False), (10_000, True)])
def test_a_network_that_learned_from_test_images_is_odd(tested: int, doubted: bool) -> None:
    assert bool(told(network(), of=case(tested=tested))) is doubted


def test_a_network_that_no_optimizer_touched_is_odd() -> None:
    for facts in ({"steps": 0}, {"optimizer": "by hand"}):
        assert told(network(), of=case(**facts)) == ["No optimizer updated its weights."]


@pytest.mark.parametrize(
    ("losses", "accuracy", "doubted"),
    [
        (np.full(100, 0.4), 88.0, True),
        (np.linspace(2.317, 2.309, 100), 88.0, True),
        (np.linspace(0.4, 2.3, 100), 88.0, True),
        (np.linspace(0.4, 2.3, 100), 40.0, False),  # and it is bad, too
        (np.linspace(0.4, 2.3, 9), 88.0, False),  # too short to tell
        (np.zeros(0), 88.0, False),
    ],
)
def test_good_though_the_loss_did_not_fall_is_odd(
    losses: Any, accuracy: float, doubted: bool
) -> None:
    found = told(network(accuracy), of=case(losses=losses))
    assert found == (
        ["It is good, but its loss hardly fell while it was trained."] if doubted else []
    )


def audit(accuracy: float | None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is said after an audit in which the network had this accuracy."""
    found = None if accuracy is None else network(accuracy, shift=1)
    module = "grader.checks.trained_network.doubts.audited"
    monkeypatch.setattr(module, lambda case: found)
    return told(network(90.0), of=case(run(pixels=True)))


def test_an_audit_that_holds_raises_no_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    assert audit(84.0, monkeypatch) == []


def test_an_audit_that_falls_or_gives_no_network_does(monkeypatch: pytest.MonkeyPatch) -> None:
    (fell,) = audit(83.0, monkeypatch)
    assert fell.startswith("In the audit, with pixels moved, it reaches only 83.00 %")
    assert audit(None, monkeypatch) == ["In the audit, with pixels moved, it gave no network."]


def test_where_nothing_is_known_of_the_network_the_rest_is_still_told() -> None:
    unknown = Case(asked=(EXPORT,), answers=(Answer(status=AnswerStatus.LOST),))
    assert told(network(before=0.9), of=unknown) == [
        "Before its first step it already knows 90% of the images."
    ]
    assert codec.digest(EXPORT) != codec.digest(NETWORK)


def test_both_sides_say_the_same_of_descent_by_hand() -> None:
    """Trusted code loads nothing that runs beside student code, so the word stands twice."""
    assert by_hand.NAME == BY_HAND
