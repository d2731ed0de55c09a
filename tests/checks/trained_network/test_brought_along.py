"""What a network learned from, and what came along: doubts for a person, never a mark."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from grader.checks.trained_network import brought_along
from grader.checks.trained_network.doubts import Suspicion, doubts
from grader.checks.trained_network.measured import measured
from grader.checks.trained_network.network_facts import EXPORT, NETWORK
from grader.core.model import Answer, AnswerStatus, Case, Cell, Notebook
from grader.retraining.datasets import fashion_mnist
from grader.sandbox.inside.fixtures import training

LABELS = (np.arange(10_000) % 10).astype(np.uint8)
FACTS: dict[str, Any] = {
    "name": "model",
    "parameters": 7,
    "steps": 900,
    "networks": 1,
    "calls": [],
    "output": [4, 10],
    "layers": [],
    "images": 50_000,
    "seen": 150_000,
    "foreign": 0.0,
}


@pytest.fixture(autouse=True)
def labels(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Made-up labels: these tests are about doubts."""
    monkeypatch.setattr(fashion_mnist, "load", lambda split, folder=None: (None, LABELS))
    yield


def told(
    source: str = "", wrong: int = 1500, files: dict[str, bytes] | None = None, **facts: Any
) -> str:
    """All doubts about a network that is right on all images but so many."""
    classes = LABELS.copy()
    classes[:wrong] = (classes[:wrong] + 1) % 10
    values = (FACTS | facts, {"problem": "", "classes": classes, "finite": True})
    case = Case(
        asked=(NETWORK, EXPORT),
        answers=tuple(Answer(status=AnswerStatus.OK, value=value) for value in values),
        notebook=Notebook(name="n", cells=(Cell(id="a", kind="code", source=source),)),
        files=files or {},
    )
    return " ".join(doubts(measured(case), case, Suspicion(), 82.0))


@pytest.mark.parametrize(
    "facts",
    [{}, {"images": 0, "seen": 0}, {"images": 600, "seen": 60_000}, {"foreign": None}, {"x": 1}],
)
def test_honest_trainings_raise_none(facts: dict[str, Any]) -> None:
    assert told(**facts) == ""


@pytest.mark.parametrize(
    "facts", [{"images": 8, "seen": 40}, {"images": 1920, "seen": 1920}, {"images": 499}]
)
def test_rows_that_do_not_teach_so_much_raise_one(facts: dict[str, Any]) -> None:
    assert "these do not teach so much" in told(**facts)
    assert told(wrong=2500, **facts) == ""  # nor is it good


def test_gradients_of_no_backward_pass_raise_one() -> None:
    assert "In 90% of its steps" in told(foreign=0.9)


WEIGHTS = np.random.default_rng(1).integers(-99, 99, 3000)
BASE64 = base64.b64encode(WEIGHTS.astype(np.int8).tobytes()).decode()
LETTERS = "".join(chr(33 + n) for n in np.random.default_rng(1).integers(0, 90, 3000))


@pytest.mark.parametrize(
    "source",
    [
        f"w = {WEIGHTS.tolist()}",
        f"w = np.array('{' '.join(map(str, WEIGHTS))}'.split())",
        f"# {LETTERS}",
        f"w = {hex(int.from_bytes(WEIGHTS.tobytes(), 'big'))}",
        "\n".join(f"w += [{', '.join(map(str, row))}]" for row in WEIGHTS.reshape(-1, 60)),
        " ".join(f"w{n} = {value};" for n, value in enumerate(WEIGHTS)),
        f"w = '{' '.join(BASE64[n : n + 8] for n in range(0, len(BASE64), 8))}'",
        f"w = {[BASE64[n : n + 5] for n in range(0, len(BASE64), 5)]}",
        "w = '" + "".join(chr(0x2800 + n % 256) for n in WEIGHTS) + "'",
        "w = '" + " ".join(chr(0x1F300 + n % 256) for n in WEIGHTS) + "'",
        f"w = 'data://{BASE64}'",
    ],
    ids=[
        *("list", "text", "comment", "integer", "lines", "names", "groups", "words"),
        *("braille", "emoji", "long address"),
    ],
)
def test_data_in_the_cells_raises_one(source: str) -> None:
    assert "hold data of" in told(source)


@pytest.mark.parametrize(
    "source",
    [
        "print('" + "=" * 5000 + "')",
        "x = [" + "0, " * 3000 + "0]",
        "# " + "This is what the network does with its images. " * 200,
        "confusion = " + str((np.arange(100).reshape(10, 10) * 37 % 100).tolist()),
        "url = 'https://example.org/" + LETTERS[:180] + "'",
        "url = 'https://example.org/" + LETTERS[:900] + "'",
        "print('✓ fertig → „gut“ 🎉 " + "─" * 3000 + "')",
        "".join(
            f"# epoch {n}, loss {2 / n:.3f}, accuracy {n / (n + 1):.3f}\n" for n in range(1, 50)
        ),
        "# " + "Größe der Schichten, \u4e2d\u6587\u6ce8\u91ca. " * 300,
    ],
    ids=[
        *("line", "zeros", "prose", "matrix", "address", "signed address", "signs", "log"),
        "other languages",
    ],
)
def test_what_is_no_data_raises_none(source: str) -> None:
    assert told(source) == ""


