"""Temporary folders that do not outlive their owner by long. Trusted side.

A folder is locked by the process that made it, for as long as that process lives, however it ends.
It gets its name only then: whoever finds a folder of that name unlocked may remove it at once.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

PREFIX = "grader-held-"
UNHELD = "grader-unheld-"
KINDS = ("kernel", "stage", "work")
FRESH_SECONDS = 5  # between making a folder and locking it, nobody else may take it for stale
REMOVE_SECONDS = 30  # for what Python itself could not remove


class Scratch:
    """A temporary folder, held until `close`."""

    def __init__(self, kind: str) -> None:
        assert kind in KINDS
        made = Path(tempfile.mkdtemp(prefix=f"{UNHELD}{kind}-", dir=_place(kind)))
        self._lock = hold(made)
        self.path = made.rename(made.with_name(made.name.replace(UNHELD, PREFIX, 1)))
        self._closing = threading.RLock()

    def close(self) -> None:
        """Removes it, and gives it free. May be called twice, and by two threads at once."""
        with self._closing:  # who comes second waits: it may be about to end the process
            lock, self._lock = self._lock, -1
            if lock >= 0:
                try:
                    remove(self.path)
                finally:
                    os.close(lock)


def _place(kind: str) -> Path:
    """Where folders of this kind lie. Another user has to come through the staging folders."""
    usual = Path(tempfile.gettempdir())
    return usual if kind != "stage" or usual.stat().st_mode & 0o001 else Path("/tmp")


def hold(path: Path) -> int:
    """Locks a folder as this process's own. The lock ends with the fd, or with the process."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return fd


def is_stale(path: Path, fresh_seconds: float) -> bool:
    """Whether its owner is gone. Up to `fresh_seconds` old, it may be one that gets locked yet."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        about = os.fstat(fd)
        is_fresh = fresh_seconds and time.time() - about.st_ctime < fresh_seconds
        if about.st_uid != os.geteuid() or is_fresh:
            return False
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


def remove(path: Path) -> None:
    """Removes a folder of ours with what is in it."""
    if path.name.startswith((f"{PREFIX}stage-", f"{UNHELD}stage-")):
        # Only empty folders, never a tree: in a mount namespace that is not ours to see, the
        # interpreter is mounted here.
        with contextlib.suppress(OSError):  # or somebody removed it before
            for place in [*path.iterdir()]:
                with contextlib.suppress(OSError):
                    place.rmdir()
            path.rmdir()
        return
    remove_tree(path)


def remove_tree(path: Path) -> None:
    """Removes a folder with all that a student may have put there, as far as that can be done."""
    with contextlib.suppress(RecursionError):
        shutil.rmtree(path, ignore_errors=True)
    if path.exists():  # folders that were closed against us, or nested thousands deep
        for command in (("chmod", "-R", "u+rwX"), ("rm", "-rf")):
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                subprocess.run(
                    [*command, str(path)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    timeout=REMOVE_SECONDS,
                    check=False,
                )


def reap_after_death() -> None:
    """`reap` for who has just seen a grader end: the system may give its locks free a bit later."""
    for pause in (0, 0.1, 0.5):
        time.sleep(pause)
        with contextlib.suppress(Exception):
            reap()


def reap() -> list[Path]:
    """Removes what killed graders left behind, and names it."""
    folders = [
        folder
        for kind in KINDS
        for prefix, fresh_seconds in ((PREFIX, 0), (UNHELD, FRESH_SECONDS))
        for folder in _place(kind).glob(f"{prefix}{kind}-*")
        if is_stale(folder, fresh_seconds)
    ]
    for folder in folders:
        remove(folder)
    return folders
