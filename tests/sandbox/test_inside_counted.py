"""Which network counts, and what was done to its pixels, in notebooks as people write them.

The libraries are patched, so all habits run in one process of their own, on a tiny data set.
"""

from __future__ import annotations

from typing import Any

import pytest

from grader.sandbox.inside.counted import NO_MODULE
from tests.sandbox.test_inside_fixtures import run, write_data

HABITS = """
import copy, json, sys, warnings
warnings.simplefilter("ignore")
from grader.sandbox.inside import counted, state
from grader.sandbox.inside.fixtures import fashion_mnist, training
fashion_mnist.install({})
training.install({})
import numpy as np, pandas as pd, torch, torchvision
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset
from torchvision import transforms
from grader.sandbox.inside.probes.export import export
from grader.sandbox.inside.probes.training import network
from grader.sandbox.inside.protocol import Undefined

FLAT, SCALED = transforms.ToTensor(), transforms.Compose(
    [transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])

def images(train=True, transform=FLAT):
    return torchvision.datasets.FashionMNIST("data", train=train, transform=transform)

def net(width=9):
    return nn.Sequential(nn.Flatten(), nn.Linear(784, width), nn.ReLU(), nn.Linear(width, 10))

def train(model, data, call=None):
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    for x, y in DataLoader(data, 8):
        optimizer.zero_grad()
        nn.functional.cross_entropy((call or model)(x), y.long()).backward()
        optimizer.step()
    return optimizer

def evaluate(call, data):
    with torch.no_grad():
        return [call(x).argmax(1) for x, _ in DataLoader(data, 5)]

def forward_alone():
    model = net(11)
    train(model, images(), model.forward)
    evaluate(model.forward, images(False))
    return {"model": model}

def inside_a_function():
    model = net(12)
    train(model, images(transform=SCALED))
    evaluate(model, images(False, SCALED))
    return {"model": "rebound to a text", "accuracy": 0.9}

def the_first_evaluated_last():
    first, second = net(13), net(14)
    train(first, images())
    train(second, images())
    evaluate(first, images(False))
    return {"model": second}

def compared_with_a_weaker_one_at_the_end():
    strong, weak, unused = net(41), net(42), net(43)
    for model in (strong, weak, unused):
        train(model, images())
    for model in (strong, weak):
        evaluate(model, images(False))
    return {"model": strong}

def evaluated_on_training_images():
    first, second = net(13), net(14)
    train(first, images())
    train(second, images())
    evaluate(first, images())
    return {"model": first}

def the_best_copy():
    model = net(15)
    train(model, images())
    best = copy.deepcopy(model)
    train(model, images())
    evaluate(best, images(False))
    return {"best": best}

def table_of_raw_pixels():
    table = pd.read_csv("C:/data/fashion-mnist_train.csv")
    x = torch.tensor(table.iloc[:, 1:].values, dtype=torch.float32)
    train(net(16), TensorDataset(x, torch.tensor(table["label"].values)))
    return {}

def scaled_in_the_loop():
    data, model = images(), net(17)
    train(model, TensorDataset(data.data.float() / 127.5 - 1, data.targets))
    return {"data": data}

def flipped_at_random():
    noisy = transforms.Compose([transforms.RandomRotation(9), transforms.ToTensor()])
    model = net(18)
    train(model, images(transform=noisy))
    evaluate(model, images(False))
    return {"model": model}

def each_pixel_standardised():
    x = images().data.float().flatten(1)
    x = (x - x.mean(0)) / (x.std(0) + 1)
    train(net(19), TensorDataset(x, images().targets))
    return {}

def optimizer_in_the_model():
    class Net(nn.Module):
        def __init__(self, hidden):
            super().__init__()
            self.layers = net(hidden)
            self.optimizer = torch.optim.Adam(self.parameters())
        def forward(self, x):
            return torch.softmax(self.layers(x.view(x.size(0), -1)), 1)
        def fit(self, data):
            for x, y in DataLoader(data, 8):
                self.optimizer.zero_grad()
                nn.functional.cross_entropy(self(x), y).backward()
                self.optimizer.step()
    model = Net(hidden=20)
    model.fit(images())
    class Net: pass
    return {"Net": Net}

def an_optimizer_for_each_batch():
    model = net(23)
    for x, y in DataLoader(images(), 8):
        nn.functional.cross_entropy(model(x), y).backward()
        torch.optim.Adam(model.parameters()).step()
    assert len(state.trained) == 1 and state.trained[0]["steps"] == 7, state.trained
    return {"model": model}

def two_optimizers_side_by_side():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.low = nn.Sequential(nn.Flatten(), nn.Linear(784, 30), nn.ReLU())
            self.head = nn.Linear(30, 10)
        def forward(self, x):
            return self.head(self.low(x))
    model = Net()
    both = [torch.optim.Adam(model.low.parameters()), torch.optim.SGD(model.head.parameters(), 0.1)]
    for x, y in DataLoader(images(transform=SCALED), 8):
        model.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        [optimizer.step() for optimizer in both]
    evaluate(model, images(False, SCALED))
    return {"model": model}

def wrapped_for_the_evaluation():
    model = net(31)
    train(model, images(transform=SCALED))
    wrapped = nn.Sequential(model, nn.Softmax(dim=1))
    evaluate(wrapped, images(False, SCALED))
    return {"model": model, "wrapped": wrapped}

def standardised_beside_a_data_set_that_is_only_shown():
    data = images()
    next(iter(DataLoader(data, 4)))
    x = data.data.float().flatten(1)
    x = (x - x.mean(0)) / (x.std(0) + 1)
    train(net(32), TensorDataset(x, data.targets))
    return {"data": data}

def trained_on_the_test_set():
    model = net(33)
    train(model, torch.utils.data.ConcatDataset([images(False)]))
    return {"model": model}

INVERTED = transforms.Compose([FLAT, transforms.Lambda(lambda x: 1 - x)])
BINARY = transforms.Compose([FLAT, transforms.Lambda(lambda x: (x > 0.2).float())])

def a_data_set_of_its_own_around_another():
    class Everything(Dataset):
        def __init__(self, dataset):
            self.dataset = dataset
        def __len__(self):
            return len(self.dataset)
        def __getitem__(self, row):
            return self.dataset[row]
    class Unnamed(Everything):
        def __init__(self, inner):
            self.inner = inner
        __len__ = lambda self: len(self.inner)
        __getitem__ = lambda self, row: self.inner[row]
    model = net(38)
    train(model, Everything(Unnamed(images())))
    return {"model": model}

def inverted_pictures():
    model = net(34)
    train(model, images(transform=INVERTED))
    evaluate(model, images(False, INVERTED))
    return {"model": model}

def inverted_in_the_loop():
    data, model = images(), net(35)
    train(model, TensorDataset(1 - data.data.float() / 255, data.targets))
    return {"data": data}

def pictures_in_two_shades():
    model = net(36)
    train(model, images(transform=BINARY))
    evaluate(model, images(False, BINARY))
    return {"model": model}

def each_picture_standardised_in_the_loops():
    def scaled(x):
        return (x - x.mean((1, 2, 3), keepdim=True)) / x.std((1, 2, 3), keepdim=True)
    model = net(39)
    train(model, images(), lambda x: model(scaled(x)))
    evaluate(lambda x: model(scaled(x)), images(False))
    return {"model": model}

def all_batches_are_fetched_first():
    model = net(40)
    train(model, images(transform=SCALED))
    [model(x) for x, _ in list(DataLoader(images(False, SCALED), 8, drop_last=True))]
    return {"model": model}

def looks_at_a_test_picture_and_asks_for_another():
    model = net(37)
    train(model, images(transform=SCALED))
    evaluate(model, images(False, SCALED))
    next(iter(DataLoader(images(False, SCALED), 1)))
    model(torch.zeros(1, 1, 28, 28))
    return {"model": model}

def descent_by_hand():
    model = net(24)
    for x, y in DataLoader(images(), 8):
        nn.functional.cross_entropy(model(x), y).backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= 0.01 * p.grad
        model.zero_grad()
    evaluate(model, images(False))
    return {"model": model}

def descent_along_gradients_asked_for():
    model = net(25)
    for x, y in DataLoader(images(), 8):
        loss = nn.functional.cross_entropy(model(x), y)
        parts = list(model.parameters())
        with torch.no_grad():
            for p, g in zip(parts, torch.autograd.grad(loss, parts)):
                p -= 0.01 * g
    return {"model": model}

def gradients_that_move_nothing():
    model, other = net(26), net(27)
    for x, y in DataLoader(images(), 8):
        nn.functional.cross_entropy(other(x), y).backward()
    train(model, images())
    return {"model": model}

def batches_whose_gradients_add_up():
    model = net(28)
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    for n, (x, y) in enumerate(DataLoader(images(), 4)):
        nn.functional.cross_entropy(model(x), y).backward()
        if n % 2:
            optimizer.step()
    assert [e["optimizer"] for e in counted.trainings()] == ["SGD"]
    return {"model": model}

def tensors_of_its_own():
    weight = torch.zeros(784, 10, requires_grad=True)
    for x, y in DataLoader(images(), 8):
        nn.functional.cross_entropy(x.flatten(1) @ weight, y).backward()
        with torch.no_grad():
            weight -= weight.grad
    return {"weight": weight}

def gradients_switched_off():
    model = net(21)
    optim = train(model, images())
    torch.set_grad_enabled(False)
    return {"optim": optim, "loss": np.zeros(3)}

def double_precision():
    model = net(22).double()
    train(model, images(), lambda x: model(x.double()))
    return {"model": model}

def told(habit):
    for kept in (state.trained, state.by_hand, state.evaluated, state.judged, state.fed):
        kept.clear()
    names = habit()
    try:
        module, entry = counted.counting_network(names)
    except Undefined as undefined:
        return {"undefined": str(undefined)}
    width = next(m.out_features for m in module.modules() if isinstance(m, nn.Linear))
    try:
        pixels = counted.pixels_of(entry, names)
        steps = pixels.steps
    except counted.UnknownPixels:
        steps = "unknown"
    stand_in = np.zeros((20, 28, 28), np.uint8)
    left = export(names, {"images": stand_in})
    torch.set_grad_enabled(True)
    return {"width": width, "whole": type(module).__name__ != "Linear", "steps": steps,
            "left": left["onnx"] is not None, "problem": left["problem"],
            "evaluated": network(names, {})["evaluated"],
            "losses": len(entry["losses"].means) if entry else None,
            "updates": network(names, {})["steps"],
            **{key: network(names, {})[key]
               for key in ("images", "optimizer", "rivals", "tested")}}

habits = [v for v in list(globals().values()) if callable(v) and getattr(v, "__module__", "") ==
          "__main__" and v.__name__ not in ("images", "net", "train", "evaluate", "told")]
print(json.dumps({habit.__name__: told(habit) for habit in habits}))
"""
HALF, RAW = [[0.5, 0.5]], [[0.0, 1 / 255]]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What is found after each habit."""
    folder = tmp_path_factory.mktemp("habits")
    write_data(folder)
    found: dict[str, Any] = run(HABITS, folder)
    return found


@pytest.mark.parametrize(
    ("habit", "width", "steps"),
    [
        ("forward_alone", 11, []),
        ("inside_a_function", 12, HALF),
        ("the_first_evaluated_last", 13, []),
        ("evaluated_on_training_images", 14, []),
        ("the_best_copy", 15, []),
        ("table_of_raw_pixels", 16, RAW),
        ("scaled_in_the_loop", 17, HALF),
        ("flipped_at_random", 18, []),
        ("optimizer_in_the_model", 20, []),
        ("gradients_switched_off", 21, []),
        ("an_optimizer_for_each_batch", 23, []),
        ("double_precision", 22, []),
        ("gradients_that_move_nothing", 26, []),
        ("batches_whose_gradients_add_up", 28, []),
        ("a_data_set_of_its_own_around_another", 38, []),
        ("inverted_pictures", 34, [[1.0, -1.0]]),
        ("inverted_in_the_loop", 35, [[1.0, -1.0]]),
        ("all_batches_are_fetched_first", 40, HALF),
        ("looks_at_a_test_picture_and_asks_for_another", 37, HALF),
        ("two_optimizers_side_by_side", 30, HALF),
        ("wrapped_for_the_evaluation", 31, HALF),
    ],
)
def test_the_network_and_its_pixels_are_found(
    told: dict[str, Any], habit: str, width: int, steps: Any
) -> None:
    found = told[habit]
    assert (found["width"], found["whole"]) == (width, True)
    assert [pytest.approx(step, abs=1e-5) for step in steps] == found["steps"]
    assert found["left"], found["problem"]
    # 53 images in batches of 8; the best copy is of a network that was trained on.
    assert found["losses"] == (14 if habit == "the_best_copy" else 7)


@pytest.mark.parametrize(
    ("habit", "width"), [("descent_by_hand", 24), ("descent_along_gradients_asked_for", 25)]
)
def test_a_descent_written_by_hand_is_a_training(
    told: dict[str, Any], habit: str, width: int
) -> None:
    found = told[habit]
    assert (found["width"], found["whole"], found["optimizer"]) == (width, True, "by hand")
    # That one of the seven passes moved weights shows when the next one begins, whose ever it is.
    assert found["updates"] == found["losses"]
    assert (found["losses"], found["images"]) in ((6, 45), (7, 53))
    assert found["left"], found["problem"]


def test_pixels_that_are_no_scaled_ones_do_not_leave(told: dict[str, Any]) -> None:
    found = told["pictures_in_two_shades"]
    assert (found["width"], found["steps"], found["left"]) == (36, None, False)
    assert "the notebook's transform can't leave" in found["problem"]


@pytest.mark.parametrize(
    "habit",
    [
        "two_optimizers_side_by_side",
        "wrapped_for_the_evaluation",
        "a_data_set_of_its_own_around_another",
    ],
)
def test_steps_are_those_of_the_network_whoever_made_them(told: dict[str, Any], habit: str) -> None:
    assert (told[habit]["updates"], told[habit]["images"]) == (7, 53)


@pytest.mark.parametrize(
    ("habit", "rivals"),
    [
        ("compared_with_a_weaker_one_at_the_end", 1),
        ("the_first_evaluated_last", 0),
        ("the_best_copy", 0),
        ("wrapped_for_the_evaluation", 0),
        ("optimizer_in_the_model", 0),
    ],
)
def test_other_networks_that_may_be_meant_are_told(
    told: dict[str, Any], habit: str, rivals: int
) -> None:
    assert told[habit]["rivals"] == rivals


def test_test_images_that_are_learned_from_are_told(told: dict[str, Any]) -> None:
    assert told["trained_on_the_test_set"]["images"] == 0
    assert told["trained_on_the_test_set"]["tested"] > 0
    assert told["wrapped_for_the_evaluation"]["tested"] == 0


def test_what_is_trained_without_a_module_is_told(told: dict[str, Any]) -> None:
    assert told["tensors_of_its_own"] == {"undefined": NO_MODULE}


@pytest.mark.parametrize(
    ("habit", "evaluated"),
    [
        ("forward_alone", True),
        ("the_first_evaluated_last", True),
        ("the_best_copy", True),
        ("evaluated_on_training_images", False),
        ("table_of_raw_pixels", False),
    ],
)
def test_whether_test_images_were_evaluated_is_told(
    told: dict[str, Any], habit: str, evaluated: bool
) -> None:
    assert told[habit]["evaluated"] is evaluated


@pytest.mark.parametrize(
    ("habit", "width"),
    [
        ("each_pixel_standardised", 19),
        ("standardised_beside_a_data_set_that_is_only_shown", 32),
        ("each_picture_standardised_in_the_loops", 39),
    ],
)
def test_pixels_changed_in_ways_unknown_stay_here_with_the_reason(
    told: dict[str, Any], habit: str, width: int
) -> None:
    found = told[habit]
    assert (found["width"], found["steps"], found["left"]) == (width, "unknown", False)
    assert "what the notebook does to pixels is not known" in found["problem"]