NUMBERS = WEIGHTS.astype(np.int8).tobytes()
FILES = {
    "weights.npy": NUMBERS,
    "weights.json": json.dumps(WEIGHTS.tolist()).encode(),
    "n.ipynb": json.dumps({"cells": [{"attachments": {"a.png": {"image/png": BASE64}}}]}).encode(),
    "n-run.ipynb": json.dumps({"cells": [{"outputs": [{"data": {"image/png": BASE64}}]}]}).encode(),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_counts_that_was_read_as_it_came(name: str) -> None:
    assert f"{name} hold data of" in told(files=FILES, read=[name])
    assert told(files=FILES) == ""  # pictures of outputs, and files that nobody reads


@pytest.mark.parametrize(
    ("code", "is_used"),
    [
        ('old = torch.jit.load("weights.npy")', True),
        ('raw = subprocess.check_output(["cat", "weights.npy"])', True),
        ("!cat weights.npy", True),
        ('np.save("weights.npy", w)\n!pip install tqdm', False),
        ('old = torch.jit.load("other.pt")', False),
    ],
)
def test_a_file_counts_that_may_be_read_by_other_means(code: str, is_used: bool) -> None:
    found = told(code, files={"weights.npy": NUMBERS})
    assert ("weights.npy hold data of" in found) is is_used


@pytest.mark.parametrize(("code", "is_used"), [("import helper", True), ("x = 1", False)])
def test_a_module_beside_the_notebook_counts_if_it_is_named(code: str, is_used: bool) -> None:
    found = told(code, files={"helper.py": f"W = {WEIGHTS.tolist()}".encode()})
    assert ("helper.py hold data of" in found) == is_used


def test_names_of_files_hold_data_too() -> None:
    parts = [BASE64[n : n + 60] for n in range(0, len(BASE64), 60)]
    assert "hold data of" in told(files={f"{part}.txt": b"" for part in parts})
    usual = [f"Screenshot 2021-05-{n:02} at 12.{n}.11.png" for n in range(1, 31)]
    assert told(files=dict.fromkeys([*usual, *(f"output_{n}_0.png" for n in range(99))], b"")) == ""


def test_more_than_anybody_writes_counts_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    prose = "".join(chr(97 + n) for n in np.random.default_rng(1).integers(0, 26, 6000))
    words = " ".join(prose[n : n + 6] for n in range(0, 6000, 6))
    assert told(f"# {words}") == ""
    monkeypatch.setattr(brought_along, "MOST", 5000)
    assert "hold data of" in told(f"# {words}")


def test_small_files_are_none() -> None:
    files = {"history.json": json.dumps({"loss": [1 / n for n in range(1, 31)]}).encode()}
    assert told(files=files, read=["history.json"]) == ""


def compared(*change: Any, zero: bool = True, steps: int = 4) -> tuple[int, int]:
    """Steps of a real training that were looked at, and those with gradients of other origin."""
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 3)
    params = list(model.parameters())
    entry = training.new_entry(model, params) | {"steps": 1}
    training._keep_gradients(params, entry)
    for _ in range(steps):
        if zero:
            model.zero_grad()
        loss = model(torch.randn(8, 4)).pow(2).sum()
        loss.backward()
        for one in change:
            one(params)
        entry["steps"] += 1
        training._compare_gradients(entry)
    return entry["compared"], entry["foreign"]


def _replace(params: Any) -> None:
    for p in params:
        p.grad = p.detach() - 3.0


def _overwrite(params: Any) -> None:
    for p in params:
        p.grad.copy_(p.detach() - 3.0)


def test_gradients_that_were_clipped_are_those_of_the_backward_pass() -> None:
    clip = torch.nn.utils.clip_grad_norm_
    assert compared() == (4, 0)
    assert compared(lambda params: clip(params, 0.01)) == (4, 0)
    assert compared(lambda params: [p.grad.clamp_(-0.5, 0.5) for p in params]) == (4, 0)
    assert compared(lambda params: [p.grad.add_(0.01 * p.detach()) for p in params]) == (4, 0)


def test_gradients_that_were_never_set_to_zero_are_those_of_backward_passes() -> None:
    assert compared(zero=False) == (4, 0)


@pytest.mark.parametrize("zero", [True, False])
@pytest.mark.parametrize("change", [_replace, _overwrite])
def test_gradients_of_another_origin_are_noted(change: Any, zero: bool) -> None:
    looked, foreign = compared(change, zero=zero)
    assert foreign >= looked - 1 >= 3
