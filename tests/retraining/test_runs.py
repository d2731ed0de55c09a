"""Further runs: secret orders of classes, seeds, and what is kept of an exported network."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from grader.checks.trained_network.network_facts import EXPORT, NETWORK
from grader.core import codec
from grader.core.model import Answer, AnswerStatus, Ending, Evidence
from grader.retraining import evaluation, runs
from grader.retraining.datasets import fashion_mnist


def test_an_order_moves_every_class_and_is_each_runs_own() -> None:
    orders = [tuple(runs.order(7, n)) for n in range(1, 6)]
    assert len(set(orders)) == 5
    for order in orders:
        assert sorted(order) == list(range(10))
        assert all(c != n for c, n in enumerate(order))
    assert tuple(runs.order(7, 1)) == orders[0]
    assert tuple(runs.order(8, 1)) != orders[0]


def test_restored_classes_have_their_true_numbers() -> None:
    order, true = runs.order(3, 2), np.arange(10, dtype=np.uint8)
    assert runs.restored(order[true], order).tolist() == true.tolist()


def test_the_first_run_has_the_submissions_seed_and_others_their_own() -> None:
    assert runs.seed_of(99, 0) != 99
    assert len({runs.seed_of(99, n) for n in range(5)}) == 5


IMAGES = np.zeros((2500, 28, 28), np.uint8)
CLASSES = (np.arange(2500) % 10).astype(np.uint8)


def distilled(monkeypatch: pytest.MonkeyPatch, claimed: Any) -> Any:
    """What is kept of an answer to EXPORT, evaluated by a stand-in."""
    monkeypatch.setattr(fashion_mnist, "load", lambda split, folder=None: (IMAGES, CLASSES))
    told = {
        "problem": "",
        "finite": True,
        "operators": [],
        "dense": 2,
        "strange": "",
        "sparse": 0.01,
        "tied": 0.0,
        "classes": np.concatenate([CLASSES, CLASSES])[: 2500 + runs.SAMPLE],
    }
    monkeypatch.setattr(evaluation, "evaluate", lambda content, images: told)
    key = codec.digest(EXPORT)
    evidence = Evidence(
        task="t",
        ending=Ending.COMPLETED,
        answers={key: Answer(status=AnswerStatus.OK, value=claimed)},
    )
    kept = runs.distilled(evidence, [EXPORT, NETWORK, EXPORT], None)
    return kept.answers[key].value


def test_a_network_becomes_its_predictions(monkeypatch: pytest.MonkeyPatch) -> None:
    claimed = {
        "onnx": np.zeros(10, np.uint8),
        "problem": "",
        "inside": CLASSES,
        "before": np.zeros(2500, np.uint8),
        "moved": 1.5,
    }
    kept = distilled(monkeypatch, claimed)
    assert kept["classes"].tolist() == CLASSES.tolist()
    assert (kept["agree"], kept["before"], kept["moved"]) == (1.0, 0.1, 1.5)
    assert (kept["sparse"], kept["tied"]) == (0.01, 0.0)
    assert "onnx" not in kept


@pytest.mark.parametrize("labels", [None, runs.order(1, 1)])
def test_what_a_run_reached_is_known_under_true_numbers(
    monkeypatch: pytest.MonkeyPatch, labels: Any
) -> None:
    monkeypatch.setattr(fashion_mnist, "load", lambda split, folder=None: (IMAGES, CLASSES))
    classes = CLASSES.copy() if labels is None else labels[CLASSES]
    classes[:250] = classes[1]
    answers = {"a": Answer(status=AnswerStatus.OK, value={"classes": classes, "finite": True})}
    evidence = Evidence(task="t", ending=Ending.COMPLETED, answers=answers)
    assert runs.reached(evidence, labels, None) == 91.0
    assert runs.reached(replace(evidence, answers={}), labels, None) is None


def test_claimed_predictions_are_never_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    forged = {"classes": np.full(2500, 9, np.uint8), "finite": True, "agree": 1.0, "onnx": None}
    kept = distilled(monkeypatch, forged)
    assert "classes" not in kept
    assert kept["problem"] == "the network could not leave the sandbox"


@pytest.mark.parametrize(
    "claimed",
    [
        None,
        3,
        "x",
        [],
        {"onnx": "text"},
        {"onnx": np.zeros(3)},
        {"onnx": np.zeros((2, 2), np.uint8)},
    ],
)
def test_anything_else_is_a_problem_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, claimed: Any
) -> None:
    assert distilled(monkeypatch, claimed)["problem"]


@pytest.mark.parametrize(
    "odd",
    [
        {"inside": np.full(2500, 77, np.uint8)},
        {"inside": np.zeros(3, np.uint8)},
        {"before": "all"},
        {"moved": float("nan")},
        {"moved": 10**400},
        {"moved": [1]},
    ],
)
def test_odd_claims_beside_the_network_count_as_unknown(
    monkeypatch: pytest.MonkeyPatch, odd: dict[str, Any]
) -> None:
    claimed = {"onnx": np.zeros(10, np.uint8), "problem": "", "inside": None, "before": None}
    kept = distilled(monkeypatch, claimed | odd)
    assert (kept["agree"], kept["before"], kept["moved"]) == (None, None, None)
