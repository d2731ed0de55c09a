"""Credit for values, and for what follows from a slip: hand-made cases, and a round trip."""

from __future__ import annotations

import math
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from grader.core.errors import UsageError
from grader.quiz import graph as graphs
from grader.quiz import marking, variants
from grader.quiz.graph import Graph
from grader.quiz.marking import ValueVerdict

# f = x * y + sin(x * y) at x = 2, y = 0.6: v1 = 1.2, v2 = sin(1.2), v3 = v1 + v2
SMALL = graphs.build("x * y + sin(x * y)", {"x": 2.0, "y": 0.6})
RIGHT = {
    "v1": "1.2000",
    "v2": "0.9320",
    "v3": "2.1320",
    "adj_v1": "1.3624",
    "adj_v2": "1.0000",
    "adj_v3": "1.0000",
    "grad_x": "0.8174",
    "grad_y": "2.7247",
}


def verdicts(graph: Graph, texts: dict[str, str]) -> dict[str, str]:
    """Of all values that are not right."""
    marks = marking.mark(graph, texts)
    return {m.name: m.verdict.value for m in marks if m.verdict is not ValueVerdict.RIGHT}


def notes(graph: Graph, texts: dict[str, str]) -> dict[str, str]:
    return {m.name: m.note for m in marking.mark(graph, texts) if m.note}


def test_right_answers_are_right_in_the_order_of_the_quiz() -> None:
    marks = marking.mark(SMALL, RIGHT)
    assert [m.name for m in marks] == list(RIGHT)
    assert {m.verdict for m in marks} == {ValueVerdict.RIGHT}


def test_a_slip_carried_on_costs_only_itself() -> None:
    # v1 = 1.4: sin = 0.9854, sum 2.3854, adj 1 + cos(1.4) = 1.1700, grad 0.7020 and 2.3399
    carried = RIGHT | {
        "v1": "1.4",
        "v2": "0.9854",
        "v3": "2.3854",
        "adj_v1": "1.1700",
        "grad_x": "0.7020",
        "grad_y": "2.3399",
    }
    found = verdicts(SMALL, carried)
    assert found.pop("v1") == "wrong"
    assert set(found.values()) == {"follows"}


def test_a_slip_not_carried_on_costs_only_itself() -> None:
    assert verdicts(SMALL, RIGHT | {"v2": "0.5"}) == {"v2": "wrong"}


def test_the_note_names_the_value_it_follows_from() -> None:
    told = notes(SMALL, RIGHT | {"v2": "0.5", "v3": "1.7"})
    assert told == {"v3": "right, given your v2"}


def test_an_empty_field_is_no_zero_and_what_comes_after_is_judged_by_the_right_value() -> None:
    assert verdicts(SMALL, RIGHT | {"v1": ""}) == {"v1": "empty"}
    assert verdicts(SMALL, RIGHT | {"v1": "-", "v2": "0"}) == {"v1": "empty", "v2": "wrong"}


def test_nothing_given_is_all_empty() -> None:
    assert set(verdicts(SMALL, {}).values()) == {"empty"}


def test_a_formula_or_a_word_is_no_number() -> None:
    assert verdicts(SMALL, RIGHT | {"v1": "=2*0.6"}) == {"v1": "not a number"}
    assert notes(SMALL, RIGHT | {"v1": "=2*0.6"}) == {"v1": "a formula, not a number"}
    assert verdicts(SMALL, RIGHT | {"v1": "viel"}) == {"v1": "not a number"}


def test_zero_earns_no_consequence() -> None:
    # v1 = 0 makes sin trivial: 0, and v1 + v2 as well
    found = verdicts(SMALL, RIGHT | {"v1": "0", "v2": "0", "v3": "0"})
    assert found == {"v1": "wrong", "v2": "trivial", "v3": "trivial"}


def test_one_as_a_factor_earns_no_consequence_but_as_a_summand_it_does() -> None:
    product = graphs.build("(x + y) * y", {"x": 2.0, "y": 0.6})
    assert verdicts(product, {"v1": "1", "v2": "0.6"} | rest(product))["v2"] == "trivial"
    total = graphs.build("(x * y) + y", {"x": 2.0, "y": 0.6})
    assert verdicts(total, {"v1": "1", "v2": "1.6"} | rest(total)) == {
        "v1": "wrong",
        "v2": "follows",
    }


