"""Starts one kernel without namespaces and ends whatever it left: `supervisor FD TASK`.

Trusted side, a process of its own between driver and kernel. TASK is a file of JSON, FD a pipe.
When that pipe closes, because the driver wants so or is dead, or when the kernel ends, it kills
all descendants: orphans come back to it, so that none gets lost.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

import psutil

from grader.sandbox.walls import landlock, seccomp, sharedmemory

DEATH_SIGNAL, CHILD_SUBREAPER, SECURE_BITS, DROP_CAPABILITY = 1, 36, 28, 24
NO_ROOT_LOCKED = 0x2F  # user 0 is nobody special, and stays so
CAPABILITIES = 64
CAPABILITY_VERSION = 0x20080522
GIVE_UP_SECONDS = 5  # for stopping, and again for killing


def main() -> None:
    """Returns when nothing is left of the kernel."""
    lifeline = int(sys.argv[1])
    task = json.loads(Path(sys.argv[2]).read_text())
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    if sys.platform == "linux":
        landlock.libc().prctl(CHILD_SUBREAPER, 1, 0, 0, 0)
    kernel = os.fork()
    if kernel == 0:
        _become_kernel(task, (lifeline, wake_read, wake_write))
    os.write(task["info"], json.dumps({"child-pid": os.getpid()}).encode())
    _close_all_but(lifeline, wake_read, wake_write)
    _wait(kernel, lifeline, wake_read)
    try:
        pids = [kernel, *(child.pid for child in psutil.Process().children(recursive=True))]
        shared = sharedmemory.files_of(pids, task["user"], all_of_user=task["own_user"])
    finally:  # whatever they did to what was just read
        end_all()
    sharedmemory.remove(shared)


def _close_all_but(*kept: int) -> None:
    """Of the kernel's sockets and pipes nothing may stay open here: their end tells of its end."""
    first = 3
    for fd in sorted(kept):
        os.closerange(first, fd)
        first = fd + 1
    os.closerange(first, os.sysconf("SC_OPEN_MAX"))


def _wait(kernel: int, lifeline: int, wake: int) -> None:
    """Until the kernel is dead or the driver let go. Buries orphans meanwhile."""
    while True:
        ready, _, _ = select.select([lifeline, wake], [], [])
        if lifeline in ready:
            return
        os.read(wake, 4096)
        if kernel in _bury():
            return


def _bury() -> set[int]:
    """Pids of children that have ended."""
    ended = set()
    with contextlib.suppress(ChildProcessError):
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            ended.add(pid)
    return ended


def end_all() -> None:
    """Stops every descendant, then kills every one.

    Who is stopped forks no more but still counts against the limit of processes: a fork bomb comes
    to rest, where killing one by one would only make room for the next.
    """
    _send_until_quiet(signal.SIGSTOP, (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE))
    _send_until_quiet(signal.SIGKILL, ())


def _send_until_quiet(number: signal.Signals, done: tuple[str, ...]) -> None:
    """A signal to all descendants whose status is none of these, until twice nobody was found."""
    own, quiet = psutil.Process(), 0
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while quiet < 2 and time.monotonic() < deadline:
        quiet += 1
        for process in own.children(recursive=True):
            with contextlib.suppress(psutil.Error, OSError):
                if process.status() not in done:
                    quiet = 0
                    process.send_signal(number)
        _bury()
        time.sleep(0.005)


def _become_kernel(task: dict[str, Any], ours: tuple[int, ...]) -> NoReturn:
    """Takes rights away from this process, and becomes the kernel. On any failure: nobody."""
    try:
        for fd in (*ours, task["info"]):
            os.close(fd)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        filter_ = seccomp.program(alone=True)  # while its table may still be read
        if task["rights"] is not None and filter_ is None:
            raise OSError("no system-call filter is known for this machine")
        os.setsid()
        os.umask(0o077)
        _become_user(task["user"])
        if sys.platform == "linux":
            landlock.libc().prctl(DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
            landlock.libc().prctl(landlock.NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        os.chdir(task["folder"])
        if task["rights"] is not None:
            landlock.restrict([(Path(path), rights) for path, rights in task["rights"]])
            seccomp.install(filter_ or b"")
        os.execve(task["argv"][0], task["argv"], task["environment"])  # noqa: S606
    finally:
        os._exit(126)


def _become_user(user: int) -> None:
    """Root becomes the user, or stays user 0 without any of its powers."""
    if os.geteuid() != 0:
        return
    os.setgroups([])
    if user:
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        return
    libc = landlock.libc()
    for number in range(CAPABILITIES):
        libc.prctl(DROP_CAPABILITY, number, 0, 0, 0)
    libc.prctl(SECURE_BITS, NO_ROOT_LOCKED, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    if libc.capset(header, (ctypes.c_uint32 * 6)()) != 0:
        raise OSError(ctypes.get_errno(), "root could not give up its powers")


if __name__ == "__main__":
    main()
