"""Trains our own notebooks three ways in one run: `python benchmarks/training.py`.

Pinned to one core: as a student would (a script, DataLoader workers), in the sandbox without
acceleration, and with it.
Prints seconds per epoch, of the loop alone and from start to end (imports and start of the sandbox
included), their ratios, and whether losses and final weights are the same to the bit.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from grader.core.model import Cell, Limits, Notebook
from grader.retraining.datasets import fashion_mnist
from grader.sandbox.observe import observe
from grader.sandbox.surroundings import Surroundings

COMMON = """
import hashlib, time, torch, torchvision
from torch import nn
from torch.utils.data import DataLoader, Subset, SubsetRandomSampler, random_split
from torchvision import transforms
torch.manual_seed(42)
T = {transform}
trainset = torchvision.datasets.FashionMNIST(root={root!r}, train=True, download=True, transform=T)
testset = torchvision.datasets.FashionMNIST(root={root!r}, train=False, download=True, transform=T)
{loaders}
testloader = DataLoader(testset, batch_size=256, num_workers=2)
model = {model}
optimizer = {optimizer}
began = time.monotonic()
for epoch in range({epochs}):
    model.train()
    total = 0.0
    for x, y in trainloader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item()
    model.eval()
    with torch.no_grad():
        right = sum(int((model(x).argmax(1) == y).sum()) for x, y in testloader)
    print(f'{{total / len(trainloader):.10f}} {{right}}')
print('seconds', time.monotonic() - began)
state = b''.join(p.detach().numpy().tobytes() for p in model.parameters())
print('weights', hashlib.sha256(state).hexdigest())
"""
NORMALIZED = "transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])"
DEEP = (
    "nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Dropout(0.2), "
    "nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))"
)
SMALL = "nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))"
ADAM = "torch.optim.Adam(model.parameters(), 1e-3)"
SGD = "torch.optim.SGD(model.parameters(), 0.1)"
SHUFFLED = "trainloader = DataLoader(trainset, batch_size=64, shuffle=True, num_workers=2)"
SPLIT = """part, rest = random_split(trainset, [50000, 10000],
                              generator=torch.Generator().manual_seed(1337))
trainloader = DataLoader(part, batch_size=32, shuffle=True)"""
SAMPLED = (
    "trainloader = DataLoader(trainset, batch_size=128, sampler=SubsetRandomSampler(range(40000)))"
)
OWN = (
    "trainloader = DataLoader(Subset(trainset, range(20000)), batch_size=64, shuffle=True, "
    "collate_fn=lambda rows: [torch.stack([x for x, _ in rows]), "
    "torch.tensor([y for _, y in rows])])"
)
CASES = {
    "deep net, Normalize, workers": (NORMALIZED, SHUFFLED, DEEP, ADAM),
    "random_split, ToTensor": ("transforms.ToTensor()", SPLIT, SMALL, SGD),
    "SubsetRandomSampler": (NORMALIZED, SAMPLED, SMALL, ADAM),
    "own collate_fn (slow path)": ("transforms.ToTensor()", OWN, SMALL, SGD),
}


def script(name: str, root: str, epochs: int) -> str:
    transform, loaders, model, optimizer = CASES[name]
    return COMMON.format(
        transform=transform,
        loaders=loaders,
        model=model,
        optimizer=optimizer,
        epochs=epochs,
        root=root,
    )


@dataclass(frozen=True)
class Timing:
    """Seconds of the whole and of the loop alone, and what was printed beside them."""

    whole: float
    loop: float
    text: str


def timing(whole: float, output: str) -> Timing:
    loop = re.search(r"seconds (\S+)\s*", output)
    assert loop
    text = " ".join(output.replace(loop[0], "").split())
    return Timing(whole=whole, loop=float(loop[1]), text=text)


def plain(source: str) -> Timing:
    """A script, start of Python and torch included."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "student.py"
        path.write_text(source)
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, str(path)], capture_output=True, text=True, check=True
        )
        return timing(time.monotonic() - began, done.stdout)


def sandboxed(source: str, *more: str) -> Timing:
    """The same as a notebook, start of the sandbox included."""
    notebook = Notebook(name="n", cells=(Cell(id="a", kind="code", source=source),))
    surroundings = Surroundings(
        prepare=("figures", "version_rot", "fashion_mnist", "training", *more),
        limits=Limits(cell_seconds=3000, notebook_seconds=3000, memory_mib=6144),
        mounts={"/data/fashion-mnist": fashion_mnist.sandbox_folder()},
    )
    began = time.monotonic()
    evidence = observe(
        notebook, (), surroundings, task="t", seed=1, resources=fashion_mnist.resource
    )
    (cell,) = evidence.cells
    if cell.status != "ok":
        raise SystemExit(f"{evidence.message} {cell.error}")
    return timing(time.monotonic() - began, cell.text)


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--case", choices=sorted(CASES), action="append")
    chosen = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    root = str(fashion_mnist.sandbox_folder())
    print("seconds per epoch of the loop, and (from start to end)")
    print(f"{'':<30}{'script':>15}{'slow way':>15}{'fast way':>15}  script : fast   same")
    for name in chosen.case or CASES:
        source = script(name, root, chosen.epochs)
        runs = [plain(source), sandboxed(source, "no_acceleration"), sandboxed(source)]
        texts = {run.text for run in runs}
        cells = [
            f"{run.loop / chosen.epochs:.2f} ({run.whole / chosen.epochs:.2f})" for run in runs
        ]
        script_, _, fast = runs
        ratios = f"{script_.loop / fast.loop:.1f} ({script_.whole / fast.whole:.1f})"
        print(
            f"{name:<30}"
            + "".join(f"{cell:>15}" for cell in cells)
            + f"{ratios:>15}   {'yes' if len(texts) == 1 else 'NO'}",
            flush=True,
        )
        for text in texts if len(texts) > 1 else ():
            print("   ", text[:300])


if __name__ == "__main__":
    main()
