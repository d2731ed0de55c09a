"""Control groups: the kernel's own limits for all processes of one sandbox. Trusted side.

Memory (with what lies in memory file systems) and the number of processes and threads are counted
for the sandbox as a whole. Both versions of the interface are known; a group is a child of our own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.core.errors import SandboxError
from grader.core.limits import Limits
from grader.sandbox.walls import proc, scratch

CONTROLLERS = ("memory", "pids")
ACCOUNT = "cpuacct"
"""Of version 1, where it may be had: it counts processor time. A group of version 2 always does."""
SPARE_PROCESSES = 8  # bubblewrap's own
CLOSE_SECONDS, REAP_SECONDS = 5, 2
"""The longest that is waited for processes to go: of one sandbox, and of all that others left."""

ENTER = 'while [ "$1" != -- ]; do echo 0 > "$1" || exit 125; shift; done; shift; exec "$@"'


@dataclass(slots=True)
class Group:
    """One sandbox's group: a folder for each controller (version 1), or one for all (version 2)."""

    folders: dict[str, Path]
    _locks: list[int] = field(default_factory=list)

    def enter(self) -> list[str]:
        """A command prefix that puts what follows into the group."""
        files = [str(folder / "cgroup.procs") for folder in self._distinct()]
        return ["sh", "-c", ENTER, "sh", *files, "--"]

    def add(self, pid: int) -> None:
        """Puts a process that runs already into the group; its children will be in it, too."""
        for folder in self._distinct():
            (folder / "cgroup.procs").write_text(str(pid))

    def limit(self, limits: Limits) -> None:
        """Sets what all its processes together may have."""
        _limit_memory(self.folders["memory"], limits.memory_mib << 20)
        (self.folders["pids"] / "pids.max").write_text(str(limits.processes + SPARE_PROCESSES))

    def exceeded(self) -> str:
        """Which limit a process of the group was killed for: "memory", or nothing."""
        folder = self.folders["memory"]
        kills = 0
        for name in ("memory.events", "memory.oom_control"):
            with contextlib.suppress(OSError, ValueError):
                for line in (folder / name).read_text().splitlines():
                    word, _, number = line.partition(" ")
                    kills += int(number) if word == "oom_kill" else 0
        return "memory" if kills else ""

    def cpu_seconds(self) -> float:
        """Processor time of all that ever ran in it; 0 where nobody counts it."""
        with contextlib.suppress(OSError, ValueError):
            if ACCOUNT in self.folders:
                return int((self.folders[ACCOUNT] / "cpuacct.usage").read_text()) / 1e9
            told = (self.folders["memory"] / "cpu.stat").read_text()
            return int(dict(line.split() for line in told.splitlines())["usage_usec"]) / 1e6
        return 0.0

    def close(self) -> None:
        """Ends what is left, and removes the group."""
        clear(self._distinct(), CLOSE_SECONDS)
        for lock in self._locks:
            os.close(lock)
        self._locks.clear()

    def _distinct(self) -> list[Path]:
        return list(dict.fromkeys(self.folders.values()))


def create(limits: Limits) -> Group:
    """A new group with these limits.

    Raises:
        SandboxError: this process may not make one; the reason is a sentence.
    """
    group = Group(folders={})
    name = f"{scratch.PREFIX}{os.getpid()}-{time.monotonic_ns():x}"
    try:
        for controller, parent in places().items():
            folder = parent / name
            if not folder.exists():
                folder.mkdir()
                group._locks.append(scratch.hold(folder))
            group.folders[controller] = folder
        group.limit(limits)
    except OSError as bad:
        group.close()
        raise SandboxError(
            f"control groups cannot be used: {bad.strerror} ({bad.filename})"
        ) from None
    return group


def _limit_memory(folder: Path, size: int) -> None:
    if (folder / "memory.max").exists():
        (folder / "memory.max").write_text(str(size))
        if (folder / "memory.swap.max").exists():
            (folder / "memory.swap.max").write_text("0")
        return
    (folder / "memory.limit_in_bytes").write_text(str(size))
    if (folder / "memory.memsw.limit_in_bytes").exists():
        (folder / "memory.memsw.limit_in_bytes").write_text(str(size))


