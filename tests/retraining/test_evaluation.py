"""Evaluation in a process of its own: right classes, and nothing worse than a sentence."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import nn

from grader.retraining import evaluation, onnx_network
from grader.retraining.onnx_network import ArtefactError
from tests.retraining.test_onnx_network import exported, mlp, model

IMAGES = np.random.default_rng(3).integers(0, 256, (700, 28, 28), dtype=np.uint8)


def own(module: nn.Module) -> np.ndarray:
    """What torch itself predicts."""
    with torch.no_grad():
        scores = module.eval()(torch.as_tensor(IMAGES).unsqueeze(1).float() / 255)
    return scores.argmax(1).numpy().astype(np.uint8)


class Shifted(nn.Module):
    """A convolution of 3 x 3 as products with matrices that shift rows and columns."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.last = nn.Parameter(torch.rand(9, 2, 1)), nn.Linear(1568, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = torch.zeros(1)
        for n, (down, right) in enumerate((i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)):
            down_by = torch.from_numpy(np.eye(28, k=down, dtype=np.float32))
            right_by = torch.from_numpy(np.eye(28, k=right, dtype=np.float32))
            moved = torch.matmul(torch.matmul(down_by, x), right_by)
            found = found + torch.matmul(self.weight[n], moved.reshape(-1, 1, 784))
        return self.last(torch.relu(found).reshape(-1, 1568))


class Between(nn.Module):
    """One layer for all rows of a picture that dense layers made."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.rows, self.last = nn.Linear(784, 784), nn.Linear(28, 4), nn.Linear(112, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.first(x.flatten(1))).reshape(-1, 28, 28)
        return self.last(torch.relu(self.rows(x)).flatten(1))


class Wide(nn.Module):
    """A perceptron on rows with a dimension of 1, and weights that stand ahead."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(784, 16), nn.Parameter(torch.rand(10, 16))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.first(x.reshape(-1, 1, 784)))
        return torch.matmul(self.last, x.reshape(-1, 16, 1)).reshape(-1, 10)


@pytest.mark.parametrize(
    ("module", "in_parts"),
    [
        (Shifted(), True),
        (Between(), True),
        (Wide(), False),
        (mlp(nn.BatchNorm1d(16), nn.GELU(), nn.Linear(16, 16), nn.PReLU()), False),
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(1352, 10)), False),
    ],
)
def test_a_layer_that_takes_images_in_parts_is_told(module: nn.Module, in_parts: bool) -> None:
    read = onnx_network.read(exported(module))
    found = evaluation._layers(read, replace(onnx_network.kind(read), strange=""))
    assert found.strange == ("a layer that takes an image in parts" if in_parts else "")


class Computed(nn.Module):
    """A convolution of stride 2 as a dense layer, whose matrix is made of its kernels."""

    places: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.kernels, self.last = nn.Parameter(torch.rand(9, 2)), nn.Linear(392, 10)
        places = torch.zeros(9, 784, 196)
        for n in range(9):
            for out in range(196):
                row, column = 2 * (out // 14) + n // 3, 2 * (out % 14) + n % 3
                if row < 28 and column < 28:
                    places[n, 28 * row + column, out] = 1
        self.register_buffer("places", places)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        each = [(self.kernels[:, k, None, None] * self.places).sum(0) for k in range(2)]
        return self.last(torch.relu(torch.matmul(x.reshape(-1, 784), torch.cat(each, dim=1))))


def test_a_matrix_that_is_made_in_the_graph_is_looked_at() -> None:
    read = onnx_network.read(exported(Computed()))
    first = onnx_network.kind(read)
    found = evaluation._layers(read, replace(first, strange="", sparse=0.0, tied=0.0))
    assert found.sparse > 0.98
    assert found.tied > 0.99


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
