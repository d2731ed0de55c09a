"""Probes are found by what they say of themselves, wherever they stand."""

from __future__ import annotations

import types
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch  # noqa: F401 (a notebook that has tensors is given them)

from grader.sandbox.inside import fixtures, probes
from grader.sandbox.inside.fixtures import FIXTURES
from grader.sandbox.inside.probes import figures, functions
from grader.sandbox.inside.probes.results import call_results
from grader.sandbox.inside.protocol import Undefined

OWN = """
import numpy as np
from . import FUNCTION, probe
from ..plain import plain
from .functions import call_function, find

@probe(FUNCTION)
def total(namespace, params):
    function, name = find(namespace, params["name"])
    return {"sum": plain(np.sum(function(params["points"])))}
"""


@pytest.mark.parametrize("name", sorted(probes.here()))
def test_each_probe_says_what_it_is_about(name: str) -> None:
    found = probes.find(name)
    assert isinstance(found, types.FunctionType)
    assert found.__name__ == name
    assert vars(found)["about"].what in (probes.FUNCTION, probes.PLOT, probes.NAMES, probes.RUN)


def test_what_a_probe_is_about_says_where_it_can_be_asked() -> None:
    facts = {what: probes.About(what, heavy=False) for what in ("function", "plot", "names", "run")}
    assert [what for what, about in facts.items() if about.apart] == ["function", "plot"]
    assert [what for what, about in facts.items() if about.live] == ["function", "plot", "names"]


def test_a_probe_that_nobody_knows_needs_a_whole_run() -> None:
    with pytest.raises(KeyError):
        probes.find("nobody")
    about = probes.about("nobody")
    assert not about.live
    assert not about.apart


def test_a_probe_from_a_source_is_one_of_that_source_alone() -> None:
    names: dict[str, Any] = {"f": lambda x: x}
    assert probes.find("total", OWN)(names, {"name": "F", "points": [1, 2]}) == {"sum": 3}
    assert probes.about("total", OWN).apart
    for name, source in (
        ("total", ""),
        ("call_function", OWN),
        ("total", OWN.replace("total", "x")),
    ):
        with pytest.raises(KeyError):
            probes.find(name, source)


def test_heavy_fixtures_are_fixtures() -> None:
    assert set(fixtures.HEAVY) <= set(FIXTURES)


def at(function: Any, *points: float, **more: Any) -> dict[str, Any]:
    """What is told of a function at these points."""
    params = {"name": "f", "points": np.array(points), **more}
    found: dict[str, Any] = functions.call_function({"f": function}, params)
    return found


def test_a_function_of_arrays_is_called_once() -> None:
    calls: list[Any] = []

    def f(x: Any) -> Any:
        calls.append(x)
        return x * 2

    found = at(f, 1.0, 2.0)
    assert (found["style"], found["values"].tolist(), len(calls)) == ("array", [2.0, 4.0], 1)


def test_a_function_of_numbers_is_called_at_each_point_and_fails_at_each_alone() -> None:
    def f(x: float) -> Any:
        return "ü" if x == 2 else 1 / (1 if x > 0 else 0)

    found = at(f, 1.0, 0.0, 2.0, -1.0)
    assert found["style"] == "scalar"
    np.testing.assert_array_equal(found["values"], [1, np.nan, np.nan, np.nan])
    assert found["errors"] == [
        "ZeroDivisionError: division by zero",
        "it did not return a number",
    ]


def test_no_more_than_three_errors_are_told() -> None:
    nothing: dict[float, float] = {}
    found = at(lambda x: nothing[float(x)], 5.0, 4.0, 3.0, 2.0, 1.0)
    assert len(found["errors"]) == 3


def test_points_are_whole_numbers_where_they_shall_be() -> None:
    kinds: list[str] = []

    def f(x: Any) -> Any:
        kinds.append(x.dtype.kind)
        return x

    found = at(f, 1.0, integers=True)
    assert (kinds, found["values"].tolist()) == (["i"], [1.0])


