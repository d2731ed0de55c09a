"""Which door to student code a student's own check takes on this machine. Trusted side.

What it needs is loaded late: before anything else, what takes longest is begun.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from grader.core import extras
from grader.student import plain_start

if TYPE_CHECKING:
    from grader.core.model import Evidence, Notebook, Question
    from grader.sandbox.surroundings import Surroundings

KERNEL = ("ipykernel", "nbclient", "jupyter_client")
SLOW = re.compile(r"\b(torch|torchvision|sklearn|pandas|seaborn)\b")
"""What takes so long to load that between two checks a server keeps it loaded."""

_rungs: list[str] = []  # the one that was found
_wanted: set[str] = set()  # what the notebooks of the last check ran in: SERVER, PLAIN
SERVER, PLAIN = "a fork of a kernel that has loaded all", "a kernel without Jupyter"


def begin() -> None:
    """Starts what takes a while and does not depend on the notebook: for `find`, soon after."""
    if not _has_kernel():
        plain_start.ahead()
        return
    from grader.sandbox.kernels import drivers  # noqa: PLC0415
    from grader.sandbox.walls import cgroup  # noqa: PLC0415

    cgroup.delegate()  # while this process is alone in its group
    drivers.ahead()


def stay_ready() -> None:
    """The same between two checks of one process, by what the notebook was that was checked."""
    if not _has_kernel():
        plain_start.ahead()
        return
    from grader.sandbox.kernels import drivers, fork_servers  # noqa: PLC0415

    if SERVER in _wanted:
        fork_servers.kernels.begin()
    if PLAIN in _wanted:
        drivers.ahead(_rung())
    _wanted.clear()


def find(*, pictures: bool = False) -> tuple[Callable[..., Evidence], str]:
    """The best door that works here, and a sentence on what it lacks if it is not a safe one.

    With `pictures` the evidence holds what cells drew, where there is a sandbox.
    """
    if not _has_kernel():
        from grader.student import plain_run  # noqa: PLC0415

        lacks = extras.missing(*KERNEL)
        more = (
            f"; {extras.sentence('a sandbox', lacks)}" if lacks and sys.platform == "linux" else ""
        )
        return plain_run.run, f"your notebook runs here without a sandbox, as in Jupyter{more}"
    from grader.sandbox.kernels import fork_servers  # noqa: PLC0415
    from grader.sandbox.observe import observe  # noqa: PLC0415
    from grader.sandbox.walls import levels  # noqa: PLC0415
    from grader.student.needs_jupyter import needs_jupyter  # noqa: PLC0415

    rung = levels.get(_rung())

    def door(
        notebook: Notebook, questions: Sequence[Question], around: Surroundings, **more: Any
    ) -> Evidence:
        # Cold until a server is ready: a single notebook is done before one would be.
        is_served = fork_servers.kernels.pid is not None
        can_be_plain = not (pictures or around.mounts or needs_jupyter(notebook))
        is_slow = any(SLOW.search(cell.source) for cell in notebook.cells)
        _wanted.add(SERVER if is_slow or not can_be_plain else PLAIN)
        plain = can_be_plain and not (is_slow and is_served)
        within = replace(around, rung=rung.name)
        return observe(notebook, questions, within, cold=not is_served, plain=plain, **more)

    if levels.NAMES.index(rung.name) <= levels.NAMES.index(levels.SAFE):
        return door, ""
    return door, f"your notebook runs here with {rung.what}, which does not give {rung.lacks}"


def _rung() -> str:
    """The best one here, looked for once."""
    if not _rungs:
        from grader.sandbox.kernels import drivers  # noqa: PLC0415

        _rungs.append(drivers.best_rung() or _looked_for())
    return _rungs[0]


def _looked_for() -> str:
    from grader.sandbox.walls import choose, levels  # noqa: PLC0415

    return choose.best(levels.UNCONFINED.name)


@functools.cache
def _has_kernel() -> bool:
    """Whether kernels can be started here: on Unix, where their libraries are."""
    try:
        import fcntl  # noqa: F401, PLC0415
        import resource  # noqa: F401, PLC0415
    except ImportError:
        return False
    return sys.platform == "linux" and not extras.missing(*KERNEL)
