"""One confined kernel: what it is given, when it is ended, what of it stays. None is started."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import zmq

from grader.core.model import Limits
from grader.sandbox.kernels import kernel as module
from grader.sandbox.kernels.client import connected
from grader.sandbox.kernels.job import KernelJob
from grader.sandbox.kernels.kernel import CHANNELS, ConfinedKernel
from grader.sandbox.walls.usage import Meter

LIMITS = Limits(memory_mib=100, processes=30, cpu_seconds=7, file_mib=5, disk_mib=10, disk_files=50)
JOB = KernelJob(cells=(), questions=(), prepare=(), seed=1, limits=LIMITS, rung="bubblewrap")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the folders of kernels lie; its name is short, for sockets lie below it."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="kn-", dir="/tmp") as name:
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield Path(name)


@pytest.fixture
def kernel(place: Path) -> Iterator[ConfinedKernel]:
    made = ConfinedKernel(JOB)
    yield made
    made.close()


def test_each_channel_has_a_socket_that_others_can_not_guess(
    kernel: ConfinedKernel, place: Path
) -> None:
    listeners, fds = kernel._listeners()
    try:
        assert list(fds) == [f"ipc:///tmp/kernel-{n}" for n in range(1, 6)]
        assert list(fds.values()) == [listener.fileno() for listener in listeners]
        (folder,) = place.iterdir()
        assert sorted(path.name for path in folder.iterdir()) == [
            f"kernel-{n}" for n in range(1, 6)
        ]
        assert folder.stat().st_mode & 0o077 == 0  # ours alone
    finally:
        for listener in listeners:
            listener.close()


def test_the_connection_file_names_every_channel_and_a_key_of_its_own(place: Path) -> None:
    one, other = ConfinedKernel(JOB), ConfinedKernel(JOB)
    told, also = (json.loads(made._connection_file()) for made in (one, other))
    one.close()
    other.close()
    assert {name.removesuffix("_port") for name in told if name.endswith("_port")} == set(CHANNELS)
    assert (told["transport"], told["ip"]) == ("ipc", "/tmp/kernel")
    assert told["key"] != also["key"]
    assert len(told["key"]) == 32


def test_limits_of_a_process_follow_from_the_tasks(kernel: ConfinedKernel) -> None:
    found = kernel._rlimits()
    assert found["RLIMIT_DATA"] == 100 << 20
    assert found["RLIMIT_NPROC"] == 30
    assert found["RLIMIT_FSIZE"] == 5 << 20
    assert found["RLIMIT_CPU"] == 8  # one second more than is watched for
    assert found["RLIMIT_MSGQUEUE"] == found["RLIMIT_NICE"] == found["RLIMIT_RTPRIO"] == 0
    assert "RLIMIT_CORE" not in found  # set before the filter, and closed by it


def test_without_a_limit_of_processor_time_it_follows_from_the_notebooks(place: Path) -> None:
    made = ConfinedKernel(replace(JOB, limits=replace(LIMITS, cpu_seconds=0)))
    assert made.cpu_seconds == 4 * LIMITS.notebook_seconds
    made.close()


@pytest.mark.parametrize(
    ("used", "reason"),
    [
        ({}, ""),
        ({"cpu_seconds": 7.0}, ""),
        ({"cpu_seconds": 7.1}, "cpu"),
        ({"tasks": 30 + module.SPARE_TASKS}, ""),
        ({"tasks": 31 + module.SPARE_TASKS}, "processes"),
        ({"resident": (100 << 20) + 1}, "memory"),
    ],
)
def test_it_is_ended_when_all_together_use_more_than_the_limits_allow(
    kernel: ConfinedKernel, monkeypatch: pytest.MonkeyPatch, used: dict[str, float], reason: str
) -> None:
    monkeypatch.setattr(kernel, "_held", lambda: (100 << 20) + 1)
    meter = SimpleNamespace(**({"resident": 0, "cpu_seconds": 0.0, "tasks": 1} | used))
    assert kernel._over(cast(Any, meter)) == reason


def test_pages_that_are_shared_are_counted_once_before_it_is_ended(
    kernel: ConfinedKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "_held", lambda: 100 << 20)
    meter = SimpleNamespace(resident=900 << 20, cpu_seconds=0.0, tasks=9)
    assert kernel._over(cast(Any, meter)) == ""


@pytest.mark.parametrize(
    ("files", "size", "reason"), [(40, 10, ""), (60, 10, "disk"), (1, 11 << 20, "disk")]
)
def test_what_it_writes_is_counted_where_no_file_system_limits_it(
    kernel: ConfinedKernel, tmp_path: Path, files: int, size: int, reason: str
) -> None:
    (tmp_path / "notebook").mkdir()
    for number in range(files):
        (tmp_path / "notebook" / f"{number}").touch()
    (tmp_path / "notebook" / "0").write_bytes(bytes(size))
    kernel._confinement = cast(Any, SimpleNamespace(work=tmp_path / "notebook", close=lambda: None))
    assert kernel._over_disk() == reason
    kernel._confinement = None


def test_time_of_those_that_nobody_waited_for_is_what_the_group_tells(
    kernel: ConfinedKernel,
) -> None:
    meter = cast(Any, SimpleNamespace(resident=0, cpu_seconds=0.0, tasks=1))
    told = SimpleNamespace(exceeded=lambda: "", cpu_seconds=lambda: 7.0)
    kernel._group = cast(Any, told)
    assert kernel._over(meter) == ""
    told.cpu_seconds = lambda: 7.1
    assert kernel._over(meter) == "cpu"
    kernel._group = None


@pytest.mark.parametrize(
    ("used", "number", "reason"),
    [((10, 0, 1), 16, ""), ((4, 4, 4), 16, "disk"), ((0, 0, 0), 17, "disk")],
)
def test_what_it_writes_is_counted_in_all_places_together(
    kernel: ConfinedKernel,
    monkeypatch: pytest.MonkeyPatch,
    used: tuple[int, ...],
    number: int,
    reason: str,
) -> None:
    told = [
        SimpleNamespace(
            f_files=100, f_ffree=100 - number, f_blocks=20, f_bfree=20 - mib, f_frsize=1 << 20
        )
        for mib in used
    ]
    seen: list[str] = []

    def tell(path: str) -> SimpleNamespace:
        seen.append(path)
        return told[len(seen) - 1]

    monkeypatch.setattr(os, "statvfs", tell)
    kernel._init_pid = 7
    assert kernel._over_disk() == reason
    assert seen == [f"/proc/7/root/{place}" for place in ("notebook", "tmp", "dev/shm")]
    kernel._init_pid = 0


def test_the_first_reason_to_end_it_is_kept(kernel: ConfinedKernel) -> None:
    kernel.kill("output")
    kernel.kill("memory")
    assert kernel.reason == kernel.why_died() == "output"


def test_a_control_group_knows_why_it_died(kernel: ConfinedKernel) -> None:
    assert kernel.why_died() == ""
    kernel._group = cast(Any, SimpleNamespace(exceeded=lambda: "memory"))
    assert kernel.why_died() == "memory"
    kernel.reason = "output"  # what we did counts first
    assert kernel.why_died() == "output"


def test_one_that_can_not_be_watched_is_ended(
    kernel: ConfinedKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of whatever it has made who watches stumble, it must not go on without limits."""

    def stumble(_: object) -> None:
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

    monkeypatch.setattr(kernel, "is_there", lambda: True)
    monkeypatch.setattr(Meter, "read", stumble)
    kernel.watch(threading.Event())
    assert kernel.why_died() == "watch"


