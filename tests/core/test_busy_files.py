"""A file that another program has open is tried for a while on Windows, and told what helps."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from grader.core import busy_files
from grader.core.errors import UsageError

BUSY = PermissionError(errno.EACCES, os.strerror(errno.EACCES))


class Refused:
    """Is refused so often, and then works."""

    def __init__(self, times: int, error: OSError = BUSY) -> None:
        self.left, self.error, self.tries = times, error, 0

    def __call__(self) -> str:
        self.tries += 1
        if self.tries <= self.left:
            raise self.error
        return "done"


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows, where no time passes between two tries."""
    monkeypatch.setattr(busy_files, "WINDOWS", True)
    monkeypatch.setattr(busy_files, "WAITS", (0, 0))


@pytest.mark.usefixtures("windows")
def test_what_is_let_go_soon_is_waited_for() -> None:
    assert busy_files.patiently(Refused(2)) == "done"


@pytest.mark.usefixtures("windows")
def test_what_stays_open_is_refused_and_told_with_what_helps() -> None:
    act = Refused(3)
    with pytest.raises(PermissionError):
        busy_files.patiently(act)
    assert act.tries == 3
    told = busy_files.told(BUSY)
    assert told == "Permission denied: close the program that has it open"


@pytest.mark.usefixtures("windows")
def test_what_no_waiting_helps_is_refused_at_once() -> None:
    act = Refused(1, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    with pytest.raises(OSError, match="No space left") as full:
        busy_files.patiently(act)
    assert (act.tries, busy_files.told(full.value)) == (1, "No space left on device")


@pytest.mark.usefixtures("windows")
def test_a_file_that_is_just_being_saved_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"saved")
    act, real = Refused(1), Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: act() and real(path))
    assert busy_files.read(tmp_path / "file") == b"saved"
    act.left = 5
    told = r"file cannot be read \(Permission denied: close the program that has it open\)$"
    with pytest.raises(UsageError, match=told):
        busy_files.read(tmp_path / "file")


def test_elsewhere_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    act = Refused(1)
    monkeypatch.setattr(busy_files, "WINDOWS", False)
    with pytest.raises(PermissionError):
        busy_files.patiently(act)
    assert (act.tries, busy_files.told(BUSY)) == (1, "Permission denied")
