"""A driver that was begun ahead is the next one's, and ends when nobody wants it."""

from __future__ import annotations

import os
from typing import Any

import pytest

from grader.core.errors import SandboxError
from grader.sandbox.kernels import drivers
from grader.sandbox.kernels.drivers import Driver
from grader.sandbox.walls import choose


class Process:
    """One that has ended, or not."""

    def __init__(self, code: int | None = None) -> None:
        self.code = code

    def poll(self) -> int | None:
        return self.code

    def wait(self, seconds: float = 0) -> int:
        return 0

    def kill(self) -> None:
        pass


def saying(text: bytes, monkeypatch: pytest.MonkeyPatch, code: int | None = None) -> Driver:
    """A driver that waits, has said this and then hung up."""
    read_end, said = os.pipe()
    os.write(said, text)
    os.close(said)
    process: Any = Process(code)
    driver = Driver(os.open(os.devnull, os.O_WRONLY), read_end, process)
    monkeypatch.setattr(drivers, "_waiting", [driver])
    return driver


def test_the_best_rung_is_heard_and_no_word_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    line = b'{"event": "rung", "rung": "landlock", "problem": ""}\n'
    driver = saying(line + b"{}\n", monkeypatch)
    assert drivers.best_rung() == "landlock"
    assert os.read(driver.read_end, 100) == b"{}\n"
    assert drivers.start(None) is driver
    driver.close()


def test_that_nothing_confines_is_an_error_with_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    driver = saying(b'{"event": "rung", "rung": "", "problem": "nothing works"}\n', monkeypatch)
    with pytest.raises(SandboxError, match="nothing works"):
        drivers.best_rung()
    driver.close()


@pytest.mark.parametrize("text", [b"", b'{"event": '])
def test_a_driver_that_ended_early_can_not_tell_and_gets_no_job(
    text: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, fresh = saying(text, monkeypatch, code=1), object()
    assert drivers.best_rung() == ""
    monkeypatch.setattr(drivers, "_started", lambda fds: fresh)
    assert drivers.start(None) is fresh
    assert drivers._waiting == []
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(ended.read_end)


@pytest.mark.sandbox
def test_the_next_job_gets_the_driver_that_was_begun_ahead() -> None:
    drivers.ahead(choose.best())
    drivers.ahead(choose.best())  # there is one
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
