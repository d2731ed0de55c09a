"""Lets a program of the machine's turn 7z and rar archives into tar, behind bubblewrap. Trusted.

Such programs are written in C, and an archive is a hostile file: the program sees nothing but it,
has no network, little time and memory, and what it says is read as any tar that a student hands in.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from grader.core.errors import SandboxError, UsageError
from grader.sandbox.walls import bwrap
from grader.sandbox.walls.confinement import SYSTEM, Wish

TOOL = "bsdtar"
PACKAGE = "libarchive-tools"
"""Of Debian, that has it."""

SECONDS, MEMORY, MOST = 30, 1 << 30, 128 << 20
"""Of the program: processor and other time, memory, and bytes of the tar that it writes."""


def find() -> Callable[[bytes, str], bytes] | None:
    """What turns an archive's bytes into a tar's; None where tool or walls are missing."""
    tool = shutil.which(TOOL)
    try:
        bwrap.find()
    except SandboxError:
        return None
    return (lambda content, name: _converted(Path(tool), content, name)) if tool else None


def _converted(tool: Path, content: bytes, name: str) -> bytes:
    """The tar with what an archive holds.

    Raises:
        UsageError: it is no archive that the tool can read, or a bomb.
    """
    limits = ["-f 0", "-n 64", f"-t {SECONDS}", f"-v {MEMORY >> 10}"]
    script = " && ".join([*(f"ulimit {limit}" for limit in limits), 'exec "$@"'])
    words = ["sh", "-c", script, "sh", str(tool), "-cf", "-", "--format=pax", "@archive"]
    is_system = any(tool.is_relative_to(place) for place in SYSTEM)
    mounts = {} if is_system else {str(tool.parent): tool.parent}
    info_read, info_write = os.pipe()
    wish = Wish(argv=words, files={"archive": content}, mounts=mounts, info_fd=info_write)
    confinement = bwrap.confine(wish)
    try:
        with subprocess.Popen(
            confinement.command,
            pass_fds=(*confinement.fds, info_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            confinement.close_fds()
            ending = threading.Timer(SECONDS, process.kill)
            ending.start()
            try:
                assert process.stdout is not None
                tar = process.stdout.read(MOST + 1)
                if len(tar) > MOST:
                    process.kill()
                process.wait()
            finally:
                ending.cancel()
    finally:
        os.close(info_read)
        os.close(info_write)
        confinement.close()
    if len(tar) > MOST:
        raise UsageError(f"{name} unpacks to more than {MOST >> 20} MiB and was not read")
    if process.returncode != 0:
        raise UsageError(f"{name} could not be unpacked; a person must look at it")
    return tar
