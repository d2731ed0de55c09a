"""One confined kernel, forked from the warm server. Runs in the driver process.

The server's fork gets its sockets, pipes and files as fds, and answers with pidfds: of the first
process of the kernel's namespaces, whose end ends all in them, and of the kernel.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import signal
import socket
from pathlib import Path
from typing import Any

from grader.core.errors import SandboxError
from grader.sandbox.kernels.job import KernelJob
from grader.sandbox.kernels.kernel import ConfinedKernel
from grader.sandbox.walls import bwrap, cgroup, levels, proc, seccomp
from grader.sandbox.walls.confinement import runtime
from grader.sandbox.walls.usage import descendants, proportional

MAX_FDS = 253  # in one message
MAX_REQUEST = 1 << 17
MAX_DATA = 512 << 20
DATA = "/data"
"""Mounts below here are given as copies: what is mounted in the server, all its forks would see."""

FORK_SECONDS = 60


class ForkError(SandboxError):
    """No kernel came out of the fork. `blame` says whether the server is at fault."""

    def __init__(self, text: str, *, blame: bool) -> None:
        super().__init__(text)
        self.blame = blame


class ForkedKernel(ConfinedKernel):
    """A kernel in namespaces below those of the fork server. `fork` is the socket to its keeper."""

    def __init__(self, job: KernelJob, fork: int) -> None:
        super().__init__(job)
        self._keeper = socket.socket(fileno=fork)
        self._keeper.settimeout(FORK_SECONDS)
        self._kernel = -1  # its pidfd

    @property
    def rung(self) -> str:
        """What confines it, for the record."""
        return f"{self._job.rung}, warm"

    def start(self) -> None:
        """Asks for the kernel.

        Raises:
            ForkError: there is none, for a reason of this job's or of the server's.
        """
        listeners, sockets = self._listeners()
        pipes = self._pipes()
        files: list[int] = []
        try:
            given = [*sockets.values(), *pipes.values()]
            request = self._request(files, len(given))
            request["setup"] = {
                "limits": self._rlimits(),
                "sockets": {name: given.index(fd) for name, fd in sockets.items()},
                "pipes": {name: given.index(fd) for name, fd in pipes.items()},
            }
            message = json.dumps(request).encode()
            if len(message) > MAX_REQUEST:
                raise ForkError("the request is too large", blame=False)
            self._shake_hands(message, [*given, *files])
        finally:
            for listener in listeners:
                listener.close()
            for fd in (*pipes.values(), *files):
                os.close(fd)

    def _shake_hands(self, message: bytes, fds: list[int]) -> None:
        try:
            socket.send_fds(self._keeper, [message], fds)
            self._init = self._answer("init")
            self._init_pid = _pid(self._init)
            if self._job.rung == levels.CGROUP.name:
                self._group = cgroup.create(self._job.limits)
                self._group.add(self._init_pid)
            self._keeper.send(b"go")
            self._kernel = self._answer("ready")
        except OSError as bad:
            raise ForkError(f"the fork server does not answer: {bad}", blame=True) from None

    def _answer(self, wanted: str) -> int:
        """The pidfd that came with an answer."""
        message, fds, _, _ = socket.recv_fds(self._keeper, 1 << 14, 1)
        answer = json.loads(message) if message else {"failed": "it ended"}
        if wanted in answer and fds:
            return fds[0]
        if "refused" in answer:
            raise ForkError(str(answer["refused"]), blame=False)
        raise ForkError(f"the fork failed: {answer.get('failed', answer)}", blame=True)

    def _request(self, files: list[int], offset: int) -> dict[str, Any]:
        """What the fork is to be. Fds of all files are appended to `files`."""
        limits = self._job.limits
        opened = {"/run/connection.json": bwrap.memfd(self._connection_file())}
        for name, content in self._job.files.items():
            opened[f"{bwrap.WORK}/{name}"] = bwrap.memfd(content)
        files += opened.values()
        size = 1 << 20
        for inside, outside in self._job.mounts.items():
            if not inside.startswith(f"{DATA}/"):
                raise ForkError(f"{inside} can't be mounted in a fork", blame=False)
            for path in sorted(p for p in Path(outside).rglob("*") if p.is_file()):
                size += path.stat().st_size + (1 << 13)
                if size > MAX_DATA or len(files) + offset >= MAX_FDS:
                    raise ForkError(f"{outside} is too large to be copied", blame=False)
                files.append(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
                opened[f"{inside}/{path.relative_to(outside)}"] = files[-1]
        if len(files) + offset > MAX_FDS:
            raise ForkError("there are too many files beside the notebook", blame=False)
        environment = bwrap.environment({}) | {"PWD": bwrap.WORK}
        del environment["GRADER_SETUP"]
        return {
            "connection": "/run/connection.json",
            "environment": environment,
            "files": {path: offset + files.index(fd) for path, fd in opened.items()},
            "names": sorted(self._job.modules()),
            "hide": bwrap.covered(self._job.hide, runtime()),
            "disk": limits.disk_mib << 20,
            "data": size,
            "seccomp": base64.b64encode(seccomp.program() or b"").decode(),
        }

    def is_there(self) -> bool:
        """Whether the namespace's first process is."""
        return self._init >= 0 and not select.select([self._init], [], [], 0)[0]

    # -- what nbclient asks ----------------------------------------------------------------

    async def interrupt_kernel(self) -> None:
        """SIGINT to the kernel process alone."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._kernel, signal.SIGINT)

    # -- end -------------------------------------------------------------------------------

    def close(self) -> None:
        """Kills what is left; finds out whether the kernel was lost through a fault of ours."""
        ended = self._kernel >= 0 and bool(select.select([self._init], [], [], 0)[0])
        self.kill()
        self._bury()
        if ended and not self.reason:
            self.lost = not self._told_of_end()
        self._keeper.close()
        kernel, self._kernel = self._kernel, -1
        if kernel >= 0:
            os.close(kernel)
        if self._group:
            self._group.close()
        self._close_ours()

    def _told_of_end(self) -> bool:
        """Whether the keeper saw the kernel end. Else the keeper was gone before."""
        try:
            return bool(self._keeper.recv(64))
        except OSError:
            return False

    def _held(self) -> int:
        """What it holds beside the server's pages.

        The first process has nothing but those: its share of them is the share of every fork. What
        was started by exec has none of them, and lies elsewhere in its memory.
        """
        share, places = proportional(self._init_pid), _places(self._init_pid)
        return sum(
            max(0, proportional(pid) - (share if _places(pid) == places else 0))
            for pid in descendants(self._init_pid)
        )


def _places(pid: int) -> list[str]:
    """Where a process's code, stack and arguments begin: drawn by each exec, kept by each fork."""
    try:
        fields = proc.text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    except OSError:
        return []
    return [*fields[23:26], *fields[45:46]]


def _pid(pidfd: int) -> int:
    """The number of a process, as we see it."""
    for line in proc.lines(f"/proc/self/fdinfo/{pidfd}"):
        if line.startswith("Pid:"):
            return int(line.split()[1])
    raise OSError("a pidfd without a process")
