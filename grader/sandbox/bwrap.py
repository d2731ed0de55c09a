"""Builds the command line that confines one kernel with bubblewrap. Trusted side.

What student code sees: the system's and the interpreter's read-only files, its own `/notebook`, and
what the task mounts. Not the reference, not the rubric, not other submissions, no network.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.errors import SandboxError
from grader.model import Limits
from grader.sandbox import seccomp

WORK = "/notebook"
INSIDE = Path(__file__).parent / "inside"
UNPRIVILEGED_ID = 61234
"""Root gives itself up for this uid: bubblewrap run by real root leaves /proc/sys writable."""

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

KERNEL = ("/inside/grader_inside/launch.py", "/run/connection.json")
FORK_SERVER = ("-m", "grader_inside.zygote")

PASSWD = b"student:x:1000:1000:student:/notebook:/bin/sh\n"
GROUP = b"student:x:1000:\n"


@dataclass(slots=True)
class Confinement:
    """One confined start: the command, the fds it inherits, and the temporary folder to remove."""

    command: list[str]
    fds: list[int] = field(default_factory=list)
    staging: Path | None = None

    def close_fds(self) -> None:
        """Closes our copies of the fds, once the child has its own."""
        for fd in self.fds:
            os.close(fd)
        self.fds.clear()

    def close(self) -> None:
        """Also removes the staging folder, when the sandbox is gone."""
        self.close_fds()
        if self.staging:
            # Only empty folders, never a tree: in a mount namespace that is not ours to see,
            # the interpreter is mounted here.
            for place in [*self.staging.iterdir(), self.staging]:
                with contextlib.suppress(OSError):
                    place.rmdir()
            self.staging = None


def find() -> Path:
    """The bubblewrap binary.

    Raises:
        SandboxError: there is none, or it does not work on this machine.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cached = cache / "grader/bubblewrap/usr/bin/bwrap"
    name = os.environ.get("GRADER_BWRAP") or shutil.which("bwrap")
    path = Path(name) if name else cached
    if not path.exists():
        raise SandboxError(
            "bubblewrap is missing, so student code cannot be confined; install it with "
            "`make setup` or `apt-get install bubblewrap`"
        )
    return path


def memfd(name: str, content: bytes) -> int:
    """An anonymous file with this content, to be read from its start."""
    fd = os.memfd_create(name)
    os.write(fd, content) if len(content) < 1 << 20 else _write_all(fd, content)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _write_all(fd: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]


def confine(
    *,
    connection: bytes,
    setup: Mapping[str, object],
    files: Mapping[str, bytes],
    mounts: Mapping[str, Path],
    hide: Sequence[Path],
    limits: Limits,
    info_fd: int,
    forks: bool = False,
) -> Confinement:
    """The command that starts one kernel, or with `forks` the server that forks warm ones.

    `connection` is the kernel's connection file, `setup` what launch.py needs, `files` go into
    the work folder, `mounts` maps a path inside to a folder outside, `hide` are folders that
    must not be seen even if a mounted folder holds them. What is mounted below /dev is a device.
    The fork server may make namespaces for its kernels, and each of these takes the last steps by
    itself.
    """
    result = Confinement(command=[])
    devices = [path for path in mounts if path.startswith("/dev/")]
    shown = {path: Path(path) for path in _runtime()}
    shown |= {path: mounts[path] for path in mounts if path not in devices}
    shown["/inside/grader_inside"] = INSIDE
    prefix, sources = _as_unprivileged(result, shown)
    command = [*prefix, str(find()), *_isolation(info_fd, forks)]
    for path in SYSTEM:
        command += _system_folder(path)
    for name in ETC:
        command += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    command += _private_folders(limits, forks)  # before the mounts: a checkout may lie below /tmp
    for inside, outside in sources.items():
        command += ["--ro-bind", outside, inside]
    command += _links(Path(sys.executable), sources)
    command += [part for device in devices for part in ("--dev-bind", device, device)]
    for secret in [*HIDDEN, *(str(path) for path in hide)]:
        if Path(secret).is_dir() and _is_shown(secret, shown):
            command += ["--tmpfs", secret, "--remount-ro", secret]
    for path, content in {
        "/etc/passwd": PASSWD,
        "/etc/group": GROUP,
        "/run/connection.json": connection,
    }.items():
        command += ["--ro-bind-data", str(_own(result, path, content)), path]
    for name, content in files.items():
        command += ["--file", str(_own(result, name, content)), f"{WORK}/{name}"]
    command += ["--remount-ro", "/", "--remount-ro", "/dev"]
    if not forks and (calls := seccomp.program()) is not None:
        command += ["--seccomp", str(_own(result, "seccomp", calls))]
    for name, value in environment(setup, with_cuda=bool(devices)).items():
        command += ["--setenv", name, value]
    start = FORK_SERVER if forks else KERNEL
    result.command = [*command, "--chdir", WORK, "--", sys.executable, "-P", *start]
    return result


def _own(result: Confinement, name: str, content: bytes) -> int:
    fd = memfd(name, content)
    result.fds.append(fd)
    return fd


