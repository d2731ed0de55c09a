"""From an expression to its computational graph: forward trace, adjoints, gradient. Trusted, pure.

Nodes are named as in the literature on reverse-mode differentiation: v1, v2, … in the order of
evaluation, one for each elementary operation; adj_v1, … are their adjoints, grad_x the gradient.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.core import toml_text
from grader.core.errors import UsageError

Unary = Callable[[float], float]


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


# Each function with its derivative.
FUNCTIONS: dict[str, tuple[Unary, Unary]] = {
    "neg": (lambda x: -x, lambda x: -1.0),
    "exp": (math.exp, math.exp),
    "log": (math.log, lambda x: 1 / x),
    "sin": (math.sin, math.cos),
    "cos": (math.cos, lambda x: -math.sin(x)),
    "tanh": (math.tanh, lambda x: 1 - math.tanh(x) ** 2),
    "sigmoid": (_sigmoid, lambda x: _sigmoid(x) * (1 - _sigmoid(x))),
    "relu": (lambda x: max(0.0, x), lambda x: 1.0 if x > 0 else 0.0),
    "sqrt": (math.sqrt, lambda x: 0.5 / math.sqrt(x)),
}
OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
}


LONGEST, MOST_DIGITS = 1000, 12
"""Characters of an expression, and digits of a value: nobody works out more by hand."""

SIGNS = {"*": "×", "-": "−", "/": "÷", "**": "^"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One elementary operation. An operand is a node's or input's name, or a constant."""

    name: str
    operator: str
    operands: tuple[str | float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """An expression's operations in order of evaluation, and the point where it is evaluated."""

    expression: str
    nodes: tuple[Node, ...]
    point: Mapping[str, float]
    digits: int = 4


def read(path: Path) -> Graph:
    """The graph that an `autodiff.toml` describes: `expression`, `digits` and `[point]`.

    Raises:
        UsageError: the file is not right; one sentence says what.
    """
    try:
        table = toml_text.parse(path.read_bytes())
        point = {str(name): float(value) for name, value in table["point"].items()}
        graph = build(str(table["expression"]), point, int(table.get("digits", 4)))
        groups = solution(graph).values()
        if not all(math.isfinite(value) for group in groups for value in group.values()):
            raise OverflowError("what is computed there is not finite")
    except OSError:
        raise UsageError(f"{path} is missing; it describes the graph of the quiz") from None
    except ArithmeticError as bad:
        raise UsageError(f"{path}: the expression has no value at [point] ({bad})") from None
    except (KeyError, TypeError, ValueError, AttributeError) as bad:
        raise UsageError(f"{path} is no graph: {bad}") from None
    return graph


def build(expression: str, point: Mapping[str, float], digits: int = 4) -> Graph:
    """The graph of an expression over named inputs.

    Raises:
        ValueError: it is no expression of the allowed operations, or an input has no value, or the
            name of a node or a function.
    """
    for name in point:
        if (
            not name.isidentifier()
            or name in FUNCTIONS
            or re.fullmatch(r"v\d+|(adj|grad)_.*", name)
        ):
            raise ValueError(f"an input cannot be called {name!r}")
    if len(expression) > LONGEST:
        raise ValueError(f"the expression has more than {LONGEST} characters")
    if not 0 <= digits <= MOST_DIGITS:
        raise ValueError(f"digits is {digits}; expected 0 to {MOST_DIGITS}")
    try:
        tree = ast.parse(expression, mode="eval").body
    except (SyntaxError, RecursionError, MemoryError) as bad:  # brackets in brackets
        raise ValueError(f"{expression[:200]!r} is no expression: {bad}") from None
    nodes: list[Node] = []

    def add(operator: str, *operands: str | float) -> str:
        nodes.append(Node(name=f"v{len(nodes) + 1}", operator=operator, operands=operands))
        return nodes[-1].name

    def visit(part: ast.expr, known: dict[str, str | float]) -> str | float:
        key = ast.dump(part)
        if key not in known:  # what occurs twice is computed once, as on paper
            known[key] = place(part, known)
        return known[key]

    def place(part: ast.expr, known: dict[str, str | float]) -> str | float:
        match part:
            case ast.Constant(value=bool()):
                pass
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name) if name in point:
                return name
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant() as number):
                return -float(place(number, known))
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return add("neg", visit(inner, known))
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in OPERATORS:
                first, second = visit(left, known), visit(right, known)
                return add(OPERATORS[type(operator)], first, second)
            case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]) if name in FUNCTIONS:
                return add(name, visit(inner, known))
        raise ValueError(f"{ast.unparse(part)!r} is not allowed in an expression")

    try:
        found = visit(tree, {})
    except RecursionError:
        raise ValueError("the expression is nested too deeply") from None
    except OverflowError:
        raise ValueError("the expression holds a number that is too large") from None
    if not isinstance(found, str) or not nodes:
        raise ValueError(f"{expression!r} computes nothing")
    return Graph(expression=expression, nodes=tuple(nodes), point=dict(point), digits=digits)


