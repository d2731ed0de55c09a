"""The trained classifier: its kind, its accuracy on each class, sample images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from grader.checks.trained_network import training_images
from grader.checks.trained_network.image_classifier import ClassAccuracy, ImageSample, Mlp
from grader.checks.trained_network.network_facts import (
    EXPORT,
    FIGURES,
    NETWORK,
    STAND_IN,
    per_class,
)
from grader.core.model import Answer, AnswerStatus, Outcome, Status
from grader.retraining.datasets import fashion_mnist
from grader.sandbox.inside import state
from grader.sandbox.inside.fixtures.training import new_entry
from tests.checks.model_evaluation.evaluation_task import ask, case

PER_CLASS, MLP, SAMPLE = ClassAccuracy(), Mlp(), ImageSample()
LABELS = np.arange(10_000, dtype=np.uint8) % 10
IMAGES = np.random.default_rng(1).integers(0, 256, (60, 28, 28), dtype=np.uint8)


@pytest.fixture(autouse=True)
def labels(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Made-up data in place of Fashion-MNIST: these tests are about verdicts."""
    monkeypatch.setattr(fashion_mnist, "load", lambda split, folder=None: (IMAGES, LABELS))
    monkeypatch.setattr(training_images, "_KNOWN", {})
    yield


def ok(value: Any) -> Answer:
    return Answer(status=AnswerStatus.OK, value=value)


# --- the kind of network ----------------------------------------------------------------------


def layer(kind: str, weight: list[int] | None = None, module: str = "torch.nn.modules") -> Any:
    parameters = {"weight": weight, "bias": weight[:1]} if weight else {}
    return {"path": "x", "type": kind, "module": module, "parameters": parameters}


def facts(*layers: Any, **more: Any) -> dict[str, Any]:
    return {
        "name": "model",
        "class": "Net",
        "parameters": 1000,
        "steps": 10,
        "networks": 1,
        "optimizer": "Adam",
        "calls": ["linear"],
        "output": [4, 10],
        "layers": list(layers),
    } | more


GOOD = facts(layer("Linear", [64, 784]), layer("ReLU"), layer("Linear", [10, 64]))


GRAPH = ok({"problem": "", "dense": 0})
"""Of a graph that tells nothing: the table of layers decides."""


def kind_of(network: Any) -> Outcome:
    return MLP.judge(case(MLP, (NETWORK, EXPORT), (ok(network), GRAPH)))


def test_where_another_network_may_be_meant_a_person_looks() -> None:
    handout = [layer("Linear", [20, 784]), layer("Sigmoid"), layer("Linear", [10, 20])]
    given = facts(*handout, layer("Sigmoid"))
    assert kind_of(given).status is Status.FAILED
    got = kind_of(given | {"rivals": 1})
    assert got.status is Status.REVIEW
    assert "still the handout's. The notebook evaluates 2 networks" in got.message
    assert kind_of(GOOD | {"rivals": 1}).status is Status.PASSED
    drawn = figure(bars=bars(TRUTH[::-1] / 2))
    answers = (ok(GOOD | {"rivals": 1}), ok([drawn]), ok({"classes": CLASSES}))
    assert each_class(drawn).status is Status.PARTIAL
    got = PER_CLASS.judge(case(PER_CLASS, (NETWORK, FIGURES, STAND_IN), answers))
    assert got.status is Status.REVIEW


def test_a_network_whose_graph_was_never_seen_is_for_a_person() -> None:
    lost = Answer(status=AnswerStatus.TIMEOUT, error="no answer within 240 s")
    found = MLP.judge(case(MLP, (NETWORK, EXPORT), (ok(GOOD), lost)))
    assert found.status is Status.REVIEW
    assert "what it computes could not be looked at" in found.message


@pytest.mark.parametrize(
    ("sign", "words"),
    [
        ({"sparse": 0.95}, "95% of a layer's weights are next to nothing"),
        ({"tied": 0.999}, "99.9% of a layer's weights are copies of others"),
    ],
)
def test_a_perceptron_that_may_be_a_convolution_goes_to_a_person(sign: Any, words: str) -> None:
    graph = ok({"problem": "", "dense": 3} | sign)
    found = MLP.judge(case(MLP, (NETWORK, EXPORT), (ok(GOOD), graph)))
    assert found.status is Status.REVIEW
    assert words in found.message


