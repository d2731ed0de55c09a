"""Shows on this machine that a rung keeps what it promises, or says why not. Trusted side.

A probe runs where student code would, and tries what it must not do; then four of its children that
do not want to end have to be gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from grader.core.errors import SandboxError
from grader.core.model import Limits
from grader.sandbox.walls import bwrap, doors, landlock, proc, remedies, scratch, seccomp
from grader.sandbox.walls.confinement import INSIDE, Confinement, Wish

if TYPE_CHECKING:
    from grader.sandbox.walls.levels import Rung

SECONDS = 20
"""The longest that a trial may take to begin, and to tell what it found."""

GRACE = 2
"""Seconds for what was said, and for an end, of what is stuck."""

PROBE = (INSIDE / "probe.py").read_text(encoding="utf-8")
HOG_MIB = 64
HOG = f"""
import os
fd = os.open('/dev/shm/hog', os.O_CREAT | os.O_RDWR)
for _ in range({HOG_MIB * 2}): os.write(fd, bytes(1 << 20))
print('not stopped')
"""

Finding = tuple[str, str]
"""A problem, empty if there is none, and its mend."""


@dataclass(slots=True)
class Started:
    """A probe that runs in a sandbox."""

    confinement: Confinement
    process: subprocess.Popen[str]
    init_pid: int

    def end(self) -> None:
        """Ends it the way a kernel is ended."""
        self.confinement.kill(self.init_pid)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(SECONDS)
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()
        self.confinement.close()


def examine(rung: Rung) -> Finding:
    """What speaks against a rung on this machine."""
    if found := _missing(rung.name):
        return found
    try:
        return _probe(rung) or _group(rung) or ("", "")
    except (SandboxError, OSError) as bad:
        return str(bad), remedies.of(rung.name, str(bad))


def _missing(name: str) -> Finding | None:
    """What can be said without starting anything."""
    if name.startswith("bubblewrap"):
        try:
            version = bwrap.version()
        except SandboxError as missing:
            return str(missing), remedies.BUBBLEWRAP
        if version < bwrap.OLDEST:
            told = ".".join(map(str, version)) or "of unknown version"
            return f"bubblewrap is {told}, and 0.8 is needed", remedies.NEWER_BUBBLEWRAP
    if name == "landlock" and landlock.version() < landlock.NEEDED:
        known = landlock.version()
        here = f"only version {known} of Landlock" if known else "no Landlock"
        return f"the kernel has {here}; {landlock.NEEDED} is needed", remedies.NEWER_KERNEL
    return None


def start(rung: Rung, code: str, *arguments: str, limits: Limits | None = None) -> Started:
    """Runs Python code on a rung, in place of a kernel.

    Raises:
        SandboxError: it did not start; with what was said about it.
    """
    info_read, info_write = os.pipe()
    python = [sys.executable, "-I", "-S", "-c", code, *arguments]
    try:
        wish = Wish(argv=python, info_fd=info_write, limits=limits or Limits())
        confinement = rung.confine(wish)
        process = subprocess.Popen(
            confinement.command,
            pass_fds=(*confinement.fds, info_write),
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    finally:
        os.close(info_write)
    confinement.close_fds()
    text = _read(info_read, SECONDS)
    os.close(info_read)
    started = Started(confinement, process, _child(text))
    if not started.init_pid:
        is_stuck = process.poll() is None and not _ended(process)
        said = _said(process)
        started.end()
        stuck = f"it had not begun after {SECONDS} s"
        raise SandboxError(
            said or (stuck if is_stuck else f"it ended with code {process.returncode}")
        )
    return started


def _child(text: bytes) -> int:
    """The number that a sandbox tells of its first process; 0 if it tells none."""
    try:
        return int(json.loads(text)["child-pid"])
    except (ValueError, LookupError, TypeError):
        return 0


def _ended(process: subprocess.Popen[str]) -> bool:
    """Whether a process that has closed its pipe ends, too."""
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        return False
    return True


def _said(process: subprocess.Popen[str]) -> str:
    """What it said in words, in one line. Ends it."""
    process.kill()
    assert process.stderr is not None
    return " ".join(_read(process.stderr.fileno(), GRACE).decode("utf-8", "replace").split())


def _read(fd: int, seconds: float, *, line: bool = False) -> bytes:
    """What comes through a pipe until it closes (or a line has ended), and no longer than this.

    Whoever holds the other end may be stuck.
    """
    deadline, got = time.monotonic() + seconds, b""
    with selectors.DefaultSelector() as selector:
        selector.register(fd, selectors.EVENT_READ)
        while not (line and b"\n" in got) and (left := deadline - time.monotonic()) > 0:
            piece = os.read(fd, 1 << 16) if selector.select(left) else b""
            if not piece:
                break
            got += piece
    return got


def _probe(rung: Rung) -> Finding | None:
    mark = secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="grader-probe-") as folder:
        canary = Path(folder) / "canary"
        canary.write_text("canary")
        told = {
            "canary": str(canary),
            "mark": mark,
            "sockets": _sockets(),
            "pid": os.getpid(),
            "born": _birth(),
            "doors": _doors(rung),
        }
        started = start(rung, PROBE, json.dumps(told))
        try:
            facts = _facts(started)
        finally:
            started.end()
        changed = canary.read_text() != "canary"
    left = survivors(mark)
    for pid in left:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    if left and (rung.name != "unconfined" or sys.platform == "linux"):
        return f"{len(left)} processes outlived their sandbox", ""
    broken = [name if done is True else f"{name} {done}" for name, done in facts.items() if done]
    broken += ["changed a file of this machine"] if changed else []
    if rung.name != "unconfined" and broken:
        problem = f"a test notebook {', '.join(broken)}"
        return problem, remedies.of(rung.name, problem)
    return None


def _facts(started: Started) -> dict[str, Any]:
    assert started.process.stdout is not None
    told = _read(started.process.stdout.fileno(), SECONDS, line=True)
    try:
        facts = json.loads(told)
    except ValueError:
        facts = None
    if not isinstance(facts, dict):
        said = _said(started.process)[-300:] or f"it said nothing for {SECONDS} s"
        raise SandboxError(f"the self-test did not run: {said}")
    return facts


def _group(rung: Rung) -> Finding | None:
    """Whether a control group really stops who fills memory."""
    if rung.name != "bubblewrap+cgroup":
        return None
    started = start(rung, HOG, limits=Limits(memory_mib=HOG_MIB))
    try:
        assert started.process.stdout is not None
        said = _read(started.process.stdout.fileno(), SECONDS)
        assert started.confinement.group is not None
        if said or started.confinement.group.exceeded() != "memory":
            return "a control group did not stop a process that filled its memory", remedies.CGROUP
    finally:
        started.end()
    return None


def _birth() -> str:
    """When this process began, as /proc tells: a number alone is another process elsewhere."""
    try:
        return proc.text("/proc/self/stat").rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _doors(rung: Rung) -> list[tuple[str, int, tuple[int, ...], int]]:
    """Calls that the filter must refuse: what is done, number, arguments, the refusal."""
    numbers = {} if rung.name == "unconfined" else seccomp.numbers()
    return [
        (door.done, numbers[door.call], door.arguments, door.refusal)
        for door in doors.CLOSED
        if door.call in numbers
    ]


def _sockets() -> list[str]:
    """Sockets of this machine that listen: a session bus, a container engine, an SSH agent."""
    try:
        told = [line.split() for line in proc.lines("/proc/net/unix")]
    except OSError:
        return []
    names = {fields[7] for fields in told if len(fields) == 8 and fields[3] == "00010000"}
    return sorted(name for name in names if f"/{scratch.PREFIX}kernel-" not in name)


def survivors(mark: str, seconds: float = 2) -> list[int]:
    """Live processes that carry a mark in their command line, after a moment to go."""
    deadline = time.monotonic() + seconds
    while True:
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() != psutil.STATUS_ZOMBIE and mark in process.cmdline():
                    found.append(process.pid)
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.05)
