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
        "bent": 1,
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
        "start": "a1",
    }
    kept = distilled(monkeypatch, claimed)
    assert kept["classes"].tolist() == CLASSES.tolist()
    assert (kept["agree"], kept["before"], kept["moved"], kept["start"]) == (1.0, 0.1, 1.5, "a1")
    assert (kept["bent"], kept["sparse"], kept["tied"]) == (1, 0.01, 0.0)
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


def reached(monkeypatch: pytest.MonkeyPatch, *values: Any) -> float | None:
    """What a run reached whose questions were answered so."""
    monkeypatch.setattr(fashion_mnist, "load", lambda split, folder=None: (IMAGES, CLASSES))
    answers = {str(n): Answer(status=AnswerStatus.OK, value=v) for n, v in enumerate(values)}
    evidence = Evidence(task="t", ending=Ending.COMPLETED, answers=answers)
    return runs.reached(evidence, runs.order(1, 1), None)


@pytest.mark.parametrize(
    "odd",
    [
        None,
        ["finite"],
        {"finite": True},
        {"finite": True, "classes": "all"},
        {"finite": np.ones(1), "classes": np.zeros(3)},  # a notebook's own names
        {"finite": True, "classes": np.zeros(3, np.uint8)},
        {"finite": True, "classes": np.zeros(2500)},
        {"finite": True, "classes": np.zeros((2500, 2), np.uint8)},
        {"finite": True, "classes": np.full(2500, 10, np.uint8)},
        {"classes": CLASSES},  # what a notebook predicts itself
    ],
)
def test_answers_of_another_form_are_no_networks_and_end_no_batch(
    monkeypatch: pytest.MonkeyPatch, odd: Any
) -> None:
    own = {"finite": True, "classes": runs.order(1, 1)[CLASSES]}
    assert reached(monkeypatch, odd) is None
    assert reached(monkeypatch, odd, own) == 100.0


def test_classes_that_there_are_not_are_the_last_one() -> None:
    order = runs.order(3, 2)
    strange = np.array([9, 10, 255], np.uint8)
    assert runs.restored(strange, order).tolist() == [order.tolist().index(9)] * 3


def test_moved_pixels_are_all_there_and_each_seeds_own() -> None:
    assert sorted(runs.moved(7).tolist()) == list(range(784))
    assert runs.moved(7).tolist() == runs.moved(7).tolist()
    assert runs.moved(7).tolist() != runs.moved(8).tolist()


@pytest.mark.parametrize("status", [AnswerStatus.RAISED, AnswerStatus.LOST])
def test_what_was_not_answered_stays_as_it_is(status: AnswerStatus) -> None:
    answer = Answer(status=status, value={"onnx": "x"}, error="e")
    evidence = Evidence(
        task="t", ending=Ending.COMPLETED, answers={codec.digest(EXPORT): answer, "other": answer}
    )
    assert runs.distilled(evidence, [EXPORT, NETWORK], None) == evidence


def evaluated(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, Any], pixels: Any = None
) -> tuple[dict[str, Any], np.ndarray]:
    """What is kept of a network of which an evaluation tells this, and the images it saw."""
    images = np.arange(2 * 784, dtype=np.int64).astype(np.uint8).reshape(2, 28, 28)
    labels, seen = np.array([1, 2], np.uint8), list[np.ndarray]()
    monkeypatch.setattr(fashion_mnist, "load", lambda split, folder=None: (images, labels))
    monkeypatch.setattr(runs, "SAMPLE", 2)

    def evaluate(content: bytes, images: np.ndarray) -> dict[str, Any]:
        seen.append(images)
        return told

    monkeypatch.setattr(evaluation, "evaluate", evaluate)
    claimed = {
        "onnx": np.zeros(3, np.uint8),
        "inside": np.array([4, 5], np.uint8),
        "before": np.array([1, 1], np.uint8),
        "problem": "claimed",
    }
    key = codec.digest(EXPORT)
    answers = {key: Answer(status=AnswerStatus.OK, value=claimed)}
    evidence = Evidence(task="t", ending=Ending.COMPLETED, answers=answers)
    kept = runs.distilled(evidence, [EXPORT], None, pixels).answers[key].value
    return kept, seen[0]


FOUND: dict[str, Any] = dict.fromkeys(runs.KEPT, 0) | {
    "problem": "",
    "classes": np.array([1, 2, 4, 6], np.uint8),
}


def test_predictions_inside_and_outside_are_compared_on_stand_ins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept, _ = evaluated(monkeypatch, FOUND)
    assert kept["classes"].tolist() == [1, 2]
    assert (kept["agree"], kept["before"], kept["problem"]) == (0.5, 0.5, "")


def test_an_audited_network_sees_moved_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    _, plain = evaluated(monkeypatch, FOUND)
    _, moved = evaluated(monkeypatch, FOUND, np.arange(784)[::-1])
    assert moved.shape == plain.shape == (4, 28, 28)
    assert np.array_equal(moved, plain[:, ::-1, ::-1])


def test_an_evaluations_problem_stands_before_a_claimed_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept, _ = evaluated(monkeypatch, {"problem": "it is not ONNX"})
    assert kept == {"problem": "it is not ONNX", "before": 0.5, "moved": None, "start": ""}


def test_a_claimed_problem_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    assert distilled(monkeypatch, {"problem": "x" * 900})["problem"] == "x" * 300
