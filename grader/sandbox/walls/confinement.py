"""One confined start, whatever confines it: what to run, how to end it, what to remove. Trusted."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.core.limits import Limits
from grader.sandbox.walls import cgroup
from grader.sandbox.walls.scratch import Scratch

INSIDE = Path(__file__).parents[1] / "inside"
UNPRIVILEGED_ID = 61234
"""Root gives itself up for this uid: real root may change the kernel's settings in /proc/sys."""

SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin")
ETC = (
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "fonts",
    "alternatives",
    "localtime",
    "ssl/certs",
)
HIDDEN = ("/usr/share/datasets", "/usr/local/share/datasets", "/usr/src")
"""Below /usr, but not for student code: Debian's copy of Fashion-MNIST holds the test labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be started, and what it may see.

    `connection` is the kernel's connection file, `setup` what launch.py needs, `files` go into
    the work folder, `mounts` maps a path inside to a folder outside, `hide` are folders that must
    not be seen even if a mounted folder holds them. `argv` replaces the kernel, for self-tests.
    """

    connection: bytes = b"{}"
    setup: Mapping[str, object] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    mounts: Mapping[str, Path] = field(default_factory=dict)
    hide: Sequence[Path] = ()
    limits: Limits = field(default_factory=Limits)
    info_fd: int = -1
    argv: Sequence[str] | None = None
    forks: bool = False  # not a kernel, but the server that forks warm ones


@dataclass(slots=True)
class Confinement:
    """One confined start: the command, the fds it inherits, and what to remove afterwards."""

    command: list[str]
    fds: list[int] = field(default_factory=list)
    scratch: Scratch | None = None
    group: cgroup.Group | None = None
    work: Path | None = None  # the work folder, where it is one of the machine's own
    lifeline: int = -1  # a supervisor ends everything when our end of this pipe closes

    def close_fds(self) -> None:
        """Closes our copies of the fds, once the child has its own."""
        for fd in self.fds:
            os.close(fd)
        self.fds.clear()

    def kill(self, init_pid: int) -> None:
        """Ends everything that was ever started in here."""
        if self.lifeline >= 0:
            os.close(self.lifeline)
            self.lifeline = -1
        elif init_pid and self.work is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(init_pid, signal.SIGKILL)

    def close(self) -> None:
        """Also ends what a group still holds and removes the folders, when the sandbox is gone.

        May be called twice, and by two threads at once.
        """
        self.close_fds()
        self.kill(0)
        group, self.group = self.group, None
        if group:
            group.close()
        if self.scratch:
            self.scratch.close()


def variables(
    setup: Mapping[str, object], work: str, temporary: str, data: str, *, with_cuda: bool = False
) -> dict[str, str]:
    """All variables that student code sees."""
    hidden = {} if with_cuda else {"CUDA_VISIBLE_DEVICES": ""}
    return hidden | {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": work,
        "TMPDIR": temporary,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "MPLCONFIGDIR": f"{temporary}/matplotlib",
        "IPYTHONDIR": f"{temporary}/ipython",
        "XDG_CACHE_HOME": f"{temporary}/cache",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PIP_RETRIES": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",  # there is no network
        "GRADER_DATA": data,
        "GRADER_SETUP": json.dumps(setup),
    }


def runtime() -> list[str]:
    """Folders that the interpreter needs, at their own paths: elsewhere it loads wrong parts."""
    folders = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()}
    folders |= {Path(sys.prefix), Path(sys.base_prefix)}
    return sorted(str(path) for path in folders if not path.is_relative_to("/usr"))


def open_to_all(path: Path) -> bool:
    """Whether every user may read it, as far as its own and its folders' rights tell."""
    path = path.resolve()
    return all(
        place.stat().st_mode & (stat.S_IXOTH | (stat.S_IROTH if place == path else 0))
        for place in (path, *path.parents)
    )
