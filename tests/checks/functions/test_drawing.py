"""Drawings: what the reference's figure shows must be shown, however it looks."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

from grader.checks.functions.drawing import FunctionDrawing
from grader.core.model import Outcome, Status
from tests.checks.model_evaluation.evaluation_task import ask, case, namespace

mpl.use("Agg")
HANDOUT = "import numpy as np\nimport matplotlib.pyplot as plt"
INPUTS: Any = {
    "sizes": {"n": [30, 40]},
    "calls": 2,
    "argument": [
        {"draw": "normal", "shape": ["n", 2]},
        {"draw": "integers", "low": 0, "high": 3, "shape": ["n"]},
    ],
}
CHECK = FunctionDrawing(function="show", inputs=INPUTS)
TEXTS = 'plt.title("t"); plt.xlabel("x"); plt.ylabel("y")'


def source(drawn: str, texts: str = TEXTS) -> str:
    return f"def show(p, groups):\n    {drawn}\n    {texts}\n    plt.show()"


REFERENCE = source("plt.scatter(p[:, 0], p[:, 1], c=groups)")


def mark(own: str) -> Outcome:
    asked = CHECK.questions(np.random.default_rng(1))
    right, names = namespace(REFERENCE, HANDOUT), namespace(own, HANDOUT)
    seen = case(CHECK, asked, tuple(ask(question, names) for question in asked))
    return CHECK.judge(replace(seen, expected=tuple(ask(q, right) for q in asked)))


@pytest.mark.parametrize(
    "drawn",
    [
        "plt.scatter(*p.T, c=groups, cmap='tab10', s=3)",
        "[plt.plot(*p[groups == g].T, 'o', label=str(g)) for g in range(3)]",
        "plt.scatter(p[:, 0], p[:, 1], c=[('r', 'g', 'b')[g] for g in groups], marker='x')",
    ],
)
def test_right_figures_pass(drawn: str) -> None:
    got = mark(source(drawn))
    assert (got.status, got.share) == (Status.PASSED, Decimal(1)), got


@pytest.mark.parametrize(
    ("drawn", "texts", "share", "told"),
    [
        (
            "plt.scatter(*p.T, c=groups)",
            "pass",
            "0.70",
            "In the figure there is no title, an axis has no label.",
        ),
        (
            "plt.scatter(*p.T, c=groups)",
            "plt.title('t')",
            "0.85",
            "In the figure an axis has no label.",
        ),
        (
            "plt.scatter(*p.T)",
            TEXTS,
            "0.80",
            "In the figure what belongs together can't be told by its colour.",
        ),
        (
            "plt.scatter(*p[:20].T, c=groups[:20])",
            TEXTS,
            "0.50",
            "In the figure points are missing or in other places.",
        ),
        (
            "plt.scatter(p[:, 1], p[:, 0], c=groups)",
            TEXTS,
            "0.50",
            "In the figure points are missing or in other places.",
        ),
    ],
)
def test_what_is_missing_costs_its_share(drawn: str, texts: str, share: str, told: str) -> None:
    got = mark(source(drawn, texts))
    assert (got.status, got.share, got.message) == (Status.PARTIAL, Decimal(share), told)


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (source("pass", "pass"), "show draws no points or lines."),
        (source("plt.scatter(p[:, 1] * 2, p[:, 0])"), "The figure shows something else"),
        ("def show(p, groups):\n    return result", "show could not be called: NameError"),
        ("x = 1", "show is not defined"),
    ],
)
def test_other_figures_fail(own: str, told: str) -> None:
    got = mark(own)
    assert (got.status, got.share) == (Status.FAILED, Decimal(0))
    assert told in got.message


@pytest.mark.parametrize(("lines", "points"), [(1, 30_000), (600, 2)])
def test_more_than_can_be_compared_is_for_a_person(lines: int, points: int) -> None:
    """Honest figures are cut where they are recorded; an answer may hold anything."""
    asked = CHECK.questions(np.random.default_rng(1))
    names = namespace(REFERENCE, HANDOUT)
    right = tuple(ask(question, names) for question in asked)
    many = [{"x": np.zeros(points), "y": np.zeros(points)}] * lines
    forged = replace(right[0], value={"figures": [{"axes": [{"lines": many}]}]})
    got = CHECK.judge(replace(case(CHECK, asked, (forged, right[1])), expected=right))
    assert (got.status, got.message) == (
        Status.REVIEW,
        "show draws more than 500 lines or 20000 points; a person must look at the figure.",
    )
