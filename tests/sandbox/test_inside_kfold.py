"""What the k-fold probe reports: facts of models at work, whatever student code does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from grader.sandbox.inside.probes.kfold import MAX_EPOCHS, kfold
from grader.sandbox.inside.protocol import OutOfTime, Undefined, pack
from grader.sandbox.inside.watch import Rows, Watch
from tests.checks.model_evaluation.evaluation_task import namespace

N = 12
PARAMS: dict[str, Any] = {
    "k": 2,
    "hidden": [4],
    "epochs": 2,
    "lr": 0.02,
    "classes": 3,
    "seed": 1,
    "data": np.random.default_rng(0).standard_normal((N, 13)).astype(np.float32),
    "target": np.arange(N) % 3,
    "script": np.array([np.arange(N) % 3, (np.arange(N) + 1) % 3]),
}
HALVES = """
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    for test, train in ((slice(0, 6), slice(6, 12)), (slice(6, 12), slice(0, 6))):
        model = trainModel(create_model(hidden), data[train], target[train], epochs, lr)
        accuracies = calculate_accuracy(data[test], target[test], model)
    return [1, 0], accuracies
"""


def test_facts_of_a_plain_run() -> None:
    facts = kfold(namespace(HALVES), PARAMS)
    pack(facts)
    assert (facts["arguments"], facts["error"]) == (6, "")
    assert facts["returned"][1] == 0  # the second model follows its script: no row is right
    first, second = facts["phases"]
    assert first["evaluations"] == [[0, 1, 2, 3, 4, 5]]
    assert second["evaluations"] == [[6, 7, 8, 9, 10, 11]]
    assert first["given"] == [False] * 6 + [True] * 6
    assert first["counts"] == [0] * 6 + [2] * 5 + [0]  # the handout's training drops the last
    assert first["labels"][6:11] == [0, 1, 2, 0, 1]
    assert (first["widths"], first["epochs"], first["rate"]) == ([4, 3], [2], 0.02)
    assert first["life"] != second["life"]


def test_an_error_is_a_fact_beside_what_came_before_it() -> None:
    facts = kfold(namespace(HALVES.replace("[1, 0], accuracies", "missing")), PARAMS)
    assert facts["error"].startswith("NameError")
    assert len(facts["phases"]) == 2


def test_nothing_stays_changed_after_an_interruption() -> None:
    names = namespace(HALVES)

    def interrupted(*_: Any) -> None:
        raise OutOfTime

    names["create_model"] = interrupted
    call, train = torch.nn.Module.__call__, names["trainModel"]
    with pytest.raises(OutOfTime):
        kfold(names, PARAMS)
    assert torch.nn.Module.__call__ is call
    assert names["trainModel"] is train
    assert torch.nn.Linear(2, 1)(torch.ones(2)).shape == (1,)


def test_too_many_epochs_are_told_but_not_run() -> None:
    facts = kfold(namespace(HALVES.replace("epochs, lr)\n", "10**9, lr)\n")), PARAMS)
    assert facts["phases"][0]["epochs"] == [10**9]
    assert max(facts["phases"][0]["counts"]) == MAX_EPOCHS


def test_autograd_switched_off_by_an_earlier_cell() -> None:
    with torch.no_grad():
        facts = kfold(namespace(HALVES), PARAMS)
    assert facts["error"] == ""


def test_helper_functions_and_decorators() -> None:
    source = (
        HALVES
        + """
import functools
def logged(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)
    return inner
kfold_crossvalidation = logged(kfold_crossvalidation)
"""
    )
    assert len(kfold(namespace(source), PARAMS)["phases"]) == 2


@pytest.mark.parametrize("value", ["", "kfold_crossvalidation = 3"])
def test_no_function(value: str) -> None:
    with pytest.raises(Undefined):
        kfold(namespace(value), PARAMS)


def test_rows_are_found_by_value() -> None:
    own = np.ones((2, 13), dtype=np.float32)
    rows = Rows(PARAMS["data"], own)
    data = torch.tensor(PARAMS["data"])
    assert rows.find(data[[3, 1]].double()).tolist() == [3, 1]
    assert rows.find(data[5].clone().requires_grad_()).tolist() == [5]
    mixed = torch.cat([data[:1] + 1, data[-1:], torch.ones(1, 13)])
    assert rows.find(mixed).tolist() == [-1, 11, -2]


def _watch() -> tuple[Watch, torch.Tensor, torch.nn.Module]:
    watch = Watch(Rows(PARAMS["data"]), N, PARAMS["script"], 3)
    torch.manual_seed(0)
    return watch, torch.tensor(PARAMS["data"]), torch.nn.Sequential(torch.nn.Linear(13, 3))


def test_outputs_follow_the_script_and_still_teach() -> None:
    watch, data, model = _watch()
    with watch.watching():
        out = model(data)
        assert out.argmax(1).tolist() == PARAMS["script"][0].tolist()
        model(x := data + 1).sum()
        out[:4, 0].sum().backward()
    assert next(model.parameters()).grad is not None
    assert model(x).equal(torch.nn.functional.linear(x, *model[0].parameters()))  # type: ignore[index]
    assert watch.lives[0].counts.tolist() == [1] * 4 + [0] * 8


def test_gradient_accumulation_is_learning_not_judging() -> None:
    watch, data, model = _watch()
    target = torch.tensor(PARAMS["target"])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = torch.nn.CrossEntropyLoss()
    with watch.watching():
        for _ in range(3):
            optimizer.zero_grad()
            (loss(model(data[:4]), target[:4]) + loss(model(data[4:8]), target[4:8])).backward()
            optimizer.step()
        model(data[8:])
    (phase,) = watch.phases()
    assert phase["evaluations"] == [[8, 9, 10, 11]]
    assert phase["counts"] == [3] * 8 + [0] * 4


def test_modules_that_are_no_models_of_ours_are_left_alone() -> None:
    watch, data, _ = _watch()
    with watch.watching():
        torch.nn.Linear(13, 2)(data)
        torch.nn.Linear(3, 3)(data[:, :3])
        torch.nn.ReLU()(data)
        torch.nn.CrossEntropyLoss()(data[:, :3], torch.zeros(N, dtype=torch.int64))
    assert watch.phases() == []
