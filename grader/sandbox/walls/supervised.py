"""Builds the start of a kernel where namespaces are closed: under a supervisor. Trusted side.

The supervisor (supervisor.py) runs as a process of its own, takes rights away from the kernel that
it starts, and ends everything that the kernel ever started when our end of a pipe closes. Files lie
in a folder of the machine, which is removed afterwards.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from grader.sandbox.surroundings import DATA
from grader.sandbox.walls import landlock
from grader.sandbox.walls.confinement import (
    ETC,
    HIDDEN,
    INSIDE,
    SYSTEM,
    UNPRIVILEGED_ID,
    Confinement,
    Wish,
    open_to_all,
    runtime,
    variables,
)
from grader.sandbox.walls.scratch import Scratch
from grader.sandbox.walls.usage import tasks_of_user

KNOWN_USERS = ("passwd", "group", "nsswitch.conf", "hosts")
MACHINE = ("/proc", "/sys/devices/system/cpu", "/sys/fs/cgroup")
DEVICES = ("null", "zero", "full", "random", "urandom")
TERMINALS = ("ptmx", "pts")  # this user's terminals, too: only for a user who has none
SHARED_MEMORY = "/dev/shm"


def confine(wish: Wish, *, walls: bool) -> Confinement:
    """The command that starts one kernel; with Landlock and a system-call filter if `walls`."""
    scratch = Scratch("work")
    result = Confinement(command=[], scratch=scratch, work=scratch.path / "notebook")
    user = user_for(wish)
    _fill(scratch.path, wish, user)
    kernel = [
        sys.executable,
        "-P",
        str(scratch.path / "inside/grader_inside/launch.py"),
        str(scratch.path / "connection.json"),
    ]
    task = {
        "argv": [*(wish.argv or kernel)],
        "environment": variables(
            _setup(wish, user),
            str(scratch.path / "notebook"),
            str(scratch.path / "tmp"),
            str(wish.mounts.get(DATA, "")),
        ),
        "folder": str(scratch.path / "notebook"),
        "user": user,
        "own_user": os.geteuid() == 0 and user == UNPRIVILEGED_ID,
        "info": wish.info_fd,
        "rights": [(str(p), r) for p, r in _rights(scratch.path, wish, user)] if walls else None,
    }
    (scratch.path / "task.json").write_text(json.dumps(task))
    theirs, result.lifeline = os.pipe()
    result.fds.append(theirs)
    module = [sys.executable, "-P", "-m", "grader.sandbox.walls.supervisor", str(theirs)]
    result.command = ["env", "-i", *module, str(scratch.path / "task.json")]
    return result


def user_for(wish: Wish) -> int:
    """Whom the kernel becomes: somebody unprivileged if we may, and if he can see what it needs."""
    if os.geteuid() != 0:
        return os.geteuid()
    needed: list[str | Path] = [*runtime(), INSIDE, tempfile.gettempdir(), *wish.mounts.values()]
    return UNPRIVILEGED_ID if all(open_to_all(Path(path)) for path in needed) else 0


def _fill(place: Path, wish: Wish, user: int) -> None:
    """Makes what the kernel finds: its work folder, a folder for temporary files, its files."""
    (place / "inside").mkdir()
    (place / "inside/grader_inside").symlink_to(INSIDE)
    (place / "connection.json").write_bytes(wish.connection)
    for name, content in wish.files.items():
        target = place / "notebook" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    for name in ("notebook", "tmp"):
        (place / name).mkdir(exist_ok=True)
    if os.geteuid() == 0 and user:
        for path in (place, *place.rglob("*")):
            os.chown(path, user, user, follow_symlinks=False)


def _setup(wish: Wish, user: int) -> dict[str, object]:
    """What launch.py needs. The number of processes is counted for the whole user here."""
    setup = dict(wish.setup)
    limits = setup.get("limits")
    if isinstance(limits, dict):
        used = tasks_of_user(user)
        setup["limits"] = limits | {"RLIMIT_NPROC": used + wish.limits.processes}
    return setup


def _rights(place: Path, wish: Wish, user: int) -> list[tuple[Path, int]]:
    """All that may be read or written."""
    shown = [*SYSTEM, *runtime(), str(INSIDE), *map(str, wish.mounts.values())]
    read = landlock.without(map(Path, shown), [*map(Path, HIDDEN), *wish.hide])
    read += [Path("/etc") / name for name in (*ETC, *KNOWN_USERS)]
    read += [Path(path) for path in MACHINE] + [place / "inside", place / "connection.json"]
    devices = (*DEVICES, *(TERMINALS if user == UNPRIVILEGED_ID else ()))
    written = [place / "notebook", place / "tmp", Path(SHARED_MEMORY)]
    return [
        *((path, landlock.READ) for path in read),
        *((path, landlock.READ | landlock.WRITE | landlock.CONNECT_UNIX) for path in written),
        *((Path("/dev") / name, landlock.DEVICE) for name in devices),
    ]
