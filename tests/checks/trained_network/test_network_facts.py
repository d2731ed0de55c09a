"""What the FMSSVRC checks share: a network's facts, read strictly or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from grader.checks.base import Check
from grader.checks.trained_network.network_facts import (
    FIGURES,
    HISTORIES,
    NETWORK,
    SPLIT,
    STAND_IN,
    TEST,
    answer_to,
    fractions,
    per_class,
    read_classes,
    read_network,
    read_series,
    stopped_by,
    untrained,
)
from grader.core.model import (
    Answer,
    AnswerStatus,
    Cell,
    CellRun,
    Ending,
    Evidence,
    Notebook,
    Question,
    Resource,
    Status,
)
from grader.sandbox.inside import state
from grader.sandbox.inside.counted import NO_MODULE
from grader.sandbox.inside.fixtures.training import new_entry
from tests.checks.model_evaluation.evaluation_task import ask, case


def ok(value: Any) -> Answer:
    return Answer(status=AnswerStatus.OK, value=value)


def trained(monkeypatch: pytest.MonkeyPatch, *modules: nn.Module) -> None:
    """Makes these the networks that were trained, in this order."""
    entries = [new_entry(m) | {"steps": 3, "last": n} for n, m in enumerate(modules)]
    monkeypatch.setattr(state, "trained", entries)
    monkeypatch.setattr(state, "evaluated", [])


def mlp(width: int = 20) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(784, width), nn.ReLU(), nn.Linear(width, 10))


FACTS: dict[str, Any] = {
    "name": "model",
    "class": "Sequential",
    "parameters": 15_910,
    "steps": 100,
    "networks": 1,
    "optimizer": "Adam",
    "calls": ["linear", "relu"],
    "output": [4, 10],
    "layers": [
        {
            "path": "1",
            "type": "Linear",
            "module": "torch.nn.modules.linear",
            "parameters": {"weight": [20, 784], "bias": [20]},
        },
        {
            "path": "3",
            "type": "Linear",
            "module": "torch.nn.modules.linear",
            "parameters": {"weight": [10, 20], "bias": [10]},
        },
    ],
}


# --- questions --------------------------------------------------------------------------------


def test_the_large_arrays_are_put_in_when_they_are_asked() -> None:
    assert TEST.params == {"images": Resource(name="fashion_mnist/test_images")}
    assert STAND_IN.params == {"images": Resource(name="fashion_mnist/standin_images")}


def test_an_answer_is_found_by_its_question() -> None:
    asked = (NETWORK, HISTORIES)
    seen = case(Check(), asked, (ok(1), ok(2)))
    assert answer_to(seen, HISTORIES).value == 2
    assert answer_to(seen, Question(probe="network", seconds=60)).value == 1
    assert answer_to(seen, FIGURES).status is AnswerStatus.LOST


# --- no network -------------------------------------------------------------------------------


def evidence(message: str = "", *cells: CellRun) -> Evidence:
    return Evidence(task="fmssvrc", ending=Ending.COMPLETED, message=message, cells=cells)


def test_nothing_trained_where_a_cell_broke_goes_to_a_person_with_the_reason() -> None:
    cells = (
        CellRun(index=1, id="a", status="ok"),
        CellRun(index=4, id="b", status="error", error="NameError: name 'x' is not defined"),
        CellRun(index=5, id="c", status="error", error="TypeError: other"),
    )
    got = untrained(Answer(status=AnswerStatus.UNDEFINED), evidence("", *cells))
    assert got is not None
    assert got.status is Status.REVIEW
    assert got.message == (
        "No network was trained when the notebook ran: cell 5 ended with "
        "NameError: name 'x' is not defined. A person must look whose mistake "
        "that is."
    )


BROKEN = CellRun(index=2, id="c", status="error", error="SyntaxError: invalid syntax")


def of(*sources: str) -> Notebook:
    cells = [Cell(id=str(n), kind="code", source=text) for n, text in enumerate(sources)]
    return Notebook(name="FMSSVRC.ipynb", cells=tuple(cells))


HELPERS = "def train(model, loader):\n    loss.backward()\n    optimizer.step()"


@pytest.mark.parametrize(
    ("sources", "status"),
    [
        (("x = 1", "# my training: train(model)", "answer ="), Status.FAILED),
        (("x = 1", HELPERS, "answer ="), Status.FAILED),  # the handout's own
        (("x = 1", HELPERS + "\n# mine", "answer ="), Status.REVIEW),
        (("x = 1", HELPERS, "train(model, loader"), Status.REVIEW),
        (("loss.backward()", HELPERS, "answer ="), Status.REVIEW),
        (("model.fit(x, y)", HELPERS, "answer ="), Status.REVIEW),
    ],
)
def test_where_no_code_of_the_notebook_trains_a_broken_cell_is_no_riddle(
    sources: tuple[str, ...], status: Status
) -> None:
    asked = Answer(status=AnswerStatus.UNDEFINED)
    got = untrained(asked, evidence("", BROKEN), of(*sources), of(HELPERS))
    assert got is not None
    assert got.status is status


def test_the_broken_cell_that_is_named_is_the_one_that_trains() -> None:
    first = CellRun(index=0, id="a", status="error", error="FileNotFoundError: x.png")
    notebook = of("Image('x.png')", "y = 2", "train(model)")
    asked = Answer(status=AnswerStatus.UNDEFINED)
    got = untrained(asked, evidence("", first, BROKEN), notebook, None)
    assert got is not None
    assert "cell 3 ended with SyntaxError: invalid syntax" in got.message


@pytest.mark.parametrize(
    ("error", "source", "status"),
    [
        ("", HELPERS, Status.FAILED),
        ("", "# model.fit(x, y)", Status.FAILED),
        ("", "model = MLPClassifier()\nmodel.fit(x, y)", Status.REVIEW),
        ("", "hidden = np.tanh(x @ weights)", Status.REVIEW),
        ("", "@torch.no_grad()\ndef evaluate(model): return model(x)", Status.FAILED),
        (NO_MODULE, HELPERS, Status.REVIEW),
    ],
)
def test_what_learns_without_a_network_of_torch_goes_to_a_person(
    error: str, source: str, status: Status
) -> None:
    asked = Answer(status=AnswerStatus.UNDEFINED, error=error)
    got = untrained(asked, evidence(), of(source), of("given.fit(x)"))
    assert got is not None
    assert got.status is status


def test_a_training_that_its_own_error_ended_is_told() -> None:
    notebook = of("x = 1", "y = 2", "for e in range(5):\n    train(model)\n    print(accuracy)")
    assert stopped_by(evidence("", BROKEN), notebook) == (
        "Cell 3, which trains, ended with SyntaxError: invalid syntax."
    )
    assert stopped_by(evidence("", replace(BROKEN, index=1)), notebook) == ""
    assert stopped_by(None, None) == ""


def test_nothing_trained_fails_without_evidence_too() -> None:
    got = untrained(Answer(status=AnswerStatus.UNDEFINED), None)
    assert got is not None
    assert (got.status, got.message) == (
        Status.FAILED,
        "No network was trained when the notebook ran.",
    )


@pytest.mark.parametrize("status", [AnswerStatus.RAISED, AnswerStatus.TIMEOUT])
def test_a_network_that_cannot_be_looked_at_is_an_error(status: AnswerStatus) -> None:
    got = untrained(Answer(status=status, error="RuntimeError: odd"), None)
    assert got is not None
    assert got.status is Status.ERROR
    assert "odd" in got.message


@pytest.mark.parametrize("status", [AnswerStatus.LOST, AnswerStatus.MALFORMED])
def test_a_lost_network_is_an_error_unless_the_notebook_itself_ended_the_run(
    status: AnswerStatus,
) -> None:
    got = untrained(Answer(status=status), evidence())
    assert got is not None
    assert got.status is Status.ERROR
    got = untrained(Answer(status=status), evidence("It used more than 6144 MiB of memory."))
    assert got is not None
    assert got.status is Status.FAILED
    assert "6144 MiB" in got.message


def test_a_network_that_is_there_decides_nothing_yet() -> None:
    assert untrained(ok(FACTS), None) is None


# --- facts of a network -----------------------------------------------------------------------


def test_facts_are_read() -> None:
    network = read_network(ok(FACTS))
    assert network is not None
    assert (network.name, network.parameters, network.steps) == ("model", 15_910, 100)
    assert network.layers[0] == ("Linear", "torch.nn.modules.linear", ((20, 784), (20,)))
    assert network.calls == {"linear", "relu"}
    assert network.output == (4, 10)


@pytest.mark.parametrize(
    "changes",
    [
        {"layers": None},
        {"layers": 3},
        {"layers": [1]},
        {"layers": [{}]},
        {"layers": "Linear"},
        {"layers": [{"type": "Linear", "module": "torch.nn", "parameters": [784]}]},
        {"layers": [{"type": "Linear", "module": "torch.nn", "parameters": {"w": 784}}]},
        {"layers": [{"type": "Linear", "module": "torch.nn", "parameters": {"w": ["x", 784]}}]},
        {"parameters": "many"},
        {"parameters": None},
        {"parameters": [1]},
        {"parameters": float("nan")},
        {"parameters": float("inf")},
        {"parameters": -1},
        {"steps": "a hundred"},
        {"steps": {}},
        {"steps": float("inf")},
        {"steps": -5},
        {"networks": None},
        {"calls": 3},
        {"calls": None},
        {"output": 10},
        {"output": ["ten"]},
        {"output": [float("inf"), 10]},
    ],
)
def test_forged_facts_are_not_believed(changes: dict[str, Any]) -> None:
    assert read_network(ok(FACTS | changes)) is None


@pytest.mark.parametrize("key", ["name", "layers", "parameters", "steps", "calls", "output"])
def test_facts_that_lack_something_are_not_believed(key: str) -> None:
    assert read_network(ok({k: v for k, v in FACTS.items() if k != key})) is None


@pytest.mark.parametrize("value", [None, [], "Sequential", 3, np.zeros(3)])
def test_what_are_no_facts_is_not_believed(value: Any) -> None:
    assert read_network(ok(value)) is None
    assert read_network(Answer(status=AnswerStatus.LOST, value=FACTS)) is None


def test_names_are_cut_short() -> None:
    network = read_network(ok(FACTS | {"name": "m" * 10_000}))
    assert network is not None
    assert len(network.name) == 80


# --- facts of real modules --------------------------------------------------------------------


def test_the_probe_tells_of_a_perceptron(monkeypatch: pytest.MonkeyPatch) -> None:
    model = mlp()
    trained(monkeypatch, model)
    network = read_network(ask(NETWORK, {"model": model}))
    assert network is not None
    assert (network.name, network.steps, network.networks) == ("model", 3, 1)
    assert [kind for kind, _, _ in network.layers] == ["Flatten", "Linear", "ReLU", "Linear"]
    assert network.layers[1][2] == ((20, 784), (20,))
    assert network.parameters == 784 * 20 + 20 + 20 * 10 + 10
    assert network.output == (4, 10)
    assert "linear" in network.calls


def test_the_probe_tells_of_functions_that_a_network_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hidden(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.kernel = nn.Parameter(torch.zeros(1, 1, 3, 3))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.conv2d(x, self.kernel).flatten(1)[:, :10]

    trained(monkeypatch, Hidden())
    network = read_network(ask(NETWORK, {}))
    assert network is not None
    assert "conv2d" in network.calls
    assert network.name == ""


def test_a_network_for_flat_images_is_asked_with_flat_images(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trained(monkeypatch, nn.Sequential(nn.Linear(784, 10)))
    network = read_network(ask(NETWORK, {}))
    assert network is not None
    assert network.output == (4, 10)


def test_a_network_that_fails_on_images_is_told_without_its_output(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trained(monkeypatch, nn.Sequential(nn.Linear(13, 3)))
    network = read_network(ask(NETWORK, {}))
    assert network is not None
    assert network.output == ()


def test_the_network_evaluated_last_counts_else_the_one_trained_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = mlp(11), mlp(12)
    trained(monkeypatch, first, second)

    def width() -> int:
        network = read_network(ask(NETWORK, {"model": first, "net": second}))
        assert network is not None
        return network.layers[1][2][0][0]

    assert width() == 12
    monkeypatch.setattr(state, "evaluated", [first])
    assert width() == 11
    monkeypatch.setitem(state.settings, "rule", "last")
    assert width() == 12
    monkeypatch.setitem(state.settings, "rule", "evaluated")
    monkeypatch.setattr(state, "evaluated", [mlp(13)])  # never trained, only looked at
    assert width() == 12


def test_a_network_trained_by_hand_is_known_by_its_gradients(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trained(monkeypatch)
    own = mlp(14)
    monkeypatch.setattr(state, "evaluated", [own])
    assert ask(NETWORK, {"model": own}).status is AnswerStatus.UNDEFINED
    own(torch.rand(2, 1, 28, 28)).sum().backward()
    network = read_network(ask(NETWORK, {"model": own}))
    assert network is not None
    assert (network.steps, network.evaluated) == (0, True)


def test_nothing_trained_is_undefined(monkeypatch: pytest.MonkeyPatch) -> None:
    trained(monkeypatch)
    for question in (NETWORK, TEST):
        assert ask(question, {"model": mlp()}).status is AnswerStatus.UNDEFINED


def test_a_network_stays_in_its_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    model = mlp().train()
    trained(monkeypatch, model)
    images = np.zeros((3, 28, 28), dtype=np.uint8)
    ask(NETWORK, {"model": model})
    ask(Question(probe="predictions", params={"images": images}), {"model": model})
    assert model.training


@pytest.mark.parametrize("count", [1, 7, 1003])
def test_predictions_are_classes_of_each_image(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """A network that finds the brightest of the first ten pixels."""
    linear = nn.Linear(784, 10)
    with torch.no_grad():
        linear.weight.copy_(torch.eye(10, 784))
        linear.bias.zero_()
    trained(monkeypatch, nn.Sequential(nn.Flatten(), linear))
    wanted = np.arange(count) % 10
    images = np.zeros((count, 28, 28), dtype=np.uint8)
    images[np.arange(count), 0, wanted] = 200
    answer = ask(Question(probe="predictions", params={"images": images}), {})
    classes = read_classes(answer, count)
    assert classes is not None
    assert classes.tolist() == wanted.tolist()


def test_histories_are_found_under_any_name() -> None:
    names: dict[str, Any] = {
        "losses": [2.0, 1.0, 0.5],
        "history": {"acc": [0.5, 0.7], "val": {"acc": (0.4, 0.6)}},
        "rows": [(1, 0.9), (2, 0.8)],
        "tensors": [torch.tensor(1.0), torch.tensor(0.5)],
        "array": np.arange(3),
        "table": [{"loss": 2.0, "note": "a"}, {"loss": 1.0, "note": "b", "late": 1}],
        "frame": pd.DataFrame({"acc": [0.5, 0.7], "note": ["a", "b"]}),
        "none": [{}, {"loss": 1.0}],
        "_hidden": [1.0],
        "text": "abc",
        "one": 3,
        "words": ["a", "b"],
        "model": mlp(),
        "images": torch.zeros(100, 28, 28),
    }
    series = read_series(ask(HISTORIES, names))
    assert {name: values.tolist() for name, values in series.items()} == {
        "losses": [2.0, 1.0, 0.5],
        "history.acc": [0.5, 0.7],
        "history.val.acc": [0.4, 0.6],
        "rows[0]": [1.0, 2.0],
        "rows[1]": [0.9, 0.8],
        "tensors": [1.0, 0.5],
        "array": [0.0, 1.0, 2.0],
        "table.loss": [2.0, 1.0],
        "frame.acc": [0.5, 0.7],
    }


def test_what_is_left_over_of_the_last_batch_is_no_history() -> None:
    names: dict[str, Any] = {
        "top_p": torch.rand(16, 1),
        "ps": torch.rand(16),
        "logits": torch.rand(16, 8),
        "output": torch.rand(16),
        "x": torch.rand(16, 3),
        "train_acc": torch.tensor([0.5, 0.75]),
        "verlauf": torch.tensor([[1.0, 0.5], [0.5, 0.25]]),
    }
    series = read_series(ask(HISTORIES, names))
    assert {name: values.tolist() for name, values in series.items()} == {
        "train_acc": [0.5, 0.75],
        "verlauf[0]": [1.0, 0.5],
        "verlauf[1]": [0.5, 0.25],
    }


def test_the_split_probe_tells_of_no_data_set() -> None:
    assert ask(SPLIT, {"x": 1}).value == {"sets": {}, "validation_size": None, "taught": None}


# --- predictions and series -------------------------------------------------------------------


@pytest.mark.parametrize(
    "classes",
    [
        None,
        3,
        "0123",
        [0] * 4,
        np.zeros(3, np.uint8),
        np.zeros((4, 1), np.uint8),
        np.zeros(4, np.int64),
        np.zeros(4, bool),
        np.zeros(4),
        np.full(4, 10, np.uint8),
        np.full(4, 255, np.uint8),
        np.zeros(0, np.uint8),
    ],
)
def test_forged_classes_are_not_believed(classes: Any) -> None:
    assert read_classes(ok({"classes": classes}), 4) is None


def test_classes_are_read() -> None:
    classes = np.array([0, 9, 3, 3], np.uint8)
    assert read_classes(ok({"classes": classes}), 4) is classes
    assert read_classes(ok([classes]), 4) is None
    assert read_classes(Answer(status=AnswerStatus.RAISED), 4) is None


def test_series_are_flat_arrays_of_numbers() -> None:
    value = {
        "a": np.array([1, 2]),
        "b": np.array([0.5]),
        "c": np.zeros((2, 2)),
        "d": [1, 2],
        "e": np.array([True]),
        "f": np.zeros(0),
        "g": "text",
        "h": None,
    }
    assert {k: v.tolist() for k, v in read_series(ok(value)).items()} == {
        "a": [1.0, 2.0],
        "b": [0.5],
    }
    assert read_series(ok([1])) == {}
    assert read_series(Answer(status=AnswerStatus.LOST)) == {}


def test_accuracy_on_each_class() -> None:
    labels = np.repeat(np.arange(10, dtype=np.uint8), 4)
    classes = labels.copy()
    classes[:3] = 5
    assert per_class(classes, labels).tolist() == [0.25] + [1.0] * 9


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ([0.5, 1.0], [0.5, 1.0]),
        ([50.0, 100.0], [0.5, 1.0]),
        ([0.0, 90.0], [0.0, 0.9]),
        ([0.5, 1.2], None),
        ([2.3, 101.0], None),
        ([-0.1, 0.5], None),
        ([np.nan, 0.5], None),
        ([np.inf, 0.5], None),
    ],
)
def test_fractions(series: list[float], expected: list[float] | None) -> None:
    got = fractions(np.array(series))
    assert (None if got is None else got.tolist()) == expected


@pytest.mark.parametrize(
    ("ending", "status"), [(Ending.OUTPUT, Status.REVIEW), (Ending.TIMEOUT, Status.FAILED)]
)
def test_who_printed_too_much_may_have_trained(ending: Ending, status: Status) -> None:
    evidence = Evidence(task="fmssvrc", ending=ending, message="It was so and so.")
    found = untrained(Answer(status=AnswerStatus.LOST), evidence)
    assert found is not None
    assert found.status is status
    assert "It was so and so." in found.message
