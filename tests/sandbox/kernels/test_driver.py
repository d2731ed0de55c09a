"""The driver process when its grader is killed: whatever it is at, it clears up before it ends."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from grader.core.model import Limits
from grader.sandbox.kernels import driver as driver_process
from grader.sandbox.kernels.job import KernelJob
from grader.sandbox.walls import choose, remembered

pytestmark = pytest.mark.sandbox

JOB = KernelJob(
    cells=((0, "a", "import time; time.sleep(2)"),),
    questions=(),
    prepare=(),
    seed=1,
    limits=Limits(),
    rung="",
)

CLEARS_UP_SLOWLY = """
import time
from grader.sandbox.kernels import driver
from grader.sandbox.walls import scratch
reap = scratch.reap
def slowly():
    time.sleep(1)
    return reap()
scratch.reap = slowly
driver.main([])
"""

STARTS_SLOWLY = """
import select, time
from grader.sandbox.kernels import driver
from grader.sandbox.walls import levels, scratch
confine = levels.confine
def slowly(rung, wish):
    made = confine(rung, wish)
    made.scratch = made.scratch or scratch.Scratch("work")
    driver.say(event="starting")
    hung_up = select.poll()
    hung_up.register(0, select.POLLHUP)
    while not any(event & select.POLLHUP for _, event in hung_up.poll()):
        pass
    time.sleep(1)
    return made
levels.confine = slowly
driver.main([])
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder with a short name, open to all: sockets and mounts lie below it."""
    folder = Path(tempfile.mkdtemp(prefix="dr-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def drive(code: str, place: Path) -> subprocess.Popen[str]:
    """A driver that was given its job."""
    job = json.dumps(JOB.to_json() | {"rung": choose.best()}) + "\n"
    driver = subprocess.Popen(
        [sys.executable, "-c", code],
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=os.environ | {"TMPDIR": str(place)},
    )
    assert driver.stdin is not None
    driver.stdin.write(job)
    driver.stdin.flush()
    return driver


def left_by_the_grader(place: Path) -> None:
    """A folder that was held by a process which has been killed."""
    code = (
        "import os\nfrom grader.sandbox.walls.scratch import Scratch\nScratch('stage')\nos._exit(9)"
    )
    owner = [sys.executable, "-c", code]
    assert subprocess.call(owner, env=os.environ | {"TMPDIR": str(place)}) == 9
    assert len(list(place.iterdir())) == 1


@pytest.mark.parametrize("told", ["", "started"])
def test_one_that_is_heard_no_more_clears_up_before_it_ends(told: str, place: Path) -> None:
    """Its next word fails, in one thread, while another sees that the grader is gone."""
    left_by_the_grader(place)
    driver = drive(CLEARS_UP_SLOWLY, place)
    assert driver.stdin is not None
    assert driver.stdout is not None
    while told and json.loads(driver.stdout.readline())["event"] != told:
        pass
    driver.stdout.close()
    driver.stdin.close()
    driver.wait(120)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("given", ["", '{"cells": ['])
def test_one_whose_grader_was_killed_before_the_job_was_there_clears_up(
    given: str, place: Path
) -> None:
    left_by_the_grader(place)
    driver = [sys.executable, "-m", "grader.sandbox.kernels.driver"]
    done = subprocess.run(
        driver,
        input=given,
        text=True,
        check=False,
        stderr=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(place)},
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert list(place.iterdir()) == []


def test_a_kernel_that_is_about_to_start_is_ended_with_its_folders(place: Path) -> None:
    driver = drive(STARTS_SLOWLY, place)
    assert driver.stdin is not None
    assert driver.stdout is not None
    assert json.loads(driver.stdout.readline())["event"] == "starting"
    assert len(list(place.iterdir())) == 2
    driver.stdin.close()
    driver.wait(120)
    assert driver.stdout.read() == ""
    driver.stdout.close()
    assert list(place.iterdir()) == []


def test_a_run_that_does_not_see_that_its_kernel_is_dead_is_told_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a kernel sends may hold up the thread that reads it, for ever."""
    run = driver_process.KernelRun(JOB)
    said: list[dict[str, object]] = []
    ended: list[int] = []
    monkeypatch.setattr(driver_process, "STUCK_SECONDS", 0)
    monkeypatch.setattr(driver_process, "say", lambda **event: said.append(event))
    monkeypatch.setattr(os, "_exit", ended.append)
    monkeypatch.setattr(run.kernel, "is_there", lambda: True)
    run.kernel.may_run(-1, "notebook")
    run._watch()
    assert [(event["ending"], event["message"]) for event in said] == [
        ("timeout", f"It ran longer than {JOB.limits.notebook_seconds} s.")
    ]
    assert ended == [0]
    run.over.set()
    run._watch()
    assert len(said) == 1


def test_a_kernel_that_does_not_get_ready_is_tried_again_and_its_rung_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forgotten: list[bool] = []
    lost: list[bool] = []
    monkeypatch.setattr(driver_process, "say", lambda **event: lost.append(event["lost"]))
    monkeypatch.setattr(os, "_exit", lambda code: None)
    monkeypatch.setattr(remembered, "forget", lambda: forgotten.append(True))
    ready: Any = SimpleNamespace(rung="bubblewrap", lost=False)
    for has_begun in (True, False):
        run = driver_process.KernelRun(JOB, ready=ready)
        run._has_begun = has_begun
        run.report()
        assert forgotten == [True] * (not has_begun)
    assert lost == [False, True]
