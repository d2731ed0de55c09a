"""Inputs as rubrics describe them: drawn anew, of the sizes asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from grader.checks.functions.inputs import Argument, Inputs, given

CLUSTERS = Inputs(
    sizes={"n": (20, 40), "k": (2, 5)},
    argument=[  # type: ignore[arg-type]
        {"draw": "normal", "shape": ["n", 2], "mean": 10.0, "spread": 0.1},
        {"draw": "integers", "low": 0, "high": "k", "shape": ["n"]},
        {"draw": "rows", "of": 0, "shape": ["k"]},
        {"draw": "value", "value": "k"},
    ],
    calls=5,
)


def test_sizes_are_shared_by_the_arguments_of_a_call() -> None:
    for points, labels, centres, k in CLUSTERS.drawn(np.random.default_rng(1)):
        assert 20 <= len(points) <= 40
        assert points.shape == (len(labels), 2)
        assert centres.shape == (k, 2)
        assert labels.min() >= 0
        assert labels.max() < k


def test_rows_are_different_rows_of_the_earlier_argument() -> None:
    points, _, centres, _ = CLUSTERS.drawn(np.random.default_rng(1))[0]
    rows = [row.tolist() for row in points]
    assert all(centre.tolist() in rows for centre in centres)
    assert len({tuple(centre) for centre in centres}) == len(centres)


def test_each_call_and_each_seed_has_inputs_of_its_own() -> None:
    first, second = (CLUSTERS.drawn(np.random.default_rng(seed)) for seed in (1, 2))
    assert len(first) == 5
    points = [call[0] for call in [*first, *second]]
    assert len({array.tobytes() for array in points}) == 10


def test_a_single_number_is_a_number() -> None:
    one = Inputs(argument=(Argument(draw="uniform", low=2, high=3),))
    ((value,),) = one.model_copy(update={"calls": 1}).drawn(np.random.default_rng(0))
    assert type(value) is float
    assert 2 <= value < 3


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ({"draw": "normal", "shape": ["m"]}, "'m' is none of the sizes"),
        ({"draw": "rows", "of": 0, "shape": [2]}, "rows need `of`, an earlier argument"),
        ({"draw": "often"}, "Input should be 'normal'"),
    ],
)
def test_what_can_not_be_drawn_is_told(argument: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as bad:
        Inputs(argument=(argument,))  # type: ignore[arg-type]
    assert told in str(bad.value)


def test_written_arguments_become_arrays_where_they_are_regular() -> None:
    assert given([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]
    assert given([[1, 2], [3]]) == [[1, 2], [3]]
    assert given("linear") == "linear"
    assert given(3) == 3


def test_what_is_written_down_in_full_is_read_again() -> None:
    """As in a students' bundle: every key, also those that have their defaults."""
    found = Inputs.model_validate(
        {"sizes": {"n": (2, 3)}, "argument": [{"draw": "normal", "shape": ["n"], "spread": 3.0}]}
    )
    assert Inputs.model_validate(found.model_dump(mode="json")) == found
