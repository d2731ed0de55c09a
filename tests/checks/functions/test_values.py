"""Function values: every right spelling passes, every slip costs what it is worth and no more."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.checks.functions.values import (
    BASE_ORDINARY,
    EXTREME,
    LARGE,
    ORDINARY,
    SHIFTED,
    SHOWN,
    WHOLE,
    FunctionValues,
)
from grader.core import codec, notebook
from grader.core.model import Answer, AnswerStatus, Case, Outcome, Status
from tests.checks.model_evaluation.evaluation_task import ask, case, namespace

MASTER = Path(__file__).parents[3] / "reference" / "dais2021-a4" / "ActivationFunctions.ipynb"
CHECKS = {
    "logistic": FunctionValues(function="logistic"),
    "logistic_grad": FunctionValues(function="logistic_grad", base="logistic"),
    "tanh": FunctionValues(function="tanh"),
    "tanh_grad": FunctionValues(function="tanh_grad", base="tanh"),
    "relu": FunctionValues(function="relu"),
    "relu_grad": FunctionValues(function="relu_grad", base="relu", allowed={"0": (0.0, 0.5, 1.0)}),
}
IMPORTS = "import math\nimport numpy as np\nimport torch\n"


@cache
def reference() -> dict[str, Any]:
    """The namespace of the master notebook's functions."""
    cells = notebook.read(MASTER.read_bytes(), MASTER.name).cells
    sources = [c.source for c in cells if c.kind == "code" and not c.id.startswith("call-")]
    return namespace("\n\n".join(sources), handout="import numpy as np")


def case_of(name: str, source: str, seed: int = 1) -> Case:
    """What the check of `name` sees of a notebook with this source."""
    check, names = CHECKS[name], namespace(source, handout=IMPORTS)
    asked = check.questions(np.random.default_rng(seed))
    seen = case(check, asked, tuple(ask(question, names) for question in asked))
    return replace(seen, expected=tuple(ask(question, reference()) for question in asked))


def mark(name: str, source: str, seed: int = 1) -> Outcome:
    return CHECKS[name].judge(case_of(name, source, seed))


LOGISTIC = "def logistic(x):\n    return 1 / (1 + np.exp(-x))\n"
TANH = "def tanh(x):\n    return np.tanh(x)\n"
RELU = "def relu(x):\n    return np.maximum(x, 0)\n"

RIGHT = {
    "logistic in numpy": ("logistic", LOGISTIC),
    "logistic in two branches": (
        "logistic",
        """
def logistic(x):
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    return math.exp(x) / (1 + math.exp(x))
""",
    ),
    "logistic in torch": (
        "logistic",
        """
def logistic(x):
    return torch.sigmoid(torch.as_tensor(x, dtype=torch.float32))
""",
    ),
    "logistic with its derivative": (
        "logistic",
        """
def logistic(x):
    s = 1 / (1 + np.exp(-x))
    return s, s * (1 - s)
""",
    ),
    "logistic by tanh, as a lambda": ("logistic", "logistic = lambda x: (1 + np.tanh(x / 2)) / 2"),
    "capital letters": ("logistic", LOGISTIC.replace("def logistic", "def Logistic")),
    "a class that can be called": (
        "logistic",
        """
class Sigmoid:
    def __call__(self, x):
        return 1 / (1 + np.exp(-x))
logistic = Sigmoid()
""",
    ),
    "logistic_grad by its function": (
        "logistic_grad",
        LOGISTIC
        + """
def logistic_grad(x):
    return logistic(x) * (1 - logistic(x))
""",
    ),
    "logistic_grad of a function in capitals": (
        "logistic_grad",
        LOGISTIC.replace("logistic", "LOGISTIC")
        + """
def Logistic_Grad(x):
    return LOGISTIC(x) * (1 - LOGISTIC(x))
""",
    ),
    "logistic_grad written out": (
        "logistic_grad",
        LOGISTIC
        + """
def logistic_grad(x):
    return np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))) ** 2
""",
    ),
    "logistic_grad by automatic differentiation": (
        "logistic_grad",
        LOGISTIC
        + """
def logistic_grad(x):
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    torch.sigmoid(x).sum().backward()
    return x.grad
""",
    ),
    "tanh in numpy": ("tanh", TANH),
    "tanh of single numbers": ("tanh", "def tanh(x):\n    return math.tanh(x)"),
    "tanh as a list": ("tanh", "def tanh(x):\n    return [math.tanh(v) for v in x]"),
    "tanh as a column": ("tanh", "def tanh(x):\n    return np.tanh(x).reshape(-1, 1)"),
    "tanh_grad": ("tanh_grad", TANH + "def tanh_grad(x):\n    return 1 - tanh(x) ** 2"),
    "relu in numpy": ("relu", RELU),
    "relu in place": ("relu", "def relu(x):\n    x[x < 0] = 0\n    return x"),
    "relu by if": ("relu", "def relu(x):\n    if x > 0:\n        return x\n    return 0"),
    "relu by max": ("relu", "def relu(x):\n    return max(0, x)"),
    "relu as a list": ("relu", "def relu(x):\n    return [v if v > 0 else 0 for v in x]"),
    "relu_grad as truth values": ("relu_grad", RELU + "def relu_grad(x):\n    return x > 0"),
    "relu_grad by sign": ("relu_grad", RELU + "def relu_grad(x):\n    return (np.sign(x) + 1) / 2"),
    "relu_grad by if": (
        "relu_grad",
        RELU
        + """
def relu_grad(x):
    if x >= 0:
        return 1
    else:
        return 0
""",
    ),
}


