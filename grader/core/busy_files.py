"""Files that another program has open. Windows refuses to read, replace or remove some of these.

Most are let go at once: an editor saves, a virus scanner looks.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from grader.core.errors import UsageError

T = TypeVar("T")

WINDOWS = os.name == "nt"
WAITS = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between two tries."""


def patiently(act: Callable[[], T]) -> T:
    """What `act` returns; on Windows it is tried again for a while before its refusal counts.

    Raises:
        OSError: it is refused.
    """
    for wait in WAITS if WINDOWS else ():
        try:
            return act()
        except PermissionError:
            time.sleep(wait)
    return act()


def read(path: Path) -> bytes:
    """A file's content, also while a program saves it.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return patiently(path.read_bytes)
    except OSError as bad:
        raise UsageError(f"{path} cannot be read ({told(bad)})") from None


def told(bad: OSError) -> str:
    """The refusal in words, for the middle of a sentence; with what helps where it is open."""
    words = bad.strerror or str(bad)
    is_busy = WINDOWS and isinstance(bad, PermissionError)
    return f"{words}: close the program that has it open" if is_busy else words
