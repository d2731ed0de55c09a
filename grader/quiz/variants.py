"""Draws the numbers of quiz variants: readable, and such that no slip stays hidden. Trusted."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Mapping

from grader.core.errors import UsageError
from grader.quiz import graph as graphs
from grader.quiz import marking
from grader.quiz.graph import Graph

TRIES = 20_000
SMALLEST, LARGEST, APART = 0.02, 50.0, 0.01
"""Of values and adjoints: what is smaller vanishes in rounding, what is nearer may hide a slip."""

SHARP = 0.01
"""The share of a value that rounding on the way may move it by, at most."""


def draw(graph: Graph, count: int, seed: int) -> list[Graph]:
    """`count` graphs of the same expression at different points, the same for the same seed.

    Inputs have one digit after the point, and are not 0, 1 or -1.

    Raises:
        UsageError: the expression has not so many points of that kind.
    """
    rng = random.Random(seed)  # noqa: S311 (no secret: everybody sees the numbers)
    found: dict[tuple[float, ...], Graph] = {}
    for _ in range(TRIES):
        if len(found) == count:
            break
        # random() alone is promised to stay the same in all versions of Python.
        numbers = tuple(round(0.2 + int(rng.random() * 28) / 10, 1) for _ in graph.point)
        signs = [-1 if rng.random() < 0.25 else 1 for _ in graph.point]
        signed = tuple(number * sign for number, sign in zip(numbers, signs, strict=True))
        if signed in found or not is_good(graph, dict(zip(graph.point, signed, strict=True))):
            continue
        found[signed] = at(graph, dict(zip(graph.point, signed, strict=True)))
    if len(found) < count:
        raise UsageError(
            f"only {len(found)} of {count} variants of {graph.expression} have readable values; "
            "ask for fewer, or change the expression"
        )
    return list(found.values())


def at(graph: Graph, point: Mapping[str, float]) -> Graph:
    """The same graph at another point."""
    return Graph(
        expression=graph.expression, nodes=graph.nodes, point=dict(point), digits=graph.digits
    )


def is_good(graph: Graph, point: Mapping[str, float]) -> bool:
    """Whether no value is 0 or ±1, vanishes, explodes, or equals another one."""
    try:
        values = graphs.forward(at(graph, point))
        adjoints = graphs.reverse(at(graph, point), values)
    except (ValueError, ZeroDivisionError, OverflowError):
        return False
    copies = {node.name for node in graph.nodes if node.operator == "relu"}  # of what goes in
    own = sorted(value for name, value in values.items() if name not in copies)
    if not all(_is_readable(value) for value in values.values()):
        return False
    if any(b - a < APART for a, b in itertools.pairwise(own)):
        return False
    if not all(math.isfinite(a) and SMALLEST <= abs(a) <= LARGEST for a in adjoints.values()):
        return False
    order = marking.steps(graph)
    right = marking.solve(at(graph, point), order)
    slack = marking.tolerances(at(graph, point), order, right, 0.0)
    return all(slack[step.name] <= SHARP * abs(right[step.name]) for step in order)


def _is_readable(value: float) -> bool:
    traps = (0.0, 1.0, -1.0)
    return (
        math.isfinite(value)
        and abs(value) <= LARGEST
        and all(abs(value - trap) >= SMALLEST for trap in traps)
    )
