"""The disposable process that talks to one kernel: `python -m grader.sandbox.kernels.driver [FD]`.

FD is a socket to a forked kernel; without one, or if that fails, the kernel starts cold. Reads one
job (a line of JSON on standard input), writes progress and then the evidence (lines of JSON on
standard output). It runs no student code, but reads what a hostile kernel sends, so it is killed
and forgotten after one notebook. When standard input closes, it ends itself.

With `ahead [RUNG]` in place of FD it first makes a plain kernel ready for a job that will come,
meanwhile finds out which rung is the best that works here, if none is named, and says so.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from grader.core import own_process
from grader.core.errors import SandboxError
from grader.core.model import CellRun
from grader.sandbox.kernels import ahead
from grader.sandbox.kernels.forked_kernel import ForkedKernel, ForkError
from grader.sandbox.kernels.job import KernelJob, say
from grader.sandbox.kernels.kernel import START_SECONDS, ConfinedKernel, KernelDiedError
from grader.sandbox.kernels.pipes import Pipes
from grader.sandbox.kernels.plain_kernel import PlainKernel
from grader.sandbox.kernels.plain_talk import PlainTalk
from grader.sandbox.walls import remembered, scratch

if TYPE_CHECKING:
    from grader.sandbox.kernels.client import JupyterTalk

MAX_EARLY = 1 << 20
"""Bytes of an answer that is told as soon as it is there."""

TELL_SECONDS = 0.5
"""At least between two lines that a cell printed and that are told."""

MAX_MEMORY = 2 << 30
"""Address space of this process: what a kernel sends can exhaust it, but not the machine."""

STUCK_SECONDS = 30
"""How long a run may take to see that its kernel is dead, or a question to see its end."""

STEADY_SECONDS = 5
"""How long a kernel may still start or end when nobody wants it any more."""


class KernelRun:
    """One notebook in one kernel, from start to the last answer."""

    def __init__(
        self, job: KernelJob, fork: int | None = None, ready: PlainKernel | None = None
    ) -> None:
        """With `fork` the kernel comes from the server behind that socket; `ready` is one."""
        self.job = job
        self.kernel = ready or self._cold() if fork is None else ForkedKernel(job, fork)
        self.steady = threading.Lock()  # held while the kernel starts, and while it is closed
        self.over = threading.Event()  # the kernel is not wanted any more
        self.blame = False  # whether the fork server failed
        self.cells: list[CellRun] = []
        self.answers: dict[str, dict[str, str]] = {}
        self.talk: JupyterTalk | PlainTalk
        self.pipes: Pipes
        self.ending, self.message = "completed", ""
        self._has_begun = False  # whether the kernel was ready for the first cell
        self._is_ready = ready is not None
        self._cell = 0  # its number among those that are run
        self._told = 0.0  # when something printed was told last

    async def run(self) -> None:
        """All of it. How it ended is in `ending` and `message`."""
        try:
            with self.steady:
                self._start()
        except (SandboxError, OSError) as bad:
            self.ending, self.message = "setup_failed", str(bad)
            self._close()
            return
        _limit_memory()  # not before: the kernel would inherit it
        watcher = threading.Thread(target=self._watch, daemon=True)
        watcher.start()
        self.pipes = Pipes(self.kernel)
        self.talk = self._talk()
        try:
            await self._session()
        except (KernelDiedError, OSError):
            pass
        except Exception as bad:  # the kernel is hostile, and so may be what broke in here
            self.kernel.kill("messages")
            self.message = f"It sent what no kernel sends ({type(bad).__name__})."
        finally:
            self.over.set()
            watcher.join(STEADY_SECONDS)  # it may be at a file of /proc that keeps it
            self.talk.close()
            died = not await self.kernel.is_alive()
            self._set_ending(died)
            self._close()

    def _cold(self) -> ConfinedKernel:
        return PlainKernel(self.job) if self.job.plain else ConfinedKernel(self.job)

    def _talk(self) -> JupyterTalk | PlainTalk:
        """The way to talk to the kernel. Jupyter's client is loaded while the kernel starts."""
        if isinstance(self.kernel, PlainKernel):
            return PlainTalk(self.kernel, self.job, self._tell)
        from grader.sandbox.kernels.client import JupyterTalk  # noqa: PLC0415

        return JupyterTalk(self.kernel, self.job, self._tell)

    def _watch(self) -> None:
        """In a thread of its own: ends the kernel for its limits, and the run if that is stuck."""
        self.kernel.watch(self.over)
        if not self.over.wait(STUCK_SECONDS):
            self._set_ending(died=True)
            self._close()
            self.report()

    def report(self) -> None:
        """Tells the evidence, and ends the process; returns if nobody hears it."""
        never_began = self._is_ready and not self._has_begun
        if never_began:
            remembered.forget()  # it may be that its rung does not work any more
        with self.steady, contextlib.suppress(BrokenPipeError):  # the other thread would end us
            say(
                event="done",
                ending=self.ending,
                message=self.message,
                rung=self.kernel.rung,
                lost=self.kernel.lost or never_began,
                blame=self.blame or self.kernel.lost,
                cells=[_cell(cell) for cell in self.cells],
                answers=self.answers,
            )
            os._exit(0)  # a stuck writer thread must not keep us

    def _close(self) -> None:
        with self.steady:
            self.kernel.close()

    def _start(self) -> None:
        if self._is_ready:
            return
        try:
            self.kernel.start()
        except ForkError as bad:
            self.kernel.close()
            self.blame = bad.blame
            self.kernel = self._cold()
            self.kernel.start()

    async def _session(self) -> None:
        if lack := await self.talk.begin():
            self.ending, self.message = "setup_failed", f"the kernel {lack}"
            return
        self._has_begun, job = True, self.job
        say(event="started")
        # Not asyncio.timeout: nbclient takes a cancellation for the kernel's death.
        self.kernel.may_run(job.limits.notebook_seconds, "notebook")
        await self._run_cells()
        for number, question in enumerate(job.questions):
            say(event="question", number=number, of=len(job.questions))
            await self._ask(*question)

    async def _run_cells(self) -> None:
        cells = self.job.cells
        for number, (index, cell_id, source) in enumerate(cells):
            self._cell = number
            say(event="cell", number=number, of=len(cells))
            began = time.monotonic()
            try:
                run = await self.talk.run_cell(index, cell_id, source)
            except KernelDiedError:
                self._add(CellRun(index=index, id=cell_id, status="died"), began)
                raise
            self._add(run, began)
            if run.status == "timeout" and not await self.talk.come_back(5):
                self.kernel.kill("interrupt")
                raise KernelDiedError("interrupt ignored")

    def _tell(self, line: str) -> None:
        """What a cell prints is told while it runs, but not each line of a flood."""
        now = time.monotonic()
        if now - self._told >= TELL_SECONDS:
            self._told = now
            say(event="cell", number=self._cell, of=len(self.job.cells), printed=line)

    def _add(self, run: CellRun, began: float) -> None:
        fields = {name: getattr(run, name) for name in CellRun.__slots__}
        self.cells.append(CellRun(**(fields | {"seconds": round(time.monotonic() - began, 3)})))

    async def _ask(self, digest: str, encoded: str, seconds: int) -> None:
        """One question, and its answer among the others."""
        self.kernel.may_run(seconds + STUCK_SECONDS, "question")
        answer, replied = await self.pipes.ask(
            encoded,
            self.job.held.get(digest, ""),
            seconds,
            lambda: self.talk.answer(seconds + 5),
        )
        if not replied and answer["status"] == "lost" and await self.kernel.is_alive():
            answer = {"status": "timeout", "text": ""}
        self.answers[digest] = answer
        if len(answer["text"]) <= MAX_EARLY:
            say(event="answer", digest=digest, answer=answer)
        if not replied:
            self.kernel.kill("question")
            raise KernelDiedError("no reply to a question")

    def _set_ending(self, died: bool) -> None:
        limits = self.job.limits
        reasons = {
            "memory": ("memory", f"It used more than {limits.memory_mib} MiB of memory."),
            "cpu": (
                "timeout",
                f"Its processes together used more than {self.kernel.cpu_seconds} s "
                "of processor time.",
            ),
            "processes": (
                "processes",
                f"It started more than {limits.processes} processes and threads.",
            ),
            "disk": (
                "disk",
                f"It wrote more than {limits.disk_mib} MiB or {limits.disk_files} files.",
            ),
            "output": ("output", "It printed more than a notebook may."),
            "notebook": ("timeout", f"It ran longer than {limits.notebook_seconds} s."),
            "interrupt": (
                "timeout",
                f"A cell ran longer than {limits.cell_seconds} s and could not be interrupted.",
            ),
            "question": ("timeout", "A function did not come back when it was called."),
            "watch": ("crashed", "What its processes used could not be found out."),
        }
        if self.ending != "completed":
            return
        if (reason := self.kernel.why_died()) in reasons:
            self.ending, self.message = reasons[reason]
        elif died or self.message:
            self.ending, self.message = "crashed", self.message or "The kernel died."


