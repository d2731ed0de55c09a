"""The fixtures change how fast and whether old notebooks run, and never what they compute.

They patch whole libraries, so each runs in a process of its own; figures alone are recorded here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib._pylab_helpers import Gcf
from torch.utils.data import ConcatDataset, Subset

from grader.sandbox.inside import figures, state
from grader.sandbox.inside.fixtures import environment, fashion_mnist, places, version_rot
from grader.sandbox.inside.fixtures.figures import install
from grader.sandbox.inside.fixtures.rows import Rows

matplotlib.use("Agg")

ROOT = Path(__file__).parents[2]


def run(source: str, folder: Path, *arguments: str) -> Any:
    """What a script in a fresh process prints last, as JSON."""
    script = folder / "script.py"
    script.write_text(source)
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "PYTHONPATH": str(ROOT),
        "GRADER_DATA": str(folder / "data"),
        "MPLBACKEND": "Agg",
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }
    done = subprocess.run(
        [sys.executable, str(script), *arguments],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


# --- Fashion-MNIST ----------------------------------------------------------------------------

SIZES = {"train": 53, "t10k": 17}


def write_data(folder: Path) -> None:
    """A tiny data set in the files that torchvision looks for."""
    raw = folder / "data" / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    rng = np.random.default_rng(1)
    for prefix, size in SIZES.items():
        images = rng.integers(0, 256, (size, 28, 28), dtype=np.uint8)
        labels = rng.integers(0, 10, size, dtype=np.uint8)
        for name, array in (("images-idx3", images), ("labels-idx1", labels)):
            head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
            (raw / f"{prefix}-{name}-ubyte").write_bytes(head + array.tobytes())


LOADING = """
import hashlib, json, os, sys, warnings
import numpy as np, torch, torchvision
from torch.utils.data import (DataLoader, Subset, SubsetRandomSampler, WeightedRandomSampler,
                              random_split)
from torchvision.datasets import FashionMNIST
from torchvision.transforms import (Compose, Lambda, Normalize, RandomHorizontalFlip, Resize,
                                    ToTensor)
warnings.simplefilter("ignore")
fast = sys.argv[1] == "fast"
calls = []
if fast:
    from grader.sandbox.inside.fixtures import fashion_mnist, training
    fashion_mnist.install({})
    training.install({})
    item = FashionMNIST.__getitem__
    def counted(self, row):
        calls.append(row)
        return item(self, row)
    FashionMNIST.__getitem__ = counted
root = "/nowhere" if fast else os.environ["GRADER_DATA"]
digits = Compose([ToTensor(), Normalize((0.2860,), (0.3530,))])

def data(transform=ToTensor(), train=True, **more):
    return FashionMNIST(root, train=train, transform=transform, **more)

def cut(sizes, transform=ToTensor(), which=0):
    generator = torch.Generator().manual_seed(1337)
    return random_split(data(transform), sizes, generator=generator)[which]

def weighted():
    return WeightedRandomSampler(torch.arange(1.0, 54.0), 30)

CASES = {
    "plain": lambda: DataLoader(data(), batch_size=8),
    "shuffled": lambda: DataLoader(data(), batch_size=8, shuffle=True),
    "one by one": lambda: DataLoader(data(), shuffle=True),
    "test images": lambda: DataLoader(data(train=False), batch_size=5),
    "last dropped": lambda: DataLoader(data(), 8, True, drop_last=True),
    "own generator": lambda: DataLoader(
        data(), 8, True, generator=torch.Generator().manual_seed(3)),
    "normalised": lambda: DataLoader(data(digits), 16, shuffle=True),
    "normalised twice": lambda: DataLoader(
        data(Compose([ToTensor(), Normalize([0.5], [0.5]), Normalize([0.1], [0.3])])), 16),
    "normalised by numbers": lambda: DataLoader(
        data(Compose([ToTensor(), Normalize((0.5), (0.5))])), 16),
    "normalised by tensors": lambda: DataLoader(
        data(Compose([ToTensor(), Normalize(torch.tensor([0.5]), torch.tensor(0.5))])), 16),
    "composed of one": lambda: DataLoader(data(Compose([ToTensor()])), 16),
    "split": lambda: DataLoader(cut([40, 13]), 8, shuffle=True),
    "other part": lambda: DataLoader(cut([40, 13], digits, 1), 8),
    "split of a split": lambda: DataLoader(
        Subset(cut([40, 13]), torch.tensor([3, 39, 7, 7, 0])), 2, shuffle=True),
    "subset by an array": lambda: DataLoader(Subset(data(), np.arange(20)[::-1].copy()), 6),
    "negative rows": lambda: DataLoader(Subset(data(), [-1, -53, 5]), 2),
    "sampled": lambda: DataLoader(data(), 8, sampler=SubsetRandomSampler(range(5, 30))),
    "sampled by tensors": lambda: DataLoader(
        data(), 8, sampler=SubsetRandomSampler(torch.arange(5, 30))),
    "weighted": lambda: DataLoader(data(), 8, sampler=weighted()),
    "collated by hand": lambda: DataLoader(
        data(), 8, collate_fn=lambda rows: (torch.stack([r[0] for r in rows]), rows[0][1])),
    "without batches": lambda: DataLoader(data(), batch_size=None),
    "other targets": lambda: DataLoader(data(target_transform=lambda y: -y), 8),
    "own step": lambda: DataLoader(data(Compose([ToTensor(), Lambda(lambda x: x.view(-1))])), 8),
    "flipped at random": lambda: DataLoader(data(Compose([RandomHorizontalFlip(), ToTensor()])), 8),
    "other size": lambda: DataLoader(data(Compose([Resize(14), ToTensor()])), 8),
}
QUICK = ("plain", "shuffled", "normalised", "split", "sampled", "test images")

