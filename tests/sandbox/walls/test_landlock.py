"""Landlock and the system-call filter that stands beside it, in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grader.sandbox.walls import landlock, seccomp

pytestmark = pytest.mark.skipif(
    landlock.version() < landlock.NEEDED or seccomp.program() is None,
    reason="this kernel or machine has no Landlock that is new enough",
)

START = """
import json, os, socket, subprocess, sys
from pathlib import Path
from grader.sandbox.walls import landlock, seccomp
told = json.loads(sys.argv[1])
told_filter = seccomp.program(alone=True)
if told["rights"] is not None:
    landlock.restrict([(Path(path), rights) for path, rights in told["rights"]])
if told["filter"]:
    seccomp.install(told_filter)
def tries(code):
    try:
        exec(code, {"os": os, "socket": socket, "place": told["place"], "parent": os.getppid()})
    except Exception as error:
        return type(error).__name__
    return "done"
print(json.dumps([tries(code) for code in told["codes"]]))
"""


def confined(
    place: Path,
    *codes: str,
    rights: list[tuple[Path, int]] | None = None,
    filtered: bool = False,
) -> list[str]:
    """What became of pieces of code in one process: "done", or an exception's name each.

    No rights at all are a process without Landlock; an empty list may read everything.
    """
    rights = [(Path("/"), landlock.READ)] if rights == [] else rights
    told: dict[str, Any] = {
        "rights": None if rights is None else [(str(path), right) for path, right in rights],
        "filter": filtered,
        "place": str(place),
        "codes": codes,
    }
    done = subprocess.run(
        [sys.executable, "-c", START, json.dumps(told)], capture_output=True, text=True, check=True
    )
    result: list[str] = json.loads(done.stdout)
    return result


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder `open` with a file, and one `closed` with another."""
    for name in ("open", "closed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    return tmp_path


def test_what_is_not_listed_can_be_neither_read_nor_changed(place: Path) -> None:
    codes = (
        "open(place + '/open/file').read()",
        "open(place + '/open/new', 'w').write('x')",
        "open(place + '/closed/file').read()",
        "os.listdir(place + '/closed')",
        "open(place + '/closed/new', 'w')",
        "os.remove(place + '/closed/file')",
        "os.truncate(place + '/closed/file', 0)",
        "os.rename(place + '/closed/file', place + '/open/file')",
        "os.symlink('x', place + '/closed/link')",
    )
    rights = [(place / "open", landlock.READ | landlock.WRITE)]
    assert confined(place, *codes, rights=rights) == ["done"] * 2 + ["PermissionError"] * 7
    assert (place / "closed/file").read_text() == "closed"


def test_a_folder_to_read_cannot_be_written(place: Path) -> None:
    codes = ("open(place + '/open/file').read()", "open(place + '/open/file', 'a')")
    rights = [(place / "open", landlock.READ)]
    assert confined(place, *codes, rights=rights) == ["done", "PermissionError"]


def test_other_processes_get_no_signal(place: Path) -> None:
    codes = ("os.kill(parent, 0)", "os.kill(os.getpid(), 0)")
    assert confined(place, *codes) == ["done", "done"]
    assert confined(place, *codes, rights=[]) == ["PermissionError", "done"]


def test_abstract_sockets_of_others_are_out_of_reach(place: Path) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as ear:
        name = f"grader-test-{place.name}"
        ear.bind("\0" + name)
        ear.listen()
        code = f"socket.socket(socket.AF_UNIX).connect('\\0{name}')"
        assert confined(place, code) == ["done"]
        assert confined(place, code, rights=[]) == ["PermissionError"]


def test_the_filter_leaves_sockets_of_this_machine_only(place: Path) -> None:
    codes = (
        "socket.socket(socket.AF_INET)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
        "socket.socket(socket.AF_INET6)",
        "socket.socket(40)",
        "socket.socketpair()",
    )
    rights: list[tuple[Path, int]] = []
    found = confined(place, *codes, rights=rights, filtered=True)
    assert found == ["OSError"] * 4 + ["done"]


def test_rights_and_times_of_files_stay_what_they_are(place: Path) -> None:
    """Landlock does not guard them; the calls say yes and do nothing, so that copies still work."""
    before = (place / "closed/file").stat()
    codes = (
        "os.chmod(place + '/closed/file', 0)",
        "os.chown(place + '/closed/file', 1, 1)",
        "os.utime(place + '/closed/file', (1, 1))",
        "os.setxattr(place + '/closed/file', 'user.x', b'1')",
    )
    assert confined(place, *codes, rights=[], filtered=True) == ["done"] * 4
    after = (place / "closed/file").stat()
    assert (after.st_mode, after.st_uid, after.st_mtime) == (
        before.st_mode,
        before.st_uid,
        before.st_mtime,
    )


def test_nobody_limits_other_processes_or_shares_memory_by_number(place: Path) -> None:
    codes = (
        "import resource; resource.prlimit(parent, resource.RLIMIT_MSGQUEUE)",
        "import resource; resource.prlimit(0, resource.RLIMIT_MSGQUEUE, (0, 0))",
        "import resource; resource.setrlimit(resource.RLIMIT_MSGQUEUE, (0, 0))",
    )
    assert confined(place, *codes) == ["done"] * 3
    assert confined(place, *codes, rights=[], filtered=True) == ["PermissionError", "done", "done"]
    shared = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "if libc.shmget(0, 4096, 0o1600) < 0: raise OSError(ctypes.get_errno(), 'refused')"
    )
    assert confined(place, shared, rights=[], filtered=True) == ["OSError"]


@pytest.mark.parametrize("call", ["CLONE_NEWUSER", "CLONE_NEWNS", "CLONE_NEWPID"])
def test_the_filter_refuses_new_namespaces_by_clone(place: Path, call: str) -> None:
    flags = {"CLONE_NEWUSER": 0x10000000, "CLONE_NEWNS": 0x20000, "CLONE_NEWPID": 0x20000000}
    code = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"number = {seccomp.numbers()['clone']}\n"
        f"pid = libc.syscall(number, {flags[call] | 17}, 0, 0, 0, 0)\n"
        "if pid == 0: os._exit(0)\n"
        "if pid < 0: raise OSError(ctypes.get_errno(), 'refused')"
    )
    assert confined(place, code, rights=[], filtered=True) == ["PermissionError"]


def test_what_is_hidden_takes_its_folders_apart(tmp_path: Path) -> None:
    for name in ("a/x", "a/secret/deep", "b"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "a/file").touch()
    (tmp_path / "a/link").symlink_to(tmp_path / "a/secret")
    found = landlock.without([tmp_path / "a", tmp_path / "b"], [tmp_path / "a/secret"])
    assert found == [tmp_path / "a/file", tmp_path / "a/x", tmp_path / "b"]
    assert landlock.without([tmp_path / "a/secret/deep"], [tmp_path / "a/secret"]) == []
    assert landlock.without([tmp_path / "b"], [tmp_path / "nowhere"]) == [tmp_path / "b"]
