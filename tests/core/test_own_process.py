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