@pytest.mark.parametrize("kind", RIGHT)
def test_right_functions_pass(kind: str) -> None:
    got = mark(*RIGHT[kind])
    assert (got.status, got.share) == (Status.PASSED, Decimal(1)), got
    assert got.message == "Right on all inputs."


@pytest.mark.parametrize("seed", range(2, 12))
def test_right_functions_pass_for_any_hidden_inputs(seed: int) -> None:
    assert mark(*RIGHT["relu_grad by if"], seed).status is Status.PASSED
    assert mark(*RIGHT["logistic in two branches"], seed).status is Status.PASSED


@pytest.mark.parametrize("value", ["0", "0.5", "1"])
@pytest.mark.parametrize("seed", range(4))
def test_the_gradient_of_relu_at_zero_is_free(value: str, seed: int) -> None:
    source = f"def relu_grad(x):\n    return np.heaviside(x, {value})"
    assert mark("relu_grad", RELU + source, seed).status is Status.PASSED


@pytest.mark.parametrize("value", ["0.25", "-1", "2", "np.nan"])
def test_the_gradient_of_relu_at_zero_is_not_that_free(value: str) -> None:
    source = f"def relu_grad(x):\n    return np.heaviside(x, {value})"
    assert mark("relu_grad", RELU + source).status is Status.FAILED


OVERFLOWING = {
    "logistic": ("logistic", "def logistic(x):\n    return np.exp(x) / (1 + np.exp(x))"),
    "logistic of single numbers": (
        "logistic",
        "def logistic(x):\n    return 1 / (1 + math.exp(-x))",
    ),
    "tanh": (
        "tanh",
        """
def tanh(x):
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))
""",
    ),
    "logistic_grad": (
        "logistic_grad",
        LOGISTIC
        + """
def logistic_grad(x):
    return np.exp(-x) / (1 + np.exp(-x)) ** 2
""",
    ),
    "tanh_grad": (
        "tanh_grad",
        TANH
        + """
def tanh_grad(x):
    return 4 * np.exp(2 * x) / (np.exp(2 * x) + 1) ** 2
""",
    ),
}


@pytest.mark.parametrize("kind", OVERFLOWING)
def test_an_overflow_costs_a_share_and_is_shown(kind: str) -> None:
    got = mark(*OVERFLOWING[kind])
    assert (got.status, got.share) == (Status.PARTIAL, Decimal("0.75"))
    assert "overflow" in got.message
    name = OVERFLOWING[kind][0]
    assert any(
        line in (f"{name}(-1000) = nan", f"{name}(1000) = nan") for line in got.details["given"]
    )


