"""K-fold: right functions of many kinds get all points, wrong ones lose the item they get wrong."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from grader.checks.model_evaluation.folds import draw_script
from grader.checks.model_evaluation.kfold import (
    KFoldIsolation,
    KFoldParameters,
    KFoldPartition,
    KFoldResults,
)
from grader.checks.model_evaluation.returned import returned_values
from grader.core import codec
from grader.core.model import Answer, AnswerStatus, Outcome, Status
from tests.checks.model_evaluation.evaluation_task import ask, case, mark, namespace

CHECKS = {
    "results": KFoldResults(),
    "partition": KFoldPartition(),
    "isolation": KFoldIsolation(),
    "parameters": KFoldParameters(),
}
HEAD = "def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):\n"


def outcomes(body: str, before: str = "", seed: int = 1) -> dict[str, Outcome]:
    lines = "\n".join("    " + line for line in body.strip("\n").splitlines())
    names = namespace(before + "\n" + HEAD + lines)
    return {name: mark(check, names, seed) for name, check in CHECKS.items()}


def shares(body: str, **more: Any) -> dict[str, str]:
    found = outcomes(body, **more)
    for name, got in found.items():
        print(f"{name}: {got.status} {got.share} {got.message}")  # shown if the test fails
    return {
        name: "review" if got.status is Status.REVIEW else str(got.share)
        for name, got in found.items()
    }


ALL = dict.fromkeys(CHECKS, "1")

CONTIGUOUS = """
n = len(data)
accuracies = []
for i in range(k):
    a, b = i * n // k, (i + 1) * n // k
    model = create_model(hidden)
    rest, labels = torch.cat([data[:a], data[b:]]), torch.cat([target[:a], target[b:]])
    model = trainModel(model, rest, labels, epochs, lr)
    accuracies.append(calculate_accuracy(data[a:b], target[a:b], model))
return accuracies, sum(accuracies) / k
"""

MASKS = """
accuracies = []
rows = torch.arange(len(data))
for i in range(k):
    test = rows % k == i
    model = trainModel(create_model(hidden), data[~test], target[~test], epochs=epochs, lr=lr)
    accuracies.append(calculate_accuracy(data[test], target[test], model).item())
return np.array(accuracies), np.mean(accuracies)
"""

SHUFFLED = """
order = torch.randperm(len(data))
folds = torch.tensor_split(order, k)
accuracies = torch.zeros(k)
for i, test in enumerate(folds):
    train = torch.cat([f for j, f in enumerate(folds) if j != i])
    model = create_model(hidden)
    trainModel(model, data[train], target[train], epochs, lr, shuffle=True)
    accuracies[i] = calculate_accuracy(data[test], target[test], model)
return accuracies, accuracies.mean()
"""

SKLEARN = """
from sklearn.model_selection import KFold
accuracies = []
for train, test in KFold(n_splits=k, shuffle=True).split(data.numpy()):
    model = create_model(hidden)
    model = trainModel(model, data[train], target[train], epochs, lr)
    accuracies.append(float((predict(data[test], model) == target[test]).float().mean()) * 100)
return accuracies, round(sum(accuracies) / len(accuracies), 2)
"""

OWN_LOOP = """
accuracies = []
parts, labels = torch.chunk(data, k), torch.chunk(target, k)
parts, labels = torch.tensor_split(data, k), torch.tensor_split(target, k)
for i in range(k):
    net = nn.Sequential(*[layer for a, b in zip([13] + hidden, hidden)
                          for layer in (nn.Linear(a, b), nn.Tanh())],
                        nn.Linear(hidden[-1], 3), nn.LogSoftmax(dim=-1))
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    xs = torch.cat(parts[:i] + parts[i + 1:])
    ys = torch.cat(labels[:i] + labels[i + 1:])
    net.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(xs)).split(8):
            optimizer.zero_grad()
            loss = nn.functional.nll_loss(net(xs[batch]), ys[batch])
            loss.backward()
            optimizer.step()
    net.eval()
    with torch.no_grad():
        right = [int(net(x).argmax() == y) for x, y in zip(parts[i], labels[i])]
    accuracies.append(sum(right) / len(right))
