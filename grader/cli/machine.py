"""What commands take from where they run: processors, and a terminal or none."""

from __future__ import annotations

import os
import sys
from typing import Any


def cores() -> int:
    """How many notebooks may run at once if nobody says: one for each processor."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def progress(quiet: bool = False) -> Any:
    """Bars on a terminal, plain lines elsewhere, nothing if `quiet`."""
    from rich.console import Console

    from grader.cli.progress import Bars, Lines

    if quiet or not sys.stderr.isatty():
        return Lines(sys.stderr, quiet=quiet)
    return Bars(Console(stderr=True))
