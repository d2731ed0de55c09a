"""A driver that was begun ahead is the next one's, and ends when nobody wants it."""

from __future__ import annotations

import os
import subprocess
import sys
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


@pytest.mark.sandbox
def test_the_first_is_forked_and_ends_with_nothing_of_ours_open() -> None:
    """In a process of its own: this one may have threads, which a fork would not."""
    code = (
        "import os, sys\n"
        "from grader.sandbox.kernels import drivers\n"
        "held = os.pipe()\n"
        "os.environ['SECRET'] = 'x'\n"
        "drivers.ahead()\n"
        "(driver,) = drivers._waiting\n"
        "assert isinstance(driver.process, drivers.Forked)\n"
        "rung = drivers.best_rung()\n"
        "os.close(held[1])\n"
        "assert os.read(held[0], 1) == b'', 'the pipe is open in the driver'\n"
        "assert os.getsid(driver.process._pid) != os.getsid(0)\n"
        "assert driver.process.poll() is None\n"
        "assert drivers.start(None) is driver\n"
        "driver.close()\n"
        "print(rung, driver.process.returncode)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == f"{choose.best()} 1\n", done.stderr


def test_what_a_kernel_does_not_need_to_start_is_loaded_after_its_start() -> None:
    """Until it runs, nothing else of a check can go on that takes as long."""
    code = (
        "import sys\n"
        "import grader.cli.main, grader.student.open_sandbox\n"
        "from grader.sandbox.kernels import ahead, drivers\n"
        "late = ['asyncio', 'concurrent', 'grader.core.model', 'grader.sandbox.walls.selftest']\n"
        "late += ['numpy', 'psutil', 'pydantic', 'secrets']\n"
        "print([name for name in late if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr


def test_a_forked_process_is_waited_for_and_ended() -> None:
    code = (
        "import os, subprocess, time\n"
        "from grader.sandbox.kernels.drivers import Forked\n"
        "def forked():\n"
        "    pid = os.fork()\n"
        "    return Forked(pid) if pid else time.sleep(60)\n"
        "stuck = forked()\n"
        "try:\n    stuck.wait(0.01)\n"
        "except subprocess.TimeoutExpired:\n    print('late')\n"
        "for _ in range(2):\n    stuck.kill()\n    stuck.wait()\n"
        "print(stuck.poll(), stuck.returncode)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "late\n-9 -9\n", done.stderr
