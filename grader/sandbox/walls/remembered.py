"""The rung that a student's own check found to be the best here, for the next check. Trusted side.

The search shows what a rung promises, and takes as long as the notebook's libraries do. Its end is
remembered with all that it may depend on: a machine where any of that is another is searched anew.
The grading and `grader doctor` always search. What can't be read, or is not ours, is no memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import sys
import tempfile
import time
from pathlib import Path

from grader.core import user_cache
from grader.core.errors import SandboxError
from grader.core.version import __version__
from grader.sandbox.walls import bwrap, cgroup, levels, proc
from grader.sandbox.walls.confinement import INSIDE

NAME = "sandbox.json"
SECONDS = 24 * 3600
"""How long it is remembered at most."""

LARGEST = 1 << 12
"""Bytes of the file."""

MACHINE = (
    "/proc/sys/kernel/random/boot_id",
    "/proc/sys/kernel/unprivileged_userns_clone",
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    "/proc/sys/kernel/apparmor_restrict_unprivileged_unconfined",
    "/proc/sys/user/max_user_namespaces",
    "/proc/self/attr/current",
    "/sys/kernel/security/lsm",
    "/sys/fs/selinux/enforce",
)
"""Files that tell what the system lets us do."""

NAMESPACES = ("user", "mnt", "pid", "net", "cgroup")
STATUS = ("Uid", "Gid", "Groups", "Cap", "NoNewPrivs", "Seccomp")
"""Lines of our own status."""


def recall() -> str:
    """The rung that was found, if all is as it was then; else nothing."""
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError, RecursionError):
        fd = os.open(_file(), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(fd, "rb") as file:  # noqa: PTH123 (an fd)
            about = os.fstat(fd)
            is_ours = about.st_uid == os.geteuid() and not about.st_mode & 0o022
            age = time.time() - about.st_mtime
            if stat.S_ISREG(about.st_mode) and is_ours and 0 <= age < SECONDS:
                told = json.loads(file.read(LARGEST))
                if told["rung"] in levels.CONCURRENT and told["here"] == _here():
                    return str(told["rung"])
    return ""


def remember(rung: str) -> None:
    """Keeps what was found, if that is a safe rung: on another, the next check looks for better."""
    if rung not in levels.CONCURRENT:
        return
    with contextlib.suppress(OSError, LookupError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        fd, made = tempfile.mkstemp(prefix=f"{NAME}-", dir=_file().parent)
        try:
            with open(fd, "w", encoding="utf-8") as file:  # noqa: PTH123 (an fd)
                json.dump({"rung": rung, "here": _here()}, file)
            Path(made).replace(_file())
        finally:
            Path(made).unlink(missing_ok=True)


def forget() -> None:
    """The next check searches."""
    with contextlib.suppress(OSError):
        _file().unlink()


def _file() -> Path:
    return user_cache.folder() / NAME


def _here() -> str:
    """A print of all that the search depends on."""
    own = [entry for folder in (Path(__file__).parent, INSIDE) for entry in os.scandir(folder)]
    status = _text("/proc/self/status").split("\n")
    told = {
        "grader": [__version__, *sorted(_state(e.path) for e in own if e.name.endswith(".py"))],
        "python": [sys.version, sys.executable, sys.prefix, sys.base_prefix],
        "machine": [_text(path) for path in MACHINE],
        "process": [line for line in status if line.startswith(STATUS)],
        "namespaces": [_state(f"/proc/self/ns/{name}")[1] for name in NAMESPACES],
        "bubblewrap": _bubblewrap(),
        "groups": _groups(),
        "temporary": tempfile.gettempdir(),
    }
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


State = tuple[str, int, int, int]


def _state(path: str) -> State:
    about = Path(path).stat()
    return path, about.st_ino, about.st_size, about.st_mtime_ns


def _text(path: str) -> str:
    try:
        return proc.text(path)
    except OSError:
        return ""


def _bubblewrap() -> State:
    try:
        return _state(str(bwrap.find()))
    except SandboxError as missing:
        raise LookupError from missing


def _groups() -> list[str]:
    """Where control groups can be made."""
    try:
        return sorted(f"{name} {folder}" for name, folder in cgroup.places().items())
    except SandboxError as none:
        return [str(none)]