def digest(loader):
    torch.manual_seed(5)
    kinds, sums = [], hashlib.sha256()
    for batch in loader:
        kinds.append(type(batch).__name__)
        for part in batch:
            part = torch.as_tensor(part)
            kinds.append([str(part.dtype), list(part.shape)])
            sums.update(part.contiguous().numpy().tobytes())
    state = hashlib.sha256(torch.get_rng_state().numpy().tobytes()).hexdigest()
    return [kinds, sums.hexdigest(), state]

def attempt(make):
    try:
        return digest(make())
    except Exception as error:
        return [f"{type(error).__name__}: {error}", "", ""]

found = {name: attempt(make) for name, make in CASES.items()}
torch.set_default_dtype(torch.float64)
found["double precision"] = attempt(CASES["normalised"])
torch.set_default_dtype(torch.float32)

def by_hand(rows):
    return torch.stack([x for x, _ in rows]), torch.tensor([y for _, y in rows])

LEARNING = {name: CASES[name] for name in (
    "shuffled", "own generator", "normalised", "split", "split of a split", "sampled", "weighted",
    "flipped at random")} | {
    "workers": lambda: DataLoader(data(), 8, True, num_workers=2, pin_memory=False),
    "own collate_fn": lambda: DataLoader(data(), 8, True, collate_fn=by_hand),
}

def learn(loader):
    torch.manual_seed(5)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 9), torch.nn.Dropout(),
                                torch.nn.ReLU(), torch.nn.Linear(9, 10))
    optimizer, losses = torch.optim.Adam(model.parameters(), 1e-2), []
    for x, y in (batch for epoch in range(2) for batch in loader):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    weights = b"".join(p.detach().numpy().tobytes() for p in model.parameters())
    return [losses, hashlib.sha256(weights).hexdigest()]

learned = {name: learn(make()) for name, make in LEARNING.items()}
calls.clear()
for name in QUICK:
    digest(CASES[name]())
print(json.dumps({"found": found, "learned": learned, "single": len(calls)}))
"""
CASES = (
    "plain",
    "shuffled",
    "one by one",
    "test images",
    "last dropped",
    "own generator",
    "normalised",
    "normalised twice",
    "normalised by numbers",
    "normalised by tensors",
    "composed of one",
    "split",
    "other part",
    "split of a split",
    "subset by an array",
    "negative rows",
    "sampled",
    "sampled by tensors",
    "weighted",
    "collated by hand",
    "without batches",
    "other targets",
    "own step",
    "flipped at random",
    "other size",
    "double precision",
)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the same loaders gave with the fixture and without it."""
    folder = tmp_path_factory.mktemp("loading")
    write_data(folder)
    return {way: run(LOADING, folder, way) for way in ("fast", "slow")}


@pytest.mark.parametrize("kind", CASES)
def test_batches_order_and_random_numbers_are_those_of_the_slow_way(
    loaded: dict[str, Any], kind: str
) -> None:
    fast, slow = (loaded[way]["found"][kind] for way in ("fast", "slow"))
    assert isinstance(slow[0], list), slow[0]
    assert fast[0] == slow[0]  # containers, types and shapes
    assert fast[1] == slow[1]  # every bit of every batch, in order
    assert fast[2] == slow[2]  # the random state afterwards


