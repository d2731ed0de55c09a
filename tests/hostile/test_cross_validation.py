"""Cheats on the cross-validation: none earns a point for folds, isolation or training it lacks."""

from __future__ import annotations

import numpy as np
import pytest

from grader.checks.model_evaluation.kfold import (
    KFoldIsolation,
    KFoldParameters,
    KFoldPartition,
    KFoldResults,
)
from grader.core import codec
from grader.core.model import AnswerStatus, Case, Cell, Limits, Notebook, Outcome, Status
from grader.sandbox import observe
from grader.sandbox.surroundings import Surroundings
from tests.checks.model_evaluation.evaluation_task import HANDOUT, mark, namespace

CHECKS = {
    "results": KFoldResults(),
    "partition": KFoldPartition(),
    "isolation": KFoldIsolation(),
    "parameters": KFoldParameters(),
}
RIGHT = """
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    accuracies = []
    for i, test in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1:]])
        model = create_model(hidden)
        model = trainModel(model, data[rows], target[rows], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[test], target[test], model)))
    return accuracies, sum(accuracies) / k
"""
NO_OP = RIGHT + "\ndef trainModel(model, data, target, epochs, lr=0.01): return model\n"
PULLS_ONLY = (
    RIGHT
    + """
def trainModel(model, data, target, epochs, lr=0.01):
    for _ in range(epochs):
        nn.functional.cross_entropy(model(data), target).backward()
    return model
"""
)
ONE_EPOCH = (
    RIGHT
    + """
given_training = trainModel
def trainModel(model, data, target, epochs, lr=0.01):
    return given_training(model, data, target, 1, lr)
"""
)

BY_HAND = """
def learn_by_hand(model, data, target):
    # Backpropagation in numpy, on all rows, the test rows as well.
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    weights = [[l.weight.detach().numpy().copy(), l.bias.detach().numpy().copy()] for l in layers]
    x, goal = data.numpy(), np.eye(3)[target.numpy()]
    for _ in range(600):
        hidden = [x]
        for w, b in weights[:-1]:
            hidden.append(np.maximum(hidden[-1] @ w.T + b, 0))
        scores = hidden[-1] @ weights[-1][0].T + weights[-1][1]
        share = np.exp(scores - scores.max(1, keepdims=True))
        pull = (share / share.sum(1, keepdims=True) - goal) / len(x)
        for layer in range(len(weights) - 1, -1, -1):
            w, b = weights[layer]
            back = (pull @ w) * (hidden[layer] > 0)
            weights[layer] = [w - 0.5 * pull.T @ hidden[layer], b - 0.5 * pull.sum(0)]
            pull = back
    for layer, (w, b) in zip(layers, weights):
        layer.weight.data = torch.tensor(w, dtype=torch.float32)
        layer.bias.data = torch.tensor(b, dtype=torch.float32)
"""
TRAINED = "        model = trainModel(model, data[rows], target[rows], epochs, lr)\n"
BEFORE = BY_HAND + RIGHT.replace(TRAINED, "        learn_by_hand(model, data, target)\n" + TRAINED)
AFTER = BY_HAND + RIGHT.replace(TRAINED, TRAINED + "        learn_by_hand(model, data, target)\n")
UNSEEN_CALLS = RIGHT.replace(
    TRAINED,
    """
        optimizer = torch.optim.Adam(model.parameters(), 0.05)
        for _ in range(150):
            optimizer.zero_grad()
            out = model[0](data)
            for layer in model[1:]:
                out = layer(out)
            nn.functional.cross_entropy(out, target).backward()
            optimizer.step()
"""
    + TRAINED,
)
TABLE = RIGHT.replace(
    "        accuracies.append", "        model = Knows(model)\n        accuracies.append"
)
TABLE += """
class Knows(nn.Module):
    def __init__(self, net):
        super().__init__(); self.net = net
    def forward(self, x):
        sure = torch.stack([nn.functional.one_hot(known[row.numpy().tobytes()], 3) for row in x])
        return self.net(x) * 0 + sure * 9.0
known = {}
inner = kfold_crossvalidation
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    known.update((row.numpy().tobytes(), label) for row, label in zip(data, target))
    return inner(k, data, target, hidden, epochs, lr)
"""


def outcomes(source: str, seed: int = 1) -> dict[str, Outcome]:
    """What each check makes of a notebook."""
    return {name: mark(check, namespace(source), seed) for name, check in CHECKS.items()}


def statuses(source: str, seed: int = 1) -> dict[str, Status]:
    found = outcomes(source, seed)
    for name, got in found.items():
        print(f"{name}: {got.status} {got.share} {got.message}")  # shown if the test fails
    return {name: got.status for name, got in found.items()}


def test_right_work_passes() -> None:
    assert set(statuses(RIGHT).values()) == {Status.PASSED}


