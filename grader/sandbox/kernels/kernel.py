"""One confined kernel process, started cold: start, interrupt, watch, kill. In the driver process.

What confines it is the rung's matter (walls/levels.py). Everything the kernel ever started has one
ancestor, the namespace's first process or a supervisor; ending that ends all of it at once.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import select
import signal
import socket
import subprocess
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from grader.core.errors import SandboxError
from grader.sandbox.kernels.job import KernelJob
from grader.sandbox.walls import levels
from grader.sandbox.walls.cgroup import Group
from grader.sandbox.walls.confinement import Confinement, Wish
from grader.sandbox.walls.scratch import Scratch
from grader.sandbox.walls.usage import (
    Meter,
    children,
    descendants,
    files_in,
    proportional,
    unnamed,
)

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
START_SECONDS = 60
LOOK_SECONDS = 0.25
END_SECONDS = 12  # a supervisor needs longer than a namespace
SPARE_TASKS = 16  # of what confines the kernel
MORE = "\n[more was printed, and left out]\n"
"""Ends a cell's output that was cut."""


OVERWRITTEN = re.compile(r"^.*\r(?=[^\n])", re.MULTILINE)


class KernelDiedError(Exception):
    """It is gone, or was ended: what it was at has no end of its own."""


class ConfinedKernel:
    """A kernel on some rung, with the part of KernelManager's interface that nbclient uses."""

    has_kernel = True

    def __init__(self, job: KernelJob) -> None:
        self.reason = ""  # why we killed it, if we did
        self.lost = False  # whether it ended through a fault of ours
        self._until = (math.inf, "")  # when it is killed, and why
        self._job = job
        self.key = uuid.uuid4().hex
        self._scratch = Scratch("kernel")
        self.folder = self._scratch.path
        self._init_pid = 0
        self._init = -1  # its pidfd, where it is the first process of namespaces
        self._process: subprocess.Popen[bytes] | None = None
        self._confinement: Confinement | None = None
        self._group: Group | None = None
        self.questions = -1  # our end of the pipe that questions go down
        self.answers = -1  # our end of the pipe that answers come up

    @property
    def rung(self) -> str:
        """What confines it, for the record."""
        return self._job.rung

    # -- life ------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts the sandbox.

        Raises:
            SandboxError: it did not come up.
        """
        listeners, sockets = self._listeners()
        pipes = self._pipes()
        info_read, info_write = os.pipe()
        wish = Wish(
            connection=self._connection_file(),
            setup=self._setup() | {"sockets": sockets, "pipes": pipes},
            files=self._job.files,
            mounts={inside: Path(outside) for inside, outside in self._job.mounts.items()},
            hide=[Path(path) for path in self._job.hide],
            limits=self._job.limits,
            info_fd=info_write,
        )
        confinement = self._confinement = levels.confine(self._job.rung, wish)
        self._group = confinement.group
        given = [*sockets.values(), *pipes.values(), info_write, *confinement.fds]
        log = 2 if os.environ.get("GRADER_DEBUG") else subprocess.DEVNULL
        try:
            self._process = subprocess.Popen(
                confinement.command,
                pass_fds=given,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            os.close(info_write)
            with open(info_read, "rb") as info:  # noqa: PTH123 (an fd)
                text = info.read()
            self._init_pid = int(json.loads(text)["child-pid"]) if text else 0
        finally:
            confinement.close_fds()
            for listener in listeners:
                listener.close()
            for fd in pipes.values():
                os.close(fd)
        if not self._init_pid:
            from grader.sandbox.walls import choose  # noqa: PLC0415

            problem = choose.examine(self._job.rung).problem
            raise SandboxError(f"the sandbox did not start: {problem or 'unknown reason'}")
        if confinement.work is None:
            with contextlib.suppress(ProcessLookupError):
                self._init = os.pidfd_open(self._init_pid)

    def _setup(self) -> dict[str, Any]:
        """What holds from its start."""
        return {"limits": self._rlimits()}

    def _listeners(self) -> tuple[list[socket.socket], dict[str, int]]:
        """Listening sockets for the kernel, and their fds by the endpoints that it knows."""
        listeners = []
        for number in range(1, len(CHANNELS) + 1):
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(str(self.folder / f"kernel-{number}"))
            listener.listen(16)
            listeners.append(listener)
        fds = {f"ipc:///tmp/kernel-{n}": s.fileno() for n, s in enumerate(listeners, 1)}
        return listeners, fds

    def _pipes(self) -> dict[str, int]:
        """Makes the pipes; the kernel's ends of them by their names."""
        question_read, self.questions = os.pipe()
        self.answers, answer_write = os.pipe()
        return {"questions": question_read, "answers": answer_write}

    def _connection_file(self) -> bytes:
        return json.dumps(self.connection("/tmp/kernel")).encode()

    def connection(self, path: str) -> dict[str, Any]:
        """What a Jupyter client is told of it, whose sockets begin with this path."""
        ports = {f"{name}_port": number for number, name in enumerate(CHANNELS, 1)}
        return ports | {
            "transport": "ipc",
            "ip": path,
            "key": self.key,
            "signature_scheme": "hmac-sha256",
        }

    def _rlimits(self) -> dict[str, int]:
        limits = self._job.limits
        return {
            "RLIMIT_DATA": limits.memory_mib << 20,
            "RLIMIT_NPROC": limits.processes,
            "RLIMIT_FSIZE": limits.file_mib << 20,
            "RLIMIT_NOFILE": 1024,
            "RLIMIT_MSGQUEUE": 0,
            "RLIMIT_NICE": 0,  # nor ahead of others: who watches needs a processor, too
            "RLIMIT_RTPRIO": 0,
            "RLIMIT_SIGPENDING": 1024,  # signals that wait: all processes of a user share them
            "RLIMIT_MEMLOCK": 64 << 20,
            "RLIMIT_CPU": self.cpu_seconds + 1,  # the watch comes first, and tells why
        }

    def is_there(self) -> bool:
        """Whether the namespace's first process is."""
        return self._process is not None and self._process.poll() is None

    # -- what nbclient asks ----------------------------------------------------------------

    async def is_alive(self) -> bool:
        """Whether it runs."""
        return self.is_there()

    async def interrupt_kernel(self) -> None:
        """SIGINT to the kernel process alone; to bubblewrap's own it would end the sandbox."""
        for pid in children(self._init_pid)[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)

    # -- end -------------------------------------------------------------------------------

    def kill(self, reason: str = "") -> None:
        """Ends all that ever started in it. The first reason given is kept."""
        self.reason = self.reason or reason
        if self._init >= 0:  # whatever became of the process that started it
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(self._init, signal.SIGKILL)
        elif self._confinement:
            self._confinement.kill(0)

    def close(self) -> None:
        """Kills what is left and removes what was made."""
        self.kill()
        try:
            self._bury()
            if self._process:
                try:
                    self._process.wait(END_SECONDS)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait(5)
        finally:
            try:
                if self._confinement:
                    self._confinement.close()
            finally:
                self._close_ours()

    def _bury(self) -> None:
        """Waits for the first process, whose end ends all in its namespaces."""
        init, self._init = self._init, -1
        if init >= 0:
            select.select([init], [], [], 5)
            os.close(init)

    def _close_ours(self) -> None:
        fds, self.questions, self.answers = (self.questions, self.answers), -1, -1
        for fd in fds:
            if fd >= 0:
                with contextlib.suppress(OSError):
                    os.close(fd)
        self._scratch.close()

    # -- limits on the sum ------------------------------------------------------------------

    @property
    def cpu_seconds(self) -> int:
        """Processor time that all processes together may use."""
        limits = self._job.limits
        return limits.cpu_seconds or 4 * limits.notebook_seconds

    def why_died(self) -> str:
        """The reason of a death that was not our doing: a control group's limit, or unknown."""
        return self.reason or (self._group.exceeded() if self._group else "")

    def may_run(self, seconds: float, reason: str) -> None:
        """From now on it has so much time, and is killed for this reason after that."""
        self._until = time.monotonic() + seconds, reason

    def watch(self, over: threading.Event) -> None:
        """Kills the kernel when its time is up, or its processes together use more than they may.

        Also when that can't be found out: what nobody watches has no limits. Returns when it is
        dead, or nobody wants it any more. In a thread of its own: what a kernel sends may hold up
        the one that reads it.
        """
        meter, looks = Meter(self._init_pid), 0
        while not over.wait(LOOK_SECONDS if looks else 0) and self.is_there():
            try:
                meter.read()
                looks += 1
                reason = self._over(meter) or (self._over_disk() if looks % 4 == 0 else "")
            except Exception:  # who is watched is hostile, and so may be what broke in here
                reason = "watch"
            if reason:
                self.kill(reason)
                return

    def _over(self, meter: Meter) -> str:
        limits = self._job.limits
        end, why = self._until
        if time.monotonic() > end:
            return why
        if self.why_died() == "memory":
            return "memory"
        # The sum counts shared pages several times, but is cheap, and never too small.
        most = limits.memory_mib << 20
        if meter.resident > most and self._held() > most:
            return "memory"
        told = self._group.cpu_seconds() if self._group else 0.0  # also of those that are gone
        if max(told, meter.cpu_seconds) > self.cpu_seconds:
            return "cpu"
        return "processes" if meter.tasks > limits.processes + SPARE_TASKS else ""

    def _held(self) -> int:
        """Bytes of memory that its processes hold, each page counted once."""
        return sum(map(proportional, [self._init_pid, *descendants(self._init_pid)]))

    def _over_disk(self) -> str:
        """Number and size of the files in all places together."""
        limits = self._job.limits
        most = limits.disk_mib << 20
        work = self._confinement.work if self._confinement else None
        with contextlib.suppress(OSError):
            if work is not None:
                number, size = files_in(work.parent, limits.disk_files)
                size += unnamed(descendants(self._init_pid), work.stat().st_dev)
            else:
                root = f"/proc/{self._init_pid}/root"
                told = [os.statvfs(f"{root}/{place}") for place in ("notebook", "tmp", "dev/shm")]
                number = sum(one.f_files - one.f_ffree for one in told)
                size = sum((one.f_blocks - one.f_bfree) * one.f_frsize for one in told)
                most += most // 8  # one place that is full is an error of its cell
            return "disk" if number > limits.disk_files or size > most else ""
        return ""


def overwritten(text: str) -> str:
    """What is left to see of printed text: of a line, what follows its last carriage return."""
    return OVERWRITTEN.sub("", text)