def test_its_time_is_up_whatever_its_driver_is_at(
    kernel: ConfinedKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "is_there", lambda: True)
    monkeypatch.setattr(Meter, "read", lambda self: None)
    kernel.may_run(600, "notebook")
    over = threading.Event()
    over.set()
    kernel.watch(over)
    assert kernel.why_died() == ""
    kernel.may_run(-1, "question")
    kernel.watch(threading.Event())
    assert kernel.why_died() == "question"


def test_who_takes_nothing_any_more_does_not_hold_up_who_sends(kernel: ConfinedKernel) -> None:
    client = connected(kernel)
    try:
        assert client.shell_channel.socket.getsockopt(zmq.SNDTIMEO) > 0
    finally:
        client.stop_channels()


def test_its_first_process_is_ended_though_the_one_that_started_it_is_gone(
    kernel: ConfinedKernel,
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    first = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    kernel._process, kernel._init = gone, os.pidfd_open(first.pid)
    kernel.close()
    assert first.wait(60) == -signal.SIGKILL
    assert kernel._init == -1


async def alive(kernel: ConfinedKernel) -> bool:
    return await kernel.is_alive()


def test_one_that_was_never_started_is_not_alive_and_leaves_nothing(place: Path) -> None:
    made = ConfinedKernel(JOB)
    theirs = made._pipes()
    assert not asyncio.run(alive(made))
    made.close()
    assert list(place.iterdir()) == []
    assert (made.questions, made.answers) == (-1, -1)
    for fd in theirs.values():
        os.close(fd)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(made.answers)
    made.close()  # twice is no harm