def _limit_memory() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MAX_MEMORY if hard == resource.RLIM_INFINITY else min(MAX_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def _cell(run: CellRun) -> dict[str, Any]:
    data = {name: getattr(run, name) for name in CellRun.__slots__}
    return data | {"images": [base64.b64encode(image).decode() for image in run.images]}


def main(words: Sequence[str]) -> NoReturn:
    """Reads the job, runs it, reports. Always ends the process."""
    own_process.leave_no_core()  # the kernel inherits it, and may not change it
    is_ahead, fds = words[:1] == ["ahead"], [int(word) for word in words if word.isdigit()]
    serve(fds, ahead.kernel(words[1:], say) if is_ahead else None)


def serve(fds: Sequence[int], ready: PlainKernel | None) -> NoReturn:
    """The job, from a forked kernel if there is a socket to one, or from one that is ready."""
    line = sys.stdin.readline()
    if not line.endswith("\n"):  # whoever started us was killed
        if ready:
            ready.close()
        scratch.reap_after_death()
        os._exit(1)
    job = KernelJob.from_json(json.loads(line))
    if ready and not ready.take(job):
        ready.close()
        ready = None
    run = KernelRun(job, fds[0] if fds else None, ready)

    def end_with_parent() -> None:
        sys.stdin.read()
        # For good: nothing starts or ends any more. Not for long: we are waited for.
        run.steady.acquire(timeout=STEADY_SECONDS)
        try:
            with contextlib.suppress(Exception):
                run.kernel.close()
            scratch.reap_after_death()  # whoever started us may have been killed
        finally:
            os._exit(1)

    parent = threading.Thread(target=end_with_parent, daemon=True)
    parent.start()
    asyncio.run(run.run())
    run.report()
    parent.join(START_SECONDS)  # nobody hears us: it clears up
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