def places(process: Path = Path("/proc/self")) -> dict[str, Path]:
    """For each controller, the folder in which we may make groups.

    Raises:
        SandboxError: there is none.
    """
    try:
        own, mounts = (proc.lines(process / name) for name in ("cgroup", "mountinfo"))
    except OSError:
        raise SandboxError("this system has no control groups") from None
    found: dict[str, Path] = {}
    for line in own:
        number, names, path = line.split(":", 2)
        mounted = _mounted(mounts, names.split(",") if number != "0" else [])
        if mounted is None:
            continue
        root, point = mounted
        folder = point / os.path.relpath(path, root)
        if number != "0":
            known = (*CONTROLLERS, ACCOUNT)
            found |= {name: folder for name in names.split(",") if name in known}
        elif (parent := _delegated(folder, point)) is not None:
            found = dict.fromkeys(CONTROLLERS, parent) | found
    if missing := [name for name in CONTROLLERS if name not in found]:
        raise SandboxError(f"no control group for {' and '.join(missing)} is given to this user")
    if ACCOUNT in found and not os.access(found[ACCOUNT], os.W_OK):
        del found[ACCOUNT]
    if closed := [path for path in found.values() if not os.access(path, os.W_OK)]:
        raise SandboxError(f"this user may not make control groups in {closed[0]}")
    return found


def _mounted(mounts: Sequence[str], names: Sequence[str]) -> tuple[str, Path] | None:
    """Root and mount point of the hierarchy with these controllers; version 2 for none."""
    for line in mounts:
        fields, _, rest = line.partition(" - ")
        kind, _, options = rest.split(" ", 2)
        root, point = fields.split(" ")[3:5]
        if kind == "cgroup2" and not names:
            return root, Path(point)
        if kind == "cgroup" and names and set(names) <= set(options.split(",")):
            return root, Path(point)
    return None


def _delegated(own: Path, top: Path) -> Path | None:
    """Version 2: the nearest group above us that hands both controllers down to its children."""
    for folder in (own, *own.parents):
        with contextlib.suppress(OSError):
            handed = (folder / "cgroup.subtree_control").read_text().split()
            if set(CONTROLLERS) <= set(handed) and os.access(folder, os.W_OK):
                return folder
        if folder == top:
            break
    return None


def delegate(process: Path = Path("/proc/self")) -> None:
    """Version 2, when this process is alone in a group that was handed to it: makes room below.

    A group that limits its children must hold no process itself, so that we move one level down.
    This is what `systemd-run --user --scope -p Delegate=yes grader …` needs.
    """
    with contextlib.suppress(OSError, ValueError):
        mounted = _mounted(proc.lines(process / "mountinfo"), [])
        lines = proc.lines(process / "cgroup")
        path = next(line[3:] for line in lines if line.startswith("0::"))
        if mounted is None or path == mounted[0]:
            return
        own = mounted[1] / os.path.relpath(path, mounted[0])
        offered = (own / "cgroup.controllers").read_text().split()
        alone = (own / "cgroup.procs").read_text().split() == [str(os.getpid())]
        if alone and set(CONTROLLERS) <= set(offered) and os.access(own, os.W_OK):
            (own / "grader").mkdir(exist_ok=True)
            (own / "grader" / "cgroup.procs").write_text("0")
            (own / "cgroup.subtree_control").write_text("+memory +pids")


def clear(folders: Sequence[Path], seconds: float) -> list[Path]:
    """Kills every process in these groups and removes them; those that are left when time is over.

    All at once: a process that the kernel does not let go must not be waited for once a group.
    """
    for folder in folders:
        with contextlib.suppress(OSError):
            (folder / "pids.max").write_text("0")  # nobody forks faster than we kill
    deadline, left = time.monotonic() + seconds, list(folders)
    while True:
        left = [folder for folder in left if not _is_gone(folder)]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.005)


def _is_gone(folder: Path) -> bool:
    """Kills what is in a group, and whether it could be removed: that needs a moment after."""
    try:
        pids = (folder / "cgroup.procs").read_text().split()
        if pids and (folder / "cgroup.kill").exists():
            (folder / "cgroup.kill").write_text("1")
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(int(pid), signal.SIGKILL)
        folder.rmdir()
    except OSError:
        return not folder.exists()
    return True


def reap() -> list[Path]:
    """Ends and removes groups whose owner was killed, and names those that are gone."""
    try:
        parents = set(places().values())
    except SandboxError:
        return []
    stale = [
        folder
        for parent in parents
        for folder in parent.glob(f"{scratch.PREFIX}*-*")
        if scratch.is_stale(folder, scratch.FRESH_SECONDS)
    ]
    left = clear(stale, REAP_SECONDS)
    return [folder for folder in stale if folder not in left]
