"""Driver processes, one for each notebook: forked from a server that has imported all they need.

As a script, `python -m grader.sandbox.kernels.drivers FD`, this is that server. Without one, a
driver is started as a process of its own; the one that is begun ahead is forked from this process,
which has imported half of what it needs.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from grader.core import own_process
from grader.core.errors import SandboxError
from grader.sandbox.walls import scratch

KEPT = (
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "MPLCONFIGDIR",
    "GRADER_DEBUG",
    "GRADER_BWRAP",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPATH",  # a driver is of the same grader
)
ANSWER_SECONDS = 10
END_SECONDS = 15
"""How long a driver may take to end its kernel and to remove what it made."""


_waiting: list[Driver] = []  # begun ahead; they end with this process, whose pipes they read


@dataclass(frozen=True, slots=True)
class Driver:
    """A running driver: where to write its job, where to read its lines, and its process."""

    write_end: int
    read_end: int
    process: subprocess.Popen[bytes] | Forked | None
    pidfd: int = -1

    def close(self) -> None:
        """Lets it clear up behind itself, but not for long; then ends it, whatever it does."""
        os.close(self.write_end)
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(END_SECONDS)
            self.process.kill()
            self.process.wait()
        else:
            select.select([self.pidfd], [], [], END_SECONDS)
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
            select.select([self.pidfd], [], [])
            os.close(self.pidfd)
        os.close(self.read_end)


class Forked:
    """A process that this one has forked from itself: as much of `Popen` as is asked of one."""

    def __init__(self, pid: int) -> None:
        self.returncode: int | None = None
        self._pid = pid

    def poll(self) -> int | None:
        """The code that it ended with, if it has."""
        if self.returncode is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self, timeout: float | None = None) -> None:
        """Until it has ended.

        Raises:
            TimeoutExpired: it has not in that time.
        """
        pidfd = os.pidfd_open(self._pid) if self.poll() is None else -1
        if pidfd >= 0:
            ended = select.select([pidfd], [], [], timeout)[0]
            os.close(pidfd)
            if not ended:
                raise subprocess.TimeoutExpired("a driver", timeout or 0)
            self.poll()

    def kill(self) -> None:
        """Ends it, if it has not ended."""
        if self.poll() is None:
            os.kill(self._pid, signal.SIGKILL)


def ahead(rung: str = "") -> None:
    """Begins a driver, and in it a plain kernel, for the next job that wants no fork.

    If no rung is named, the driver looks for the best one, which `best_rung` then knows. That is
    the first thing a check does: then nothing is in this process that a fork must not have.
    """
    if _waiting:
        return
    if rung or len(list(Path("/proc/self/task").iterdir())) > 1:  # a fork has one thread
        _waiting.append(_started("ahead", *([rung] if rung else [])))
        return
    with _pipes() as (job, said):
        pid = os.fork()
        if pid == 0:
            _become_driver(job[0], said[1])
        _waiting.append(Driver(job[1], said[0], Forked(pid)))


def _become_driver(orders: int, said: int) -> NoReturn:
    """In a fork of this process: what `_spawned` starts, for one job."""
    try:
        os.setsid()
        kept = _environment()
        os.environ.clear()
        os.environ.update(kept)
        os.dup2(orders, 0)
        os.dup2(said, 1)
        if "GRADER_DEBUG" not in kept:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
        here = str(Path.cwd())
        sys.path[:] = [path for path in sys.path if path not in ("", here)]  # as `python -P`
        from grader.sandbox.kernels import ahead, job  # noqa: PLC0415

        own_process.leave_no_core()
        ready = ahead.kernel((), job.say)
        # Only now, while the kernel loads its libraries: what is needed to talk to it.
        from grader.sandbox.kernels import driver  # noqa: PLC0415

        driver.serve([], ready)
    finally:
        os._exit(1)


def best_rung() -> str:
    """What the driver that was begun ahead without a rung found out; "" if it can't tell.

    Raises:
        SandboxError: nothing here confines student code.
    """
    told = bytearray()
    while _waiting and (byte := os.read(_waiting[0].read_end, 1)) not in (b"", b"\n"):
        told += byte  # and nothing that comes after this line
    try:
        event = json.loads(told)
    except ValueError:  # it ended early
        return ""
    if event["problem"]:
        raise SandboxError(event["problem"])
    return str(event["rung"])


def start(kernel: socket.socket | None) -> Driver:
    """A driver for one job. `kernel` is the socket to a forked kernel, if there is one."""
    while kernel is None and _waiting:
        driver = _waiting.pop()
        if driver.process is None or driver.process.poll() is None:
            return driver
        driver.close()
    return _started(fds=[kernel.fileno()] if kernel else [])


def _started(*words: str, fds: Sequence[int] = ()) -> Driver:
    with _pipes() as (job, said):
        given = [job[0], said[1], *fds]
        pidfd = -1 if words else _forked(given)
        process = None if pidfd >= 0 else _spawned(given, words)
        return Driver(job[1], said[0], process, pidfd)


@contextlib.contextmanager
def _pipes() -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Two pipes, for the job and for what is said; a driver's ends are closed here afterwards."""
    job, said = os.pipe(), os.pipe()
    try:
        yield job, said
    except OSError:
        os.close(job[1])
        os.close(said[0])
        raise
    finally:
        os.close(job[0])
        os.close(said[1])


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in KEPT if name in os.environ}