return accuracies, np.mean(accuracies)
"""

LOADERS = """
from torch.utils.data import DataLoader, Subset, TensorDataset
everything = TensorDataset(data.clone(), target.clone())
result = []
for i in range(k):
    test = list(range(i, len(data), k))
    train = sorted(set(range(len(data))) - set(test))
    net = create_model(hidden)
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    for _ in range(epochs):
        for x, y in DataLoader(Subset(everything, train), batch_size=7, shuffle=True):
            optimizer.zero_grad()
            nn.CrossEntropyLoss()(net(x), y).backward()
            optimizer.step()
        seen = calculate_accuracy(data[train], target[train], net)
        seen = calculate_accuracy(data[test], target[test], net)
    hits = 0
    with torch.inference_mode():
        for x, y in DataLoader(Subset(everything, test), batch_size=4):
            hits += int((net(x).max(1).indices == y).sum())
    result.append(hits / len(test))
return result, float(torch.tensor(result).mean())
"""

TRAIN_ACCURACY_TOO = CONTIGUOUS.replace(
    "    accuracies.append(",
    "    print(calculate_accuracy(rest, labels, model))\n    accuracies.append(",
)

ALL_ROWS_AT_ONCE = """
accuracies = []
rows = np.random.permutation(len(data))
for test in np.array_split(rows, k):
    train = np.setdiff1d(rows, test)
    model = trainModel(create_model(hidden), data[train], target[train], epochs, lr)
    right = (predict(data, model) == target).numpy()
    accuracies.append(right[test].mean())
return accuracies, np.mean(accuracies)
"""

TRAIN_ALL_FIRST = """
folds = [(torch.arange(len(data)) % k) == i for i in range(k)]
models = [trainModel(create_model(hidden), data[~f], target[~f], epochs, lr) for f in folds]
accuracies = [calculate_accuracy(data[f], target[f], m) for f, m in zip(folds, models)]
return accuracies, torch.stack(accuracies).mean()
"""

RESET = MASKS.replace(
    "accuracies = []",
    """
accuracies = []
net = create_model(hidden)
""".strip(),
).replace("trainModel(create_model(hidden),", "trainModel(fresh(net),")
RESET_BEFORE = """
def fresh(net):
    for layer in net:
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    return net
"""

STATE = (
    MASKS.replace(
        "accuracies = []",
        """
import copy
accuracies = []
net = create_model(hidden)
start = copy.deepcopy(net.state_dict())
""".strip(),
    )
    .replace("    model = ", "    net.load_state_dict(start)\n    model = ")
    .replace("trainModel(create_model(hidden),", "trainModel(net,")
)

EARLY_STOPPING = """
import copy
accuracies = []
for i in range(k):
    test = torch.arange(len(data)) % k == i
    net = create_model(hidden)
    optimizer = torch.optim.Adam(net.parameters(), lr)
    best, kept = 9e9, None
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(data[~test]), target[~test])
        loss.backward()
        optimizer.step()
        if kept is None or loss < best:
            best, kept = loss.item(), copy.deepcopy(net)
    accuracies.append(calculate_accuracy(data[test], target[test], kept))
return accuracies, sum(accuracies) / k
"""

WEIGHTED = CONTIGUOUS.replace("sum(accuracies) / k", "avg").replace(
    "return",
    """
