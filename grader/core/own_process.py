"""What a process limits of itself, and how it keeps others out, as far as the system can."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def limit_memory(most: int) -> None:
    """At most so many bytes of address space from now on, and no core dumps.

    Windows has no such limit: there a process that reads a hostile file ends with its time alone.
    """
    with contextlib.suppress(ImportError):
        import resource  # noqa: PLC0415 (not on Windows)

        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        leave_no_core()


def leave_no_core() -> None:
    """No crash of this process, or of what it starts, is dumped or handled by the machine.

    At a limit of 0 Linux still starts the program of kernel.core_pattern; at 1 it does not. Where
    the limit is 0 already, it stays.
    """
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 (not on Windows)

        resource.setrlimit(resource.RLIMIT_CORE, (1, 1))


def lock(folder: Path) -> int | None:
    """Keeps others out of a folder until the handle is closed or this process ends.

    None where folders can't be locked: on Windows, and on file systems without locks.

    Raises:
        BlockingIOError: another process has it.
    """
    try:
        import fcntl  # noqa: PLC0415 (not on Windows)
    except ImportError:
        return None
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise
    except OSError:
        os.close(handle)
        return None
    return handle