@pytest.mark.parametrize(
    ("found", "status"),
    [("Concat", Status.REVIEW), ("Slice", Status.REVIEW), ("Conv", Status.FAILED)],
)
def test_what_perceptrons_have_too_costs_nobody_a_mark(found: str, status: Status) -> None:
    graph = ok({"problem": "", "dense": 3, "strange": found})
    got = MLP.judge(case(MLP, (NETWORK, EXPORT), (ok(GOOD), graph)))
    assert got.status is status
    assert f"it has {found}" in got.message


def test_weights_that_decay_are_no_convolution() -> None:
    graph = ok({"problem": "", "dense": 3, "sparse": 0.4, "tied": 0.01})
    found = MLP.judge(case(MLP, (NETWORK, EXPORT), (ok(GOOD), graph)))
    assert found.status is Status.PASSED


@pytest.mark.parametrize(
    ("bent", "share"), [(None, Decimal(1)), (1, Decimal(1)), (0, Decimal("0.5"))]
)
def test_layers_without_an_activation_between_them_lose_half(
    bent: int | None, share: Decimal
) -> None:
    graph = ok({"problem": "", "dense": 2} | ({} if bent is None else {"bent": bent}))
    found = MLP.judge(case(MLP, (NETWORK, EXPORT), (ok(GOOD), graph)))
    assert found.share == share
    assert ("all are one linear map" in found.message) is (bent == 0)


def kind_of_module(monkeypatch: pytest.MonkeyPatch, module: nn.Module) -> Outcome:
    """The outcome for a real module, as the probe describes it."""
    entry = new_entry(module) | {"steps": 1, "last": 1}
    monkeypatch.setattr(state, "trained", [entry])
    return MLP.judge(case(MLP, (NETWORK, EXPORT), (ask(NETWORK, {"model": module}), GRAPH)))


class Residual(nn.Module):
    """Defines its layers in another order than it uses them."""

    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(32, 10)
        self.middle = nn.Linear(32, 32)
        self.first = nn.Linear(784, 32)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.first(x.view(len(x), -1)))
        return torch.log_softmax(self.out(x + torch.relu(self.middle(x))), dim=1)


