"""Function plots: any way of drawing passes, and each part that is missing costs its share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib._pylab_helpers import Gcf

from grader.checks.functions.plots import FunctionPlot, all_axes, lines_of
from grader.core.model import Answer, AnswerStatus, Case, Outcome, Status
from grader.sandbox.inside import figures
from grader.sandbox.inside.fixtures.figures import install
from tests.checks.model_evaluation.evaluation_task import ask, case, namespace

matplotlib.use("Agg")

CHECKS = {
    "logistic": FunctionPlot(plot="plot_logistic", function="logistic", gradient="logistic_grad"),
    "relu": FunctionPlot(plot="plot_relu", function="relu", gradient="relu_grad"),
}
HANDOUT = """
import numpy as np
import matplotlib.pyplot as plt

def logistic(x):
    return 1 / (1 + np.exp(-x))

def logistic_grad(x):
    return logistic(x) * (1 - logistic(x))

def relu(x):
    return np.maximum(x, 0.0)

def relu_grad(x):
    return 1.0 * (x > 0)
"""


@pytest.fixture(autouse=True)
def recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The figures fixture, for one test."""
    for name in ("destroy", "destroy_all"):
        monkeypatch.setattr(Gcf, name, getattr(Gcf, name))
    monkeypatch.setattr(figures, "recorded", [])
    install({})
    yield
    plt.close("all")


def drawing(body: str, name: str = "logistic") -> str:
    """The source of a plotting function, with `f` and `g` for the function and its gradient."""
    body = body.replace("f(x)", f"{name}(x)").replace("g(x)", f"{name}_grad(x)")
    lines = "\n".join("    " + line for line in body.strip("\n").splitlines())
    return f"def plot_{name}(x_min, x_max):\n{lines}\n"


def case_of(source: str, name: str = "logistic", seed: int = 1) -> Case:
    """What the check sees of a notebook: the functions of the handout, then `source`."""
    check = CHECKS[name]
    asked = check.questions(np.random.default_rng(seed))
    names = namespace(source, handout=HANDOUT)
    right = namespace(drawing(COMPLETE, name), handout=HANDOUT)
    seen = case(check, asked, (ask(asked[0], names),))
    return replace(seen, expected=(ask(asked[0], right),))


def mark(body: str, name: str = "logistic", before: str = "", seed: int = 1) -> Outcome:
    return CHECKS[name].judge(case_of(before + drawing(body, name), name, seed))


COMPLETE = """
x = np.linspace(x_min, x_max, 200)
plt.plot(x, f(x), 'b', label='function')
plt.plot(x, g(x), 'r', label='gradient')
plt.title('function and gradient')
plt.xlabel('x')
plt.ylabel('y')
plt.legend()
"""
SUBPLOTS = """
x = np.linspace(x_min, x_max)
figure, (left, right) = plt.subplots(1, 2)
left.plot(x, f(x))
right.plot(x, g(x))
for ax, title in ((left, 'function'), (right, 'gradient')):
    ax.set(title=title, xlabel='x', ylabel='y')
"""
SCATTER = """
x = np.arange(x_min, x_max, 0.2)
plt.scatter(x, f(x), s=3, label='function')
plt.scatter(x, g(x), s=3, label='gradient')
plt.suptitle('function and gradient')
plt.xlabel('x'); plt.ylabel('y'); plt.legend()
plt.show()
"""
TWO_FIGURES = """
x = np.linspace(x_min, x_max, 300)
for values, name in ((f(x), 'function'), (g(x), 'gradient')):
    plt.figure()
    plt.plot(x, values, label=name)
    plt.title(name); plt.xlabel('x'); plt.ylabel('y'); plt.legend()
    plt.show()
"""
CLOSES = COMPLETE + "plt.show()\nplt.close()\n"
RETURNS = """
from matplotlib.figure import Figure
figure = Figure()
ax = figure.add_subplot()
x = np.linspace(x_min, x_max, 100)
ax.plot(x, f(x), label='function')
ax.plot(x, g(x), label='gradient')
ax.set(title='both', xlabel='x', ylabel='y')
ax.legend()
return figure
"""
STEPS = COMPLETE.replace("np.linspace(x_min, x_max, 200)", "np.arange(x_min, x_max, 0.1)")
LISTS = """
x = list(np.linspace(x_min, x_max, 100))
plt.plot(x, [float(f(x)) for x in x], x, [float(g(x)) for x in x])
plt.title('both'); plt.xlabel('x'); plt.ylabel('y')
plt.legend(['function', 'gradient'])
"""
TWINS = """
x = np.linspace(x_min, x_max, 100)
fig, ax = plt.subplots()
ax.plot(x, f(x), color='tab:blue')
ax.plot(x, g(x), color='tab:orange')
ax.axhline(0, color='k'); ax.axvline(0, color='k')
ax.set_title('both', loc='left'); ax.set_xlabel('x'); ax.set_ylabel('y')
fig.legend(['function', 'gradient'])
plt.close(fig)
"""


