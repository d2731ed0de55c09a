"""Fork servers of this process: one for kernels, confined, and one for drivers. Trusted side.

Each is started when it is first worth it, and dies with this process. One that breaks is
replaced, twice; after that everything starts cold, which gives the same evidence, slower.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, field
from pathlib import Path

from grader.sandbox.inside.enclose import FRESH
from grader.sandbox.walls import bwrap, confinement
from grader.sandbox.walls.confinement import Wish

START_SECONDS = 120
STARTS = 3
COLD = "GRADER_COLD"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its process, our end of its control socket, what to do after its end."""

    process: subprocess.Popen[bytes]
    control: socket.socket
    clean_up: Callable[[], None]

    def end(self) -> None:
        """Ends the process and, for kernels, all that it forked; removes what is left."""
        self.control.close()
        self.process.kill()
        self.process.wait()
        self.clean_up()


Attempt = Future[Server | None]
Launch = Callable[[socket.socket], tuple[subprocess.Popen[bytes], Callable[[], None]]]


@dataclass(frozen=True, slots=True)
class Fork:
    """A process that a server forked for us: the socket to it, and a way to complain."""

    channel: socket.socket
    broken: Callable[[], None]


@dataclass(slots=True)
class Pool:
    """One server, and another one should that break. Safe for several threads."""

    launch: Launch
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _attempt: Attempt | None = None
    _servers: list[Server] = field(default_factory=list)  # all that were started
    _starts: int = 0
    _asked: int = 0

    def fork(self, *, wait: bool) -> Fork | None:
        """A new fork, or None: cold is better now.

        With `wait` a server is started if need be, and waited for. Without, the first to ask
        starts nothing: a single small run is over before a server would be ready.
        """
        if os.environ.get(COLD) or covered():
            return None
        with self._lock:
            self._asked += 1
            # Who asks once is a check of one notebook, which a server would only slow down; the
            # second to ask shows that there are more to come.
            if self._attempt is None:
                if not wait and self._asked == 1:
                    return None
                self._attempt = self._begin()
            attempt = self._attempt
        if wait:
            wait_for([attempt], START_SECONDS)
        server = attempt.result() if attempt.done() else None
        if server is None:
            return None
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                socket.send_fds(server.control, [b"fork"], [theirs.fileno()])
            except OSError:  # the server is gone: the next one is asked, while there is one
                ours.close()
                self._replace(attempt)
                return self.fork(wait=wait)
        return Fork(ours, lambda: self._replace(attempt))

    def begin(self) -> None:
        """Starts a server, if there is none, for those who will ask."""
        with self._lock:
            if self._attempt is None and not os.environ.get(COLD) and not covered():
                self._attempt = self._begin()

    @property
    def pid(self) -> int | None:
        """The process of the server, if one is ready."""
        attempt = self._attempt
        server = attempt.result() if attempt is not None and attempt.done() else None
        return server.process.pid if server else None

    def stop(self) -> None:
        """Ends every server; whoever asks next starts from the beginning."""
        with self._lock:
            servers = self._servers
            self.forget()
        for server in servers:
            server.end()

    def forget(self) -> None:
        """As if nothing had been started. After a fork of ours: the servers are our parent's."""
        self._lock, self._attempt, self._servers = threading.RLock(), None, []
        self._starts = self._asked = 0

    def _replace(self, attempt: Attempt) -> None:
        """No more forks from this one; there is another, unless there have been enough.

        It is left alone for the sake of those that it has forked before.
        """
        with self._lock:
            if self._attempt is attempt:
                self._attempt = self._begin()

    def _begin(self) -> Attempt:
        attempt: Attempt = Future()
        if self._starts < STARTS:
            self._starts += 1
            own = threading.Thread(target=self._own, args=(attempt,), daemon=True)
            own.start()
        else:
            attempt.set_result(None)
        return attempt

    def _own(self, attempt: Attempt) -> None:
        """Starts a server and stays until its end: it would die with the thread that started it."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                process, clean_up = self.launch(theirs)
        except Exception:  # whatever it was, somebody waits, and all can start cold
            attempt.set_result(None)
            return
        # Known before it is ready: who stops the pool meanwhile must end this one, too.
        server = Server(process, ours, clean_up)
        self._servers.append(server)
        try:
            ready = select.select([ours], [], [], START_SECONDS)[0] and ours.recv(16) == b"ready"
        except (OSError, ValueError):  # it was stopped meanwhile
            ready = False
        attempt.set_result(server if ready else None)
        # PR_SET_PDEATHSIG counts the thread that started a process as its parent.
        if ready:
            process.wait()
            clean_up()
        else:
            server.end()


def _log() -> int | None:
    return None if "GRADER_DEBUG" in os.environ else subprocess.DEVNULL


def _launch_kernels(control: socket.socket) -> tuple[subprocess.Popen[bytes], Callable[[], None]]:
    info_read, info_write = os.pipe()
    wish = Wish(setup={"control": control.fileno()}, info_fd=info_write, forks=True)
    confinement = bwrap.confine(wish)
    try:
        process = subprocess.Popen(
            confinement.command,
            pass_fds=(*confinement.fds, control.fileno(), info_write),
            stdin=subprocess.DEVNULL,
            stdout=_log(),
            stderr=_log(),
            start_new_session=True,
        )
    except OSError:
        os.close(info_read)
        confinement.close()
        raise
    finally:
        confinement.close_fds()
        os.close(info_write)
    with open(info_read, "rb") as info:  # noqa: PTH123 (an fd)
        info.read()  # bubblewrap would stumble over a closed pipe
    return process, confinement.close


def _launch_drivers(control: socket.socket) -> tuple[subprocess.Popen[bytes], Callable[[], None]]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "grader.sandbox.kernels.drivers", str(control.fileno())],
        pass_fds=(control.fileno(),),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=_log(),
        start_new_session=True,
    )
    return process, lambda: None


kernels = Pool(_launch_kernels)
drivers = Pool(_launch_drivers)


@atexit.register
def stop() -> None:
    """Ends both servers."""
    for pool in (kernels, drivers):
        with contextlib.suppress(OSError):
            pool.stop()


def _forget() -> None:
    for pool in (kernels, drivers):
        pool.forget()


os.register_at_fork(after_in_child=_forget)


def covered() -> str:
    """Why every kernel starts cold here, as the end of a sentence; empty if it needs not.

    A forked kernel gets some folders anew, and would lose sight of an interpreter below these.
    """
    for folder in confinement.runtime():
        for own in FRESH:
            if Path(folder).is_relative_to(own):
                return f"{folder} lies below {own}, which each notebook gets anew"
    return ""
