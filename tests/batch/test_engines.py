"""Engines are found by the scheme of their name, or refused in one sentence."""

from __future__ import annotations

import pytest

from grader.batch import engines
from grader.batch.dask_engine import DaskEngine
from grader.batch.engine import LocalEngine
from grader.core.errors import UsageError


def test_a_scheme_says_where_notebooks_run() -> None:
    here, there = engines.find("local", 2, None), engines.find("dask://head:8786", 2, None)
    assert isinstance(here, LocalEngine)
    assert isinstance(there, DaskEngine)
    assert (here.here, there.here) == (True, False)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("slurm://head", "there is no such engine; known are dask, local"),
        ("", "there is no such engine"),
        ("local://here", "local has no address"),
        ("dask", "expected dask://HOST:PORT"),
        ("dask://head", "expected dask://HOST:PORT"),
        ("dask://:8786", "expected dask://HOST:PORT"),
        ("dask://head:port", "expected dask://HOST:PORT"),
        ("dask://tcp://head:1", "expected dask://HOST:PORT"),
    ],
)
def test_a_name_that_is_no_engine_is_refused(name: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        engines.find(name, 1, None)
