"""A process limits itself, and holds a folder for as long as it wants or lives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.core import own_process

HOLD = (
    "import sys, time\nfrom pathlib import Path\nfrom grader.core import own_process\n"
    "own_process.lock(Path(sys.argv[1]))\nprint('held', flush=True)\ntime.sleep(600)"
)


def test_a_locked_folder_is_nobody_elses_until_its_handle_is_closed(tmp_path: Path) -> None:
    handle = own_process.lock(tmp_path)
    assert handle is not None
    with pytest.raises(BlockingIOError):
        own_process.lock(tmp_path)
    os.close(handle)
    again = own_process.lock(tmp_path)
    assert again is not None
    os.close(again)


def test_a_process_that_dies_lets_go(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(BlockingIOError):
        own_process.lock(tmp_path)
    holder.kill()
    holder.wait()
    holder.stdout.close()
    handle = own_process.lock(tmp_path)
    assert handle is not None
    os.close(handle)


def test_who_takes_more_memory_than_it_allowed_itself_fails() -> None:
    code = (
        "from grader.core import own_process\nown_process.limit_memory(1 << 30)\n"
        "try: bytearray(2 << 30)\nexcept MemoryError: print('refused')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"


def test_a_file_system_without_locks_locks_nothing_and_keeps_no_handle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handles: list[int] = []

    def without(handle: int, _: int) -> None:
        handles.append(handle)
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", without)
    assert own_process.lock(tmp_path) is None
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(handles[0])


def test_where_the_system_has_neither_limits_nor_locks_nothing_is_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)
    monkeypatch.setitem(sys.modules, "fcntl", None)
    own_process.limit_memory(1)
    own_process.leave_no_core()
    assert own_process.lock(tmp_path) is None


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        own_process.lock(tmp_path / "gone")