def _isolation(info_fd: int, forks: bool) -> list[str]:
    # --unshare-all alone means "user namespace if possible", and silently goes on without one.
    return [
        "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--cap-drop",
        "ALL", "--clearenv", *(["--setenv", "PYTHONPATH", "/inside"] if forks else
        ["--disable-userns"]), "--uid", "1000", "--gid", "1000",
        "--hostname", "sandbox", "--info-fd", str(info_fd),
    ]  # fmt: skip


def _system_folder(path: str) -> list[str]:
    folder = Path(path)
    if folder.is_symlink():
        return ["--symlink", str(folder.readlink()), path]
    return ["--ro-bind", path, path] if folder.is_dir() else []


def _private_folders(limits: Limits, forks: bool) -> list[str]:
    size = str(limits.disk_mib << 20)
    # A /proc with anything mounted over it keeps kernels from mounting their own.
    settings = ["--dir", "/data"] if forks else ["--ro-bind", "/proc/sys", "/proc/sys"]
    return [
        "--proc", "/proc", *settings, "--dev", "/dev",
        "--size", size, "--tmpfs", "/dev/shm",
        "--size", size, "--tmpfs", "/tmp",
        "--size", size, "--tmpfs", WORK,
    ]  # fmt: skip


def environment(setup: Mapping[str, object], *, with_cuda: bool = False) -> dict[str, str]:
    """Every environment variable that a kernel starts with."""
    hidden = {} if with_cuda else {"CUDA_VISIBLE_DEVICES": ""}
    return hidden | {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": WORK, "TMPDIR": "/tmp", "LANG": "C.UTF-8", "TZ": "UTC",
        "MPLCONFIGDIR": "/tmp/matplotlib", "IPYTHONDIR": "/tmp/ipython",
        "XDG_CACHE_HOME": "/tmp/cache", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
        "PIP_RETRIES": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1",  # there is no network
        "GRADER_DATA": "/data/fashion-mnist",
        "GRADER_SETUP": json.dumps(setup),
    }  # fmt: skip


def _runtime() -> list[str]:
    """Folders that the interpreter needs, at their own paths: elsewhere it loads wrong parts."""
    folders = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()}
    folders |= {Path(sys.prefix), Path(sys.base_prefix)}
    return sorted(str(path) for path in folders if not path.is_relative_to("/usr"))


def _links(path: Path, shown: Mapping[str, object]) -> list[str]:
    """The links from a path to the file that it is: an interpreter may be one in `~/bin`."""
    words: list[str] = []
    while path.is_symlink() and len(words) < 120:
        target = path.readlink()
        if not _is_shown(str(path), shown):
            words += ["--symlink", str(target), str(path)]
        path = path.parent / target
    return words


def _is_shown(path: str, shown: Mapping[str, object]) -> bool:
    return any(Path(path).is_relative_to(top) for top in [*SYSTEM, *shown])


def _as_unprivileged(
    result: Confinement, shown: Mapping[str, Path]
) -> tuple[list[str], dict[str, str]]:
    """For root: a command prefix that becomes an ordinary user, and where that user finds `shown`.

    An ordinary user may not see below /root, where the interpreter or the checkout can lie. So
    root binds these folders, in a mount namespace of their own, to a place that everyone may enter.
    """
    if os.geteuid() != 0:
        return [], {inside: str(outside) for inside, outside in shown.items()}
    result.staging = Path(tempfile.mkdtemp(prefix=f"grader-root-{os.getpid()}-"))
    result.staging.chmod(0o711)
    sources, script = {}, []
    for number, inside in enumerate(shown):
        place = result.staging / str(number)
        place.mkdir()
        sources[inside] = str(place)
        script += ['mount --bind "$1" "$2" && shift 2 &&']
    pairs = [
        str(part) for (inside, outside) in shown.items() for part in (outside, sources[inside])
    ]
    become = ["setpriv", f"--reuid={UNPRIVILEGED_ID}", f"--regid={UNPRIVILEGED_ID}",
              "--clear-groups"]  # fmt: skip
    shell = " ".join([*script, 'exec "$@"'])
    prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-c", shell, "sh"]
    return [*prefix, *pairs, *become], sources


def works() -> str:
    """An empty string if a confined process starts here, else the reason in one sentence."""
    try:
        find()
    except SandboxError as missing:
        return str(missing)
    read_end, write_end = os.pipe()
    confinement = confine(connection=b"{}", setup={}, files={}, mounts={}, hide=(),
                          limits=Limits(), info_fd=write_end)  # fmt: skip
    separator = confinement.command.index("--", len(confinement.command) - 6)
    command = [*confinement.command[:separator], "--", "true"]
    try:
        done = subprocess.run(command, pass_fds=(*confinement.fds, write_end), timeout=20,
                              capture_output=True, text=True, check=False)  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as bad:
        return f"bubblewrap could not be started: {bad}"
    finally:
        confinement.close()
        os.close(read_end)
        os.close(write_end)
    return "" if done.returncode == 0 else f"bubblewrap does not work here: {done.stderr.strip()}"