def rest(graph: Graph) -> dict[str, str]:
    """All adjoints and the gradient, right."""
    solution = graphs.solution(graph)
    return {n: f"{v:.4f}" for g in ("adjoints", "gradient") for n, v in solution[g].items()}


def test_a_dead_unit_of_ones_own_earns_no_consequence() -> None:
    # relu(x - y) with x - y = 0.7; the student's -0.7 makes all that comes after it zero
    graph = graphs.build("relu(x - y) * x", {"x": 1.3, "y": 0.6})
    texts = {"v1": "-0.7", "v2": "0", "v3": "0", "adj_v3": "1", "adj_v2": "1.3", "adj_v1": "0"}
    found = verdicts(graph, texts | {"grad_x": "0", "grad_y": "0"})
    assert (found["v1"], found["v3"], found["adj_v1"]) == ("wrong", "trivial", "trivial")
    assert {found["grad_x"], found["grad_y"]} <= {"trivial", "wrong"}


def test_a_derivative_may_be_written_with_the_functions_own_value() -> None:
    # s(x) = 0.7858 at x = 1.3; with a slip of 0.6 the derivative is 0.24 by s * (1 - s)
    graph = graphs.build("sigmoid(x) * y", {"x": 1.3, "y": 0.7})
    texts = {"v1": "0.6", "v2": "0.42", "adj_v1": "0.7", "adj_v2": "1", "grad_y": "0.6"}
    assert verdicts(graph, texts | {"grad_x": "0.168"})["grad_x"] == "follows"
    assert "grad_x" not in verdicts(graph, texts | {"grad_x": "0.1178"})
    easy = texts | {"v1": "1", "v2": "0.7", "grad_x": "0", "grad_y": "1"}
    assert verdicts(graph, easy)["grad_x"] == "trivial"


def test_infinity_and_huge_numbers_earn_no_consequence() -> None:
    # With v1 = 1e300 the sum is 1e300, too.
    found = verdicts(SMALL, RIGHT | {"v1": "1e300", "v3": "1e300"})
    assert found == {"v1": "wrong", "v3": "trivial"}


def test_a_value_made_up_to_fit_its_consequence_earns_nothing() -> None:
    # The result is known from a friend; v2 is set so that v1 + v2 comes out.
    found = verdicts(SMALL, {"v1": "1.5", "v2": "0.632", "v3": "2.132"})
    assert (found["v1"], found["v2"]) == ("wrong", "wrong")
    assert "v3" not in found


def test_a_sign_slip_is_named() -> None:
    assert notes(SMALL, RIGHT | {"v2": "-0.9320"}) == {"v2": "the sign is wrong"}


def test_a_forgotten_use_is_named() -> None:
    # v1 is used in v2 and v3; only the path through v3 was taken.
    told = notes(SMALL, RIGHT | {"adj_v1": "1.0000"})
    assert told == {"adj_v1": "the use in v2 is missing: adjoints add up over all uses"}


def test_swapped_partial_derivatives_are_named() -> None:
    # grad_x = adj_v1 * y; with x in place of y it is 2.7247.
    told = notes(SMALL, RIGHT | {"grad_x": "2.7247"})
    assert told == {"grad_x": "the partial derivatives of v1 look swapped"}


def test_adjoints_may_follow_with_right_or_own_forward_values() -> None:
    # The student's v1 is 1.4; the adjoint by the right v1 is right, by the own one follows.
    wrong = RIGHT | {"v1": "1.4"}
    assert "adj_v1" not in verdicts(SMALL, wrong)
    assert verdicts(SMALL, wrong | {"adj_v1": "1.1700"})["adj_v1"] == "follows"


def test_tolerance_is_half_a_digit_at_least_and_wider_where_rounding_adds_up() -> None:
    order = marking.steps(SMALL)
    right = marking.solve(SMALL, order)
    slack = marking.tolerances(SMALL, order, right, 0.0)
    assert slack["v1"] == pytest.approx(0.5e-4, rel=1e-3)
    assert slack["v3"] == pytest.approx(0.5e-4 * (1 + 1 + 1 + math.cos(1.2)), rel=1e-2)


QUIZ = graphs.read(Path(__file__).parents[2] / "reference" / "dais2021-a4" / "autodiff.toml")


def binary(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner)
    calls = st.tuples(st.sampled_from(["sin", "cos", "tanh", "sigmoid", "exp"]), inner)
    return pairs.map(lambda p: f"({p[0]} {p[1]} {p[2]})") | calls.map(lambda c: f"{c[0]}({c[1]})")