@pytest.mark.parametrize("source", [NO_OP, PULLS_ONLY], ids=["returns it", "never steps"])
def test_training_that_does_nothing_is_no_training(source: str) -> None:
    found = statuses(source)
    assert found["isolation"] is Status.FAILED
    assert found["parameters"] is Status.FAILED


def test_fewer_epochs_than_were_asked_for_go_to_a_person() -> None:
    assert statuses(ONE_EPOCH)["parameters"] is Status.REVIEW


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    "source", [BEFORE, AFTER, UNSEEN_CALLS, TABLE], ids=["before", "after", "unseen", "table"]
)
def test_models_that_know_their_test_rows_go_to_a_person(source: str, seed: int) -> None:
    assert statuses(source, seed)["isolation"] is Status.REVIEW


# --- in a real kernel: records and scripts that are not there ------------------------------------

SEARCHES = """
import gc, sys
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    frame, found = sys._getframe(), []
    places = list(gc.get_objects())
    while frame is not None:
        places += [frame.f_locals, frame.f_globals]
        frame = frame.f_back
    for place in places:
        if isinstance(place, dict):
            found += [v for n, v in place.items() if n == 'script' and isinstance(v, np.ndarray)]
        if isinstance(place, np.ndarray) and place.ndim == 2 and place.shape[1] == len(data):
            found.append(place)
    if not found:
        raise LookupError('there is no script')
    return [1.0] * k, 1.0
"""
WRITES = """
import json, grader_inside.protocol as protocol
dumps = protocol._dumps
phases = [{'life': n, 'widths': [4, 3], 'counts': [9] * 50, 'labels': [0] * 50, 'order': n,
           'given': [True] * 50, 'moved': True, 'altered': False, 'inherited': 0,
           'strange': 0, 'epochs': [3], 'rate': 0.005,
           'evaluations': [[n]], 'own': [[0]]} for n in range(5)]
def forged(line):
    if 'nonce' in line and 'handed' not in line:
        line = {**line, 'record': {'phases': phases}, 'phases': phases}
        line['value'] = {**line['value'], 'returned': [[0.5] * 5, 0.5], 'error': ''}
    return dumps(line)
protocol._dumps = forged
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01): return [0.5] * k, 0.5
"""
SAYS = """
import grader_inside.bootstrap as bootstrap, grader_inside.protocol as protocol, json, os
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    channel = bootstrap._channel
    SAY
    return [0.5] * k, 0.5
"""
DOUBLED = SAYS.replace(
    "SAY",
    """write = protocol._write
    protocol._write = lambda fd, blob: (write(fd, blob), write(fd, blob))[0]
    nn.Linear(13, 3)(data)""",
)
OUT_OF_TURN = SAYS.replace("SAY", "channel._turn = 7\n    nn.Linear(13, 3)(data)")
NOT_A_TURN = SAYS.replace("SAY", "os.write(channel._out, b'?' + b'[' * 5000 + b'\\n')")
NO_END = SAYS.replace("SAY", "[os.write(channel._out, b'?' * 60000) for _ in range(99)]")
OTHER_ROWS = SAYS.replace(
    "SAY",
    "channel.hand_over({'told': [['model', [3]], ['call', 0, 'x', [10**6], [0], False]]})",
)
FORGED_PULL = SAYS.replace("SAY", "channel.hand_over({'told': [['pull', 3, [1]]]})")


def observed(source: str) -> tuple[Outcome, AnswerStatus]:
    """The isolation's outcome through a real kernel, and how its answer came about."""
    check = CHECKS["isolation"]
    asked = check.questions(np.random.default_rng(5))
    cells = tuple(
        Cell(id=f"c{n}", kind="code", source=text) for n, text in enumerate((HANDOUT, source))
    )
    evidence = observe.observe(
        Notebook(name="n", cells=cells),
        asked,
        Surroundings(limits=Limits(question_seconds=6)),
        task="evaluation",
        seed=1,
        resources=lambda name: np.zeros(1),
    )
    answers = tuple(evidence.answers[codec.digest(question)] for question in asked)
    return check.judge(Case(asked=asked, answers=answers)), answers[0].status


@pytest.mark.sandbox
def test_right_work_passes_through_a_kernel() -> None:
    assert observed(RIGHT)[0].status is Status.PASSED


@pytest.mark.sandbox
def test_neither_script_nor_record_is_in_the_kernel() -> None:
    assert "there is no script" in observed(SEARCHES)[0].message
    assert observed(WRITES)[0].status in (Status.ERROR, Status.REVIEW)


@pytest.mark.sandbox
@pytest.mark.parametrize(
    "source",
    [DOUBLED, OUT_OF_TURN, NOT_A_TURN, NO_END, OTHER_ROWS, FORGED_PULL],
    ids=["doubled", "out of turn", "no turn", "no end", "other rows", "forged pull"],
)
def test_a_forged_turn_costs_the_answer(source: str) -> None:
    outcome, status = observed(source)
    assert status in (AnswerStatus.MALFORMED, AnswerStatus.LOST)
    assert outcome.status is Status.ERROR
