"""The two pipes to a kernel: a question goes down, its answer comes up. In the driver process.

While a question runs, the kernel may hand things over (see conversation.py): a line of it that
begins with `?`, to which one line is the reply.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from grader.sandbox.kernels.kernel import ConfinedKernel

if TYPE_CHECKING:
    from grader.sandbox.kernels.conversation import Conversation

MAX_ANSWER, MAX_ANSWERS = 96 << 20, 160 << 20
"""Bytes of one answer, and of all answers of one run."""

MAX_TURN = 1 << 18
TURN = b"?"


class Pipes:
    """Asks one question after the other. Kills the kernel when its answers are too large."""

    def __init__(self, kernel: ConfinedKernel) -> None:
        self._kernel = kernel
        self._heard = bytearray()
        self._received = 0
        self._conversation: Conversation | None = None

    async def ask(
        self, encoded: str, held: str, seconds: int, answering: Callable[[], Awaitable[bool]]
    ) -> tuple[dict[str, str], bool]:
        """One question down, one answer up, and whether the kernel came back from it.

        `answering` lets the kernel answer; whether that ended in time is its result. Lost and
        doubled answers are told apart.
        """
        nonce = uuid.uuid4().hex
        # The text of a JSON object, with two members more.
        line = f'{{"nonce": "{nonce}", "seconds": {seconds},{encoded.lstrip()[1:]}\n'.encode()
        loop = asyncio.get_running_loop()
        for fd in (self._kernel.answers, self._kernel.questions):
            os.set_blocking(fd, False)
        self._drain()
        self._heard.clear()  # what was written before the question answers nothing
        self._conversation = _conversation(nonce, held)
        loop.add_reader(self._kernel.answers, self._drain)
        writer = loop.run_in_executor(None, write_all, self._kernel.questions, line)
        try:
            replied = await answering()
            if replied:
                await asyncio.wait_for(writer, 5)
        except (TimeoutError, OSError):
            replied = False
        finally:
            loop.remove_reader(self._kernel.answers)
        self._drain()
        answer = read_answer(bytes(self._heard), nonce, self._conversation)
        self._heard.clear()
        self._conversation = None
        return answer, replied

    def _drain(self) -> None:
        """Takes what is in the pipe by now; kills the kernel when it is more than answers may be.

        Not what comes meanwhile: whoever floods the pipe must not keep us from the clock.
        """
        try:
            chunk = os.read(self._kernel.answers, 1 << 20)
        except OSError:
            return
        if not chunk:  # the kernel closed its end: no more will come
            asyncio.get_running_loop().remove_reader(self._kernel.answers)
            return
        self._heard += chunk
        self._received += len(chunk)
        may_go_on = self._converse()
        if not may_go_on or len(self._heard) > MAX_ANSWER or self._received > MAX_ANSWERS:
            self._kernel.kill("output")

    def _converse(self) -> bool:
        """Takes the turns out of what has come, and replies; whether that may go on."""
        while self._conversation and self._heard.startswith(TURN):
            end = self._heard.find(b"\n", 0, MAX_TURN)
            if end < 0:
                return len(self._heard) < MAX_TURN
            reply = self._conversation.hear(bytes(self._heard[:end]))
            del self._heard[: end + 1]
            self._received -= end + 1
            try:
                is_told = os.write(self._kernel.questions, reply) == len(reply)
            except OSError:
                is_told = False
            if not is_told:  # what was said before was not read: nobody waits for this
                self._conversation.is_broken = True
        return True


def _conversation(nonce: str, held: str) -> Conversation | None:
    """The conversation that goes with a question, if one does."""
    if not held:
        return None
    from grader.sandbox.kernels.conversation import Conversation  # noqa: PLC0415 (loads numpy)

    return Conversation(nonce, held)


def read_answer(
    blob: bytes, nonce: str, conversation: Conversation | None = None
) -> dict[str, str]:
    """The status of one answer, and its line as text for the trusted side to decode.

    An answer is one line of ASCII that holds the question's nonce: not two, and none from before.
    """
    if conversation and conversation.is_broken:
        return {"status": "malformed", "text": ""}
    if conversation and conversation.is_over:
        return {"status": "timeout", "text": ""}
    line = blob.strip()
    if not line:
        return {"status": "lost", "text": ""}
    is_one = b"\n" not in line and len(blob) <= MAX_ANSWER and line.isascii()
    if not is_one or nonce.encode() not in line[-400:] + line[:400]:
        return {"status": "malformed", "text": ""}
    record = conversation.record() if conversation else ""
    return {"status": "ok", "text": line.decode("ascii"), "record": record}


def write_all(fd: int, content: bytes) -> None:
    """All of it, to a pipe that does not block."""
    view = memoryview(content)
    while view:
        select.select([], [fd], [])
        with contextlib.suppress(BlockingIOError):
            view = view[os.write(fd, view[: 1 << 16]) :]
