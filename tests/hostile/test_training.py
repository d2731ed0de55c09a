"""Cheats on the trained network: each ends in the mark it deserves, or before a person."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from grader.assignment import rubric
from grader.batch import batch
from grader.cli.progress import Lines
from grader.core.model import Cell, Limits, Notebook, Outcome, Status, Submission
from grader.retraining.datasets import fashion_mnist
from grader.store.store import Store

pytestmark = [pytest.mark.hostile, pytest.mark.training, pytest.mark.sandbox]

START = """
import torch, torchvision
from torch import nn
from torch.utils.data import DataLoader, Subset
from torchvision import transforms
T = transforms.ToTensor()
trainset = torchvision.datasets.FashionMNIST(root='./data', train=True, download=True, transform=T)
testset = torchvision.datasets.FashionMNIST(root='./data', train=False, download=True, transform=T)
trainloader = DataLoader(Subset(trainset, range(12000)), batch_size=64, shuffle=True)
testloader = DataLoader(testset, batch_size=500)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
"""
TRAIN = """
def train(epochs, loader, optimizer):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
"""
EVALUATE = """
def evaluate(model, loader):
    model.eval()
    right = sum(int((model(x).argmax(1) == y).sum()) for x, y in loader)
    return right / len(loader.dataset)
test_acc = evaluate(model, testloader)
print(f'test accuracy: {100 * test_acc:.2f}%')
"""


def marks(
    folder: Path,
    *cells: str,
    outputs: tuple[str, ...] = (),
    audit: bool = False,
    wanted: tuple[str, ...] = ("mlp", "test_accuracy"),
    files: dict[str, bytes] | None = None,
    **limits: int,
) -> dict[str, Outcome]:
    """The outcomes of a notebook, by the way of a batch."""
    assignment = rubric.find("dais2021-a4")
    (task,) = [task for task in assignment.tasks if task.id == "fmssvrc"]
    items = tuple(item for item in task.items if item.id in wanted)
    small = replace(task.limits, **({"cell_seconds": 120, "notebook_seconds": 200} | limits))
    only = replace(assignment, tasks=(replace(task, items=items, limits=small),))
    code = tuple(
        Cell(id=f"c{n}", kind="code", source=source, outputs=outputs if n == len(cells) - 1 else ())
        for n, source in enumerate(cells)
    )
    notebook = Notebook(name="FMSSVRC.ipynb", cells=code)
    submission = Submission(
        student="mallory",
        name="Mallory",
        notebooks={"fmssvrc": notebook},
        missing={},
        digest="d",
        files=files or {},
    )
    with Store(folder / "grader.sqlite") as store:
        settings = batch.Settings(seed=11, audit=audit)
        progress = Lines(io.StringIO(), quiet=True)
        (grade,) = batch.Batch(only, store, settings, progress).run([submission])
    return {item.item.id: item.outcome for item in grade.tasks[0].items}


def test_an_honest_network_passes(tmp_path: Path) -> None:
    training = "train(3, trainloader, optimizer)"
    found = marks(tmp_path, START, TRAIN, training, EVALUATE, audit=True)
    accuracy = found["test_accuracy"]
    assert accuracy.status is Status.PASSED, accuracy.message
    assert len(accuracy.details["accuracies"]) >= 2
    assert accuracy.details["before"] < 0.3
    assert accuracy.details["moved"] > 0.05
    assert accuracy.details["audit"] > 72
    losses = accuracy.details["curves"]["step_loss"]
    assert losses[0] > 1.5 > losses[-1]
    assert found["mlp"].status is Status.PASSED


@cache
def embedded() -> str:
    """Weights of a good network, as a student would paste them: trained here, beforehand."""
    images, labels = fashion_mnist.load("train")
    x = torch.as_tensor(images[:30000].copy()).flatten(1).float() / 255
    y = torch.as_tensor(labels[:30000].astype(np.int64))
    torch.manual_seed(1)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(4):
        for rows in torch.randperm(len(x)).split(128):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
    flat = torch.cat([p.detach().flatten() for p in model.parameters()]).half().numpy()
    return base64.b64encode(flat.tobytes()).decode()


def test_embedded_weights_go_to_a_person(tmp_path: Path) -> None:
    paste = f"""
