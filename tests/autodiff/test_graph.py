"""The computational graph against torch's autograd, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.autodiff import graph as graphs

ROOT = Path(__file__).parents[2]


def binary(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner)
    calls = st.tuples(st.sampled_from(["sin", "cos", "tanh", "sigmoid", "relu", "neg"]), inner)
    return pairs.map(lambda p: f"({p[0]} {p[1]} {p[2]})") | calls.map(lambda c: f"{c[0]}({c[1]})")


expressions = st.recursive(st.sampled_from(["x", "y", "2.5"]), binary, max_leaves=8)
numbers = st.floats(-2, 2).filter(lambda v: abs(v) > 1e-3)


@given(expressions, numbers, numbers)
@settings(max_examples=300, deadline=None)
def test_values_and_gradient_are_those_of_torch(text: str, x: float, y: float) -> None:
    try:
        graph = graphs.build(text, {"x": x, "y": y})
    except ValueError:
        return  # a lone name or number computes nothing
    solution = graphs.solution(graph)
    tx = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    ty = torch.tensor(y, dtype=torch.float64, requires_grad=True)
    names = {n: getattr(torch, n) for n in ("sin", "cos", "tanh", "sigmoid", "relu", "neg")}
    names |= {"k": torch.tensor(2.5, dtype=torch.float64), "x": tx, "y": ty}
    value = eval(text.replace("2.5", "k"), {"__builtins__": {}}, names) + 0 * (tx + ty)
    value.backward()
    assert list(solution["forward"].values())[-1] == pytest.approx(value.item(), abs=1e-9)
    assert tx.grad is not None
    assert ty.grad is not None
    assert solution["gradient"]["grad_x"] == pytest.approx(tx.grad.item(), abs=1e-9)
    assert solution["gradient"]["grad_y"] == pytest.approx(ty.grad.item(), abs=1e-9)


def test_a_value_used_twice_is_one_node_whose_adjoints_add_up() -> None:
    graph = graphs.build("x * y + sin(x * y)", {"x": 2.0, "y": 0.25})
    assert [node.operator for node in graph.nodes] == ["*", "sin", "+"]
    adjoints = graphs.solution(graph)["adjoints"]
    assert adjoints["adj_v1"] == pytest.approx(1 + torch.cos(torch.tensor(0.5)).item())


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "x.real", "[x]", "x if y else x", "f(x)", "x @ y", "True + x", "x +"],
)
def test_what_is_no_expression_of_ours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"allowed|expression"):
        graphs.build(text, {"x": 1.0, "y": 1.0})


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
