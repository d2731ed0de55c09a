"""The confusion probe, and the plain form of what student functions return."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from grader.sandbox.inside.plain import plain
from grader.sandbox.inside.probes.confusion import confusion
from grader.sandbox.inside.protocol import Undefined, pack
from tests.checks.model_evaluation.evaluation_task import namespace

PARAMS: dict[str, Any] = {
    "data": np.eye(2, dtype=np.float32),
    "target": np.array([0, 1]),
    "seed": 1,
    "weights": [np.eye(2, dtype=np.float32), -np.eye(2, dtype=np.float32)],
    "biases": [np.zeros(2, dtype=np.float32), np.ones(2, dtype=np.float32)],
}


def ask(body: str) -> Any:
    return confusion(namespace(f"def confusion_matrix(data, target, model):\n    {body}"), PARAMS)


def test_the_network_is_an_ordinary_one() -> None:
    assert ask("return model(data)")["returned"].tolist() == [[0, 1], [1, 0]]
    assert ask("return [type(m).__name__ for m in model]")["returned"] == [
        "Linear",
        "ReLU",
        "Linear",
        "Identity",
    ]


def test_a_stub_that_returns_itself() -> None:
    assert ask("return confusion_matrix") == {"returned": {"type": "function"}, "itself": True}


def test_errors_pass_and_leave_the_namespace_as_it_was() -> None:
    names = namespace("predict = 3\ndef confusion_matrix(*_):\n    predict(1, 2, 3)")
    with pytest.raises(TypeError):
        confusion(names, PARAMS)
    assert names["predict"] == 3
    with pytest.raises(Undefined):
        confusion(namespace(""), PARAMS)


class Sly(float):
    def __float__(self) -> float:
        return 1.0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (3, 3),
        ("x" * 500, "x" * 200),
        (np.float32(0.5), 0.5),
        ((1, [2.0, torch.tensor(3)]), [1, [2.0, np.array(3.0)]]),
        (torch.ones(2, requires_grad=True), np.ones(2)),
        (np.array([1, None], dtype=object), [1, None]),
        (np.zeros(10**4), {"type": "float64 array of shape (10000,)"}),
        (np.array(["a"]), {"type": "<U1 array of shape (1,)"}),
        ([0] * 10**4, {"type": "list"}),
        (range(3), {"type": "range"}),
        (Sly(2), {"type": "Sly"}),
        (pd.Series([1.0, 2.0]), np.array([1.0, 2.0])),
        ({1: 2}, {"type": "dict"}),
        ([[[[[[1]]]]]], [[[[{"type": "list"}]]]]),
    ],
)
def test_plain(value: Any, expected: Any) -> None:
    got = plain(value)
    pack(got)
    assert repr(got) == repr(expected)