@pytest.mark.parametrize(
    "kind",
    [
        "shuffled",
        "own generator",
        "normalised",
        "split",
        "split of a split",
        "sampled",
        "weighted",
        "flipped at random",
        "workers",
        "own collate_fn",
    ],
)
def test_losses_and_final_weights_are_those_without_any_fixture(
    loaded: dict[str, Any], kind: str
) -> None:
    assert loaded["fast"]["learned"][kind] == loaded["slow"]["learned"][kind]
    assert len(set(loaded["fast"]["learned"][kind][0])) > 2


def test_no_case_is_forgotten(loaded: dict[str, Any]) -> None:
    assert set(loaded["fast"]["found"]) == set(CASES)


def test_plain_loading_asks_for_no_single_image(loaded: dict[str, Any]) -> None:
    assert loaded["fast"]["single"] == 0


HABITS = """
import json, warnings
import torch
from grader.sandbox.inside import state
from grader.sandbox.inside.fixtures.fashion_mnist import install
from grader.sandbox.inside.fixtures import training
install({})
training.install({})
import torchvision
from torch.utils.data import DataLoader
from torchvision import datasets, transforms
warnings.simplefilter("ignore")
out = {}

sets = [
    datasets.FashionMNIST(root="./data", train=True, download=True),
    datasets.FashionMNIST("C:/Users/me/data", True, None, None, True),
    datasets.FashionMNIST("~/.pytorch/F_MNIST_data/", download=True, train=True),
    torchvision.datasets.FashionMNIST(root="/data"),
    datasets.FashionMNIST(train=True),
]
test = datasets.FashionMNIST("/data", train=False, download=True)
out["sizes"] = [len(s) for s in sets] + [len(test)]
out["classes"] = sets[0].classes[9]

one = datasets.FashionMNIST("x", transform=transforms.ToTensor())
loaders = [
    DataLoader(one, batch_size=8, num_workers=4, pin_memory=True, persistent_workers=True,
               prefetch_factor=2, timeout=5),
    DataLoader(one, 8, False, None, None, 2),
    DataLoader(one, batch_size=8, num_workers=0, multiprocessing_context="fork"),
]
out["workers"] = [loader.num_workers for loader in loaders]
out["batches"] = [len(list(loader)) for loader in loaders]

def first(mean, std):
    steps = [transforms.ToTensor(), transforms.Normalize(mean, std)]
    chosen = datasets.FashionMNIST("x", transform=transforms.Compose(steps))
    batch = next(iter(DataLoader(chosen, batch_size=8)))[0]
    return batch, torch.stack([chosen[row][0] for row in range(8)])

out["repairs before"] = list(state.repairs)
three, alone = first((0.5, 0.4, 0.3), (0.5, 0.4, 0.3))
right, _ = first((0.5,), (0.5,))
out["three channels"] = [list(three.shape), torch.equal(three, right), torch.equal(three, alone)]
out["repairs after"] = list(state.repairs)
coloured = transforms.functional.normalize(torch.ones(3, 2, 2), (0.5, 0.4, 0.3), (1.0, 1.0, 1.0))
out["colours"] = [round(float(v), 3) for v in coloured[:, 0, 0]]

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
    def forward(self, x):
        return self.inner(x)

nets = [Net(), torch.nn.Linear(784, 10)]
idle = torch.optim.Adam(Net().parameters())
for count, net in zip((3, 1), nets):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(count):
        net(torch.rand(2, 784)).sum().backward()
        optimizer.step()
out["trained"] = [[nets.index(entry["module"]), entry["steps"]] for entry in state.trained]
print(json.dumps(out))
"""


@pytest.fixture(scope="module")
def habits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("habits")
    write_data(folder)
    found: dict[str, Any] = run(HABITS, folder)
    return found


def test_any_root_works_and_nothing_is_downloaded(habits: dict[str, Any]) -> None:
    assert habits["sizes"] == [53, 53, 53, 53, 53, 17]
    assert habits["classes"] == "Ankle boot"


def test_workers_are_ignored(habits: dict[str, Any]) -> None:
    assert habits["workers"] == [0, 0, 0]
    assert habits["batches"] == [7, 7, 7]