def _forked(given: list[int]) -> int:
    """The pidfd of a driver from the server, or -1."""
    from grader.sandbox.kernels import fork_servers  # noqa: PLC0415

    fork = fork_servers.drivers.fork(wait=False)
    if fork is None:
        return -1
    with fork.channel as channel:
        channel.settimeout(ANSWER_SECONDS)
        try:
            socket.send_fds(channel, [json.dumps(_environment()).encode()], given)
            _, fds, _, _ = socket.recv_fds(channel, 16, 1)
        except OSError:
            fds = []
    if not fds:
        fork.broken()
        return -1
    return fds[0]


def _spawned(given: list[int], words: Sequence[str]) -> subprocess.Popen[bytes]:
    log = None if "GRADER_DEBUG" in os.environ else subprocess.DEVNULL
    words = [*words, *map(str, given[2:])]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "grader.sandbox.kernels.driver", *words],
        env=_environment(),
        stdin=given[0],
        stdout=given[1],
        stderr=log,
        pass_fds=given[2:],
        start_new_session=True,
    )


def _serve_one(fds: list[int]) -> None:
    """In a fork: becomes the driver for one job."""
    from grader.sandbox.kernels import driver  # imported already  # noqa: PLC0415

    with socket.socket(fileno=fds[0]) as channel:
        message, given, _, _ = socket.recv_fds(channel, 1 << 16, 3)
        os.setsid()
        os.environ.clear()
        os.environ.update(json.loads(message))
        os.dup2(given[0], 0)
        os.dup2(given[1], 1)
        for fd in given[:2]:
            os.close(fd)
        own = os.pidfd_open(os.getpid())
        socket.send_fds(channel, [b"driver"], [own])
        os.close(own)
    driver.main([str(fd) for fd in given[2:]])


def main() -> None:
    """The server; ends when the process that started it does."""
    import nbformat  # noqa: PLC0415

    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # no threads before a fork
    from grader.sandbox.inside import forks  # noqa: PLC0415

    # What forks find imported:
    from grader.sandbox.kernels import client, conversation, driver  # noqa: F401, PLC0415

    # The first notebook of a process compiles the schema that all are validated with.
    nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("")])  # type: ignore[no-untyped-call]
    forks.serve(socket.socket(fileno=int(sys.argv[1])), _serve_one)
    scratch.reap_after_death()


if __name__ == "__main__":
    main()