@pytest.mark.parametrize(
    "body",
    [COMPLETE, SUBPLOTS, SCATTER, TWO_FIGURES, CLOSES, RETURNS, STEPS, LISTS, TWINS],
    ids=[
        "complete",
        "subplots",
        "scatter",
        "two figures",
        "closes",
        "returns a figure",
        "steps",
        "lists",
        "legend of the figure",
    ],
)
@pytest.mark.parametrize("name", CHECKS)
def test_complete_plots_pass(body: str, name: str) -> None:
    got = mark(body, name)
    assert (got.status, got.share) == (Status.PASSED, Decimal(1)), got


@pytest.mark.parametrize("seed", range(2, 12))
def test_complete_plots_pass_for_any_interval(seed: int) -> None:
    assert mark(COMPLETE, "relu", seed=seed).status is Status.PASSED


@pytest.mark.parametrize("seed", [1, 2])
def test_whole_numbers_by_range_are_an_interval(seed: int) -> None:
    """The handout calls `plot_logistic(-8, 8)`, for which range works."""
    body = COMPLETE.replace("np.linspace(x_min, x_max, 200)", "np.array(range(x_min, x_max + 1))")
    assert mark(body, seed=seed).status is Status.PASSED


LACKING = {
    "one colour": (COMPLETE.replace("'r'", "'b'"), "0.9", "one colour"),
    "no legend": (COMPLETE.replace("plt.legend()", ""), "0.9", "no legend"),
    "a legend of one entry": (COMPLETE.replace(", label='gradient'", ""), "0.9", "no legend"),
    "no labels": (COMPLETE.replace("plt.xlabel('x')\nplt.ylabel('y')", ""), "0.9", "no label"),
    "one label": (COMPLETE.replace("plt.ylabel('y')", ""), "0.9", "no label"),
    "no title": (COMPLETE.replace("plt.title('function and gradient')", ""), "0.9", "no title"),
    "a title of spaces": (COMPLETE.replace("function and gradient", "  "), "0.9", "no title"),
    "no texts": (COMPLETE[: COMPLETE.index("plt.title")], "0.7", "no title"),
    "gradient missing": (
        COMPLETE.replace("plt.plot(x, g(x), 'r', label='gradient')", ""),
        "0.5",
        "the gradient's curve is missing or wrong",
    ),
    "function missing": (
        COMPLETE.replace("plt.plot(x, f(x), 'b', label='function')", ""),
        "0.5",
        "the function's curve is missing or wrong",
    ),
    "function twice": (COMPLETE.replace("g(x)", "f(x)"), "0.6", "gradient's curve is missing"),
    "upside down": (COMPLETE.replace("g(x)", "-g(x)"), "0.6", "gradient's curve is missing"),
    "axes swapped": (
        COMPLETE.replace("x, f(x)", "f(x), x").replace("x, g(x)", "g(x), x"),
        "0.3",
        "the function's curve is missing or wrong",
    ),
    "without x": (
        COMPLETE.replace("x, f(x)", "f(x)").replace("x, g(x)", "g(x)"),
        "0.3",
        "the function's curve is missing or wrong",
    ),
    "constant lines": (
        COMPLETE.replace("x, f(x)", "x, 0 * x").replace("x, g(x)", "x, 0 * x + 1"),
        "0.3",
        "the gradient's curve is missing or wrong",
    ),
    "six points": (COMPLETE.replace("200", "6"), "0.3", "the function's curve is missing"),
}


@pytest.mark.parametrize("kind", LACKING)
def test_what_is_missing_costs_its_share(kind: str) -> None:
    body, share, words = LACKING[kind]
    got = mark(body)
    assert (got.status, str(got.share)) == (Status.PARTIAL, share), got
    assert words in got.message


@pytest.mark.parametrize("interval", ["-2, 2", "x_min, 0", "0, x_max", "-30, 30", "-100, 100"])
def test_another_interval_loses_the_curves(interval: str) -> None:
    got = mark(COMPLETE.replace("x_min, x_max", interval))
    assert (got.status, str(got.share)) == (Status.PARTIAL, "0.3"), got


@pytest.mark.parametrize("body", ["pass", "# TODO", "plt.figure()", "return x_min"])
def test_no_figure_fails(body: str) -> None:
    got = mark(body.replace("# TODO", "..."))
    assert (got.status, got.message) == (Status.FAILED, "plot_logistic draws no figure.")