def test_three_channels_are_normalised_as_the_first(habits: dict[str, Any]) -> None:
    assert habits["three channels"] == [[8, 1, 28, 28], True, True]
    assert habits["repairs before"] == []
    assert habits["repairs after"] == [
        "Normalize for three channels was used on one; its first values count"
    ]


def test_images_of_three_channels_are_normalised_as_ever(habits: dict[str, Any]) -> None:
    assert habits["colours"] == [0.5, 0.6, 0.7]


def test_trained_networks_are_noted_with_their_updates(habits: dict[str, Any]) -> None:
    assert habits["trained"] == [[0, 3], [1, 1]]


# --- version rot ------------------------------------------------------------------------------

ROT = """
import json, sys, warnings
warnings.simplefilter("ignore")
if sys.argv[1] == "after":
    import numpy, matplotlib.pyplot, torch
from grader.sandbox.inside import state
from grader.sandbox.inside.fixtures.version_rot import install
install({})
out, told = {}, {}

def attempt(name, action):
    # Twice: a mend is told once.
    before = list(state.repairs)
    try:
        action()
        out[name] = action()
    except Exception as error:
        out[name] = f"{type(error).__name__}: {error}"
    told[name] = [r for r in state.repairs if r not in before]

import numpy as np
import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

attempt("nothing", lambda: [float(np.float64(2)), np.sum([1, 2]).item(), hasattr(np, "nonsense")])
attempt("np.float", lambda: np.array([1, 2], dtype=np.float).tolist() + [np.float(3)])
attempt("np.int", lambda: [np.int(2.7), str(np.zeros(1, dtype=np.int).dtype)])
attempt("np.bool", lambda: bool(np.bool(1)))
attempt("np.object", lambda: np.object is object)
attempt("np.float_", lambda: np.float_(2).item())
attempt("np.Inf", lambda: np.Inf > 1e300)
attempt("np.NaN", lambda: np.NaN != np.NaN)
attempt("np.product", lambda: np.product([2, 3]).item())
attempt("np.trapz", lambda: np.trapz([1, 1, 1]).item())

def style(name):
    plt.style.use(name)
    return "done"

attempt("seaborn", lambda: style("seaborn"))
attempt("seaborn-darkgrid", lambda: style("seaborn-darkgrid"))
attempt("ggplot", lambda: style("ggplot"))

loader = DataLoader(TensorDataset(torch.arange(6)), batch_size=2)

def batches():
    dataiter = iter(loader)
    return [dataiter.next()[0].tolist(), dataiter.next()[0].tolist(), next(dataiter)[0].tolist()]

attempt("next", batches)

def helped():
    import helper
    from helper import view_classify
    import draw
    return [helper.imshow(1, ax=None), view_classify("x"), draw.__name__]

attempt("helper", helped)

def unknown():
    import no_such_module

attempt("unknown", unknown)

def own():
    import helpers
    return helpers.VALUE

attempt("own helper", own)
model = nn.Linear(2, 2)
attempt("to cpu", lambda: [
    str(model.to("cpu").weight.device), str(torch.ones(2).to(torch.float64).dtype)])
attempt("to cuda", lambda: [
    model.to("cuda") is model, str(torch.ones(2).to("cuda:0").device),
    str(model.to(torch.device("cuda")).weight.device), str(torch.ones(2).to(device="cuda").device),
    model.cuda() is model, str(torch.ones(2).cuda().device), torch.cuda.is_available(),
    str(torch.ones(2).to("cuda", torch.float64).dtype),
])

def more_cuda():
    torch.set_default_tensor_type("torch.cuda.FloatTensor")
    torch.set_default_device("cuda")
    torch.save(model.state_dict(), "weights.pth")
    loaded = torch.load("weights.pth", map_location=torch.device("cuda"))
    return [str(torch.zeros(3, device="cuda").device), str(loaded["weight"].device),
            str(torch.ones(1).type(torch.cuda.DoubleTensor).dtype), torch.cuda.get_device_name(0)]

attempt("more cuda", more_cuda)
attempt("misspelled", lambda: str(torch.deivce("cpu")))
attempt("nonsense", lambda: torch.devise("cpu"))
print(json.dumps({"out": out, "told": told, "all": state.repairs}))
"""


