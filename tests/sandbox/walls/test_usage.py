"""What a tree of processes uses is counted for all of it, also for those that have ended."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from grader.sandbox.walls import usage

TREE = """
import os, subprocess, sys, time
sleeps = 'import time; print(1, flush=True); time.sleep(60)'
inner = subprocess.Popen([sys.executable, '-c', sleeps], stdout=subprocess.PIPE)
inner.stdout.readline()
print(inner.pid, flush=True)
time.sleep(60)
"""


@contextmanager
def running(code: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A Python process, and the first line that it says."""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        for pid in usage.descendants(process.pid):
            os.kill(pid, 9)
        process.kill()
        process.wait()
        process.stdout.close()


def until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_children_are_direct_ones_and_descendants_all() -> None:
    with running(TREE) as (process, inner):
        assert usage.children(os.getpid()).count(process.pid) == 1
        assert usage.children(process.pid) == [int(inner)]
        assert int(inner) not in usage.children(os.getpid())
        assert {process.pid, int(inner)} <= set(usage.descendants(os.getpid()))
        assert usage.descendants(process.pid) == [int(inner)]


def test_a_process_that_is_gone_has_no_children() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert usage.children(process.pid) == []
    assert usage.descendants(process.pid) == []


def test_a_meter_adds_up_the_memory_and_the_processes_of_the_tree() -> None:
    fill = "import time; x = bytearray(b'x' * (40 << 20)); print(1, flush=True); time.sleep(60)"
    with running(fill) as (process, _):
        meter = usage.Meter(process.pid)
        meter.read()
        assert 40 << 20 < meter.resident < 400 << 20
        assert meter.tasks >= 1
    with running(TREE) as (process, _):
        meter = usage.Meter(process.pid)
        meter.read()
        assert meter.tasks >= 2


def used(meter: usage.Meter) -> float:
    """Seconds of processor time, as far as they are known now."""
    meter.read()
    return meter.cpu_seconds


def test_the_time_of_processes_that_ended_is_remembered() -> None:
    burns = (
        "import subprocess, sys, time\n"
        "burn = 'import time\\nwhile time.process_time() < 0.4: pass\\ntime.sleep(1)'\n"
        "subprocess.run([sys.executable, '-c', burn])\nprint('done', flush=True)\ntime.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", burns], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    meter = usage.Meter(process.pid)
    try:
        assert until(lambda: used(meter) >= 0.4)
        assert process.stdout.readline() == "done\n"
        assert used(meter) >= 0.4
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_share_of_memory_is_no_more_than_all_of_it() -> None:
    fill = "import time; x = bytearray(b'x' * (40 << 20)); print(1, flush=True); time.sleep(60)"
    with running(fill) as (process, _):
        held = usage.proportional(process.pid)
    assert 40 << 20 < held < 400 << 20


def test_tasks_of_a_user_are_counted_with_their_threads() -> None:
    threads = (
        "import threading, time\n"
        "for _ in range(20): threading.Thread(target=time.sleep, args=[60], daemon=True).start()\n"
        "print(1, flush=True); time.sleep(60)"
    )
    with running(threads):
        assert usage.tasks_of_user(os.getuid()) >= 21
    assert usage.tasks_of_user(4_000_000_000) == 0


def test_files_are_counted_with_their_folders_and_sizes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").write_bytes(b"x" * 10_000)
    (tmp_path / "empty").touch()
    (tmp_path / "link").symlink_to("/usr")
    number, size = usage.files_in(tmp_path, 100)
    assert number == 4
    assert 10_000 <= size < 40_000


@pytest.mark.parametrize("most", [0, 3, 9])
def test_counting_stops_where_there_are_too_many(tmp_path: Path, most: int) -> None:
    for folder in "abcde":
        (tmp_path / folder).mkdir()
        for file in "abcde":
            (tmp_path / folder / file).touch()
    number, _ = usage.files_in(tmp_path, most)
    assert most < number <= 30


def test_a_file_without_a_name_is_counted_once_while_it_is_open(tmp_path: Path) -> None:
    pid, device = os.getpid(), tmp_path.stat().st_dev
    before = usage.unnamed([pid], device)
    with (tmp_path / "named").open("wb") as named, (tmp_path / "gone").open("wb") as gone:
        for file in (named, gone):
            file.write(b"x" * 100_000)
            file.flush()
        (tmp_path / "gone").unlink()
        with os.fdopen(os.dup(gone.fileno()), "wb"):
            assert 100_000 <= usage.unnamed([pid, pid, 2**22 + 1], device) - before < 200_000
        assert usage.unnamed([pid], device + 1) == 0
    assert usage.unnamed([pid], device) == before


def test_where_nobody_may_look_nothing_may_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed").mkdir()
    look = os.scandir

    def scan(path: str) -> Any:
        if path.endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return look(path)

    monkeypatch.setattr(os, "scandir", scan)
    assert usage.files_in(tmp_path, 50)[0] == 51


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert usage.files_in(tmp_path / "nowhere", 10) == (0, 0)


@pytest.mark.parametrize("name", [b"\xff\xfe", b"a) R 1 (b", b"x\n) 1"])
def test_a_process_is_measured_by_whatever_name(name: bytes) -> None:
    """One that is no text ended the watch of all limits."""
    code = (
        f"import ctypes, time; ctypes.CDLL(None).prctl(15, {name!r}, 0, 0, 0)\n"
        "x = bytearray(b'x' * (40 << 20)); print(1, flush=True); time.sleep(60)"
    )
    with running(code) as (process, _):
        memory, seconds, _, threads = usage._measure(process.pid)
        assert Path(f"/proc/{process.pid}/comm").read_bytes() == name + b"\n"
    assert 40 << 20 < memory < 400 << 20
    assert 0 < seconds < 60
    assert threads == 1


def test_threads_that_end_meanwhile_do_not_hide_children_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for task, told in (("1", "5 6 "), ("2", None), ("3", "7 "), ("4", "")):
        (tmp_path / "9/task" / task).mkdir(parents=True)
        if told is not None:
            (tmp_path / "9/task" / task / "children").write_text(told)
    monkeypatch.setattr(usage, "Path", lambda path: Path(path.replace("/proc", str(tmp_path))))
    assert sorted(usage.children(9)) == [5, 6, 7]


def test_a_process_that_is_gone_uses_nothing() -> None:
    gone = 2**22 + 1  # above the largest number that a kernel gives
    assert usage._measure(gone) == (0, 0.0, 0.0, 0)
    assert usage.proportional(gone) == 0
    assert usage.descendants(gone) == []


def test_what_was_used_is_remembered_when_all_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {1: (4096, 1.0, 0.5, 2), 2: (8192, 3.0, 0.0, 1)}
    monkeypatch.setattr(usage, "descendants", lambda pid: [2])
    monkeypatch.setattr(usage, "_measure", lambda pid: told.get(pid, (0, 0.0, 0.0, 0)))
    meter = usage.Meter(1)
    meter.read()
    assert (meter.resident, meter.tasks, meter.cpu_seconds) == (12288, 3, 4.5)
    del told[2]  # nobody waited for it
    told[1] = (4096, 2.0, 0.5, 2)
    meter.read()
    assert (meter.resident, meter.tasks, meter.cpu_seconds) == (4096, 2, 5.0)
    told[1] = (4096, 2.0, 7.0, 2)  # it waited for others
    meter.read()
    assert meter.cpu_seconds == 9.0
    told.clear()
    meter.read()
    assert (meter.resident, meter.tasks, meter.cpu_seconds) == (0, 0, 9.0)
