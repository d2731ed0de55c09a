"""One question down, one answer up, whatever else comes up meanwhile."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any, cast

import pytest

from grader.core import codec
from grader.sandbox.kernels import pipes
from grader.sandbox.kernels.kernel import ConfinedKernel
from grader.sandbox.kernels.pipes import Pipes

HELD = codec.encode({"probe": "kfold", "params": {"script": [[1]], "classes": 2, "target": [1]}})
FLOOD = b"?x\n" * 20_000


class Kernel:
    """The ends of two pipes, and why it was killed."""

    def __init__(self) -> None:
        self.below, self.questions = os.pipe()
        self.answers, self.out = os.pipe()
        self.killed: list[str] = []

    def kill(self, why: str) -> None:
        self.killed.append(why)

    def close(self) -> None:
        for fd in (self.below, self.questions, self.answers, self.out):
            os.close(fd)


def asked(kernel: Kernel, answering: Any, held: str = "") -> tuple[dict[str, str], bool]:
    made = Pipes(cast("ConfinedKernel", kernel))
    return asyncio.run(made.ask('{"probe": "x", "params": {}}', held, 1, answering))


def test_an_answer_is_one_line_with_the_questions_nonce() -> None:
    kernel = Kernel()

    async def answering() -> bool:
        while not (line := await asyncio.to_thread(os.read, kernel.below, 1000)):
            pass
        nonce = line.split(b'"')[3]
        os.write(kernel.out, b'{"nonce": "' + nonce + b'", "value": 1}\n')
        return True

    answer, replied = asked(kernel, answering)
    kernel.close()
    assert (answer["status"], replied, kernel.killed) == ("ok", True, [])


def test_a_flood_of_turns_does_not_keep_anybody_from_the_clock() -> None:
    kernel, most = Kernel(), 500

    def flood() -> None:
        for _ in range(most):
            try:
                os.write(kernel.out, FLOOD)
            except OSError:
                return

    flooding = threading.Thread(target=flood, daemon=True)

    async def answering() -> bool:
        flooding.start()
        await asyncio.sleep(0.05)
        return False

    answer, replied = asked(kernel, answering, HELD)
    assert flooding.is_alive()  # it has much more to say
    os.close(kernel.answers)  # now it can't
    flooding.join()
    assert (answer["status"], replied) == ("malformed", False)


def test_more_than_answers_may_be_ends_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipes, "MAX_ANSWER", 1000)
    kernel = Kernel()

    async def answering() -> bool:
        os.write(kernel.out, b"x" * 2000)
        await asyncio.sleep(0.05)
        return True

    asked(kernel, answering)
    kernel.close()
    assert "output" in kernel.killed