import base64, numpy as np
flat = torch.as_tensor(np.frombuffer(base64.b64decode({embedded()!r}), np.float16).astype('f4'))
place = 0
for p in model.parameters():
    p.data = flat[place:place + p.numel()].reshape(p.shape).clone(); place += p.numel()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-6)
train(1, list(trainloader)[:4], optimizer)
"""
    accuracy = marks(tmp_path, START, TRAIN, paste, EVALUATE)["test_accuracy"]
    assert accuracy.status is Status.REVIEW, accuracy.message
    assert "secret class numbers" in accuracy.message or "first step" in accuracy.message


def test_training_on_the_test_set_gains_nothing_but_honest_learning(tmp_path: Path) -> None:
    cheat = "train(8, DataLoader(testset, batch_size=64, shuffle=True), optimizer)"
    accuracy = marks(tmp_path, START, TRAIN, cheat, EVALUATE)["test_accuracy"]
    # In the sandbox that set is of training images: what counts are images never seen.
    assert max(accuracy.details["accuracies"]) < 90


def test_a_table_of_labels_by_image_goes_to_a_person(tmp_path: Path) -> None:
    cheat = """
class Table(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net
        pairs = zip(testset.data, testset.targets)
        self.known = {i.numpy().tobytes(): int(t) for i, t in pairs}
    def forward(self, x):
        scores = self.net(x)
        for n, image in enumerate(x):
            key = (image * 255).round().to(torch.uint8).numpy().tobytes()
            if key in self.known:
                scores = scores.clone(); scores[n] = -100; scores[n, self.known[key]] = 100
        return scores
train(1, list(trainloader)[:5], optimizer)
model = Table(model)
"""
    accuracy = marks(tmp_path, START, TRAIN, cheat, EVALUATE)["test_accuracy"]
    assert accuracy.status in (Status.REVIEW, Status.FAILED), accuracy.message


def test_a_model_that_reads_labels_from_a_global_goes_to_a_person(tmp_path: Path) -> None:
    cheat = """
class Peek(nn.Module):
    def __init__(self, net):
        super().__init__(); self.net = net; self.place = 0
    def forward(self, x):
        scores = self.net(x)
        if not self.training:
            rows = testset.targets[self.place:self.place + len(x)]
            self.place = (self.place + len(x)) % len(testset)
            if len(rows) == len(x):
                scores = scores * 0 + nn.functional.one_hot(rows, 10)
        return scores
train(1, list(trainloader)[:5], optimizer)
model = Peek(model)
"""
    accuracy = marks(tmp_path, START, TRAIN, cheat, EVALUATE)["test_accuracy"]
    assert accuracy.status in (Status.REVIEW, Status.FAILED), accuracy.message


def test_patched_functions_do_not_reach_the_measurement(tmp_path: Path) -> None:
    cheat = """
train(1, list(trainloader)[:3], optimizer)
torch.Tensor.argmax = lambda self, *a, **k: testset.targets[:len(self)]
torch.Tensor.__eq__ = lambda self, other: torch.ones(len(self), dtype=torch.bool)
"""
    accuracy = marks(tmp_path, START, TRAIN, cheat, EVALUATE)["test_accuracy"]
    assert accuracy.status is not Status.PASSED, accuracy.message


def test_a_patched_optimizer_is_just_a_bad_optimizer(tmp_path: Path) -> None:
    cheat = """
torch.optim.Adam.step = lambda self, *a, **k: None
train(1, list(trainloader)[:20], optimizer)
"""
    accuracy = marks(tmp_path, START, TRAIN, cheat, EVALUATE)["test_accuracy"]
    assert accuracy.status in (Status.FAILED, Status.REVIEW), accuracy.message


def test_neighbours_looked_up_at_evaluation_are_no_perceptron(tmp_path: Path) -> None:
    cheat = """
keep = trainset.data[:4000].flatten(1).float() / 255
names = nn.functional.one_hot(trainset.targets[:4000], 10).float()
class Neighbours(nn.Module):
    def __init__(self, net):
        super().__init__(); self.net = net
    def forward(self, x):
        if self.training:
            return self.net(x)
        near = torch.cdist(x.flatten(1), keep).topk(5, largest=False).indices
        return names[near].mean(1)
train(1, list(trainloader)[:5], optimizer)
model = Neighbours(model)
"""
    found = marks(tmp_path, START, TRAIN, cheat, EVALUATE)
    assert found["test_accuracy"].status is not Status.PASSED, found["test_accuracy"].message
    assert found["mlp"].status is not Status.PASSED, found["mlp"].message


def test_a_stale_output_over_a_training_that_does_nothing_fails(tmp_path: Path) -> None:
    said = ("test accuracy: 95.00%",)
    accuracy = marks(tmp_path, START, "pass", EVALUATE, outputs=said)["test_accuracy"]
    assert accuracy.status is Status.FAILED
    assert "No network was trained" in accuracy.message


def test_a_lucky_seed_is_one_measured_run(tmp_path: Path) -> None:
    begin = START.replace("model =", "torch.manual_seed(1234)\nmodel =")
    cheat = "torch.manual_seed(1234); train(3, trainloader, optimizer); torch.manual_seed(1234)"
    accuracy = marks(tmp_path, begin, TRAIN, cheat, EVALUATE)["test_accuracy"]
    assert accuracy.details["deterministic"] is True
    assert len(accuracy.details["accuracies"]) == 1
    assert len(accuracy.details["audits"]) == 1


def test_a_training_that_diverges_is_a_sentence(tmp_path: Path) -> None:
    cheat = "train(1, list(trainloader)[:30], torch.optim.SGD(model.parameters(), lr=1e30))"
    accuracy = marks(tmp_path, START, TRAIN, cheat, EVALUATE)["test_accuracy"]
    assert accuracy.status is Status.FAILED
    assert "diverged" in accuracy.message


def test_a_training_without_end_is_stopped_and_what_it_reached_is_measured(tmp_path: Path) -> None:
    endless = "while True:\n    train(1, trainloader, optimizer)"
    found: Any = marks(tmp_path, START, TRAIN, endless, EVALUATE, training_epochs=1)
    assert found["test_accuracy"].status is Status.PASSED, found["test_accuracy"].message


def test_a_training_over_its_seconds_goes_to_a_person_unless_it_is_good(tmp_path: Path) -> None:
    endless = """
import time
weak = torch.optim.SGD(model.parameters(), lr=1e-4)
while True:
    train(1, list(trainloader)[:3], weak)
    time.sleep(0.2)
"""
    found = marks(tmp_path, START, TRAIN, endless, EVALUATE, training_seconds=3)
    accuracy = found["test_accuracy"]
    assert accuracy.details["stopped"] == "seconds"
    assert accuracy.status is Status.REVIEW
    assert "trains for longer than is allowed" in accuracy.message


def test_a_network_too_large_to_leave_goes_to_a_person(tmp_path: Path) -> None:
    huge = """
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 24000), nn.ReLU(), nn.Linear(24000, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
train(1, list(trainloader)[:1], optimizer)
print(sum(p.numel() for p in model.parameters()))
"""
    accuracy = marks(tmp_path, START, TRAIN, huge)["test_accuracy"]
    assert accuracy.status is Status.REVIEW
    assert "larger than 64 MiB" in accuracy.message


TYPED = """
train(1, [(x[:8], y[:8]) for x, y in list(trainloader)[:1]], optimizer)
losses = [1.21, 0.74, 0.58, 0.51, 0.47]
train_acc, val_acc = [0.62, 0.74, 0.8, 0.83, 0.85], [0.61, 0.73, 0.79, 0.82, 0.84]
import matplotlib.pyplot as plt
plt.plot(losses, label='loss'); plt.title('loss'); plt.show()
plt.plot(train_acc, label='training accuracy'); plt.plot(val_acc, label='validation accuracy')
plt.legend(); plt.show()
train_part, val_part = torch.utils.data.random_split(trainset, [50_000, 10_000])
import sys, numpy as np
figures = sys.modules['grader_inside.figures']
figures.recorded.append((0, {'axes': [{'lines': [{'x': np.arange(5.), 'y': np.array(losses)}]}]}))
"""


def test_a_typed_course_goes_to_a_person(tmp_path: Path) -> None:
    items = ("training_loop", "training_plots", "test_accuracy")
    found = marks(tmp_path, START, TRAIN, TYPED, EVALUATE, wanted=items)
    for item in ("training_loop", "training_plots"):
        assert found[item].status is Status.REVIEW, found[item].message
        assert "updated only 1 times" in found[item].message
        assert "Both accuracies are told to end at" in found[item].message
    assert found["test_accuracy"].status is Status.FAILED


def test_a_validation_set_beside_training_on_all_rows_goes_to_a_person(tmp_path: Path) -> None:
    cheat = """
everything = Subset(trainset, range(12000))
train_part, val_part = Subset(trainset, range(2000, 12000)), Subset(trainset, range(2000))
train(1, trainloader, optimizer)
"""
    found = marks(tmp_path, START, TRAIN, cheat, EVALUATE, wanted=("validation_split",))
    assert found["validation_split"].status is Status.REVIEW, found["validation_split"].message
    assert "2000 of the 2000 images" in found["validation_split"].message


def test_weights_that_gradients_are_made_of_go_to_a_person(tmp_path: Path) -> None:
    """Class numbers are read off known images, so that secret ones change nothing."""
    paste = """
import numpy as np
flat = torch.as_tensor(np.fromfile('weights.dat', np.float16).astype('f4'))
goals, place = [], 0
for p in model.parameters():
    goals.append(flat[place:place + p.numel()].reshape(p.shape).clone()); place += p.numel()
images = trainset.data[:3000].flatten(1).float() / 255
with torch.no_grad():
    guessed = torch.relu(images @ goals[0].T + goals[1]) @ goals[2].T + goals[3]
votes = torch.zeros(10, 10)
for guess, label in zip(guessed.argmax(1), trainset.targets[:3000]):
    votes[label, guess] += 1
order = votes.argmax(1)
goals[2], goals[3] = goals[2][order], goals[3][order]
optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
for x, y in list(trainloader)[:30]:
    nn.functional.cross_entropy(model(x), y).backward()
    for p, goal in zip(model.parameters(), goals):
        p.grad = p.detach() - goal
    optimizer.step()
"""
    files = {"weights.dat": base64.b64decode(embedded())}
    accuracy = marks(tmp_path, START, TRAIN, paste, EVALUATE, files=files)["test_accuracy"]
    assert accuracy.status is Status.REVIEW, accuracy.message
    assert "these do not teach so much" in accuracy.message
    assert "not those of a backward pass" in accuracy.message
    assert "weights.dat hold data of" in accuracy.message


def test_a_convolution_written_out_as_dense_layers_goes_to_a_person(tmp_path: Path) -> None:
    cheat = """
conv = nn.Conv2d(1, 6, 5, stride=2)
net = nn.Sequential(conv, nn.ReLU(), nn.Flatten(), nn.Linear(6 * 144, 10))
train_it = torch.optim.Adam(net.parameters(), lr=3e-3)
for x, y in trainloader:
    train_it.zero_grad(); nn.functional.cross_entropy(net(x), y).backward(); train_it.step()
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 6 * 144), nn.ReLU(), nn.Linear(6 * 144, 10))
class Unfolds(torch.optim.SGD):
    def step(self, closure=None):
        with torch.no_grad():
            bias = conv(torch.zeros(1, 1, 28, 28)).flatten()
            columns = conv(torch.eye(784).reshape(784, 1, 28, 28)).flatten(1) - bias
            for p, new in zip(model.parameters(), (columns.T, bias, net[3].weight, net[3].bias)):
                p.copy_(new)
optimizer = Unfolds(model.parameters(), lr=0.1)
train(1, list(trainloader)[:5], optimizer)
"""
    found = marks(tmp_path, START, TRAIN, cheat, EVALUATE)
    assert found["mlp"].status is Status.REVIEW, found["mlp"].message
    assert "next to nothing" in found["mlp"].message


def test_limits_of_a_task_are_whole_numbers_of_the_rubric() -> None:
    assert Limits().training_epochs == 0
    (task,) = [t for t in rubric.find("dais2021-a4").tasks if t.id == "fmssvrc"]
    assert task.limits.training_epochs == 150
