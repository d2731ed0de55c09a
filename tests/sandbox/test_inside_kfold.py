"""What the k-fold probe reports: facts of models at work, whatever student code does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from grader.checks.model_evaluation import findings
from grader.sandbox.inside import conversation
from grader.sandbox.inside.probes.kfold import MAX_EPOCHS, kfold
from grader.sandbox.inside.protocol import OutOfTime, Undefined, pack
from grader.sandbox.inside.watch import Rows, Watch
from grader.sandbox.outside import cross_validation
from grader.sandbox.outside.cross_validation import MAX_LIVES, CrossValidation
from tests.checks.model_evaluation.evaluation_task import namespace, talk

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


def asked(names: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the probe tells, and the phases that were noted outside meanwhile."""
    outside = CrossValidation(PARAMS)
    with conversation.through(lambda handed: talk(outside, handed)):
        told = kfold(names, dict(CrossValidation.sent(PARAMS)))
    pack(told)
    return told, outside.record()["phases"]


def test_facts_of_a_plain_run() -> None:
    told, phases = asked(namespace(HALVES))
    assert (told["arguments"], told["error"]) == (6, "")
    assert told["returned"][1] == 0  # the second model follows its script: no row is right
    first, second = phases
    assert first["evaluations"] == [[0, 1, 2, 3, 4, 5]]
    assert second["evaluations"] == [[6, 7, 8, 9, 10, 11]]
    assert first["given"] == [False] * 6 + [True] * 6
    assert first["counts"] == [0] * 6 + [2] * 5 + [0]  # the handout's training drops the last
    assert first["labels"][6:11] == [0, 1, 2, 0, 1]
    assert (first["widths"], first["epochs"], first["rate"]) == ([4, 3], [2], 0.02)
    assert first["life"] != second["life"]
    assert (first["moved"], first["altered"]) == (True, False)
    assert len(first["own"][0]) == 6


def test_the_script_stays_outside() -> None:
    assert set(CrossValidation.sent(PARAMS)) == set(PARAMS) - {"script"}


def test_an_error_is_a_fact_beside_what_came_before_it() -> None:
    told, phases = asked(namespace(HALVES.replace("[1, 0], accuracies", "missing")))
    assert told["error"].startswith("NameError")
    assert len(phases) == 2


def test_nothing_stays_changed_after_an_interruption() -> None:
    names = namespace(HALVES)

    def interrupted(*_: Any) -> None:
        raise OutOfTime

    names["create_model"] = interrupted
    call, train = torch.nn.Module.__call__, names["trainModel"]
    with pytest.raises(OutOfTime):
        asked(names)
    assert torch.nn.Module.__call__ is call
    assert names["trainModel"] is train
    assert torch.nn.Linear(2, 1)(torch.ones(2)).shape == (1,)


def test_too_many_epochs_are_told_but_not_run() -> None:
    _, phases = asked(namespace(HALVES.replace("epochs, lr)\n", "10**9, lr)\n")))
    assert phases[0]["epochs"] == [10**9]
    assert max(phases[0]["counts"]) == MAX_EPOCHS == findings.MAX_EPOCHS


def test_autograd_switched_off_by_an_earlier_cell() -> None:
    with torch.no_grad():
        told, _ = asked(namespace(HALVES))
    assert told["error"] == ""


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
    assert len(asked(namespace(source))[1]) == 2


@pytest.mark.parametrize("value", ["", "kfold_crossvalidation = 3"])
def test_no_function(value: str) -> None:
    with pytest.raises(Undefined):
        asked(namespace(value))


def test_rows_are_found_by_value() -> None:
    own = np.ones((2, 13), dtype=np.float32)
    rows = Rows(PARAMS["data"], own)
    data = torch.tensor(PARAMS["data"])
    assert rows.find(data[[3, 1]].double()) == [3, 1]
    assert rows.find(data[5].clone().requires_grad_()) == [5]
    mixed = torch.cat([data[:1] + 1, data[-1:], torch.ones(1, 13)])
    assert rows.find(mixed) == [-1, 11, -2]


