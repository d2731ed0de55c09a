"""One confined kernel process, started cold: start, interrupt, watch, kill. In the driver process.

Everything the kernel ever started lives in one process namespace; killing that namespace's first
process ends all of it at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.session import Session

from grader.errors import SandboxError
from grader.sandbox import bwrap
from grader.sandbox.job import Job

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
MAX_MESSAGE = 32 << 20
START_SECONDS = 60


class ConfinedKernel:
    """A kernel in bubblewrap, with the part of KernelManager's interface that nbclient uses."""

    has_kernel = True
    rung = "bubblewrap"

    def __init__(self, job: Job) -> None:
        self.reason = ""  # why we killed it, if we did
        self.lost = False  # whether it ended through a fault of ours
        self._job = job
        self._key = uuid.uuid4().hex
        self._folder = Path(tempfile.mkdtemp(prefix=f"grader-kernel-{os.getpid()}-"))
        self._init_pid = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._confinement: bwrap.Confinement | None = None
        self.questions = -1  # our end of the pipe that questions go down
        self.answers = -1  # our end of the pipe that answers come up

    # -- life ------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts bubblewrap.

        Raises:
            SandboxError: it did not come up.
        """
        listeners, sockets = self._listeners()
        question_read, answer_write = self._pipes()
        info_read, info_write = os.pipe()
        confinement = self._confinement = bwrap.confine(
            connection=self._connection_file(),
            setup={
                "limits": self._rlimits(),
                "sockets": sockets,
                "pipes": {"questions": question_read, "answers": answer_write},
            },
            files=self._job.files,
            mounts={inside: Path(outside) for inside, outside in self._job.mounts.items()},
            hide=[Path(path) for path in self._job.hide],
            limits=self._job.limits,
            info_fd=info_write,
        )
        given = [*sockets.values(), question_read, answer_write, info_write, *confinement.fds]
        log = 2 if os.environ.get("GRADER_DEBUG") else subprocess.DEVNULL
        try:
            self._process = subprocess.Popen(
                confinement.command,
                pass_fds=given,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",  # these two can be read inside, from bubblewrap's own process
                env={"PATH": os.environ.get("PATH", os.defpath)},
            )
            os.close(info_write)
            with open(info_read, "rb") as info:  # noqa: PTH123 (an fd)
                text = info.read()
            self._init_pid = int(json.loads(text)["child-pid"]) if text else 0
        finally:
            confinement.close_fds()
            for listener in listeners:
                listener.close()
            os.close(question_read)
            os.close(answer_write)
        if not self._init_pid:
            raise SandboxError(f"the sandbox did not start: {bwrap.works() or 'unknown reason'}")

    def _listeners(self) -> tuple[list[socket.socket], dict[str, int]]:
        """Listening sockets for the kernel, and their fds by the endpoints that it knows."""
        listeners = []
        for number in range(1, len(CHANNELS) + 1):
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(str(self._folder / f"kernel-{number}"))
            listener.listen(16)
            listeners.append(listener)
        fds = {f"ipc:///tmp/kernel-{n}": s.fileno() for n, s in enumerate(listeners, 1)}
        return listeners, fds

    def _pipes(self) -> tuple[int, int]:
        """Makes the two pipes; the kernel's ends of them."""
        question_read, self.questions = os.pipe()
        self.answers, answer_write = os.pipe()
        return question_read, answer_write

    def _connection_file(self) -> bytes:
        return json.dumps(self._connection("/tmp/kernel")).encode()

    def _connection(self, path: str) -> dict[str, Any]:
        ports = {f"{name}_port": number for number, name in enumerate(CHANNELS, 1)}
        return ports | {
            "transport": "ipc", "ip": path, "key": self._key, "signature_scheme": "hmac-sha256",
        }  # fmt: skip

    def _rlimits(self) -> dict[str, int]:
        limits = self._job.limits
        return {
            "RLIMIT_DATA": limits.memory_mib << 20,
            "RLIMIT_NPROC": limits.processes,
            "RLIMIT_FSIZE": limits.file_mib << 20,
            "RLIMIT_NOFILE": 1024,
            "RLIMIT_CORE": 0,
            "RLIMIT_CPU": 4 * limits.notebook_seconds,
        }

    def client(self) -> AsyncKernelClient:
        """A connected client whose context refuses oversized messages."""
        context = zmq.asyncio.Context()
        context.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE)
        client = AsyncKernelClient(context=context, session=Session(key=self._key.encode()))
        client.load_connection_info(
            cast("KernelConnectionInfo", self._connection(str(self._folder / "kernel")))
        )
        client.start_channels(stdin=False, hb=False)
        return client

    # -- what nbclient asks ----------------------------------------------------------------

    async def is_alive(self) -> bool:
        """Whether the namespace's first process is there."""
        return self._process is not None and self._process.poll() is None

    async def interrupt_kernel(self) -> None:
        """SIGINT to the kernel process alone; to bubblewrap's own it would end the sandbox."""
        for pid in children(self._init_pid)[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)

    # -- end -------------------------------------------------------------------------------

    def kill(self, reason: str = "") -> None:
        """Ends the namespace and all in it. The first reason given is kept."""
        self.reason = self.reason or reason
        with contextlib.suppress(ProcessLookupError, PermissionError):
            # Once bubblewrap has ended, the number may be another's.
            if self._init_pid and self._process and self._process.poll() is None:
                os.kill(self._init_pid, signal.SIGKILL)

    def close(self) -> None:
        """Kills what is left and removes what was made."""
        self.kill()
        if self._process:
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(5)
        if self._confinement:
            self._confinement.close()
        self._close_ours()

    def _close_ours(self) -> None:
        for fd in (self.questions, self.answers):
            if fd >= 0:
                with contextlib.suppress(OSError):
                    os.close(fd)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def watch_memory(self, interval: float = 0.25) -> None:
        """Kills the kernel when all its processes together hold more than the limit."""
        limit = self._job.limits.memory_mib << 20
        while await self.is_alive():
            # The sum counts shared pages several times, but is cheap, and never too small.
            if resident(self._init_pid) > limit and self._held() > limit:
                self.kill("memory")
                return
            await asyncio.sleep(interval)

    def _held(self) -> int:
        """Bytes of memory that its processes hold, each page counted once."""
        return sum(map(proportional, family(self._init_pid)))


def children(pid: int) -> list[int]:
    """Pids of the direct children of all threads of a process; empty if it is gone."""
    found = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    except (OSError, ValueError):
        pass
    return found


def family(pid: int) -> Iterator[int]:
    """A process and all its descendants."""
    queue = [pid]
    while queue:
        current = queue.pop()
        yield current
        queue += children(current)


def resident(pid: int) -> int:
    """Bytes of resident memory of a process and all its descendants (shared pages each time)."""
    total = 0
    for member in family(pid):
        with contextlib.suppress(OSError, ValueError, IndexError):
            pages = int(Path(f"/proc/{member}/statm").read_text().split()[1])
            total += pages * os.sysconf("SC_PAGE_SIZE")
    return total


def proportional(pid: int) -> int:
    """Bytes that one process holds, each shared page divided among those who share it. Slow."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        return int(text.split("\nPss:")[1].split()[0]) << 10
    return 0
