"""Evaluation in a process of its own: right classes, and nothing worse than a sentence."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import nn

from grader.retraining import evaluation
from grader.retraining.onnx_network import ArtefactError
from tests.retraining.test_onnx_network import exported, mlp, model

IMAGES = np.random.default_rng(3).integers(0, 256, (700, 28, 28), dtype=np.uint8)


def own(module: nn.Module) -> np.ndarray:
    """What torch itself predicts."""
    with torch.no_grad():
        scores = module.eval()(torch.as_tensor(IMAGES).unsqueeze(1).float() / 255)
    return scores.argmax(1).numpy().astype(np.uint8)


@pytest.mark.parametrize(
    "module",
    [
        mlp(nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout()),
        nn.Sequential(
            nn.Conv2d(1, 3, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2, padding=1),
            nn.Flatten(),
            nn.Linear(192, 10),
        ),
        nn.Sequential(
            nn.Conv2d(1, 4, 3),
            nn.AvgPool2d(3, stride=2, padding=1),
            nn.AvgPool2d(2, ceil_mode=True, count_include_pad=False),
            nn.Flatten(),
            nn.Linear(196, 10),
        ),
        nn.Sequential(
            nn.Flatten(2),
            nn.Conv1d(1, 2, 8, stride=8),
            nn.AvgPool1d(2, padding=1, count_include_pad=False),
            nn.MaxPool1d(2),
            nn.Flatten(),
            nn.Linear(50, 10),
        ),
    ],
)
def test_classes_are_those_of_torch(module: nn.Module) -> None:
    found = evaluation.evaluate(exported(module), IMAGES)
    assert found["problem"] == ""
    assert found["finite"] is True
    assert (found["classes"] == own(module)).mean() > 0.998


@pytest.mark.parametrize("inclusive", [0, 1])
@pytest.mark.parametrize("more", [{}, {"pads": [1, 0, 2, 1]}, {"ceil_mode": 1, "strides": [3, 2]}])
def test_an_average_is_that_of_the_reference_implementation(
    inclusive: int, more: dict[str, Any]
) -> None:
    settings = {"strides": [2, 2], "kernel_shape": [3, 2], "count_include_pad": inclusive} | more
    made = model(helper.make_node("AveragePool", ["images"], ["scores"], **settings))
    images = np.random.default_rng(1).random((2, 1, 9, 8), np.float32)
    found: list[Any] = [
        ReferenceEvaluator(made, new_ops=ops).run(None, {"images": images})
        for ops in (None, evaluation._faster(made))
    ]
    (slow,), (fast,) = found
    np.testing.assert_allclose(fast, slow, rtol=1e-6)


def test_pooling_that_is_not_laid_down_is_a_sentence() -> None:
    settings = {"kernel_shape": [2, 2], "auto_pad": "SAME_UPPER"}
    made = model(helper.make_node("AveragePool", ["images"], ["scores"], **settings))
    found = evaluation.evaluate(made.SerializeToString(), IMAGES[:5])
    assert found["problem"] == "it leaves open how it pads"


def test_outputs_that_are_no_numbers_are_told() -> None:
    module = mlp(nn.ReLU())
    with torch.no_grad():
        next(module.parameters()).fill_(float("nan"))
    found = evaluation.evaluate(exported(module), IMAGES[:10])
    assert found["finite"] is False
    assert found["classes"].tolist() == [0] * 10


def test_the_logarithm_of_an_impossible_class_is_no_fault() -> None:
    """A sure network's log-softmax is -inf for other classes."""
    layer = nn.Linear(784, 10)
    module = nn.Sequential(nn.Flatten(), layer, nn.LogSoftmax(dim=1))
    with torch.no_grad():
        layer.weight.mul_(1000)
    found = evaluation.evaluate(exported(module), IMAGES[:10])
    assert found["finite"] is True
    assert found["classes"].tolist() == own(module)[:10].tolist()