class Twice(nn.Module):
    """Returns outputs and activations, as tutorials do."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(784, 16), nn.Linear(16, 16), nn.Linear(16, 10)])
        self.norm = nn.BatchNorm1d(16)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = nn.functional.gelu(self.norm(self.layers[0](x.flatten(1))))
        hidden = nn.functional.dropout(torch.tanh(self.layers[1](hidden)), training=self.training)
        return self.layers[2](hidden), hidden


PERCEPTRONS: dict[str, nn.Module] = {
    "sequential": nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 32),
        nn.BatchNorm1d(32),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(32, 10),
        nn.LogSoftmax(dim=1),
    ),
    "for flat images": nn.Sequential(nn.Linear(784, 32), nn.SiLU(), nn.Linear(32, 10)),
    "of many kinds": nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 8),
        nn.LayerNorm(8),
        nn.Sequential(nn.SELU(), nn.AlphaDropout()),
        nn.Linear(8, 8, bias=False),
        nn.PReLU(),
        nn.Linear(8, 10),
        nn.Softmax(dim=1),
    ),
    "in a class": Twice(),
    "defined in another order": Residual(),
    "the handout's, wider": nn.Sequential(
        nn.Flatten(), nn.Linear(784, 21), nn.Sigmoid(), nn.Linear(21, 10), nn.Sigmoid()
    ),
}


@pytest.mark.parametrize("kind", PERCEPTRONS)
def test_perceptrons_pass(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    got = kind_of_module(monkeypatch, PERCEPTRONS[kind])
    assert (got.status, got.share) == (Status.PASSED, Decimal(1)), got


def test_a_perceptron_is_told_with_its_layers() -> None:
    got = kind_of(GOOD)
    assert got.message == "A multi-layer perceptron with 1,000 parameters."
    assert got.details["given"] == "Linear(784, 64) → ReLU → Linear(64, 10)"


class Functional(nn.Module):
    """Convolves without a layer that says so."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(784, 64), nn.Linear(64, 10)
        self.kernel = nn.Parameter(torch.ones(1, 1, 3, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.conv2d(x, self.kernel, padding=1)
        found: torch.Tensor = self.two(torch.relu(self.one(x.flatten(1))))
        return found


def test_convolutions_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(676, 32),
        nn.Linear(32, 10),
    )
    got = kind_of_module(monkeypatch, network)
    assert got.status is Status.FAILED
    assert "it has Conv2d" in got.message


def test_convolutions_by_function_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    got = kind_of_module(monkeypatch, Functional())
    assert got.status is Status.FAILED
    assert "it has conv2d" in got.message


@pytest.mark.parametrize(
    "call",
    [
        "conv2d",
        "max_pool2d",
        "unfold",
        "scaled_dot_product_attention",
        "lstm",
        "grid_sample",
        "_convolution",
        "adaptive_avg_pool2d",
        "fft_fft2",
    ],
)
def test_other_ways_to_see_neighbours_fail(call: str) -> None:
    assert kind_of(GOOD | {"calls": ["linear", call]}).status is Status.FAILED


@pytest.mark.parametrize(
    "call",
    [
        "linear",
        "relu",
        "rrelu",
        "dropout",
        "batch_norm",
        "flatten",
        "view",
        "softmax",
        "unflatten",
    ],
)
def test_functions_of_perceptrons_pass(call: str) -> None:
    assert kind_of(GOOD | {"calls": [call]}).status is Status.PASSED


def test_the_handouts_network_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    network = nn.Sequential(
        nn.Flatten(), nn.Linear(784, 20), nn.Sigmoid(), nn.Linear(20, 10), nn.Sigmoid()
    )
    got = kind_of_module(monkeypatch, network)
    assert (got.status, got.message) == (Status.FAILED, "The network is still the handout's.")


def test_a_network_without_a_hidden_layer_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    got = kind_of_module(monkeypatch, nn.Sequential(nn.Flatten(), nn.Linear(784, 10)))
    assert (got.status, got.message) == (Status.FAILED, "The network has no hidden layer.")


def test_other_sizes_fail() -> None:
    got = kind_of(facts(layer("Linear", [64, 100]), layer("Linear", [10, 64])))
    assert got.status is Status.FAILED
    assert "784 pixels to 10 classes" in got.message


@pytest.mark.parametrize("output", [[4, 20], [], [4, 1], [10, 4]])
def test_an_output_of_another_shape_goes_to_a_person(output: list[int]) -> None:
    got = kind_of(GOOD | {"output": output})
    assert got.status is Status.REVIEW
    assert "its output was not understood" in got.message


def test_layers_of_the_students_own_go_to_a_person() -> None:
    got = kind_of(facts(layer("Linear", [64, 784]), layer("MyLayer", [10, 64], "__main__")))
    assert got.status is Status.REVIEW
    assert "it uses MyLayer" in got.message
    got = kind_of(facts(*GOOD["layers"], layer("Bilinear", [10, 64])))
    assert got.status is Status.REVIEW


@pytest.mark.parametrize(
    "network",
    [
        None,
        3,
        "MLP",
        [],
        {},
        GOOD | {"layers": "Linear"},
        GOOD | {"layers": [3]},
        GOOD | {"layers": [layer("Linear") | {"parameters": {"weight": "big"}}]},
        GOOD | {"output": "ten"},
        GOOD | {"calls": 3},
        GOOD | {"parameters": "many"},
        GOOD | {"parameters": float("nan")},
        GOOD | {"parameters": -7},
        GOOD | {"steps": float("inf")},
        GOOD | {"output": [float("inf"), 10]},
    ],
)
def test_forged_networks_are_an_error(network: Any) -> None:
    assert kind_of(network).status is Status.ERROR


def test_a_huge_table_of_layers_is_cut_short() -> None:
    got = kind_of(GOOD | {"layers": [layer("Linear", [784, 784])] * 2000})
    assert got.status is Status.FAILED
    assert len(got.details["given"]) == 600


@pytest.mark.parametrize(
    "classes",
    [
        None,
        "0123456789",
        LABELS.tolist(),
        LABELS.astype(np.int64),
        LABELS.astype(float),
        LABELS.astype(np.int8),
        LABELS[:9999],
        np.tile(LABELS, 2),
        LABELS.reshape(100, 100),
        LABELS + np.uint8(10),
        np.full(10_000, 255, np.uint8),
        np.zeros(0, np.uint8),
        10**400,
    ],
)
def test_forged_predictions_are_an_error(classes: Any) -> None:
    ten = figure(bars=bars(np.full(10, 0.5)))
    answers = (ok(GOOD), ok([ten]), ok({"classes": classes}))
    got = PER_CLASS.judge(case(PER_CLASS, (NETWORK, FIGURES, STAND_IN), answers))
    assert got.status is Status.ERROR


@pytest.mark.parametrize("check", [PER_CLASS, MLP])
@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (AnswerStatus.UNDEFINED, Status.FAILED),
        (AnswerStatus.LOST, Status.ERROR),
        (AnswerStatus.MALFORMED, Status.ERROR),
        (AnswerStatus.RAISED, Status.ERROR),
    ],
)
def test_without_a_network(
    check: ClassAccuracy | Mlp, status: AnswerStatus, verdict: Status
) -> None:
    asked = check.questions(np.random.default_rng(1))
    got = check.judge(case(check, asked, (Answer(status=status),) * len(asked)))
    assert (got.status, got.share) == (verdict, Decimal(0))


