"""What commands take from where they run: processors, and a terminal or none."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.cli.say import say

if TYPE_CHECKING:
    from grader.batch.engine import Engine


def cores() -> int:
    """How many notebooks may run at once if nobody says: one for each processor."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def workers(
    engine: str,
    jobs: int | None,
    data_dir: Path | None,
    rung: str,
    needs: Callable[[], None] = lambda: None,
) -> tuple[int, Engine, str]:
    """How many notebooks run at once, where, and in which sandbox; what that lacks is told.

    `needs` raises if notebooks lack something on this machine, where they are to run here.

    Raises:
        UsageError: there is no such engine.
        SandboxError: no sandbox here is as good as `rung`, or as is safe if that is empty.
    """
    from grader.batch import engines
    from grader.sandbox.kernels import fork_servers
    from grader.sandbox.walls import choose, levels

    jobs = jobs or cores()
    where = engines.find(engine, jobs, data_dir)
    if not where.here:  # a cluster's workers look for a sandbox themselves
        return jobs, where, ""
    needs()
    found = choose.best(rung or levels.SAFE)
    if found in levels.CONCURRENT:
        if why := fork_servers.covered():
            say(
                f"note: each notebook starts cold, which takes twenty times longer: {why}; move "
                "the checkout to another folder",
                err=True,
            )
        return jobs, where, found
    say(f"note: sandbox {found}, not given: {levels.get(found).lacks}", err=True)
    return 1, engines.find(engine, 1, data_dir), found


def progress(quiet: bool = False) -> Any:
    """Bars on a terminal, plain lines elsewhere, nothing if `quiet`."""
    from rich.console import Console

    from grader.cli.progress import Bars, Lines

    if quiet or not sys.stderr.isatty():
        return Lines(sys.stderr, quiet=quiet)
    return Bars(Console(stderr=True))
