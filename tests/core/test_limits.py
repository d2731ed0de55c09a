"""What one notebook may use: a noun that stands apart from the others, and is one of them."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from grader.core import model
from grader.core.limits import Limits


def test_it_is_the_models() -> None:
    assert model.Limits is Limits


@pytest.mark.parametrize("table", [{"cell_seconds": 0}, {"cpu_seconds": -1}, {"cells": 1}])
def test_a_rubrics_table_is_held_to_its_bounds(table: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Limits).validate_python(table)