# --- accuracy on each class -------------------------------------------------------------------

CLASSES = LABELS.copy()
CLASSES[: 10_000 * 3 // 4] = np.where(
    np.random.default_rng(3).random(7500) < LABELS[:7500] / 12, 3, LABELS[:7500]
)
TRUTH = per_class(CLASSES, LABELS)


def figure(**parts: Any) -> dict[str, Any]:
    ax = {"title": "", "xlabel": "", "ylabel": "", "legend": [], "lines": [], "bars": []} | parts
    return {"cell": 12, "axes": [ax], "legend": [], "suptitle": ""}


def bars(values: NDArray[np.float64], *, lying: bool = False) -> list[dict[str, float]]:
    long, short = ("width", "height") if lying else ("height", "width")
    return [{"x": float(n), "y": 0.0, long: float(v), short: 0.8} for n, v in enumerate(values)]


def line(values: Any, **more: Any) -> dict[str, Any]:
    y = np.asarray(values, dtype=float)
    return {"x": np.arange(len(y), dtype=float), "y": y, "label": "", "color": "#000000"} | more


def each_class(*figures: Any) -> Outcome:
    asked = (NETWORK, FIGURES, STAND_IN)
    answers = (ok(GOOD), ok(list(figures)), ok({"classes": CLASSES}))
    return PER_CLASS.judge(case(PER_CLASS, asked, answers))


@pytest.mark.parametrize(
    "drawn",
    [
        {"bars": bars(TRUTH)},
        {"bars": bars(TRUTH * 100)},
        {"bars": bars(TRUTH, lying=True)},
        {"bars": bars(np.round(TRUTH, 2))},
        {"lines": [line(TRUTH)]},
        {"lines": [line(TRUTH * 100, style="points")]},
        {"lines": [line([0.8] * 10), line(TRUTH)]},
        {"bars": [*bars(TRUTH / 2), *bars(TRUTH)]},
        {"bars": bars(np.stack([TRUTH / 2, TRUTH], axis=1).ravel())},
        {"bars": bars(np.append(TRUTH, TRUTH.mean()), lying=True)},
        {"lines": [line(np.append(TRUTH.mean(), TRUTH))]},
        {"lines": [line(range(10), x=TRUTH, style="points")]},
        {"images": [np.float32(TRUTH[None])]},
        {"images": [np.float32(TRUTH[:, None])]},
    ],
)
def test_right_accuracies_pass(drawn: dict[str, Any]) -> None:
    got = each_class(figure(lines=[line([2.0, 1.0])]), figure(**drawn))
    assert (got.status, got.message) == (
        Status.PASSED,
        "The accuracy on each class is right, and plotted.",
    )


def test_what_can_not_be_asked_here_is_for_a_person() -> None:
    answers = (ok(GOOD), ok([figure(bars=bars(TRUTH))]), Answer(status=AnswerStatus.RAISED))
    got = PER_CLASS.judge(case(PER_CLASS, (NETWORK, FIGURES, STAND_IN), answers))
    assert got.status is Status.REVIEW


@pytest.mark.parametrize("order", [np.argsort(TRUTH), np.argsort(-TRUTH), np.arange(10)[::-1]])
def test_another_order_passes(order: NDArray[np.int64]) -> None:
    for drawn in ({"bars": bars(TRUTH[order])}, {"lines": [line(100 * TRUTH[order])]}):
        got = each_class(figure(**drawn))
        assert got.status is Status.PASSED
        assert "in another order" in got.message


@pytest.mark.parametrize(
    "values",
    [
        TRUTH * 0.9,
        np.full(10, 0.85),
        np.where(np.arange(10) == 9, 0.0, TRUTH),
        TRUTH / 10,
        1 - TRUTH,
    ],
)
def test_other_heights_get_a_part(values: NDArray[np.float64]) -> None:
    got = each_class(figure(bars=bars(values)))
    assert (got.status, got.share) == (Status.PARTIAL, Decimal("0.4"))
    assert "not the network's" in got.message


def test_heights_far_above_what_was_measured_go_to_a_person() -> None:
    """A network that gets its images in a form of its own is measured on others."""
    answers = (ok(GOOD), ok([figure(bars=bars(TRUTH))]), ok({"classes": (CLASSES + 1) % 10}))
    got = PER_CLASS.judge(case(PER_CLASS, (NETWORK, FIGURES, STAND_IN), answers))
    assert got.status is Status.REVIEW
    assert f"of {TRUTH.mean():.1%} in the mean" in got.message