expressions = st.recursive(st.sampled_from(["x", "y", "2.5"]), binary, max_leaves=6).filter(
    lambda text: "x" in text and "y" in text
)


@given(expressions, st.integers(0, 10**6), st.booleans(), st.data())
@settings(max_examples=300)
def test_round_trip_of_perfect_empty_and_one_slip(
    text: str, seed: int, german: bool, data: st.DataObject
) -> None:
    graph = variant(text, seed)
    order = marking.steps(graph)
    right = marking.solve(graph, order)
    perfect = typed(graph, right, german=german)
    assert verdicts(graph, perfect) == {}
    assert set(verdicts(graph, {}).values()) == {"empty"}

    slip = data.draw(st.sampled_from([step.name for step in order]))
    slack = marking.tolerances(graph, order, right, 0.005)[slip]
    change = data.draw(st.floats(0.1, 0.9)) + 4 * slack
    own = dict(graph.point)
    for step in order:
        try:
            own[step.name] = round(step.compute(own), graph.digits)
        except (ValueError, ZeroDivisionError, OverflowError):
            assume(False)
        if step.name == slip:
            own[step.name] = round(own[step.name] + change, graph.digits)
    changed = [
        own[name]
        for name in right
        if name not in graph.point and abs(own[name] - right[name]) > 1e-4
    ]
    assume(all(abs(v - trap) > 0.02 for v in changed for trap in (0, 1, -1)))
    assume(all(math.isfinite(v) and abs(v) < 1e4 for v in own.values()))
    lost = {
        n: v for n, v in verdicts(graph, typed(graph, own, german=german)).items() if v != "follows"
    }
    assert lost == {slip: "wrong"}


def test_what_follows_from_a_value_within_its_tolerance_follows() -> None:
    """Rounded by hand, -0.2488 is right for -0.2499; what comes of it is farther off."""
    graph = variant("sigmoid(((2.5 - x) - tanh(y)))", 0)
    own = {
        "v1": 0.9,
        "v2": 0.8617,
        "v3": 0.1406,
        "v4": 0.5351,
        "adj_v4": 1.0,
        "adj_v3": 0.2488,
        "adj_v2": -0.2488,
        "adj_v1": 0.2488,
        "grad_x": -0.2488,
        "grad_y": -0.064,
    }
    found = verdicts(graph, typed(graph, own, german=False))
    assert found == {"v3": "wrong", "v4": "follows", "grad_y": "follows"}


def variant(text: str, seed: int) -> Graph:
    """The expression at a point with readable values."""
    try:
        graph = graphs.build(text, {"x": 1.3, "y": 0.7})
        with patch.object(variants, "TRIES", 30):
            return variants.draw(graph, 1, seed)[0]
    except (ValueError, UsageError):
        assume(False)
        raise


def typed(graph: Graph, values: dict[str, float], *, german: bool) -> dict[str, str]:
    """Answers as a student types them, rounded, with comma or point."""
    texts = {n: f"{v:.{graph.digits}f}" for n, v in values.items() if n not in graph.point}
    return {n: t.replace(".", ",") for n, t in texts.items()} if german else texts


# --- wild answers -----------------------------------------------------------------------------

GRAPHS = [
    graphs.build("exp(x1 * x2)", {"x1": 0.5, "x2": 0.2}),
    graphs.build("log(x) / y ** 2 - sqrt(x * y)", {"x": 1.5, "y": 0.6}),
    graphs.build("tanh(x) ** y + sigmoid(-x / y)", {"x": 1.5, "y": 0.6}),
]
WILD = st.sampled_from(
    [*["0", "1", "-1", "1000", "-1000", "710", "1e300", "-1e300", "1e-300", "x"], ""]
)


def test_a_thousand_where_the_exponential_overflows_costs_its_own_value_alone() -> None:
    of = GRAPHS[0]
    right = {m.name: f"{m.expected:.4f}" for m in marking.mark(of, {})}
    found = verdicts(of, right | {"v1": "1000", "adj_v1": "7"})
    assert found == {"v1": "wrong", "adj_v1": "wrong"}


@given(st.sampled_from(GRAPHS), st.data())
def test_no_answer_whatever_ends_the_marking(of: Graph, data: st.DataObject) -> None:
    names = [m.name for m in marking.mark(of, {})]
    texts = {name: data.draw(st.one_of(WILD, st.floats().map(repr))) for name in names}
    assert [m.name for m in marking.mark(of, texts)] == names