def test_a_graph_that_asks_for_all_memory_is_a_sentence() -> None:
    # (n, 1, 28, 28) + (200000, 1, 1, 1, 1) wants hundreds of gigabytes.
    big = numpy_helper.from_array(np.zeros((200_000, 1, 1, 1, 1), np.float32), "big")
    made = model(helper.make_node("Add", ["images", "big"], ["scores"]))
    made.graph.initializer.append(big)
    found = evaluation.evaluate(made.SerializeToString(), IMAGES[:500])
    assert "memory" in found["problem"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"junk", "not ONNX"),
        (exported(nn.Flatten()), "not a score for each class"),
    ],
)
def test_what_is_no_classifier_is_a_sentence(content: bytes, why: str) -> None:
    assert why in evaluation.evaluate(content, IMAGES[:10])["problem"]


def test_a_graph_that_does_not_fit_together_is_a_sentence() -> None:
    made = model(helper.make_node("MatMul", ["images", "missing"], ["scores"]))
    made.graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT
    assert (
        "could not be evaluated" in evaluation.evaluate(made.SerializeToString(), IMAGES)["problem"]
    )


def ended(monkeypatch: pytest.MonkeyPatch, output: bytes, code: int = 0) -> list[dict[str, Any]]:
    """Puts an end of this kind in the place of the process; with what it was started."""
    started: list[dict[str, Any]] = []

    def run(command: list[str], **settings: Any) -> subprocess.CompletedProcess[bytes]:
        started.append(settings | {"command": command})
        return subprocess.CompletedProcess(command, code, output)

    monkeypatch.setattr(subprocess, "run", run)
    return started


@pytest.mark.parametrize(("output", "code"), [(b"", 0), (b"", -9), (b'{"problem": ""}\n', 1)])
def test_a_process_that_breaks_off_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, output: bytes, code: int
) -> None:
    ended(monkeypatch, output, code)
    told = evaluation.evaluate(b"", IMAGES[:1])
    assert told == {"problem": "its evaluation broke off, or needed too much memory"}


def test_one_that_takes_too_long_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **settings: Any) -> None:
        raise subprocess.TimeoutExpired(command, settings["timeout"])

    monkeypatch.setattr(subprocess, "run", run)
    told = evaluation.evaluate(b"", IMAGES[:1])
    assert told == {"problem": "its evaluation took more than 120 s"}


def test_the_process_gets_network_and_images_and_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOKEN", "secret")
    starts = ended(monkeypatch, b'{"problem": ""}\n\x03\n')
    found = evaluation.evaluate(b"net\nwork", IMAGES[:2])
    assert found["classes"].tolist() == [3, 10]  # a line's end is a class like any other
    head, _, rest = starts[-1]["input"].partition(b"\n")
    assert json.loads(head) == {"content": 8}
    assert rest.startswith(b"net\nwork\x93NUMPY")
    assert "TOKEN" not in starts[-1]["env"]
    assert starts[-1]["env"]["OMP_NUM_THREADS"] == "1"


def test_an_average_over_pixels_that_are_no_neighbours_is_a_sentence() -> None:
    settings = {"kernel_shape": [2, 2], "dilations": [2, 1]}
    made = model(helper.make_node("AveragePool", ["images"], ["scores"], **settings))
    with pytest.raises(ArtefactError, match=r"^it averages over pixels that are not neighbours$"):
        evaluation._classes(made, IMAGES[:2])


def test_scores_of_another_shape_are_told_with_it() -> None:
    made = model(helper.make_node("Identity", ["images"], ["scores"]))
    with pytest.raises(ArtefactError, match=r"^it returns \(2, 1, 28, 28\), not a score for each"):
        evaluation._classes(made, IMAGES[:2])


def test_a_score_that_is_no_number_never_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "CHUNK", 2)
    scores = np.zeros((2, 10), np.float32)
    scores[0, :3], scores[1, 7] = (np.nan, -1, 4), np.inf
    made = model(
        helper.make_node("ReduceSum", ["images"], ["sums"], keepdims=0),
        helper.make_node("Mul", ["sums", "none"], ["nothing"]),
        helper.make_node("Add", ["nothing", "fixed"], ["scores"]),
    )
    made.graph.initializer.append(numpy_helper.from_array(scores, "fixed"))
    made.graph.initializer.append(numpy_helper.from_array(np.float32([0]), "none"))
    classes, finite = evaluation._classes(made, IMAGES[:4])
    assert (classes.tolist(), finite) == ([2, 7, 2, 7], False)