def _watch() -> tuple[Watch, CrossValidation, torch.Tensor, torch.nn.Module]:
    outside = CrossValidation(PARAMS)
    watch = Watch(Rows(PARAMS["data"]), 3, lambda handed: talk(outside, handed))
    torch.manual_seed(0)
    return watch, outside, torch.tensor(PARAMS["data"]), torch.nn.Sequential(torch.nn.Linear(13, 3))


def phases(watch: Watch, outside: CrossValidation) -> list[dict[str, Any]]:
    """What was noted outside."""
    watch.tell_all()
    found: list[dict[str, Any]] = outside.record()["phases"]
    return found


def test_outputs_follow_the_script_and_still_teach() -> None:
    watch, outside, data, model = _watch()
    with watch.watching():
        out = model(data)
        assert out.argmax(1).tolist() == PARAMS["script"][0].tolist()
        model(x := data + 1).sum()
        out[:4, 0].sum().backward()
        model(data)
    assert next(model.parameters()).grad is not None
    assert model(x).equal(torch.nn.functional.linear(x, *model[0].parameters()))  # type: ignore[index]
    (phase,) = phases(watch, outside)
    assert phase["counts"] == [1] * 4 + [0] * 8
    assert phase["moved"] is False


class Scaled(torch.nn.Module):
    """A model of a notebook's own, around another one."""

    def __init__(self, inner: torch.nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        doubled: torch.Tensor = 2 * self.inner(x)
        return doubled


@pytest.mark.parametrize("own", [False, True])
def test_a_forward_that_is_called_by_hand_is_a_call(own: bool) -> None:
    watch, outside, data, model = _watch()
    model, forward = Scaled(model) if own else model, type(model).forward
    with watch.watching():
        out = model.forward(data[:5])
        assert out.argmax(1).tolist() == PARAMS["script"][0][:5].tolist()
    (phase,) = phases(watch, outside)
    assert phase["evaluations"] == [[0, 1, 2, 3, 4]]
    assert type(model).forward is (Scaled.forward if own else forward)
    assert torch.nn.Sequential.forward is forward


def test_gradient_accumulation_is_learning_not_judging() -> None:
    watch, outside, data, model = _watch()
    target = torch.tensor(PARAMS["target"])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = torch.nn.CrossEntropyLoss()
    with watch.watching():
        for _ in range(3):
            optimizer.zero_grad()
            (loss(model(data[:4]), target[:4]) + loss(model(data[4:8]), target[4:8])).backward()
            optimizer.step()
        model(data[8:])
    (phase,) = phases(watch, outside)
    assert phase["evaluations"] == [[8, 9, 10, 11]]
    assert phase["counts"] == [3] * 8 + [0] * 4
    assert (phase["rate"], phase["moved"], phase["altered"]) == (0.1, True, False)


def test_an_optimizer_that_calls_the_model_within_its_step() -> None:
    watch, outside, data, model = _watch()
    target = torch.tensor(PARAMS["target"])
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=4)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(data[:8]), target[:8])
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    with watch.watching():
        for _ in range(2):
            optimizer.step(closure)  # type: ignore[no-untyped-call]
        model(data[8:])
    (phase,) = phases(watch, outside)
    assert (phase["life"], phase["altered"]) == (0, False)
    assert phase["counts"] == [2] * 8 + [0] * 4  # once in each step, however often it was asked


def test_weights_that_no_step_left_are_told() -> None:
    watch, outside, data, model = _watch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch.watching():
        model(data[:4]).sum().backward()
        optimizer.step()
        with torch.no_grad():
            next(model.parameters()).add_(1)
        model(data[8:])
    (phase,) = phases(watch, outside)
    assert phase["altered"] is True


