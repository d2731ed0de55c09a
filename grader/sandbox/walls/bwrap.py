"""Builds the command line that confines one kernel with bubblewrap. Trusted side.

What student code sees: the system's and the interpreter's read-only files, its own `/notebook`, and
what the task mounts. Not the reference, not the rubric, not other submissions, no network.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from grader.core import user_cache
from grader.core.errors import SandboxError
from grader.core.limits import Limits
from grader.sandbox.inside.enclose import OF_THE_MACHINE
from grader.sandbox.surroundings import DATA
from grader.sandbox.walls import fonts, seccomp
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

WORK = "/notebook"
OLDEST = (0, 8)  # the first version that can close user namespaces and cap a memory file system

LAUNCH, CONNECTION = "/inside/grader_inside/launch.py", "/run/connection.json"
FORK_SERVER = ("-m", "grader_inside.zygote")

OF_SYSTEM = {
    "/etc/passwd": b"student:x:1000:1000:student:/notebook:/bin/sh\n",
    "/etc/group": b"student:x:1000:\n",
    # What a notebook calls itself by; the network that it is alone in has one address.
    "/etc/hostname": b"sandbox\n",
    "/etc/hosts": b"127.0.0.1 localhost sandbox\n",
    "/etc/nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files dns\n",
}


def find() -> Path:
    """The bubblewrap binary.

    Raises:
        SandboxError: there is none, or it does not work on this machine.
    """
    cached = user_cache.folder() / "bubblewrap/usr/bin/bwrap"
    name = os.environ.get("GRADER_BWRAP") or shutil.which("bwrap")
    path = Path(name) if name else cached
    if not path.exists():
        raise SandboxError("bubblewrap is missing")
    return path


def version() -> tuple[int, ...]:
    """The bubblewrap's version; empty if it does not tell.

    Raises:
        SandboxError: there is none.
    """
    try:
        told = subprocess.run(
            [find(), "--version"], capture_output=True, text=True, timeout=10, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return tuple(int(number) for number in re.findall(r"\d+", told))


def memfd(content: bytes) -> int:
    """An anonymous file with this content, to be read from its start."""
    fd = os.memfd_create("file")  # a student's name for it may be longer than such a one
    os.write(fd, content) if len(content) < 1 << 20 else _write_all(fd, content)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _write_all(fd: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]


def confine(wish: Wish) -> Confinement:
    """The command that starts one kernel, or with `forks` the server that forks warm ones.

    What is mounted below /dev is a device. The fork server may make namespaces for its kernels, and
    each of these takes the last steps by itself.
    """
    result = Confinement(command=[])
    devices = [path for path in wish.mounts if path.startswith("/dev/")]
    shown = {path: Path(path) for path in runtime()}
    shown |= {path: wish.mounts[path] for path in wish.mounts if path not in devices}
    shown["/inside/grader_inside"] = INSIDE
    prefix, sources = _as_unprivileged(result, shown)
    command = [*prefix, str(find()), *_isolation(wish.info_fd, wish.forks)]
    for path in SYSTEM:
        command += _system_folder(path)
    for name in ETC:
        command += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    # Before the mounts: a checkout may lie below /tmp.
    command += _private_folders(wish.limits, wish.forks)
    for inside, outside in sources.items():
        command += ["--ro-bind", outside, inside]
    command += _links(Path(sys.executable), sources)
    command += [part for device in devices for part in ("--dev-bind", device, device)]
    for secret in covered([*HIDDEN, *map(str, wish.hide)], shown):
        command += ["--tmpfs", secret, "--remount-ro", secret]
    made = OF_SYSTEM | {CONNECTION: wish.connection}
    for path, content in made.items():
        command += ["--ro-bind-data", str(_own(result, content)), path]
    files = {f"{WORK}/{name}": content for name, content in wish.files.items()}
    files |= {f"/tmp/matplotlib/{name}": content for name, content in fonts.lists().items()}
    for path, content in files.items():
        command += ["--file", str(_own(result, content)), path]
    command += ["--remount-ro", "/", "--remount-ro", "/dev"]
    if not wish.forks and (calls := seccomp.program(devices=bool(devices))):
        command += ["--seccomp", str(_own(result, calls))]
    for name, value in environment(wish.setup, with_cuda=bool(devices)).items():
        command += ["--setenv", name, value]
    launched = (LAUNCH, "--", *wish.argv) if wish.argv else (LAUNCH, CONNECTION)
    own = FORK_SERVER if wish.forks else launched
    result.command = [*command, "--chdir", WORK, "--", sys.executable, "-P", *own]
    return result


def environment(setup: Mapping[str, object], *, with_cuda: bool = False) -> dict[str, str]:
    """All variables that student code sees here."""
    return variables(setup, WORK, "/tmp", DATA, with_cuda=with_cuda)


def _own(result: Confinement, content: bytes) -> int:
    fd = memfd(content)
    result.fds.append(fd)
    return fd


def _isolation(info_fd: int, forks: bool) -> list[str]:
    # --unshare-all alone means "user namespace if possible", and silently goes on without one.
    return [
        "--unshare-all",
        "--unshare-user",
        "--die-with-parent",
        "--new-session",
        "--cap-drop",
        "ALL",
        "--clearenv",
        # A kernel's first process is launch.py. The fork server's is seen by none of its kernels.
        *(["--setenv", "PYTHONPATH", "/inside"] if forks else ["--disable-userns", "--as-pid-1"]),
        "--uid",
        "1000",
        "--gid",
        "1000",
        "--hostname",
        "sandbox",
        "--info-fd",
        str(info_fd),
    ]


def _system_folder(path: str) -> list[str]:
    folder = Path(path)
    if folder.is_symlink():
        return ["--symlink", str(folder.readlink()), path]
    return ["--ro-bind", path, path] if folder.is_dir() else []


def _private_folders(limits: Limits, forks: bool) -> list[str]:
    size = str(limits.disk_mib << 20)
    # A /proc with anything mounted over it keeps kernels from mounting their own.
    closed = [
        p for path in OF_THE_MACHINE if Path(path).is_dir() for p in ("--ro-bind", path, path)
    ]
    settings = ["--dir", "/data"] if forks else closed
    return [
        "--proc",
        "/proc",
        *settings,
        "--dev",
        "/dev",
        # No terminals: the machine has few, and all sandboxes would share them.
        "--tmpfs",
        "/dev/pts",
        "--remount-ro",
        "/dev/pts",
        "--size",
        size,
        "--tmpfs",
        "/dev/shm",
        "--size",
        size,
        "--tmpfs",
        "/tmp",
        "--size",
        size,
        "--tmpfs",
        WORK,
    ]


def _links(path: Path, shown: Mapping[str, object]) -> list[str]:
    """The links from a path to the file that it is: an interpreter may be one in `~/bin`."""
    words: list[str] = []
    while path.is_symlink() and len(words) < 120:
        target = path.readlink()
        if not _is_shown(str(path), shown):
            words += ["--symlink", str(target), str(path)]
        path = path.parent / target
    return words


def covered(secrets: Iterable[str], shown: Iterable[str]) -> list[str]:
    """Of folders that must not be seen those that would be. The others need not even be named."""
    return [path for path in secrets if Path(path).is_dir() and _is_shown(path, shown)]


def _is_shown(path: str, shown: Iterable[str]) -> bool:
    return any(Path(path).is_relative_to(top) for top in [*SYSTEM, *shown])


def _as_unprivileged(
    result: Confinement, shown: Mapping[str, Path]
) -> tuple[list[str], dict[str, str]]:
    """For root: a command prefix that becomes an ordinary user, and where that user finds `shown`.

    An ordinary user may not see below /root, where the interpreter or the checkout can lie. Then
    root binds these folders, in a mount namespace of their own, to a place that everyone may enter.
    """
    if os.geteuid() != 0:
        return [], {inside: str(outside) for inside, outside in shown.items()}
    become = [
        "setpriv",
        f"--reuid={UNPRIVILEGED_ID}",
        f"--regid={UNPRIVILEGED_ID}",
        "--clear-groups",
    ]
    if all(open_to_all(outside) for outside in shown.values()):
        return become, {inside: str(outside) for inside, outside in shown.items()}
    result.scratch = Scratch("stage")
    staging = result.scratch.path
    staging.chmod(0o711)
    sources, script = {}, []
    for number, inside in enumerate(shown):
        place = staging / str(number)
        place.mkdir()
        sources[inside] = str(place)
        script += ['mount --bind "$1" "$2" && shift 2 &&']
    pairs = [
        str(part) for (inside, outside) in shown.items() for part in (outside, sources[inside])
    ]
    shell = " ".join([*script, 'exec "$@"'])
    prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-c", shell, "sh"]
    return [*prefix, *pairs, *become], sources