@pytest.fixture(scope="module", params=["before", "after"])
def rot(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What old spellings give, with the libraries imported before or after the fixture."""
    return _rot(request.param, tmp_path_factory.mktemp(f"rot-{request.param}"))


@cache
def _rot(when: str, folder: Path) -> dict[str, Any]:
    (folder / "helpers.py").write_text("VALUE = 7\n")
    found: dict[str, Any] = run(ROT, folder, when)
    return found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("np.float", [1.0, 2.0, 3.0]),
        ("np.int", [2, "int64"]),
        ("np.object", True),
        ("np.float_", 2.0),
        ("np.Inf", True),
        ("np.NaN", True),
        ("np.product", 6),
        ("np.trapz", 2.0),
    ],
)
def test_old_names_of_numpy_work_and_are_told_once(
    rot: dict[str, Any], name: str, value: Any
) -> None:
    assert rot["out"][name] == value
    assert rot["told"][name] == [f"{name}, which numpy has dropped, was put back"]


def test_names_that_numpy_never_had_or_has_are_left_alone(rot: dict[str, Any]) -> None:
    assert rot["out"]["nothing"] == [2.0, 3, False]
    assert rot["out"]["np.bool"] is True
    assert rot["told"]["nothing"] == rot["told"]["np.bool"] == []


@pytest.mark.parametrize("name", ["seaborn", "seaborn-darkgrid"])
def test_old_names_of_styles_work(rot: dict[str, Any], name: str) -> None:
    assert rot["out"][name] == "done"


def test_old_names_of_styles_are_told_once(rot: dict[str, Any]) -> None:
    assert len(rot["told"]["seaborn"]) == 1
    assert "seaborn" in rot["told"]["seaborn"][0]
    assert rot["told"]["ggplot"] == []


def test_the_next_of_old_loaders_works_and_is_told_once(rot: dict[str, Any]) -> None:
    assert rot["out"]["next"] == [[0, 1], [2, 3], [4, 5]]
    assert rot["told"]["next"] == ["dataiter.next() was taken as next(dataiter)"]


def test_missing_helpers_do_nothing_and_are_told_once(rot: dict[str, Any]) -> None:
    assert rot["out"]["helper"] == [None, None, "draw"]
    assert rot["told"]["helper"] == [
        f"the module {name} is missing; its functions were replaced by empty ones"
        for name in ("helper", "draw")
    ]


def test_other_missing_modules_are_missing(rot: dict[str, Any]) -> None:
    assert rot["out"]["unknown"] == "ModuleNotFoundError: No module named 'no_such_module'"


def test_a_helper_that_was_handed_in_is_used(rot: dict[str, Any]) -> None:
    assert rot["out"]["own helper"] == 7
    assert rot["told"]["own helper"] == []


def test_cuda_is_taken_as_the_cpu_and_told_once(rot: dict[str, Any]) -> None:
    assert rot["out"]["to cuda"] == [True, "cpu", "cpu", "cpu", True, "cpu", False, "torch.float64"]
    assert rot["told"]["to cuda"] == ["the notebook asks for a GPU; it was run on the CPU"]


def test_cuda_is_the_cpu_wherever_it_is_named(rot: dict[str, Any]) -> None:
    assert rot["out"]["more cuda"] == ["cpu", "cpu", "torch.float64", "CPU"]


def test_a_slip_in_the_branch_for_the_cpu_costs_nothing(rot: dict[str, Any]) -> None:
    assert rot["out"]["misspelled"] == "cpu"
    assert rot["told"]["misspelled"] == ["torch.deivce was taken as torch.device"]
    assert "devise" in rot["out"]["nonsense"]


def test_moves_that_need_no_mend_are_not_told(rot: dict[str, Any]) -> None:
    assert rot["out"]["to cpu"] == ["cpu", "torch.float64"]
    assert rot["told"]["to cpu"] == []


def test_nothing_is_told_twice(rot: dict[str, Any]) -> None:
    assert len(rot["all"]) == len(set(rot["all"]))


# --- figures ----------------------------------------------------------------------------------


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The list in which the figures fixture keeps what was closed."""
    plt.close("all")
    for name in ("destroy", "destroy_all"):
        monkeypatch.setattr(Gcf, name, getattr(Gcf, name))
    kept: list[Any] = []
    monkeypatch.setattr(figures, "recorded", kept)
    install({})
    yield kept
    plt.close("all")


@pytest.mark.parametrize(
    "close",
    [
        lambda figure: plt.close(),
        plt.close,
        lambda figure: plt.close("all"),
        lambda figure: plt.close(figure.number),
        lambda figure: plt.close("mine"),
    ],
)
def test_a_figure_is_recorded_once_when_it_is_closed(recorded: list[Any], close: Any) -> None:
    figure = plt.figure("mine")
    plt.plot([1.0, 2.0], [3.0, 4.0], color="red", label="a")
    plt.title("first")
    assert figures.drawn() == []
    close(figure)
    close(figure)
    (kept,) = figures.drawn()
    (ax,) = kept["axes"]
    (line,) = ax["lines"]
    assert (ax["title"], line["label"], line["color"]) == ("first", "a", "#ff0000")
    assert line["y"].tolist() == [3.0, 4.0]
    assert plt.get_fignums() == []


def test_figures_are_recorded_in_the_order_in_which_they_are_closed(
    recorded: list[Any],
) -> None:
    for title in ("one", "two", "three"):
        plt.figure()
        plt.title(title)
    plt.close(2)
    plt.close("all")
    assert [kept["axes"][0]["title"] for kept in figures.drawn()] == ["two", "one", "three"]


def test_a_figure_without_axes_is_not_recorded(recorded: list[Any]) -> None:
    plt.figure()
    plt.close()
    assert figures.drawn() == []


def test_closing_what_is_not_there_does_nothing(recorded: list[Any]) -> None:
    plt.close()
    plt.close(77)
    plt.close("nothing")
    assert figures.drawn() == []


def test_bars_and_images_are_recorded(recorded: list[Any]) -> None:
    _, (left, right) = plt.subplots(1, 2)
    left.bar(["a", "b"], [0.5, 0.75])
    right.imshow(np.eye(3))
    plt.close()
    (kept,) = figures.drawn()
    bars, image = kept["axes"][0]["bars"], kept["axes"][1]["images"][0]
    assert [bar["height"] for bar in bars] == [0.5, 0.75]
    assert image.tolist() == np.eye(3).tolist()


def test_the_number_of_recorded_figures_is_limited(
    recorded: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "MAX_FIGURES", 2)
    for _ in range(4):
        plt.figure()
        plt.axes()
        plt.close()
    assert len(figures.drawn()) == 2


def test_what_is_written_into_the_record_was_not_drawn(recorded: list[Any]) -> None:
    curve = {"x": np.arange(3.0), "y": np.arange(3.0), "label": "loss", "color": "red"}
    figures.recorded.append({"cell": 0, "axes": [{"lines": [curve], "title": "forged"}]})
    figures.recorded.append((0, {"axes": [{"lines": [curve]}]}))
    figures.recorded.append((0, type("Figure", (), {"axes": []})()))
    plt.plot([1.0, 2.0], [3.0, 4.0])
    plt.close()
    (kept,) = figures.drawn()
    assert kept["axes"][0]["lines"][0]["y"].tolist() == [3.0, 4.0]


def test_listeners_hear_which_images_a_batch_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(state, "listeners", [lambda *told: heard.append(told)])
    monkeypatch.setattr(state, "fed", {})

    class Fashion(list[int]):
        train = True

    class Around(list[int]):
        def __init__(self, dataset: Any) -> None:
            super().__init__(dataset)
            self.dataset = dataset

    data = Fashion(range(100))
    part: Any = Subset(Subset(data, range(50, 100)), [3, 1, 2])  # type: ignore[arg-type]
    joined: Any = ConcatDataset([part, ConcatDataset([data])])  # type: ignore[list-item]
    mixed: Any = ConcatDataset([data, [1]])  # type: ignore[list-item]
    for dataset, rows in (
        (part, [0, 2]),
        (data, 7),
        (Around(data), [1, 2, 3]),
        ([1], [0]),
        (joined, [4, 0, 2]),
        (mixed, [3, 100]),
    ):
        fashion_mnist._tell(dataset, Fashion, rows, "fetcher")
    assert [told[:3] for told in heard] == [
        (True, 2, [53, 52]),
        (True, 1, [7]),
        (True, 3, []),
        (None, 1, [0]),
        (True, 3, [53, 52, 1]),
        (None, 2, [3, 0]),
    ]
    assert {told[3] for told in heard} == {"fetcher"}


def learned(*events: Any) -> list[list[int]]:
    """The rows of each backward pass (None) after batches: rows, and the pass they belong to."""
    rows, found = Rows(), []
    for event in events:
        if event is None:
            rows.learn()
            found.append(rows.take())
        else:
            rows.fetch(*event)
    return found


TRAIN, VAL, AGAIN = object(), object(), object()


def test_a_backward_pass_learns_from_the_batch_before_it() -> None:
    assert learned(([1, 2], TRAIN), None, ([3], TRAIN), None) == [[1, 2], [3]]
    assert learned(([1], TRAIN), None, None) == [[1], [1]]


def test_what_was_judged_between_is_not_learned_from() -> None:
    judged = [([7], VAL), ([8], VAL), ([9], VAL)]
    assert learned(([1], TRAIN), None, *judged, ([2], AGAIN), None) == [[1], [2]]
    assert learned(*judged, ([1], TRAIN), None) == [[1]]


def test_of_a_list_of_batches_all_are_learned_from() -> None:
    batches = [([1, 2], TRAIN), ([3, 4], TRAIN), ([5], TRAIN)]
    assert learned(*batches, None, None, None) == [[1, 2, 3, 4, 5], [], []]
    judged = [([7], VAL), ([8], VAL)]
    assert learned(*batches, *judged, None, None) == [[], []]  # it may be of either


SEEDS = """
import json
from grader.sandbox.inside import state
from grader.sandbox.inside.fixtures import training
found = []
for seed in (0, 5, 5, 9):
    state.settings["seed"] = seed
    import torch
    if not found:
        training.other_seeds({})
    torch.manual_seed(42)
    found.append(torch.rand(1).item())
print(json.dumps(found))
"""


def test_other_seeds_are_others_in_each_run_and_the_same_in_the_same(tmp_path: Path) -> None:
    first, second, again, third = run(SEEDS, tmp_path)
    assert second == again
    assert len({first, second, third}) == 3


# --- files beside the notebook ----------------------------------------------------------------


def test_files_that_are_read_as_they_came_are_noted_and_those_made_here_are_not(
    tmp_path: Path,
) -> None:
    names = (
        "read.npy",
        "made.txt",
        "added.txt",
        "moved.dat",
        "linked.dat",
        "shown.png",
        "left.csv",
    )
    for name in names:
        (tmp_path / name).write_text("1")
    source = """
import json, os
from pathlib import Path
from grader.sandbox.inside import state
from grader.sandbox.inside.fixtures import beside
beside.install()
os.makedirs("sub", exist_ok=True)
os.chdir("sub")
open("../read.npy", "rb").read()
open("../read.npy").read()
os.close(os.open("../shown.png", os.O_RDONLY))
with open("../made.txt", "w") as file:
    file.write("2")
Path("../made.txt").read_text()
with open("../added.txt", "a") as file:
    file.write("2")
Path("../added.txt").read_text()
os.rename("../moved.dat", "own.dat")
Path("own.dat").read_text()
os.symlink("..", "up")
os.link("../linked.dat", "other.dat")
open("up/sub/other.dat").read()
for nothing in ("\\0", "nothing.txt", 9999):
    try:
        open(nothing)
    except (OSError, ValueError):
        pass
print(json.dumps(state.read))
"""
    noted = ["read.npy", "shown.png", "added.txt", "moved.dat", "linked.dat"]
    assert run(source, tmp_path) == noted


# --- paths of another machine -----------------------------------------------------------------


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A work folder, in which nothing was mended yet."""
    monkeypatch.setattr(state, "repairs", [])
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


@pytest.mark.parametrize("path", ["C:\\Users\\ada\\x.csv", "/home/ada/x.csv", "data/x.csv"])
def test_a_file_is_read_by_its_name_wherever_it_lies(work: Path, path: str) -> None:
    (work / "deep").mkdir()
    (work / "deep" / "x.csv").write_text("1")
    assert places._elsewhere(path, "r") == "./deep/x.csv"
    assert places._elsewhere(Path(path), "rb") == "./deep/x.csv"
    assert state.repairs == [f"{path} is not here; deep/x.csv was read"]


@pytest.mark.parametrize(
    ("file", "mode"),
    [
        (3, "r"),
        (None, "r"),
        ("nowhere.csv", "r"),
        ("/etc/x.csv", "r"),
        ("/opt/../usr/lib/x.csv", "r"),
        ("/proc/x.csv", "w"),
        (f"{sys.prefix}/lib/x.csv", "r"),
        ("folder/", "r"),
        ("x.csv", "r"),  # it is there, and could not be opened for another reason
        ("x.csv", "w"),
    ],
)
def test_what_is_missing_stays_missing(work: Path, file: Any, mode: str) -> None:
    (work / "x.csv").write_text("1")
    assert places._elsewhere(file, mode) is None
    assert state.repairs == []


def test_a_folder_to_write_into_is_made_once(work: Path) -> None:
    assert places._elsewhere("a/b/x.pt", "wb") == "a/b/x.pt"
    assert (work / "a" / "b").is_dir()
    assert state.repairs == ["the folder a/b was not there; it was made"]
    assert places.make_folder("a/b/y.pt") is False
    assert places.make_folder("y.pt") is False


@pytest.mark.parametrize("mode", ["w", "ab", "x"])
def test_what_can_be_written_nowhere_else_goes_into_the_work_folder(work: Path, mode: str) -> None:
    (work / "file").write_text("no folder")
    assert places._elsewhere("file/deep/x.pt", mode) == "x.pt"
    assert state.repairs == ["file/deep/x.pt cannot be written here; it was written as x.pt"]


def test_many_files_are_not_all_looked_at(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MAX_LOOKED", 3)
    for name in "abcd":
        (work / name).touch()
    (work / "deep").mkdir()
    (work / "deep" / "x.csv").touch()
    assert places._elsewhere("/home/x.csv", "r") is None
    monkeypatch.setattr(places, "MAX_LOOKED", 4)
    assert places._elsewhere("/home/x.csv", "r") == "./deep/x.csv"


# --- nobody who types -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "text", "shown"),
    [
        ("How many epochs [20]: ", "20", "with '20'"),
        ("Rate (default: 0.01)", "0.01", "with '0.01'"),
        ("Name: ", "", "with an empty line"),
        ("[a] or [b] and more", "", "with an empty line"),
        (7, "", "with an empty line"),
    ],
)
def test_a_question_is_answered_by_what_it_proposes(
    work: Path, capsys: pytest.CaptureFixture[str], prompt: Any, text: str, shown: str
) -> None:
    shell = SimpleNamespace(kernel=SimpleNamespace())
    environment._typing(shell)
    assert shell.kernel.raw_input(prompt) == text
    assert shell.kernel.getpass(prompt) == text
    assert capsys.readouterr().out == f"{prompt}{text}\n" * 2
    assert state.repairs == [f"input({str(prompt)!r}) was answered {shown}"]


def test_who_asks_without_end_is_told(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "MAX_INPUTS", 2)
    shell = SimpleNamespace(kernel=SimpleNamespace())
    environment._typing(shell)
    assert [shell.kernel.raw_input() for _ in range(2)] == ["", ""]
    with pytest.raises(EOFError, match=r"^input\(\) was asked more than 2 times$"):
        shell.kernel.raw_input()


def test_a_backend_that_needs_a_screen_is_passed_over(work: Path) -> None:
    used: list[Any] = []
    library = SimpleNamespace(use=lambda backend, *, force: used.append((backend, force)))
    environment._backends(library)
    for backend in ("TkAgg", "Agg", "module://matplotlib_inline.backend_inline", "nbagg"):
        library.use(backend)
    assert used == [("Agg", True), ("module://matplotlib_inline.backend_inline", True)]
    assert state.repairs == [
        f"the backend {backend} needs a screen; figures were drawn inline"
        for backend in ("TkAgg", "nbagg")
    ]


def test_magics_for_windows_are_the_inline_one(work: Path) -> None:
    shell = SimpleNamespace(enable_matplotlib=str.upper, register_magic_function=lambda *_: None)
    environment._magics(shell)
    asked = (None, "auto", "inline", "qt", "widget")
    assert [shell.enable_matplotlib(gui) for gui in asked] == ["INLINE"] * 5
    assert shell.enable_gui("tk") is None
    assert state.repairs == [
        f"%matplotlib {gui} was taken as %matplotlib inline" for gui in ("qt", "widget")
    ]


def test_nothing_is_stood_in_for_within_a_package_that_is_there(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finder = version_rot.HelperFinder()
    monkeypatch.setitem(sys.modules, "google", types.ModuleType("google"))
    monkeypatch.setitem(sys.modules, "wandb", types.ModuleType("wandb"))
    for optional in (
        "google.protobuf",
        "google.protobuf.pyext._message",
        "wandb.plot",
        "json.draw",
    ):
        assert finder.find_spec(optional) is None
    spec = finder.find_spec("google.colab")
    assert spec is not None
    colab = types.ModuleType("google.colab")
    colab.__loader__ = spec.loader
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    assert finder.find_spec("google.colab.drive") is not None
    assert state.repairs == []
