"""Numbers of variants: readable, distinct, reproducible."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from grader.core.errors import UsageError
from grader.quiz import graph as graphs
from grader.quiz import variants

QUIZ = graphs.read(Path(__file__).parents[2] / "reference" / "dais2021-a4" / "autodiff.toml")


def test_the_same_seed_gives_the_same_numbers_and_another_others() -> None:
    first = [dict(v.point) for v in variants.draw(QUIZ, 30, 7)]
    assert first == [dict(v.point) for v in variants.draw(QUIZ, 30, 7)]
    assert first != [dict(v.point) for v in variants.draw(QUIZ, 30, 8)]
    assert first[0] == {"x1": -1.1, "x2": 0.6, "x3": 2.0}  # also on the next version of Python


def test_variants_differ_and_hide_no_slip() -> None:
    drawn = variants.draw(QUIZ, 30, 3)
    assert len({tuple(v.point.values()) for v in drawn}) == 30
    for variant in drawn:
        values = sorted(graphs.forward(variant).values())
        assert all(abs(v - trap) >= 0.02 for v in values for trap in (0, 1, -1))
        assert min(b - a for a, b in itertools.pairwise(values)) >= 0.01
        assert max(abs(v) for v in values) <= 50


def test_an_expression_without_readable_points_is_one_sentence() -> None:
    flat = graphs.build("(x - x) * y", {"x": 1.0, "y": 2.0})
    with pytest.raises(UsageError, match=r"only 0 of 5 variants .* ask for fewer"):
        variants.draw(flat, 5, 1)


@pytest.mark.parametrize(
    ("text", "x", "is_good"),
    [
        ("x * sin(x)", 2.0, True),
        ("x * 4", 0.25, False),  # a value of 1
        ("x - 1.99", 2.0, False),  # one that vanishes
        ("x * 20", 2.9, False),  # one that explodes
        ("x + 0.005", 2.0, False),  # one that looks like another
        ("log(x) * x", -2.0, False),  # none at all
        ("2 / (x - 1.5)", 1.5, False),
        ("relu(x) * x", 2.0, True),  # what it passes on is no other value
        ("relu(x) * x", -2.0, False),
    ],
)
def test_a_point_is_good_where_each_value_can_be_told(text: str, x: float, is_good: bool) -> None:
    assert variants.is_good(graphs.build(text, {"x": x}), {"x": x}) is is_good
