"""A driver that was begun ahead is the next one's, and ends when nobody wants it."""

from __future__ import annotations

import pytest

from grader.sandbox.kernels import drivers


def test_the_next_job_gets_the_driver_that_was_begun_ahead() -> None:
    drivers.ahead()
    (waiting,) = drivers._waiting
    taken = drivers.start(None)
    assert taken is waiting
    assert drivers._waiting == []
    taken.close()
    assert taken.process is None or taken.process.returncode is not None


def test_a_driver_is_of_the_same_grader_and_knows_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/where/this/grader/lies")
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    told = drivers._environment()
    assert told["PYTHONPATH"] == "/where/this/grader/lies"
    assert "secret" not in told.values()
