"""A driver that was begun ahead is the next one's, and ends when nobody wants it."""

from __future__ import annotations

from grader.sandbox.kernels import drivers


def test_the_next_job_gets_the_driver_that_was_begun_ahead() -> None:
    drivers.ahead()
    (waiting,) = drivers._waiting
    taken = drivers.start(None)
    assert taken is waiting
    assert drivers._waiting == []
    taken.close()
    assert taken.process is None or taken.process.returncode is not None