WRONG = {
    "sign": ("tanh", "def tanh(x):\n    return -np.tanh(x)"),
    "sign of the exponent": ("logistic", LOGISTIC.replace("-x", "x")),
    "degrees": ("tanh", "def tanh(x):\n    return np.tanh(np.deg2rad(x))"),
    "base 2": ("logistic", LOGISTIC.replace("np.exp(-x)", "2 ** -x")),
    "rounded": ("logistic", LOGISTIC.replace("1 / (1 + np.exp(-x))", "np.round(np.tanh(x), 2)")),
    "leaky": ("relu", "def relu(x):\n    return np.where(x > 0, x, 0.01 * x)"),
    "absolute": ("relu", "def relu(x):\n    return np.abs(x)"),
    "a step": ("relu", "def relu(x):\n    return 1.0 * (x > 0)"),
    "gradient of another function": (
        "tanh_grad",
        TANH
        + LOGISTIC
        + """
def tanh_grad(x):
    return logistic(x) * (1 - logistic(x))
""",
    ),
    "its own error, by its right function": (
        "tanh_grad",
        TANH
        + """
def tanh_grad(x):
    return 1 - tanh(x)
""",
    ),
    "sign of the gradient": (
        "logistic_grad",
        LOGISTIC
        + """
def logistic_grad(x):
    return logistic(x) * (logistic(x) - 1)
""",
    ),
    "derivative of the array's order": (
        "logistic_grad",
        LOGISTIC
        + """
def logistic_grad(x):
    return np.gradient(logistic(x))
""",
    ),
    "the function in place of its gradient": ("relu_grad", RELU + "relu_grad = relu"),
    "one number for all": ("logistic", "def logistic(x):\n    return 0.5"),
    "prints": ("logistic", "def logistic(x):\n    print(1 / (1 + np.exp(-x)))"),
    "text": ("logistic", "def logistic(x):\n    return 'between 0 and 1'"),
    "one number too few": ("tanh", "def tanh(x):\n    return np.tanh(np.atleast_1d(x))[1:]"),
    "nothing but nan": ("tanh", "def tanh(x):\n    return np.tanh(x) * np.nan"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_functions_fail(kind: str) -> None:
    got = mark(*WRONG[kind])
    assert (got.status, got.share) == (Status.FAILED, Decimal(0)), got


def test_wrong_values_are_shown_beside_the_right_ones_at_public_points() -> None:
    got = mark(*WRONG["sign"])
    assert got.message == "tanh gives wrong values."
    assert got.details == {
        "expected": [
            "tanh(-2) = -0.964028",
            "tanh(-0.5) = -0.462117",
            "tanh(1) = 0.761594",
            "tanh(3) = 0.995055",
        ],
        "given": [
            "tanh(-2) = 0.964028",
            "tanh(-0.5) = 0.462117",
            "tanh(1) = -0.761594",
            "tanh(3) = -0.995055",
        ],
    }


def test_hidden_inputs_are_not_shown() -> None:
    seen = case_of(*WRONG["sign"])
    told = repr(CHECKS["tanh"].judge(seen))
    hidden = [*seen.asked[ORDINARY].params["points"][:-1], *seen.asked[EXTREME].params["points"]]
    assert not [point for point in hidden if f"{point:g}" in told]


def test_a_name_that_is_not_there_fails() -> None:
    got = mark("tanh", LOGISTIC)
    assert got.status is Status.FAILED
    assert got.message == "tanh is not defined: not attempted, or its cell does not run."


def test_a_name_that_is_no_function_fails_and_is_told_as_what_it_is() -> None:
    got = mark("tanh", LOGISTIC + "tanh = 3")
    assert got.status is Status.FAILED
    assert got.message == "tanh is a value of type int and no function of the notebook's own."


def test_a_stub_fails_with_its_error() -> None:
    got = mark("tanh", "def tanh(x):\n    # TODO: compute tanh\n    return result")
    assert got.status is Status.FAILED
    assert "NameError: name 'result' is not defined" in got.message


def test_a_function_of_another_number_of_inputs_fails_with_its_error() -> None:
    got = mark("tanh", "def tanh(x, y):\n    return np.tanh(x)")
    assert got.status is Status.FAILED
    assert "missing 1 required positional argument" in got.message


def test_truncation_of_whole_numbers_costs_a_share() -> None:
    source = """
def logistic(x):
    result = np.zeros_like(x)
    result[:] = 1 / (1 + np.exp(-x))
    return result
"""
    got = mark("logistic", source)
    assert (got.status, got.share) == (Status.PARTIAL, Decimal("0.75"))
    assert "whole numbers" in got.message


# --- gradients and their functions ------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "source"),
    [
        (
            "logistic_grad",
            LOGISTIC
            + """
def logistic_grad(x, h=1e-6):
    return (logistic(x + h) - logistic(x - h)) / (2 * h)
""",
        ),
        (
            "logistic_grad",
            LOGISTIC
            + """
def logistic_grad(x):
    return (logistic(x + 1e-6) - logistic(x)) / 1e-6
""",
        ),
        (
            "tanh_grad",
            TANH
            + """
def tanh_grad(x):
    return (tanh(x + 1e-3) - tanh(x - 1e-3)) / 2e-3
""",
        ),
        (
            "relu_grad",
            RELU
            + """
def relu_grad(x):
    return (relu(x + 1e-7) - relu(x - 1e-7)) / 2e-7
""",
        ),
        (
            "tanh_grad",
            TANH
            + """
def tanh_grad(x):
    return np.array([(tanh(v + 1e-5) - tanh(v - 1e-5)) / 2e-5 for v in x])
""",
        ),
    ],
)
def test_differences_cost_a_small_share(name: str, source: str) -> None:
    got = mark(name, source)
    assert (got.status, got.share) == (Status.PARTIAL, Decimal("0.75")), got
    assert "differences" in got.message


BAD_TANH = "def tanh(x):\n    return np.sinh(x)\n"


@pytest.mark.parametrize(
    "gradient",
    [
        "return 1 - tanh(x) ** 2",
        "y = tanh(x)\n    return 1 - y * y",
        "return np.array([1 - tanh(v) ** 2 for v in x])",
        "return (1 - tanh(x) ** 2, tanh(x))",
    ],
)
def test_a_gradient_by_a_wrong_function_goes_to_a_person(gradient: str) -> None:
    got = mark("tanh_grad", f"{BAD_TANH}def tanh_grad(x):\n    {gradient}")
    assert got.status is Status.REVIEW, got
    assert "uses tanh, which is wrong itself" in got.message


def test_a_right_gradient_beside_a_wrong_function_passes() -> None:
    source = BAD_TANH + "def tanh_grad(x):\n    return 1 / np.cosh(np.clip(x, -350, 350)) ** 2"
    assert mark("tanh_grad", source).status is Status.PASSED


def test_a_wrong_gradient_that_never_calls_the_wrong_function_fails() -> None:
    source = BAD_TANH + "def tanh_grad(x):\n    return 1 - np.sinh(x) ** 2"
    assert mark("tanh_grad", source).status is Status.FAILED


def test_a_gradient_is_wrong_where_the_function_it_calls_is_right() -> None:
    half = "def tanh(x):\n    return np.where(x > 0, np.tanh(x), 7)\n"
    assert (
        mark("tanh_grad", half + "def tanh_grad(x):\n    return 1 - tanh(x)").status
        is Status.FAILED
    )
    assert (
        mark("tanh_grad", half + "def tanh_grad(x):\n    return 1 - tanh(x) ** 2").status
        is Status.REVIEW
    )


@pytest.mark.parametrize(
    "gradient",
    [
        "return 1 - tanh(x) ** 2",
        "return [1 - tanh(v) ** 2 for v in x]",
    ],
)
def test_an_overflow_is_not_paid_twice(gradient: str) -> None:
    source = OVERFLOWING["tanh"][1] + f"\ndef tanh_grad(x):\n    {gradient}"
    assert mark("tanh", source).share == Decimal("0.75")
    got = mark("tanh_grad", source)
    assert (got.status, got.share) == (Status.PASSED, Decimal(1)), got
    assert got.message == "Right on all inputs, but for what follows from tanh."


def test_deductions_add_up() -> None:
    source = """
def tanh_grad(x):
    slope = (tanh(x + 1e-6) - tanh(x - 1e-6)) / 2e-6
    return slope * np.exp(2 * x) / np.exp(2 * x)
"""
    got = mark("tanh_grad", TANH + source)
    assert (got.status, got.share) == (Status.PARTIAL, Decimal("0.5"))


def test_the_function_is_put_back_after_it_was_watched() -> None:
    names = namespace(LOGISTIC + "def logistic_grad(x):\n    1 / 0", handout=IMPORTS)
    before = names["logistic"]
    asked = CHECKS["logistic_grad"].questions(np.random.default_rng(1))
    assert ask(asked[SHIFTED], names).value == {"shifted": 0, "calls": 0}
    assert names["logistic"] is before


# --- answers that are none --------------------------------------------------------------------


def changed(name: str, source: str, **answers: Answer) -> Outcome:
    """The outcome with some of the answers replaced, by the name of their number."""
    places = {
        "ordinary": ORDINARY,
        "extreme": EXTREME,
        "whole": WHOLE,
        "shown": SHOWN,
        "large": LARGE,
        "shifted": SHIFTED,
        "base": BASE_ORDINARY,
    }
    seen = case_of(name, source)
    given = list(seen.answers)
    for key, answer in answers.items():
        given[places[key]] = answer
    return CHECKS[name].judge(replace(seen, answers=tuple(given)))


def ok(value: Any) -> Answer:
    return Answer(status=AnswerStatus.OK, value=value)


def test_a_function_that_does_not_come_back_fails() -> None:
    got = changed("tanh", TANH, ordinary=Answer(status=AnswerStatus.TIMEOUT))
    assert (got.status, got.message) == (Status.FAILED, "tanh did not come back in time.")


def test_a_function_that_does_not_come_back_for_large_inputs_loses_a_share() -> None:
    got = changed("tanh", TANH, extreme=Answer(status=AnswerStatus.TIMEOUT))
    assert (got.status, got.share) == (Status.PARTIAL, Decimal("0.75"))


@pytest.mark.parametrize("status", [AnswerStatus.LOST, AnswerStatus.MALFORMED])
@pytest.mark.parametrize("which", ["ordinary", "extreme", "whole", "shown"])
def test_an_answer_that_was_lost_costs_nothing_and_is_an_error(
    status: AnswerStatus, which: str
) -> None:
    assert changed("tanh", TANH, **{which: Answer(status=status)}).status is Status.ERROR


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        "text",
        [],
        {},
        {"values": None},
        {"values": "0.5"},
        {"values": [0.5] * 27},
        {"values": np.zeros(27)},
        {"values": np.zeros(3)},
        {"values": np.zeros((27, 1))},
        {"values": np.full(27, np.nan)},
        {"values": np.full(27, np.inf)},
        {"values": np.full(27, 1e308)},
        {"values": np.zeros(27, dtype=bool)},
        {"values": np.full(27, np.nan), "errors": "none"},
        {"values": None, "errors": [{"a": 1}]},
    ],
)
def test_forged_values_earn_nothing(value: Any) -> None:
    got = changed("tanh", TANH, ordinary=ok(value))
    assert got.status in (Status.FAILED, Status.ERROR)
    assert got.share == 0


