"""Probes are found by what they say of themselves, wherever they stand."""

from __future__ import annotations

import types
from typing import Any

import pytest

from grader.sandbox.inside import fixtures, probes
from grader.sandbox.inside.fixtures import FIXTURES

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