sizes = [(i + 1) * n // k - i * n // k for i in range(k)]
avg = sum(a * s for a, s in zip(accuracies, sizes)) / n
return""".strip(),
)

LAST_BATCH_EMPTY = CONTIGUOUS.replace("epochs, lr)", "epochs, lr, len(rest) - 1)")

FORWARD = TRAIN_ACCURACY_TOO.replace(
    "calculate_accuracy(data[a:b], target[a:b], model)",
    "(model.forward(data[a:b]).argmax(1) == target[a:b]).float().mean()",
)

OWN_CLASS = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = create_model(hidden)
    def forward(self, x):
        return self.layers.forward(x)
accuracies = []
rows = torch.arange(len(data))
for i in range(k):
    test, net = rows % k == i, Net()
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    for _ in range(epochs):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net.forward(data[~test]), target[~test]).backward()
        optimizer.step()
        calculate_accuracy(data[~test], target[~test], net)
    accuracies.append((net.forward(data[test]).argmax(1) == target[test]).float().mean())
return accuracies, sum(accuracies) / k
"""

RIGHT = {
    "forward": FORWARD,
    "forward of an own class": OWN_CLASS,
    "seeded in each fold": "torch.manual_seed(0)\n"
    + MASKS.replace("    test =", "    torch.manual_seed(0)\n    test ="),
    "epoch by epoch": CONTIGUOUS.replace(
        "    model = trainModel(model, rest, labels, epochs, lr)",
        "    for _ in range(epochs):\n        trainModel(model, rest, labels, 1, lr)\n"
        "        calculate_accuracy(data[a:b], target[a:b], model)",
    ),
    "last batch empty": LAST_BATCH_EMPTY,
    "contiguous": CONTIGUOUS,
    "masks": MASKS,
    "shuffled": SHUFFLED,
    "sklearn": SKLEARN,
    "own loop": OWN_LOOP,
    "loaders": LOADERS,
    "train accuracy too": TRAIN_ACCURACY_TOO,
    "all rows at once": ALL_ROWS_AT_ONCE,
    "train all first": TRAIN_ALL_FIRST,
    "state dict": STATE,
    "weighted mean": WEIGHTED,
    "swapped pair": MASKS.replace(
        "np.array(accuracies), np.mean(accuracies)", "np.mean(accuracies), accuracies"
    ),
    "dictionary": MASKS.replace(
        "np.array(accuracies), np.mean(accuracies)",
        "dict(enumerate(accuracies)), np.mean(accuracies)",
    ),
    "named, with a deviation": MASKS.replace(
        "np.array(accuracies), np.mean(accuracies)",
        "{'std': np.std(accuracies), 'all': accuracies, 'mean': np.mean(accuracies)}",
    ),
    "the best of three by its training rows": MASKS.replace(
        "    model = trainModel(create_model(hidden), data[~test], target[~test], "
        "epochs=epochs, lr=lr)",
        "    tried = [trainModel(create_model(hidden), data[~test], target[~test], epochs, lr)\n"
        "             for _ in range(3)]\n"
        "    model = max(tried, key=lambda m: calculate_accuracy(data[~test], target[~test], m))",
    ),
    "an inner validation and a look at the training rows": """
folds = torch.arange(len(data)).tensor_split(k)
accuracies = []
for i in range(k):
    train = torch.cat([f for j, f in enumerate(folds) if j != i])
    fit, inner = train[len(train) // 10 :], train[: len(train) // 10]
    model, best, kept = create_model(hidden), -1, None
    for e in range(epochs):
        trainModel(model, data[fit], target[fit], 1, lr)
        reached = float(calculate_accuracy(data[inner], target[inner], model))
        if reached > best:
            best, kept = reached, {n: v.clone() for n, v in model.state_dict().items()}
    model.load_state_dict(kept)
    print(calculate_accuracy(data[fit], target[fit], model))
    accuracies.append(float(calculate_accuracy(data[folds[i]], target[folds[i]], model)))
return accuracies, sum(accuracies) / k
""",
    "rows drawn at random, a rate that rises": OWN_LOOP.replace(
        "for batch in torch.randperm(len(xs)).split(8):",
        "for batch in torch.randint(len(xs), (len(xs),)).split(8):\n"
        "            for group in optimizer.param_groups:\n"
        "                group['lr'] = min(lr, group['lr'] + lr / 9)",
    ).replace("net.parameters(), lr=lr)", "net.parameters(), lr=lr / 10)"),
    "last fold tested first": MASKS.replace(
        "    accuracies.append(calculate_accuracy(data[test], target[test], model).item())",
        "    accuracies.append((model, test))",
    ).replace(
        "return",
        "for i, (model, test) in list(enumerate(accuracies))[::-1]:\n"
        "    accuracies[i] = float(calculate_accuracy(data[test], target[test], model))\nreturn",
    ),
    "state dict, with a look before the training": STATE.replace(
        "    model =", "    calculate_accuracy(data[~test], target[~test], net)\n    model ="
    ),
    "rounded": MASKS.replace(".item())", ".item().__round__(2))"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_functions_get_all_points(name: str) -> None:
    assert shares(RIGHT[name]) == ALL


@pytest.mark.parametrize("seed", range(2, 7))
def test_right_functions_get_all_points_for_any_hidden_data(seed: int) -> None:
    assert shares(CONTIGUOUS, seed=seed) == ALL
    assert shares(OWN_LOOP, seed=seed) == ALL


def test_a_reset_model_is_a_fresh_one() -> None:
    assert shares(RESET, before=RESET_BEFORE) == ALL


@pytest.mark.parametrize(
    "made_anew",
    [
        # As tutorials do it: of biases nothing is said, or they begin with a number.
        "nn.init.xavier_uniform_(layer.weight); layer.bias.data.fill_(0.01)",
        "nn.init.uniform_(layer.weight, 0, 0.2); nn.init.zeros_(layer.bias)",
        "layer.weight.data = torch.full_like(layer.weight, 0.1); layer.bias.data.zero_()",
        "torch.manual_seed(layer.weight.numel()); layer.reset_parameters()",
    ],
)
def test_a_model_that_is_reset_in_other_ways_is_a_fresh_one(made_anew: str) -> None:
    before = RESET_BEFORE.replace('hasattr(layer, "reset_parameters")', "hasattr(layer, 'weight')")
    assert shares(RESET, before=before.replace("layer.reset_parameters()", made_anew)) == ALL


def test_weights_that_are_moved_after_each_step_are_one_training() -> None:
    body = OWN_LOOP.replace(
        "            optimizer.step()\n",
        "            optimizer.step()\n            for p in net.parameters(): p.data.mul_(0.999)\n",
    )
    assert shares(body) == ALL | {"isolation": "review"}


def test_a_copy_of_the_best_model_is_the_model() -> None:
    assert shares(EARLY_STOPPING)["isolation"] == "1"


def test_lost_given_functions_cost_nothing() -> None:
    assert shares(MASKS, before="predict = 3\ndel create_model, trainModel") == ALL


def test_own_training_function_of_the_given_name() -> None:
    before = """
def trainModel(model, data, target, val_data, val_target, epochs, lr):
    optimizer, losses = torch.optim.Adam(model.parameters(), lr), []
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(data), target)
        loss.backward()
        optimizer.step()
        losses.append((loss.item(), calculate_accuracy(val_data, val_target, model)))
    return model, losses
"""
    body = MASKS.replace(
        "model = trainModel(create_model(hidden), data[~test], target[~test],",
        "model, _ = trainModel(create_model(hidden), data[~test], target[~test], "
        "data[test], target[test],",
    )
    assert shares(body, before=before) == ALL


def test_own_gradient_steps_leave_the_learning_rate_to_a_person() -> None:
    body = """
accuracies = []
for i in range(k):
    test = torch.arange(len(data)) % k == i
    net = create_model(hidden)
    for _ in range(epochs):
        nn.functional.cross_entropy(net(data[~test]), target[~test]).backward()
        with torch.no_grad():
            for p in net.parameters():
                p -= lr * p.grad
                p.grad = None
    accuracies.append(calculate_accuracy(data[test], target[test], net))
return accuracies, sum(accuracies) / k
"""
    assert shares(body) == ALL | {"parameters": "review"}


WRONG: dict[str, tuple[str, dict[str, str]]] = {
    "mean missing": (MASKS.replace(", np.mean(accuracies)", ""), {"results": "0.5"}),
    "wrong mean": (MASKS.replace("np.mean(accuracies)", "max(accuracies)"), {"results": "0.5"}),
    "made-up results": (
        MASKS.replace("np.array(accuracies)", "np.array([0.98] * k)").replace(
            "np.mean(accuracies)", "0.98"
        ),
        {"results": "0"},
    ),
    "one result less": (MASKS.replace("np.array(accuracies)", "accuracies[1:]"), {"results": "0"}),
    "targets shuffled for the test": (
        MASKS.replace("target[test], model", "target[test].flip(0), model"),
        {"results": "0.5"},
    ),
    "last fold tested always": (
        MASKS.replace("data[test], target[test]", "data[-9:], target[-9:]"),
        {"partition": "0", "isolation": "0"},
    ),
    "random folds": (
        MASKS.replace("rows % k == i", "torch.rand(len(rows)) < 1 / k"),
        {"partition": "0"},
    ),
    "remainder dropped": (
        CONTIGUOUS.replace("i * n // k, (i + 1) * n // k", "i * (n // k), (i + 1) * (n // k)"),
        {"partition": "0.75"},
    ),
    "overlapping by one": (
        CONTIGUOUS.replace("(i + 1) * n // k", "(i + 1) * n // k + 1"),
        {"partition": "0"},
    ),
    "trains on everything": (
        MASKS.replace("data[~test], target[~test]", "data, target"),
        {"isolation": "0"},
    ),
    "tests on everything": (
        MASKS.replace("data[test], target[test]", "data, target"),
        {"partition": "0", "isolation": "0"},
    ),
    "tests on the training rows": (
        MASKS.replace("data[test], target[test]", "data[~test], target[~test]"),
        {"partition": "0", "isolation": "0"},
    ),
    "one model for all": (
        "net = create_model(hidden)" + MASKS.replace("create_model(hidden)", "net"),
        {"isolation": "0.25"},
    ),
    "start not copied": (
        STATE.replace("copy.deepcopy(net.state_dict())", "net.state_dict()"),
        {"isolation": "0.25"},
    ),
    "a hair beside the weights that were learned": (
        "net = create_model(hidden)"
        + MASKS.replace("create_model(hidden)", "net").replace(
            "    model =", "    for p in net.parameters(): p.data += 1e-6\n    model ="
        ),
        {"isolation": "0.25"},
    ),
    "only the last layer is new": (
        "net = create_model(hidden)"
        + MASKS.replace("create_model(hidden)", "net").replace(
            "    model =", "    net[-2].reset_parameters()\n    model ="
        ),
        {"isolation": "review"},
    ),
    "the first layer of the model before": (
        "first = create_model(hidden)[0].state_dict()"
        + MASKS.replace("create_model(hidden)", "net")
        .replace(
            "    model =",
            "    net = create_model(hidden)\n    net[0].load_state_dict(first)\n    model =",
        )
        .replace(
            "    accuracies.append", "    first = model[0].state_dict()\n    accuracies.append"
        ),
        {"isolation": "review"},
    ),
    "test rows beside themselves in the training": (
        MASKS.replace(
            "data[~test], target[~test]",
            "torch.cat([data[~test], data[test] + 1e-6]), torch.cat([target[~test], target[test]])",
        ),
        {"isolation": "review"},
    ),
    "one fold of more than half of the rows": (
        MASKS.replace("rows % k == i", "(rows // 5).clamp(max=k - 1) == i"),
        {"partition": "0"},
    ),
    "trained on half of each other fold": (
        MASKS.replace(
            "data[~test], target[~test]",
            "data[~test][: (~test).sum() * 3 // 5], target[~test][: (~test).sum() * 3 // 5]",
        ),
        {"isolation": "review"},
    ),
    "trained on one fold only": (
        MASKS.replace(
            "data[~test], target[~test]",
            "data[(rows % k) == (i + 1) % k], target[(rows % k) == (i + 1) % k]",
        ),
        {"isolation": "0.5"},
    ),
    "trained without the fold that comes next": (
        MASKS.replace(
            "data[~test], target[~test]",
            "data[~test & (rows % k != (i + 1) % k)], target[~test & (rows % k != (i + 1) % k)]",
        ),
        {"isolation": "0.5"},
    ),
    "targets of other rows": (
        MASKS.replace("target[~test]", "target[~test][torch.randperm(int((~test).sum()))]"),
        {"isolation": "0.5"},
    ),
    "not trained": (
        MASKS.replace(
            "trainModel(create_model(hidden), data[~test], target[~test], epochs=epochs, lr=lr)",
            "create_model(hidden)",
        ),
        {"isolation": "0", "parameters": "0"},
    ),
    "lr ignored": (MASKS.replace(", lr=lr", ""), {"parameters": "0.67"}),
    "epochs ignored": (MASKS.replace("epochs=epochs", "epochs=1000"), {"parameters": "0.67"}),
    "hidden ignored": (MASKS.replace("(hidden)", "([10])"), {"parameters": "0.67"}),
    "all ignored": (
        MASKS.replace("(hidden)", "([10])").replace("epochs=epochs, lr=lr", "12"),
        {"parameters": "0"},
    ),
    "k ignored": ("k = 10" + MASKS, {"results": "0.5", "partition": "0"}),
    "returns before the mean fails": (
        MASKS.replace("np.mean(accuracies)", "average"),
        {"results": "0", "partition": "0.75"},
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_functions_lose_what_they_get_wrong_and_no_more(name: str) -> None:
    body, lost = WRONG[name]
    assert shares(body) == ALL | lost


GLOBALS = MASKS.replace(
    "accuracies = []", "data, target = globals()['data'], globals()['target']\naccuracies = []"
)


def test_own_data_in_place_of_the_argument() -> None:
    got = outcomes(GLOBALS)
    assert got["partition"].status is Status.FAILED
    assert "own `data`" in got["partition"].message
    assert got["isolation"].status is Status.FAILED


def test_changed_rows_are_referred_to_a_person() -> None:
    got = outcomes("data = (data - data.mean(0)) / data.std(0)\n" + MASKS.strip("\n"))
    unsure = [name for name, outcome in got.items() if outcome.status is Status.REVIEW]
    assert unsure == ["results", "partition", "isolation"]


def test_unseen_tests_beside_seen_training_rows_are_referred_to_a_person() -> None:
    layers = "model[2](model[1](model[0](data[a:b])))"
    assert "model(data" not in FORWARD
    got = shares(FORWARD.replace("model.forward(data[a:b])", layers))
    assert got == dict.fromkeys(CHECKS, "review") | {"parameters": "1"}


def test_unseen_work_is_referred_to_a_person() -> None:
    assert shares("return [0.9] * k, 0.9") == dict.fromkeys(CHECKS, "review")


@pytest.mark.parametrize("body", ["return accuracies, avg_accuracy", "raise NotImplementedError"])
def test_stub_is_not_attempted(body: str) -> None:
    for got in outcomes(body).values():
        assert got.status is Status.FAILED
        assert "not attempted" in got.message


@pytest.mark.parametrize(
    "body",
    [
        "pass",
        "return 0, 0",
        "return [], 0",
        "return object()",
        "return (x for x in [1])",
        "return float('nan'), [0.5] * 9",
    ],
)
def test_junk_fails(body: str) -> None:
    assert {got.status for got in outcomes(body).values()} == {Status.FAILED}


def test_missing_function() -> None:
    names = namespace("")
    for check in CHECKS.values():
        got = mark(check, names)
        assert got.status is Status.FAILED
        assert "no function" in got.message


def test_function_without_parameters_is_called_without_them() -> None:
    head = "def kfold_crossvalidation(k, data, target):\n    hidden, epochs, lr = [7], 2, .1"
    names = namespace(head + MASKS.replace("\n", "\n    "))
    got = {name: mark(check, names).share for name, check in CHECKS.items()}
    assert got == {"results": 1, "partition": 1, "isolation": 1, "parameters": 0}


def test_questions_depend_on_the_stream_alone() -> None:
    for check in CHECKS.values():
        one, same, other = (check.questions(np.random.default_rng(seed)) for seed in (1, 1, 2))
        assert [codec.digest(q) for q in one] == [codec.digest(q) for q in same]
        assert [codec.digest(q) for q in one] != [codec.digest(q) for q in other]


def test_everything_is_put_back() -> None:
    import torch

    names = namespace(HEAD + CONTIGUOUS.replace("\n", "\n    "))
    before, call = names["trainModel"], torch.nn.Module.__call__
    mark(CHECKS["results"], names)
    assert names["trainModel"] is before
    assert torch.nn.Module.__call__ is call


def _forged(change: Any) -> Outcome:
    """The outcome of an answer after a change to what was told and what was noted."""
    check = CHECKS["isolation"]
    names = namespace(HEAD + CONTIGUOUS.replace("\n", "\n    "))
    asked = check.questions(np.random.default_rng(3))
    answer = ask(asked[0], names)
    told, noted = change(answer.value, answer.record["phases"])
    forged = Answer(status=AnswerStatus.OK, value=told, record=noted and {"phases": noted})
    return check.judge(case(check, asked, (forged,)))


@pytest.mark.parametrize(
    "change",
    [
        lambda told, phases: (None, phases),
        lambda told, phases: ([1, 2], phases),
        lambda told, phases: ({**told, "extra": 1}, phases),
        lambda told, phases: ({**told, "phases": phases}, None),
        lambda told, phases: (told, "many"),
        lambda told, phases: (told, [{**phases[0], "evaluations": [[10**5]], "own": [[0]]}]),
        lambda told, phases: (told, [{**phases[0], "own": [[0]]}]),
        lambda told, phases: (told, [{**phases[0], "counts": [1]}]),
        lambda told, phases: (told, [{**phases[0], "life": -1}]),
        lambda told, phases: (told, [{**phases[0], "order": float("nan")}]),
        lambda told, phases: (told, phases * 100),
    ],
)
def test_forged_facts_are_an_error(change: Any) -> None:
    assert _forged(change).status is Status.ERROR


@pytest.mark.parametrize("status", [AnswerStatus.LOST, AnswerStatus.MALFORMED])
def test_lost_answers_are_an_error(status: AnswerStatus) -> None:
    for check in CHECKS.values():
        asked = check.questions(np.random.default_rng(1))
        got = check.judge(case(check, asked, (Answer(status=status),) * len(asked)))
        assert got.status is Status.ERROR


@pytest.mark.parametrize(
    ("returned", "accuracies", "average"),
    [
        ([[0.5, 1.0], 0.75], [0.5, 1.0], 0.75),
        ([75.0, [50, 100]], [0.5, 1.0], 0.75),
        ([np.array([50.0, 100.0]), np.array(0.75)], [0.5, 1.0], 0.75),
        ([[np.array(0.5), np.array([1.0])], np.array([0.75])], [0.5, 1.0], 0.75),
        (np.array([[0.5], [1.0]]), [0.5, 1.0], None),
        ([0.5, 1.0, 0.25], [0.5, 1.0, 0.25], None),
        ([[0.5, 1.0], 0.25, 0.75], [0.5, 1.0], 0.75),
        ([[0.5, 0.5], [0.5, 1.0], 75.0], [0.5, 1.0], 0.75),
        ([[0.5, 1.0], 1.0, {"type": "Sequential"}], [0.5, 1.0], 1.0),
        ([0.5, 1.0, 0.25, 0.5, 0.5, 0.5], [0.5, 1.0, 0.25, 0.5, 0.5, 0.5], None),
        ({"type": "dict"}, None, None),
        ([["a", 1.0], 0.5], None, None),
        ([[float("nan"), 1.0], 0.5], None, None),
        ([[True, 1.0], 0.5], None, None),
        (np.zeros((3, 3)), None, None),
        ("0.98", None, None),
    ],
)
def test_returned_values(
    returned: Any, accuracies: list[float] | None, average: float | None
) -> None:
    vector, mean = returned_values(returned)
    assert (None if vector is None else vector.tolist()) == accuracies
    assert mean == average


def test_shares_are_settings() -> None:
    check = KFoldPartition(remainder_share=Decimal("0.5"))
    names = namespace(HEAD + WRONG["remainder dropped"][0].replace("\n", "\n    "))
    assert mark(check, names).share == Decimal("0.5")


@pytest.mark.parametrize("k", [4, 5, 6])
def test_scripts_can_be_drawn_for_all_sizes(k: int) -> None:
    for size in range(9 * k, 13 * k):
        target = np.arange(size) % 3
        script = draw_script(np.random.default_rng(size), target, k, 3)
        right = (script == target).sum(axis=1)
        assert len(set(right.tolist())) > 1
        assert not any(count % k == 0 for count in right) or size % k


@pytest.mark.parametrize("classes", range(2, 11))
def test_any_number_of_classes_is_drawn(classes: int) -> None:
    (first, second) = KFoldResults(classes=classes).questions(np.random.default_rng(classes))
    for question in (first, second):
        assert set(question.params["target"]) == set(range(classes))


@pytest.mark.parametrize("wrong", [{"classes": 1}, {"classes": 11}, {"attributes": 0}])
def test_numbers_that_can_not_be_asked_for_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        KFoldResults.model_validate(wrong)
