"""What a continuous-integration runner reads of our output: no line that it takes for a command.

A student's folder can be called `::add-mask::x`, and the runner obeys whatever stands in the log.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast

from grader.core.untrusted_text import without_commands

RUNNERS = ("GITHUB_ACTIONS", "TF_BUILD", "CI")
"""Variables that runners set."""


class RunnerLog:
    """A stream that lets whole lines through, their commands broken up."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._begun = ""

    def write(self, text: str) -> int:
        """Keeps the last line until it ends: it may be written piece by piece."""
        *whole, self._begun = (self._begun + text).split("\n")
        self.stream.writelines(f"{without_commands(line)}\n" for line in whole)
        return len(text)

    def end(self) -> None:
        """Writes a line that never ended."""
        self.stream.write(without_commands(self._begun))
        self._begun = ""
        self.stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def command(text: str) -> None:
    """Says something that the runner is to obey."""
    stream = sys.stdout
    if isinstance(stream, RunnerLog):
        stream.end()
        stream = stream.stream
    stream.write(text)
    stream.flush()


@contextlib.contextmanager
def without_orders() -> Iterator[None]:
    """On a runner, standard output and error obey nobody but `command` within."""
    if not any(os.environ.get(name) for name in RUNNERS):
        yield
        return
    streams = sys.stdout, sys.stderr
    logs = [RunnerLog(stream) for stream in streams]
    sys.stdout, sys.stderr = (cast(TextIO, log) for log in logs)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams
        for log in logs:
            log.end()