@pytest.mark.parametrize(
    "figures",
    [
        [],
        [figure()],
        [figure(bars=bars(TRUTH[:9]))],
        [figure(lines=[line(TRUTH[:5])])],
        [figure(images=[np.zeros((28, 28))])],
    ],
)
def test_no_plot_fails(figures: list[Any]) -> None:
    got = each_class(*figures)
    assert (got.status, got.message) == (
        Status.FAILED,
        "There is no plot of the accuracy on each class.",
    )


def test_the_course_of_ten_epochs_is_no_plot_of_ten_classes() -> None:
    loss, training = np.linspace(1.5, 0.4, 10), np.linspace(0.6, 0.9, 10)
    got = each_class(
        figure(lines=[line(loss)], title="Loss", xlabel="epoch"),
        figure(lines=[line(training), line(training - 0.02)], title="Accuracy", xlabel="epoch"),
    )
    assert (got.status, got.share) == (Status.FAILED, Decimal(0)), got


@pytest.mark.parametrize(
    "figures",
    [
        None,
        3,
        "bars",
        [3],
        [{"axes": "x"}],
        [figure(bars="bars")],
        [figure(bars=[1] * 10)],
        [figure(bars=[{"height": "1"}] * 10)],
        [figure(bars=[{"height": None, "width": "x"}] * 10)],
        [figure(lines=[line(np.zeros(10), y="text")])],
        [figure(lines=[line(TRUTH, x=None)])],
        [figure(lines=[line(TRUTH, y=np.array(["a"] * 10))])],
    ],
)
def test_forged_figures_fail(figures: Any) -> None:
    asked = (NETWORK, FIGURES, STAND_IN)
    answers = (ok(GOOD), ok(figures), ok({"classes": CLASSES}))
    got = PER_CLASS.judge(case(PER_CLASS, asked, answers))
    assert (got.status, got.share) == (Status.FAILED, Decimal(0))


@pytest.mark.parametrize(
    "height",
    [float("nan"), float("inf"), -1, 10**30, 1e308, 10**400],
    ids=["nan", "inf", "negative", "large", "largest float", "no float"],
)
def test_heights_that_are_no_accuracies_earn_nothing(height: Any) -> None:
    got = each_class(figure(bars=[{"height": height, "width": height}] * 10))
    assert got.status in (Status.FAILED, Status.ERROR)
    assert got.share == 0


# --- sample images ----------------------------------------------------------------------------


def sample(*images: Any) -> Outcome:
    seen = case(SAMPLE, (FIGURES,), (ok([figure(images=list(images))]),))
    return SAMPLE.judge(replace(seen, data_dir=Path("made-up")))


def test_images_of_the_data_set_pass() -> None:
    assert sample(IMAGES[3]).status is Status.PASSED
    assert sample(np.zeros((28, 28)), np.eye(28), IMAGES[59]).status is Status.PASSED


def test_other_images_go_to_a_person() -> None:
    got = sample(255 - IMAGES[3])
    assert (got.status, got.share) == (Status.REVIEW, Decimal(0))


@pytest.mark.parametrize(
    "images",
    [
        [],
        [None],
        ["image"],
        [np.zeros(28)],
        [np.zeros((28, 28), bool)],
        [np.zeros((0, 28))],
        [np.zeros((1, 1, 28, 28))],
        [[1, 2]],
    ],
)
def test_what_are_no_images_fails(images: list[Any]) -> None:
    assert sample(*images).status is Status.FAILED


@pytest.mark.parametrize(
    "answer",
    [
        ok(None),
        ok("x"),
        ok([3]),
        ok([figure(images="all")]),
    ],
)
def test_forged_samples_fail(answer: Answer) -> None:
    assert SAMPLE.judge(case(SAMPLE, (FIGURES,), (answer,))).status is Status.FAILED


@pytest.mark.parametrize("status", [AnswerStatus.LOST, AnswerStatus.MALFORMED])
def test_lost_figures_are_an_error(status: AnswerStatus) -> None:
    lost = Answer(status=status)
    assert SAMPLE.judge(case(SAMPLE, (FIGURES,), (lost,))).status is Status.ERROR
    answers = (ok(GOOD), lost, ok({"classes": CLASSES}))
    got = PER_CLASS.judge(case(PER_CLASS, (NETWORK, FIGURES, STAND_IN), answers))
    assert got.status is Status.ERROR
