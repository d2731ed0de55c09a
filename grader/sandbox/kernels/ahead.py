"""A plain kernel for a job that is not known yet, and the search for the best rung meanwhile.

In the driver process. No student code is there before the rung has shown what it promises: the job
comes only when that is told.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from grader.core.errors import GraderError, SandboxError
from grader.core.model import Limits
from grader.sandbox.kernels.job import KernelJob
from grader.sandbox.kernels.plain_kernel import PlainKernel
from grader.sandbox.walls import levels


def kernel(known: Sequence[str], say: Callable[..., None]) -> PlainKernel | None:
    """One that is ready, or None; the best rung is told by `say`, if `known` does not name it."""
    if known:
        return _started(known[0])
    made = next(filter(None, map(_started, levels.CONCURRENT)), None)
    # Loaded now: what it needs loads while the kernel starts.
    from grader.sandbox.walls import choose  # noqa: PLC0415

    try:
        best = choose.best(levels.UNCONFINED.name)
    except GraderError as reason:
        best = ""
        say(event="rung", rung="", problem=str(reason))
    else:
        say(event="rung", rung=best, problem="")
    if made and made.rung != best:
        made.close()
        made = None
    return made or (_started(best) if best in levels.CONCURRENT else None)


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
