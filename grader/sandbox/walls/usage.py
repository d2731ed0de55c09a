"""What a tree of processes uses: memory, processor time, processes, files. Trusted side.

A child's limit is its own (`RLIMIT_CPU`, `RLIMIT_DATA`), so that many children escape it together;
this looks at the sum.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from grader.sandbox.walls import proc

HAS_PROC = Path("/proc/self/task").is_dir()
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
UNSEEN = (errno.ENAMETOOLONG, errno.EACCES)
"""Errors at a folder into which nobody can look, so that nothing may lie there."""


@dataclass(slots=True)
class Meter:
    """Measures one tree again and again; remembers the time of processes that ended."""

    root: int
    resident: int = 0  # bytes; a shared page counts for each process
    cpu_seconds: float = 0.0
    tasks: int = 0  # processes and threads
    _spent: dict[int, float] = field(default_factory=dict)

    def read(self) -> None:
        """Measures now."""
        pids = [self.root, *descendants(self.root)]
        self.resident = self.tasks = 0
        told = 0.0
        for pid in pids:
            memory, own, waited, threads = _measure(pid)
            self.resident += memory
            self.tasks += threads
            self._spent[pid] = max(own, self._spent.get(pid, 0.0))
            told += own + waited
        # Time of the dead is told by who waited for them, unless nobody did: then by our memory.
        self.cpu_seconds = max(self.cpu_seconds, told, sum(self._spent.values()))


def _measure(pid: int) -> tuple[int, float, float, int]:
    """Resident bytes, own seconds, seconds of dead children, threads; zeros if it is gone."""
    if not HAS_PROC:
        return _measure_elsewhere(pid)
    try:
        stat = proc.text(f"/proc/{pid}/stat")
    except OSError:
        return 0, 0.0, 0.0, 0
    fields = stat[stat.rindex(")") + 2 :].split()  # a name may hold spaces and brackets
    utime, stime, cutime, cstime = (int(number) / TICKS for number in fields[11:15])
    return int(fields[21]) * PAGE, utime + stime, cutime + cstime, int(fields[17])


def _measure_elsewhere(pid: int) -> tuple[int, float, float, int]:
    """The same where there is no /proc."""
    import psutil  # noqa: PLC0415

    try:
        process = psutil.Process(pid)
        times = process.cpu_times()
        own = times.user + times.system
        return process.memory_info().rss, own, 0.0, process.num_threads()
    except (OSError, psutil.Error):
        return 0, 0.0, 0.0, 0


def children(pid: int) -> list[int]:
    """Pids of the direct children of all threads of a process; empty if it is gone."""
    if not HAS_PROC:
        import psutil  # noqa: PLC0415

        try:
            return [child.pid for child in psutil.Process(pid).children()]
        except psutil.Error:
            return []
    found = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):  # a thread that has ended: the others have not
                found += [int(child) for child in proc.text(task / "children").split()]
    return found


def descendants(pid: int) -> list[int]:
    """Pids of all processes below one, without itself."""
    found, queue = [], [pid]
    while queue:
        below = children(queue.pop())
        found += below
        queue += below
    return found


def proportional(pid: int) -> int:
    """Bytes that one process holds, each shared page divided among those who share it. Slow."""
    try:
        told = proc.lines(f"/proc/{pid}/smaps_rollup")
        return sum(int(line.split()[1]) << 10 for line in told if line[:4] == "Pss:")
    except (OSError, ValueError, IndexError):
        return _measure(pid)[0]


def tasks_of_user(uid: int) -> int:
    """Processes and threads of a user on this machine, which `RLIMIT_NPROC` counts together."""
    import psutil  # noqa: PLC0415 (takes long to load, and is not needed for every rung)

    total = 0
    for process in psutil.process_iter():
        try:
            if process.uids().real == uid:
                total += process.num_threads()
        except psutil.Error:
            continue
    return total


def unnamed(pids: Iterable[int], device: int) -> int:
    """Bytes of files on a device that have no name any more, and that these processes hold open."""
    found = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            for fd in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):  # it may be closed
                    about = fd.stat()
                    if about.st_dev == device and not about.st_nlink:
                        found[about.st_ino] = about.st_blocks * 512
    return sum(found.values())


def files_in(folder: Path, most: int) -> tuple[int, int]:
    """Number and bytes of the files below a folder; counting stops at `most` of them."""
    number = size = 0
    places = [str(folder)]  # no recursion: they may be nested thousands deep
    while places and number <= most:
        try:
            with os.scandir(places.pop()) as entries:
                found = list(entries)
        except OSError as bad:
            if bad.errno in UNSEEN:
                return most + 1, size
            continue
        number += len(found)
        for entry in found:
            with contextlib.suppress(OSError):  # it may be gone
                if entry.is_dir(follow_symlinks=False):
                    places.append(entry.path)
                else:
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
    return number, size
