"""A plain kernel for a job that is not known yet, and the search for the best rung meanwhile.

In the driver process. No student code is there before the rung has shown what it promises, now or
in a check before (see walls/remembered.py): the job comes only when that is told.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from grader.core.errors import GraderError, SandboxError
from grader.core.limits import Limits
from grader.sandbox.kernels.job import KernelJob
from grader.sandbox.kernels.plain_kernel import PlainKernel
from grader.sandbox.walls import cgroup, levels, remembered, scratch


def kernel(known: Sequence[str], say: Callable[..., None]) -> PlainKernel | None:
    """One that is ready, or None; the best rung is told by `say`, if `known` does not name it."""
    if known:
        return _started(known[0])
    made = next(filter(None, map(_started, levels.CONCURRENT)), None)
    if before := remembered.recall():
        if made := _on(before, made):
            say(event="rung", rung=before, problem="")
            scratch.reap()  # as each search does
            cgroup.reap()
            return made
        remembered.forget()
    return _on(_searched(say), made)


def _searched(say: Callable[..., None]) -> str:
    """The best rung; nothing where none works."""
    # Loaded now: what it needs loads while the kernel starts.
    from grader.sandbox.walls import choose  # noqa: PLC0415

    try:
        best = choose.best(levels.UNCONFINED.name)
    except GraderError as reason:
        say(event="rung", rung="", problem=str(reason))
        return ""
    say(event="rung", rung=best, problem="")
    remembered.remember(best)
    return best


def _on(rung: str, made: PlainKernel | None) -> PlainKernel | None:
    """A kernel on this rung: the one that was made, or another."""
    if made and made.rung != rung:
        made.close()
        made = None
    return made or (_started(rung) if rung in levels.CONCURRENT else None)


def _started(rung: str) -> PlainKernel | None:
    job = KernelJob(
        cells=(), questions=(), prepare=(), seed=0, limits=Limits(), rung=rung, plain=True
    )
    made = PlainKernel(job, ahead=True)
    try:
        made.start()
    except (SandboxError, OSError):
        with contextlib.suppress(OSError):
            made.close()
        return None
    return made