def test_an_empty_figure_fails() -> None:
    got = mark("plt.axes()")
    assert got.status is Status.FAILED
    assert "draws something else" in got.message


def test_a_plot_that_is_not_there_fails() -> None:
    got = CHECKS["logistic"].judge(case_of(""))
    assert got.status is Status.FAILED
    assert "plot_logistic is not defined" in got.message


def test_a_plot_that_raises_fails_with_its_error() -> None:
    got = mark("plt.plot(unknown)")
    assert got.status is Status.FAILED
    assert "NameError: name 'unknown' is not defined" in got.message


@pytest.mark.parametrize(
    "own",
    [
        "def logistic(x):\n    return np.sin(x)\n",
        "def logistic_grad(x):\n    return -np.cos(x)\n",
    ],
)
def test_a_plot_of_the_students_own_wrong_function_passes(own: str) -> None:
    assert mark(COMPLETE, before=own).status is Status.PASSED


def test_the_right_curve_beside_a_wrong_function_passes() -> None:
    body = COMPLETE.replace("f(x)", "(1 + np.tanh(x / 2)) / 2")
    body = body.replace("g(x)", "1 / (2 + 2 * np.cosh(x))")
    assert mark(body, before="def logistic(x):\n    return np.sin(x)\n").status is Status.PASSED


def test_a_pole_of_the_students_own_function_does_not_cost_the_plot() -> None:
    before = (
        "def logistic(x):\n    with np.errstate(all='ignore'):\n        return 1 / np.tanh(x)\n"
    )
    got = mark(COMPLETE.replace("200", "401"), before=before)
    assert (got.status, got.share) == (Status.PASSED, Decimal(1)), got


def test_constant_functions_of_the_students_own_do_not_make_constant_lines_right() -> None:
    own = "def logistic(x):\n    return 0 * x\ndef logistic_grad(x):\n    return 0 * x\n"
    got = mark(COMPLETE, before=own)
    assert got.status is not Status.PASSED
    assert got.share <= Decimal("0.4")


def test_scalar_functions_are_drawn_point_by_point() -> None:
    own = "import math\ndef logistic(x):\n    return 1 / (1 + math.exp(-x))\n"
    assert mark(LISTS, before=own).status is Status.PASSED


def test_figures_of_before_do_not_count() -> None:
    got = CHECKS["logistic"].judge(
        case_of(drawing(COMPLETE) + "plot_logistic(-8, 8)\ndef plot_logistic(a, b): pass")
    )
    assert got.message == "plot_logistic draws no figure."


# --- answers that are none --------------------------------------------------------------------


def judged(answer: Answer) -> Outcome:
    return CHECKS["logistic"].judge(replace(case_of(drawing(COMPLETE)), answers=(answer,)))


def test_a_plot_that_does_not_come_back_fails() -> None:
    assert judged(Answer(status=AnswerStatus.TIMEOUT)).status is Status.FAILED


@pytest.mark.parametrize("status", [AnswerStatus.LOST, AnswerStatus.MALFORMED])
def test_lost_answers_are_an_error(status: AnswerStatus) -> None:
    assert judged(Answer(status=status)).status is Status.ERROR


def axes(**changes: Any) -> dict[str, Any]:
    """Forged axes: all texts there, and lines that are none."""
    return {"title": "t", "xlabel": "x", "ylabel": "y", "legend": ["a", "b"], "lines": []} | changes


X = np.linspace(-8, 8, 100)
FORGED: list[Any] = [
    None,
    7,
    "figures",
    [],
    {"figures": "all"},
    {"figures": [None, 3, "x", []]},
    {"figures": [{"axes": None}, {"axes": [1, None]}]},
    {"figures": [{"axes": [axes(lines="lines")]}]},
    {"figures": [{"axes": [axes(lines=[None, 1, {}])]}]},
    {"figures": [{"axes": [axes(lines=[{"x": "a", "y": "b"}])]}]},
    {"figures": [{"axes": [axes(lines=[{"x": X, "y": X[:3]}])]}]},
    {"figures": [{"axes": [axes(lines=[{"x": X.astype(int), "y": X.astype(int)}])]}]},
    {"figures": [{"axes": [axes(lines=[{"x": X, "y": X * np.nan}])]}]},
    {"figures": [{"axes": [axes(lines=[{"x": X * np.inf, "y": X}])]}]},
    {"figures": [{"axes": [axes(lines=[{"x": X * 1e307, "y": X * 1e307}])]}]},
    {
        "figures": [
            {
                "axes": [axes(lines=[{"x": X, "y": X, "color": 3, "label": []}], title=[1])],
                "suptitle": 5,
                "legend": {"a": 1},
                "cell": "x",
            }
        ]
    },
    {"figures": [{"axes": [axes(lines=[{"x": X, "y": X}])]}], "own": {"x": X, "values": "f"}},
    {
        "figures": [{"axes": [axes(lines=[{"x": X, "y": X}])]}],
        "own": {"x": X[::-1], "values": {"logistic": X, "logistic_grad": X}},
    },
    {
        "figures": [{"axes": [axes(lines=[{"x": X, "y": X}])]}],
        "own": {"x": X * np.nan, "values": {"logistic": X, "logistic_grad": X * np.inf}},
    },
]