def test_a_function_can_not_move_the_points_it_is_asked_at() -> None:
    points = np.array([1.0, 2.0])

    def f(x: Any) -> None:
        x *= 0

    functions.call_function({"f": f}, {"name": "f", "points": points})
    assert points.tolist() == [1.0, 2.0]


def test_a_point_where_a_function_raises_costs_its_curve_no_other() -> None:
    def draw(low: float, high: float) -> None:
        plt.plot([low, high], [1 / low, 1 / high])

    asked = {"name": "draw", "x_min": -4, "x_max": 4, "functions": ["f", "g"]}
    own = figures.call_plot({"f": lambda x: 1 / float(x), "draw": draw}, asked)["own"]
    known = np.isfinite(own["values"]["f"])
    assert own["x"][~known].tolist() == [0]
    np.testing.assert_array_equal(own["values"]["f"][known], 1 / own["x"][known])
    assert own["values"]["g"] is None


@pytest.mark.parametrize(
    ("value", "size", "expected"),
    [
        (3, 1, [3.0]),
        (True, 1, [1.0]),
        ([[1], [2]], 2, [1.0, 2.0]),
        ((4.0, "more"), 1, [4.0]),
        ((1, 2, 3), 3, [1.0, 2.0, 3.0]),
        ([1, 2], 3, None),
        ("x", 1, None),
        ("2.5", 1, [2.5]),
        ({}, 1, None),
        (1j, 1, None),
    ],
)
def test_numbers_of_what_came_back(value: Any, size: int, expected: Any) -> None:
    found = functions.numbers(value, size)
    assert (None if found is None else found.tolist()) == expected


SOURCE = """
def f(x):
    return x * x
def central(x, h=0.01):
    return (f(x + h) - f(x - h)) / (2 * h)
def exact(x):
    return 2 * x + 0 * f(x)
def far(x):
    return f(x + 1)
def arrays(x):
    return x.sum() + f(x)
def broken(x):
    raise ValueError
"""


@pytest.mark.parametrize(
    ("name", "shifted", "calls"),
    [("central", 4, 4), ("exact", 0, 2), ("far", 0, 2), ("arrays", 0, 2), ("broken", 0, 0)],
)
def test_shifted_calls_are_those_beside_the_point(name: str, shifted: int, calls: int) -> None:
    names: dict[str, Any] = {}
    exec(SOURCE, names)
    own = names["f"]
    params = {"name": name, "base": "F", "points": np.array([1.0, 3.0])}
    assert functions.shifted_calls(names, params) == {"shifted": shifted, "calls": calls}
    assert names["f"] is own


def results(source: str, *arguments: Any, arrays: str = "numpy", **more: Any) -> Any:
    """What is told of `f` of a source; and its names afterwards are those of before."""
    names: dict[str, Any] = {}
    exec(source, names)
    before = dict(names)
    params = {"name": "f", "arguments": list(arguments), "arrays": arrays, **more}
    try:
        return call_results(names, params)
    finally:
        assert names == before


@pytest.mark.parametrize(
    ("arrays", "kind"), [("numpy", "ndarray"), ("lists", "list"), ("torch", "Tensor")]
)
def test_arrays_are_given_as_the_notebook_has_them(arrays: str, kind: str) -> None:
    source = "def f(x, name): return [type(x).__name__, len(x), name]"
    found = results(source, np.array([1, 2]), "n", arrays=arrays)
    assert found == {"name": "f", "returned": [kind, 2, "n"]}


def test_calls_of_another_function_are_counted() -> None:
    source = "def g(x): return x\ndef f(x): return [g(x), g(2), g(3)]"
    assert results(source, 1, base="g") == {"name": "f", "returned": [1, 2, 3], "calls": 3}
    assert results("def f(x): return x", 1, base="g")["calls"] == 0


def test_an_error_of_the_function_is_its_own_and_nothing_stays_counted() -> None:
    with pytest.raises(ZeroDivisionError):
        results("def g(): 1 / 0\ndef f(): return g()", base="g")


def test_without_the_function_nothing_is_told() -> None:
    with pytest.raises(Undefined):
        results("def other(x): return x", 1)
