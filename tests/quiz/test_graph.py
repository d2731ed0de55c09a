"""The computational graph against torch's autograd, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
import sympy
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from grader.core.errors import UsageError
from grader.quiz import graph as graphs

ROOT = Path(__file__).parents[2]


UNARY = ["sin", "cos", "tanh", "sigmoid", "relu", "neg", "exp", "log", "sqrt"]


def binary(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner)
    powers = st.tuples(inner, st.sampled_from(["2", "3", "0.5", "x", "y"]))
    calls = st.tuples(st.sampled_from(UNARY), inner)
    return (
        pairs.map(lambda p: f"({p[0]} {p[1]} {p[2]})")
        | powers.map(lambda p: f"({p[0]} ** {p[1]})")
        | calls.map(lambda c: f"{c[0]}({c[1]})")
    )


expressions = st.recursive(st.sampled_from(["x", "y", "2.5"]), binary, max_leaves=8).filter(
    lambda text: "x" in text or "y" in text
)
numbers = st.floats(-2, 2).filter(lambda v: abs(v) > 1e-2)


@given(expressions, numbers, numbers)
@settings(max_examples=200)
def test_values_and_gradient_are_those_of_torch(text: str, x: float, y: float) -> None:
    """Of every operator, where the expression has a value and a gradient of ordinary size."""
    tx = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    ty = torch.tensor(y, dtype=torch.float64, requires_grad=True)
    names = {name: getattr(torch, name) for name in UNARY}
    names |= {"k": torch.tensor(2.5, dtype=torch.float64), "x": tx, "y": ty}
    value = eval(text.replace("2.5", "k"), {"__builtins__": {}}, names) + 0 * (tx + ty)
    value.backward()
    assert tx.grad is not None
    assert ty.grad is not None
    wanted = [value.item(), tx.grad.item(), ty.grad.item()]
    assume(all(abs(number) < 1e6 for number in wanted))  # also no NaN
    try:
        graph = graphs.build(text, {"x": x, "y": y})
        solution = graphs.solution(graph)
    except (ValueError, ArithmeticError):
        assume(False)  # a lone name computes nothing; a part has no value where the whole has one
    found = [list(solution["forward"].values())[-1], *solution["gradient"].values()]
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-9)


def test_a_value_used_twice_is_one_node_whose_adjoints_add_up() -> None:
    graph = graphs.build("x * y + sin(x * y)", {"x": 2.0, "y": 0.25})
    assert [node.operator for node in graph.nodes] == ["*", "sin", "+"]
    adjoints = graphs.solution(graph)["adjoints"]
    assert adjoints["adj_v1"] == pytest.approx(1 + torch.cos(torch.tensor(0.5)).item())


@pytest.mark.parametrize(
    "text",
    [
        *("__import__('os')", "x.real", "[x]", "x if y else x", "f(x)", "x @ y", "True + x", "x +"),
        *("-True * x", "-'1' * x", "2j * x", "sin(x, y)", "sin(x=y)", "sin(*x)", "z * x", "+x * y"),
        *("x \0", "x; y", "x := y", "sin", "v1 * x"),
        *("+".join("x" * 20_000), "(" * 400 + "x" + ")" * 400, "-" * 900 + "x", "x * " + "9" * 800),
    ],
)
def test_what_is_no_expression_of_ours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"allowed|expression"):
        graphs.build(text, {"x": 1.0, "y": 1.0})


@pytest.mark.parametrize("digits", [-1, 13, 10**9])
def test_a_value_has_as_many_digits_as_people_write(digits: int) -> None:
    with pytest.raises(ValueError, match="expected 0 to 12"):
        graphs.build("x * y", {"x": 1.0, "y": 1.0}, digits)


@pytest.mark.parametrize("name", ["v1", "adj_x", "grad_x", "exp", "x y", "1x"])
def test_an_input_cannot_have_the_name_of_a_node_or_function(name: str) -> None:
    with pytest.raises(ValueError, match="an input cannot be called"):
        graphs.build("x * x", {"x": 1.0, name: 2.0})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('expression = "log(x)"', "is no graph"),
        ('expression = "1 / (x + 2)"', r"has no value at \[point\]"),
        ('expression = "exp(exp(exp(9 * neg(x))))"', r"has no value at \[point\]"),
        ('expression = "x @ x"', "not allowed"),
        ('expression = "x * x * 1e200 * 1e200"', r"has no value at \[point\].*not finite"),
        ('expression = "x * 1e999"', r"has no value at \[point\].*not finite"),
        ('expression = "x ** 0.5"', r"-2.0 \*\* 0.5 is no real number"),
        ('expression = "x * x"\ndigits = "four"', "is no graph: invalid literal"),
        ('expression = "2 * 3"\npoint = 3', "is no graph"),
        ("expression = 7", "'7' computes nothing"),
        ("", "is no graph"),
        ("=", "is no graph"),
    ],
)
def test_a_file_that_describes_no_graph_is_one_sentence(
    tmp_path: Path, text: str, why: str
) -> None:
    path = tmp_path / "autodiff.toml"
    path.write_text(f"{text}\n[point]\nx = -2.0\n")
    with pytest.raises(UsageError, match=rf"autodiff\.toml[^\n]*{why}"):
        graphs.read(path)


def test_the_quiz_has_enough_operations_and_a_value_used_twice() -> None:
    graph = graphs.read(ROOT / "reference" / "dais2021-a4" / "autodiff.toml")
    used = [o for node in graph.nodes for o in node.operands if str(o).startswith("v")]
    assert len(graph.nodes) >= 8
    assert len(used) > len(set(used))
    assert all(abs(v) > 1e-3 for v in graphs.forward(graph).values())


@pytest.mark.parametrize(
    "text",
    [
        "x * y + sin(x * y)",
        "sqrt(x) / (x + y)",
        "log(x) * exp(-y)",
        "x ** 3 - y ** x",
        "tanh(x / y) * cos(x)",
        "sigmoid(x - 2 * y) ** 2",
    ],
)
def test_the_gradient_is_that_of_the_closed_form(text: str) -> None:
    point = {"x": 1.7, "y": 0.4}
    x, y = sympy.symbols("x y")
    names = {"x": x, "y": y, "sigmoid": lambda z: 1 / (1 + sympy.exp(-z))}
    closed = sympy.sympify(text, locals=names)
    gradient = graphs.solution(graphs.build(text, point))["gradient"]
    for symbol in (x, y):
        wanted = float(sympy.diff(closed, symbol).subs(point))
        assert gradient[f"grad_{symbol}"] == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("value", ["inf", "-inf", "nan"])
def test_a_point_is_a_number(tmp_path: Path, value: str) -> None:
    """At infinity each answer would lie within the tolerance."""
    path = tmp_path / "autodiff.toml"
    path.write_text(f'expression = "x * x"\n[point]\nx = {value}\n')
    with pytest.raises(UsageError, match=r"has no value at \[point\] \(what is computed there"):
        graphs.read(path)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.toml is missing; it describes the graph of the"):
        graphs.read(tmp_path / "gone.toml")


@pytest.mark.parametrize("text", ["x", "-3", "2.5", "(x)"])
def test_an_expression_of_no_operation_computes_nothing(text: str) -> None:
    with pytest.raises(ValueError, match="computes nothing"):
        graphs.build(text, {"x": 1.0})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("-x", "−x"),
        ("x ** -2", "x ^ -2"),
        ("x * 0.5", "x × 0.5"),
        ("2 - x", "2 − x"),
        ("relu(x)", "relu(x)"),
        ("x / 1e-9", "x ÷ 1e-09"),
    ],
)
def test_an_operation_is_written_as_people_do(text: str, shown: str) -> None:
    (node,) = graphs.build(text, {"x": 1.0}).nodes
    assert graphs.written(node) == shown


def test_powers_have_derivatives_at_the_edges_of_what_is_real() -> None:
    graph = graphs.build("x ** y", {"x": 0.0, "y": 0.0})
    assert graphs.solution(graph)["gradient"] == {"grad_x": 0.0, "grad_y": 0.0}
    graph = graphs.build("x ** 3", {"x": -2.0})
    assert graphs.solution(graph)["gradient"] == {"grad_x": 12.0}
    graph = graphs.build("x * x", {"x": 3.0})
    assert graphs.solution(graph)["gradient"] == {"grad_x": 6.0}