@pytest.mark.parametrize("value", FORGED)
@pytest.mark.filterwarnings("ignore:invalid value", "ignore:overflow")
def test_forged_figures_earn_no_curve(value: Any) -> None:
    got = judged(Answer(status=AnswerStatus.OK, value=value))
    assert got.status in (Status.FAILED, Status.ERROR, Status.PARTIAL)
    assert got.share <= Decimal("0.3")


def test_figures_are_read_in_the_form_that_checks_rely_on() -> None:
    answer = Answer(
        status=AnswerStatus.OK,
        value=[
            {
                "cell": 4,
                "suptitle": " all ",
                "legend": ["a", 1],
                "axes": [
                    {
                        "title": 3,
                        "lines": [
                            {"x": np.arange(3.0), "y": np.arange(3.0), "label": "one"},
                            {"x": 1},
                        ],
                    }
                ],
            }
        ],
    )
    (ax,) = all_axes(answer)
    assert (ax["cell"], ax["suptitle"], ax["title"], ax["xlabel"]) == (4, "all", "", "")
    assert ax["legend"] == ["a"]
    (line,) = lines_of(ax)
    assert (line["label"], line["color"]) == ("one", "")


# --- what is drawn so that nobody sees it, and what is drawn beside ------------------------------

UNSEEN = {
    "no width": "f(x), 'b', label='function'|f(x), 'b', label='function', linewidth=0",
    "transparent": "f(x), 'b', label='function'|f(x), 'b', label='function', alpha=0",
    "no colour": "f(x), 'b', label='function'|f(x), color=(0, 0, 1, 0), label='function'",
    "on white": "f(x), 'b', label='function'|f(x), color='white', label='function'",
    "no line": "f(x), 'b', label='function'|f(x), color='b', linestyle='', label='function'",
    "hidden": "f(x), 'b', label='function'|f(x), 'b', label='function', visible=False",
}


@pytest.mark.parametrize("change", UNSEEN.values(), ids=UNSEEN)
def test_a_line_that_nobody_sees_is_not_drawn(change: str) -> None:
    before, after = change.split("|")
    got = mark(COMPLETE.replace(before, after))
    assert got.status is Status.PARTIAL
    assert "function's curve is missing" in got.message


def test_lines_outside_of_the_limits_are_not_drawn() -> None:
    got = mark(COMPLETE + "plt.ylim(5, 9)\n")
    assert got.status is Status.FAILED


def test_limits_that_cut_a_part_off_cost_nothing() -> None:
    assert mark(COMPLETE + "plt.ylim(-0.1, 1.1)\n", "relu").status is Status.PASSED
    assert mark(COMPLETE + "plt.xlim(x_max, x_min)\n").status is Status.PASSED


def test_points_without_a_line_are_seen() -> None:
    assert mark(COMPLETE.replace("'b'", "'b.'").replace("'r'", "'rx'")).status is Status.PASSED


EVERYTHING = """
x = np.linspace(x_min, x_max, 200)
for n, values in enumerate((logistic(x), logistic_grad(x), relu(x), relu_grad(x))):
    for scale in (1, 2, 3):
        plt.plot(x, values * scale, label=f'{n} {scale}')
plt.title('all'); plt.xlabel('x'); plt.ylabel('y'); plt.legend()
"""


@pytest.mark.parametrize("name", CHECKS)
def test_who_draws_all_curves_there_are_has_not_drawn_the_one(name: str) -> None:
    got = mark(EVERYTHING, name)
    assert got.share == Decimal("0.3")  # title, labels and legend
    assert "so many other curves" in got.message
    fewer = EVERYTHING.replace("(1, 2, 3)", "(1,)")
    assert mark(fewer, name).share == Decimal("0.3")


def test_a_curve_beside_and_marks_cost_nothing() -> None:
    more = "plt.plot(x, np.gradient(f(x), x) * 1.5, 'g')\nplt.axhline(0)\nplt.plot(x, 0 * x + 1)\n"
    assert mark(COMPLETE + more).status is Status.PASSED


def test_two_wrong_curves_are_not_many_others() -> None:
    got = mark(COMPLETE.replace("f(x)", "f(x) * 2").replace("g(x)", "g(x) * 2"))
    assert "so many" not in got.message
