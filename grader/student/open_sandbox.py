"""Which door to student code a student's own check takes on this machine. Trusted side."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from grader.core import extras
from grader.core.model import Evidence, Notebook, Question
from grader.sandbox.surroundings import Surroundings
from grader.student import plain_run

KERNEL = ("ipykernel", "nbclient", "jupyter_client")

_choice: list[Future[str]] = []  # the rung that is looked for since `begin`


def begin() -> None:
    """Starts what takes a while and does not depend on the notebook: for `find`, soon after."""
    if not _has_kernel():
        plain_run.ahead()
        return
    from grader.sandbox.kernels import drivers  # noqa: PLC0415
    from grader.sandbox.walls import choose, levels  # noqa: PLC0415

    drivers.ahead()
    choice: Future[str] = Future()

    def choose_rung() -> None:
        try:
            choice.set_result(choose.best(levels.UNCONFINED.name))
        except BaseException as bad:  # told by whoever waits for it
            choice.set_exception(bad)

    _choice[:] = [choice]
    threading.Thread(target=choose_rung).start()  # waited for in the end: it clears up


def stay_ready() -> None:
    """The same between two checks of one process: the next kernel is forked from a warm one."""
    if not _has_kernel():
        plain_run.ahead()
        return
    from grader.sandbox.kernels import fork_servers  # noqa: PLC0415

    fork_servers.kernels.begin()


def find() -> tuple[Callable[..., Evidence], str]:
    """The best door that works here, and a sentence on what it lacks if it is not a safe one."""
    if not _has_kernel():
        lacks = extras.missing(*KERNEL)
        more = (
            f"; {extras.sentence('a sandbox', lacks)}" if lacks and sys.platform == "linux" else ""
        )
        return plain_run.run, f"your notebook runs here without a sandbox, as in Jupyter{more}"
    from grader.sandbox.kernels import fork_servers  # noqa: PLC0415
    from grader.sandbox.observe import observe  # noqa: PLC0415
    from grader.sandbox.walls import choose, levels  # noqa: PLC0415

    best = _choice[0].result() if _choice else choose.best(levels.UNCONFINED.name)
    rung = levels.get(best)

    def door(
        notebook: Notebook, questions: Sequence[Question], around: Surroundings, **more: Any
    ) -> Evidence:
        # Cold until a server is ready: a single notebook is done before one would be.
        cold = fork_servers.kernels.pid is None
        return observe(notebook, questions, replace(around, rung=rung.name), cold=cold, **more)

    if levels.NAMES.index(rung.name) <= levels.NAMES.index(levels.SAFE):
        return door, ""
    return door, f"your notebook runs here with {rung.what}, which does not give {rung.lacks}"


@functools.cache
def _has_kernel() -> bool:
    """Whether kernels can be started here: on Unix, where their libraries are."""
    try:
        import fcntl  # noqa: F401, PLC0415
        import resource  # noqa: F401, PLC0415
    except ImportError:
        return False
    return sys.platform == "linux" and not extras.missing(*KERNEL)
