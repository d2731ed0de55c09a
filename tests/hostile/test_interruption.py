"""The grader is killed in the middle of a hostile batch: nothing stays behind, nothing is lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hostile import course
from tests.hostile.course import FUNCTIONS, HONEST, REPOSITORY, WRONG, Course, marks

pytestmark = [pytest.mark.hostile, pytest.mark.sandbox, pytest.mark.xdist_group("one user")]

STAYS = """
import os, signal, subprocess, sys, time
code = 'import signal, time\\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)'
code += '\\ntime.sleep(600)'
for start in (True, False):
    subprocess.Popen([sys.executable, '-c', code, 'survivor-{token}'], start_new_session=start)
if os.fork() == 0:
    os.setsid()
    os.execv(sys.executable, [sys.executable, '-c', code, 'survivor-{token}'])
for number in (1, 2, 15): signal.signal(number, signal.SIG_IGN)
print('ready'); time.sleep(600)
"""


@pytest.fixture
def place() -> Iterator[Course]:
    made = course.new("hk-")
    yield made
    shutil.rmtree(made.root)


def processes(token: str) -> list[str]:
    """The command lines that hold the token."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if token.encode() in line:
                found.append(line.decode())
    return found


def wait_until(what: str, condition: Callable[[], bool], seconds: float = 120) -> None:
    """Returns when `condition()` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def test_a_killed_grader_leaves_nothing_and_goes_on_where_it_was(place: Course) -> None:
    place.submit("01 honest", HONEST)
    place.submit("02 stays", [WRONG, STAYS.format(token=place.token)])
    place.submit("03 honest", HONEST)
    line, environment = place.command()
    grader = subprocess.Popen(
        line,
        env=environment,
        cwd=REPOSITORY,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    survivor = f"survivor-{place.token}"
    wait_until("the hostile cell has begun", lambda: len(processes(survivor)) >= 3)
    os.kill(grader.pid, signal.SIGKILL)
    grader.wait()
    deadline = time.monotonic() + 120
    while place.left_behind() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert place.left_behind() == []

    (place.work / "02 stays" / course.NOTEBOOK).unlink()
    done = place.grade()
    assert done.returncode == 0, done.stderr
    for name in ("01 honest", "03 honest"):
        found = marks(place.results()[name])
        assert {found[function] for function in FUNCTIONS} == {"passed"}
    assert place.left_behind() == []
