"""A kernel without Jupyter: it runs cells as a Jupyter kernel does, as far as they are Python.

In the driver process. It stands behind the same walls, starts in a fraction of the time, and has
two pipes more (see plain_talk.py). What is imported here is loaded before it can be started.
"""

from __future__ import annotations

import os
from typing import Any

from grader.sandbox.kernels.job import KernelJob
from grader.sandbox.kernels.kernel import ConfinedKernel

DRAWING = frozenset(
    (
        *("PIL", "contourpy", "cycler", "dateutil", "fontTools", "kiwisolver", "matplotlib"),
        *("mpl_toolkits", "packaging", "pylab", "pyparsing", "six"),
    )
)
"""Modules that a kernel which is made ahead may hold: a notebook's own of such a name must win."""


class PlainKernel(ConfinedKernel):
    """On some rung, with two pipes more. `ahead`: for a job that comes later, by `take`."""

    def __init__(self, job: KernelJob, *, ahead: bool = False) -> None:
        super().__init__(job)
        self.is_ahead = ahead
        self.orders = self.replies = -1  # our ends

    def _listeners(self) -> tuple[list[Any], dict[str, int]]:
        return [], {}

    def _pipes(self) -> dict[str, int]:
        orders, self.orders = os.pipe()
        self.replies, replies = os.pipe()
        return super()._pipes() | {"orders": orders, "replies": replies}

    def _setup(self) -> dict[str, Any]:
        """Limits of a job that is not known yet come with it."""
        setup = super()._setup() | {"ahead": self.is_ahead}
        return setup | {"limits": {}} if self.is_ahead else setup

    def late_limits(self) -> dict[str, int]:
        """What is still to be limited before student code runs."""
        return self._rlimits() if self.is_ahead else {}

    def take(self, job: KernelJob) -> bool:
        """Becomes the kernel of this job, if that may stand behind the walls which stand already.

        The sizes of memory file systems, what is mounted and what is hidden can't be changed.
        """
        ours, wanted = self._job, job.limits
        if not job.plain or job.mounts or job.hide or job.modules() & DRAWING:
            return False
        if (job.rung, wanted.disk_mib) != (ours.rung, ours.limits.disk_mib):
            return False
        if self._group:
            try:
                self._group.limit(wanted)
            except OSError:
                return False
        self._job = job
        return self._process is not None and self._process.poll() is None

    def _close_ours(self) -> None:
        fds, self.orders, self.replies = (self.orders, self.replies), -1, -1
        for fd in fds:
            if fd >= 0:
                os.close(fd)
        super()._close_ours()
