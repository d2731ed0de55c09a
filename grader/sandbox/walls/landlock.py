"""Landlock: takes rights on files, signals and sockets from this process for good. Trusted side.

The main wall where namespaces are closed. What is not listed cannot be read or written. See
landlock(7); the numbers are the kernel's, the same on all machines.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ASK_VERSION, PATH_BENEATH = 1, 1
NO_NEW_PRIVILEGES = 38

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
REFER, TRUNCATE, DEVICE_CONTROL, CONNECT_UNIX = 1 << 13, 1 << 14, 1 << 15, 1 << 16
FIRST_RIGHTS = (1 << 13) - 1
LATER_RIGHTS = {2: REFER, 3: TRUNCATE, 5: DEVICE_CONTROL, 9: CONNECT_UNIX}
FOR_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | DEVICE_CONTROL | CONNECT_UNIX
TCP = 3  # bind and connect; from version 4
SCOPES = 3  # abstract sockets and signals of others; from version 6

READ = EXECUTE | READ_FILE | READ_DIR
WRITE = FIRST_RIGHTS | REFER | TRUNCATE
DEVICE = READ_FILE | WRITE_FILE | DEVICE_CONTROL
NEEDED = 6
"""The first version that keeps signals and abstract sockets within."""


def version() -> int:
    """The kernel's version of the interface; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(0, _call(CREATE_RULESET, None, 0, ASK_VERSION, check=False))


def restrict(rights: Iterable[tuple[Path, int]]) -> None:
    """Keeps these rights on these files and what is below them, and no others. For ever.

    Raises:
        OSError: the kernel refused; nothing may be run then.
    """
    known = version()
    handled = FIRST_RIGHTS
    for since, right in LATER_RIGHTS.items():
        handled |= right if known >= since else 0
    fields = struct.pack(
        "=QQQ", handled, TCP if known >= 4 else 0, SCOPES if known >= NEEDED else 0
    )
    size = 24 if known >= 6 else 16 if known >= 4 else 8
    ruleset = _call(CREATE_RULESET, fields, size, 0)
    try:
        for path, wanted in rights:
            _allow(ruleset, path, wanted & handled)
        libc().prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        _call(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, wanted: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there needs no right
    try:
        wanted &= -1 if path.is_dir() else FOR_FILES
        _call(ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", wanted, fd), 0)
    finally:
        os.close(fd)


def libc() -> ctypes.CDLL:
    """The C library, which reports its errors to us."""
    return ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: object, check: bool = True) -> int:
    given = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = int(libc().syscall(ctypes.c_long(number), *given))
    if result < 0 and check:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {errno.errorcode.get(code, code)}")
    return result


def without(tops: Iterable[Path], hidden: Iterable[Path]) -> list[Path]:
    """These folders, those that hold something hidden taken apart: rights cannot be taken back."""
    found: list[Path] = []
    secret = [path.resolve() for path in hidden]
    queue = [path.resolve() for path in tops]
    while queue:
        path = queue.pop()
        if any(path.is_relative_to(each) for each in secret):
            continue
        if any(each.is_relative_to(path) for each in secret):
            with contextlib.suppress(OSError):
                queue += [inner for inner in path.iterdir() if not inner.is_symlink()]
        else:
            found.append(path)
    return sorted(set(found))
