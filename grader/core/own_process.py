"""What a process limits of itself, and how it keeps others out, as far as the system can."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def limit_memory(most: int) -> None:
    """At most so many bytes of address space from now on, and no core files.

    Windows has no such limit: there a process that reads a hostile file ends with its time alone.
    """
    with contextlib.suppress(ImportError):
        import resource  # noqa: PLC0415 (not on Windows)

        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


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