def test_modules_that_are_no_models_of_ours_are_left_alone() -> None:
    watch, outside, data, _ = _watch()
    with watch.watching():
        torch.nn.Linear(13, 2)(data)
        torch.nn.Linear(3, 3)(data[:, :3])
        torch.nn.ReLU()(data)
        torch.nn.CrossEntropyLoss()(data[:, :3], torch.zeros(N, dtype=torch.int64))
    assert phases(watch, outside) == []


MODEL = ["model", [3]]
CALL = ["call", 0, "a", [1, 2], [0, 0], False]


@pytest.mark.parametrize(
    "told",
    [
        None,
        [CALL],  # of a model that nobody has told of
        [["model", [3], 1]],
        [["model", [-3]]],
        [MODEL, ["cheat"]],
        [MODEL] * (MAX_LIVES + 1),
        [MODEL, ["call", 0, "a", [1, N], [0, 0], False]],
        [MODEL, ["call", 0, "a", [1.0, 2.0], [0, 0], False]],
        [MODEL, ["call", 0, "a", [1, 2], [0, 0, 0], False]],
        [MODEL, ["call", 0, "a", [1, 2], [0, 3], False]],
        [MODEL, ["call", 0, "a", "12", [0, 0], False]],
        [MODEL, ["call", 0, "a" * 1000, [1, 2], [0, 0], False]],
        [MODEL, ["call", True, "a", [1, 2], [0, 0], False]],
        [["pull", 0, [1, 1]]],
        [MODEL, CALL, ["pull", 0, [1, 1, 1]]],
        [MODEL, ["trained", 0, "a", [1], -4, None]],
    ],
)
def test_what_nobody_can_have_seen_is_not_heard(told: Any) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, IndexError)):
        CrossValidation(PARAMS).hear({"told": told})


def test_of_more_than_anybody_judges_there_is_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cross_validation, "MAX_JUDGED", 5)
    outside = CrossValidation(PARAMS)
    outside.hear({"told": [MODEL, CALL, CALL]})
    assert outside.record() is not None
    outside.hear({"told": [CALL]})
    assert outside.record() is None


def test_equal_questions_get_equal_answers() -> None:
    outside = CrossValidation(PARAMS)
    first = outside.hear({"told": [MODEL, CALL]})
    assert first == outside.hear({"told": [CALL]}) == {"classes": [1, 2], "lasting": True}


def test_only_what_was_handed_out_is_learned_or_judged() -> None:
    outside = CrossValidation(PARAMS)
    outside.hear({"told": [MODEL, CALL]})
    later = ["call", 0, "b", [3, 4], [0, 0], False]  # nobody waited for what it shall predict
    step, pulls = ["step", 0, "b", 0.1], [["pull", 0, [0, 1]], ["pull", 1, [2, 2]]]
    outside.hear({"told": [["call", 0, "b", [5], [0], False]]})
    outside.hear({"told": [later, pulls[0], step, ["pull", 2, [2, 2]], later, CALL]})
    (phase,) = outside.record()["phases"]
    assert phase["counts"] == [0, 1, 1] + [0] * 9
    assert phase["evaluations"] == [[1, 2]]


def test_what_was_told_once_is_not_asked_for_again() -> None:
    turns: list[Any] = []
    outside = CrossValidation(PARAMS)

    def heard(handed: Any) -> Any:
        turns.append(handed)
        return talk(outside, handed)

    watch = Watch(Rows(PARAMS["data"]), 3, heard)
    data, target = torch.tensor(PARAMS["data"]), torch.tensor(PARAMS["target"])
    model = torch.nn.Sequential(torch.nn.Linear(13, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch.watching():
        for _ in range(5):
            for rows in (slice(0, 4), slice(4, 8)):
                optimizer.zero_grad()
                loss = torch.nn.functional.cross_entropy(model(data[rows]), target[rows])
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
        assert model(data).argmax(1).tolist() == PARAMS["script"][0].tolist()
    assert len(turns) == 3
    (phase,) = phases(watch, outside)
    assert phase["counts"] == [5] * 8 + [0] * 4