@pytest.mark.parametrize(
    "value",
    [
        None,
        "text",
        [],
        {},
        {"calls": "many"},
        {"calls": None, "shifted": None},
        {"shifted": -3, "calls": 2.5},
    ],
)
def test_forged_counts_of_calls_excuse_nothing(value: Any) -> None:
    name, source = WRONG["its own error, by its right function"]
    assert changed(name, source, shifted=ok(value)).status is Status.FAILED


def test_the_questions_depend_on_the_stream_alone() -> None:
    check = CHECKS["tanh_grad"]
    one, same, other = (
        [codec.digest(question) for question in check.questions(np.random.default_rng(seed))]
        for seed in (1, 1, 2)
    )
    assert one == same
    assert [a == b for a, b in zip(one, other, strict=True)].count(True) == 2  # the public points


@pytest.mark.parametrize("tolerance", [0.0099, 0.01, 0.0101])
def test_every_tolerance_is_relative(tolerance: float) -> None:
    check = FunctionValues(function="f", tolerance=tolerance)
    asked = check.questions(np.random.default_rng(1))
    right = tuple(ask(q, namespace("def f(x):\n    return 1000 + 0 * x", "")) for q in asked)
    near = tuple(ask(q, namespace("def f(x):\n    return 1005 + 0 * x", "")) for q in asked)
    found = check.judge(replace(case(check, asked, near), expected=right))
    assert found.status is Status.PASSED


def test_a_number_is_not_near_an_infinity() -> None:
    check = FunctionValues(function="f")
    asked = check.questions(np.random.default_rng(1))
    right = tuple(
        ask(q, namespace("def f(x):\n    return x * np.inf", "import numpy as np")) for q in asked
    )
    wrong = tuple(ask(q, namespace("def f(x):\n    return x * 5.0", "")) for q in asked)
    assert check.judge(replace(case(check, asked, wrong), expected=right)).share == 0
