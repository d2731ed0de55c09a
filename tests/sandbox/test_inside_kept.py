"""What a function changes while it is asked is put back, whatever it is."""

from __future__ import annotations

import builtins
import decimal
import logging
import os
import random
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from grader.sandbox.inside import kept, protocol


def environment() -> object:
    return dict(os.environ)


def loud() -> None:
    logging.getLogger().setLevel(1)
    logging.getLogger().addHandler(logging.NullHandler())
    logging.disable(50)
    logging.getLogger("matplotlib").setLevel(7)


SETTINGS: dict[str, tuple[Any, Any]] = {
    "environment": (
        environment,
        lambda: (os.environ.update(GRADER_TEST="1"), os.environ.pop("PATH")),
    ),
    "working directory": (os.getcwd, lambda: os.chdir("/")),
    "path of imports": (lambda: list(sys.path), lambda: sys.path.insert(0, "/tmp")),
    "recursion limit": (sys.getrecursionlimit, lambda: sys.setrecursionlimit(5000)),
    "decimal context": (
        lambda: decimal.getcontext().prec,
        lambda: setattr(decimal.getcontext(), "prec", 3),
    ),
    "logging": (
        lambda: (
            logging.getLogger().level,
            list(logging.getLogger().handlers),
            logging.root.manager.disable,
            logging.getLogger("matplotlib").level,
        ),
        loud,
    ),
    "warnings": (lambda: list(warnings.filters), lambda: warnings.simplefilter("error")),
    "print options": (np.get_printoptions, lambda: np.set_printoptions(precision=1)),
    "errors of numpy": (np.geterr, lambda: np.seterr(all="raise")),
    "random numbers": (random.getstate, random.random),
    "random numbers of numpy": (
        lambda: str(np.random.get_state()),
        lambda: np.random.seed(3),
    ),
    "random numbers of torch": (lambda: torch.get_rng_state().tolist(), lambda: torch.rand(3)),
    "deterministic torch": (
        torch.are_deterministic_algorithms_enabled,
        lambda: torch.use_deterministic_algorithms(mode=True),
    ),
    "kind of torch": (torch.get_default_dtype, lambda: torch.set_default_dtype(torch.float64)),
    "gradients": (torch.is_grad_enabled, lambda: torch.set_grad_enabled(mode=False)),
    "builtins": (
        lambda: (builtins.abs, hasattr(builtins, "mine")),
        lambda: vars(builtins).update(abs=None, mine=1, list=None, len=None),
    ),
}


@pytest.mark.parametrize("name", list(SETTINGS))
def test_a_setting_of_the_process_is_put_back(name: str) -> None:
    logging.getLogger("matplotlib")
    look, change = SETTINGS[name]
    before = look()
    with kept.state({}):
        change()
    assert look() == before


class Counter:
    """As a notebook's own class would be."""

    def __init__(self) -> None:
        self.calls: list[int] = []


Counter.__module__ = "__main__"


def test_values_are_put_back_where_they_are() -> None:
    seen: dict[str, Any] = {"list": [1, [2]], "set": {1}, "array": np.arange(3.0), "n": 1}
    seen["self"], counter = seen, Counter()
    weights = torch.zeros(3, requires_grad=True)
    linear, dropout = torch.nn.Linear(2, 2), torch.nn.Dropout()
    network, before = torch.nn.Sequential(linear, dropout), linear.weight.detach().clone()
    names: dict[str, Any] = {"seen": seen, "counter": counter, "w": weights, "net": network}
    inner, array = seen["list"][1], seen["array"]
    with kept.state(names):
        inner.append(3)
        array[:] = 7
        seen.clear()
        counter.calls.append(1)
        names["new"] = 1
        names["seen"] = None
        weights.data += 1
        network.eval()
        torch.nn.init.ones_(linear.weight)
    assert names.keys() == {"seen", "counter", "w", "net"}
    assert names["seen"] is seen
    assert (seen["list"], seen["set"], seen["n"], inner) == ([1, [2]], {1}, 1, [2])
    assert seen["array"] is array
    assert array.tolist() == [0, 1, 2]
    assert counter.calls == []
    assert weights.tolist() == [0, 0, 0]
    assert network.training
    assert dropout.training
    assert torch.equal(linear.weight, before)


def test_generators_draw_again_what_they_drew_while_asked() -> None:
    rng, old = np.random.default_rng(1), np.random.RandomState(1)
    plain, tensor = random.Random(1), torch.Generator().manual_seed(1)

    def closure(x: float, own: Any = None) -> Any:
        return x + plain.random() + own.random()

    closure.__defaults__ = (np.random.default_rng(2),)

    def draws() -> list[float]:
        drawn = torch.rand(1, generator=tensor).item()
        return [rng.random(), old.random_sample(), closure(0.0), drawn]

    names = {"rng": [rng], "old": old, "f": closure, "tensor": {"a": tensor}}
    with kept.state(names):
        first = draws()
    assert draws() == first


def test_what_cannot_be_looked_at_is_no_error() -> None:
    class Strange:
        def __getattribute__(self, name: str) -> Any:
            raise RuntimeError

        def __eq__(self, other: object) -> bool:
            raise RuntimeError

        __hash__ = None  # type: ignore[assignment]

    Strange.__module__ = "__main__"
    names: dict[str, Any] = {"x": Strange(), "deep": [], "y": [1]}
    for _ in range(kept.MOST_PARTS):
        names["deep"] = [names["deep"]]
    with kept.state(names):
        names["y"].append(2)
    assert names["y"] == [1]


def test_what_a_question_changes_does_not_reach_the_next(tmp_path: Path) -> None:
    def probe(namespace: dict[str, Any], params: Any) -> Any:
        namespace["calls"].append(1)
        os.chdir(tmp_path)
        np.set_printoptions(precision=1)
        return len(namespace["calls"])

    channel = protocol.Channel(-1, -1, lambda name, source: probe, {"calls": []})
    folder, shown = Path.cwd(), np.get_printoptions()
    question = {"probe": "p", "params": {}, "seconds": 5}
    assert [channel.reply(question)["value"] for _ in range(2)] == [1, 1]
    assert Path.cwd() == folder
    assert np.get_printoptions() == shown