def written(node: Node) -> str:
    """The operation as people write it: `v8 ÷ x1`, `exp(v1)`."""
    shown = [o if isinstance(o, str) else f"{o:g}" for o in node.operands]
    if node.operator in FUNCTIONS:
        return f"−{shown[0]}" if node.operator == "neg" else f"{node.operator}({shown[0]})"
    return f" {SIGNS.get(node.operator, node.operator)} ".join(shown)


def forward(graph: Graph) -> dict[str, float]:
    """The value of every input and node."""
    values = dict(graph.point)
    for node in graph.nodes:
        values[node.name] = apply(node, values)
    return values


def reverse(graph: Graph, values: Mapping[str, float]) -> dict[str, float]:
    """The adjoint of every input and node, given all values; the last node's is 1."""
    adjoints = dict.fromkeys([*graph.point, *(node.name for node in graph.nodes)], 0.0)
    adjoints[graph.nodes[-1].name] = 1.0
    for node in reversed(graph.nodes):
        for operand, partial in zip(node.operands, partials(node, values), strict=True):
            if isinstance(operand, str):
                adjoints[operand] += adjoints[node.name] * partial
    return adjoints


def solution(graph: Graph) -> dict[str, dict[str, float]]:
    """All right answers by group: `forward` (v1), `adjoints` (adj_v1), `gradient` (grad_x)."""
    values = forward(graph)
    adjoints = reverse(graph, values)
    names = [node.name for node in graph.nodes]
    return {
        "forward": {name: values[name] for name in names},
        "adjoints": {f"adj_{name}": adjoints[name] for name in names},
        "gradient": {f"grad_{name}": adjoints[name] for name in graph.point},
    }


def apply(node: Node, values: Mapping[str, float]) -> float:
    """One operation's value."""
    first, *rest = (_value(operand, values) for operand in node.operands)
    if node.operator in FUNCTIONS:
        return FUNCTIONS[node.operator][0](first)
    second = rest[0]
    match node.operator:
        case "+":
            return first + second
        case "-":
            return first - second
        case "*":
            return first * second
        case "/":
            return first / second
    return _power(first, second)


def _power(base: float, exponent: float) -> float:
    value = base**exponent
    if isinstance(value, complex):
        raise ValueError(f"{base} ** {exponent} is no real number")
    return float(value)


def partials(node: Node, values: Mapping[str, float]) -> tuple[float, ...]:
    """The partial derivative of one operation by each of its operands."""
    first, *rest = (_value(operand, values) for operand in node.operands)
    if node.operator in FUNCTIONS:
        return (FUNCTIONS[node.operator][1](first),)
    second = rest[0]
    match node.operator:
        case "+":
            return 1.0, 1.0
        case "-":
            return 1.0, -1.0
        case "*":
            return second, first
        case "/":
            return 1 / second, -first / second**2
    by_exponent = first**second * math.log(first) if first > 0 else 0.0
    return second * _power(first, second - 1) if second else 0.0, by_exponent


BY_RESULT: dict[str, Unary] = {
    "exp": lambda y: y,
    "tanh": lambda y: 1 - y**2,
    "sigmoid": lambda y: y * (1 - y),
    "sqrt": lambda y: 0.5 / y,
}
"""Derivatives that people write with the function's own value."""


def partials_by_result(node: Node, values: Mapping[str, float]) -> tuple[float, ...]:
    """As `partials`, but from the operation's own value where people use that."""
    if node.operator in BY_RESULT:
        return (BY_RESULT[node.operator](values[node.name]),)
    return partials(node, values)


def _value(operand: str | float, values: Mapping[str, float]) -> float:
    return values[operand] if isinstance(operand, str) else operand
