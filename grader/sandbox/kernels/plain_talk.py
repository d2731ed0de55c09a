"""The way to talk to a kernel without Jupyter (see plain_kernel.py). In the driver process.

Orders go down one pipe, a line each, and what became of them comes up another. The process at the
other end is the student's: what it says is a claim, within limits.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
from collections.abc import Callable
from typing import Any

from grader.core.model import CellRun
from grader.core.untrusted_text import without_terminal_codes
from grader.sandbox.kernels.job import KernelJob
from grader.sandbox.kernels.kernel import MORE, START_SECONDS, KernelDiedError, overwritten
from grader.sandbox.kernels.pipes import write_all
from grader.sandbox.kernels.plain_kernel import PlainKernel

MAX_HEARD = 32 << 20
"""Bytes of one line."""

MAX_PRINTED = 256 << 20
"""Bytes that all cells together may print, whether they are kept or not."""

MAX_LINE, MAX_ERROR = 100, 2000
INTERRUPT_SECONDS, END_SECONDS = 5, 5


class PlainTalk:
    """Orders to a plain kernel, and their ends. To be made within an event loop."""

    def __init__(self, kernel: PlainKernel, job: KernelJob, printed: Callable[[str], None]) -> None:
        """`printed` is called with a line that a cell printed, now and then."""
        self._kernel, self._job, self._printed = kernel, job, printed
        self._heard = bytearray()
        self._number = 0
        for fd in (kernel.orders, kernel.replies):
            os.set_blocking(fd, False)
        self._loop = asyncio.get_running_loop()
        self._reply: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._end: asyncio.Future[Exception] = self._loop.create_future()  # why no reply will come
        self._loop.add_reader(kernel.replies, self._hear)

    async def begin(self) -> str:
        """Makes it ready for the first cell; what it lacks, as the end of a sentence."""
        job = self._job
        files = job.files.items() if self._kernel.is_ahead else ()
        reply = await self._ordered(
            START_SECONDS,
            order="begin",
            limits=self._kernel.late_limits(),
            files={name: base64.b64encode(body).decode() for name, body in files},
            prepare=list(job.prepare),
            seed=job.seed,
            epochs=job.limits.training_epochs,
            seconds=job.limits.training_seconds,
        )
        return "" if reply and reply["status"] == "ok" else "could not be prepared"

    async def run_cell(self, index: int, cell_id: str, source: str) -> CellRun:
        """Runs one cell; how it ended is in the result's status.

        Raises:
            KernelDiedError: the kernel is gone.
        """
        limits = self._job.limits
        most = limits.output_kib << 10
        reply = await self._ordered(limits.cell_seconds, order="cell", source=source, most=most)
        in_time = reply is not None
        if reply is None:
            await self._kernel.interrupt_kernel()
            reply = await self._ended(INTERRUPT_SECONDS) or {}
        error, text = str(reply.get("error", "")), overwritten(str(reply.get("text", ""))[:most])
        if reply.get("more"):
            text = text[: most - len(MORE)] + MORE
        return CellRun(
            index=index,
            id=cell_id,
            status="timeout" if not in_time else "error" if error else "ok",
            error=without_terminal_codes(error[:MAX_ERROR]) if in_time else "",
            text=without_terminal_codes(text),
        )

    async def come_back(self, seconds: float) -> bool:
        """After a cell whose time was up: whether the kernel listens again."""
        return await self._ordered(seconds, order="nothing") is not None

    async def answer(self, seconds: float) -> bool:
        """Lets it answer the question that lies in its pipe; whether it came back from that."""
        with contextlib.suppress(KernelDiedError):
            return await self._ordered(seconds, order="answer") is not None
        return False

    def close(self) -> None:
        """Ends the talk."""
        self._loop.remove_reader(self._kernel.replies)

    async def _ordered(self, within: float, **order: Any) -> dict[str, Any] | None:
        """What became of an order; None if that was not told in time."""
        self._number += 1
        self._reply = self._loop.create_future()
        line = json.dumps({"number": self._number} | order).encode() + b"\n"
        writer = self._loop.run_in_executor(None, write_all, self._kernel.orders, line)
        writer.add_done_callback(lambda done: done.exception())  # that it is gone is heard, too
        return await self._ended(within)

    async def _ended(self, seconds: float) -> dict[str, Any] | None:
        either = (self._reply, self._end)
        await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if self._reply.done():
            return self._reply.result()
        if not self._end.done():
            return None
        self._kernel.kill()
        deadline = self._loop.time() + END_SECONDS
        while await self._kernel.is_alive() and self._loop.time() < deadline:
            await asyncio.sleep(0.005)
        raise self._end.result()

    def _hear(self) -> None:
        """Takes what has come by now."""
        try:
            chunk = os.read(self._kernel.replies, 1 << 20)
        except BlockingIOError:
            return
        *lines, rest = (self._heard + chunk).split(b"\n")
        self._heard = bytearray(rest)
        try:
            for line in lines:
                self._take(json.loads(line))
            if not chunk:
                raise KernelDiedError("it hung up")
            if len(rest) > MAX_HEARD:
                self._kernel.kill("output")
        except Exception as bad:  # the sender is hostile, and so may be what broke in here
            self._loop.remove_reader(self._kernel.replies)
            self._end.set_result(bad)

    def _take(self, said: dict[str, Any]) -> None:
        if "printed" in said:
            if int(said["bytes"]) > MAX_PRINTED:
                self._kernel.kill("output")
            self._printed(without_terminal_codes(str(said["printed"])[:1000])[:MAX_LINE])
        elif said["number"] == self._number and not self._reply.done():
            self._reply.set_result(said)
