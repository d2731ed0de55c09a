"""Shows a batch's progress: a live table of bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import re
import threading
import time
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from grader.printable import printable

COUNT = re.compile(r"((?:run \d+, |audit, )?(?:cell|question)) (\d+)/(\d+)")
"""Steps that are counted; anything else is worth a line of its own."""


class Lines:
    """One line for each notebook that is done, with the time the rest will take."""

    def __init__(self, stream: TextIO, quiet: bool = False) -> None:
        self._stream, self._quiet = stream, quiet
        self._jobs = self._done = 0
        self._began = time.monotonic()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Nothing to tidy."""

    def start(self, jobs: int) -> None:
        """So many notebooks are to be run."""
        self._jobs, self._began = jobs, time.monotonic()
        self._say(f"{jobs} notebooks to run")

    def step(self, student: str, task: str, text: str) -> None:
        """Only what is no mere count of cells is worth a line."""
        if COUNT.fullmatch(text) is None:
            self._say(f"{student}: {task}: {text}")

    def finish(self, student: str, task: str, text: str, seconds: float) -> None:
        """A notebook is done."""
        with self._lock:
            self._done += 1
            left = (time.monotonic() - self._began) / self._done * (self._jobs - self._done)
        self._say(
            f"[{self._done}/{self._jobs}] {student}: {task}: {text} ({seconds:.0f} s), "
            f"about {_minutes(left)} left"
        )

    def _say(self, text: str) -> None:
        if not self._quiet:
            print(printable(text), file=self._stream, flush=True)


class Bars:
    """A bar for the whole batch, and a line for each notebook that runs now."""

    def __init__(self, console: Console) -> None:
        self._bars = Progress(
            SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(),
            MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(), console=console,
        )  # fmt: skip
        self._whole: TaskID | None = None
        self._lines: dict[tuple[str, str], TaskID] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Leaves the terminal as it was."""
        self._bars.stop()

    def start(self, jobs: int) -> None:
        """So many notebooks are to be run."""
        self._whole = self._bars.add_task("notebooks", total=jobs)

    def step(self, student: str, task: str, text: str) -> None:
        """The line of this notebook moves on."""
        counted = COUNT.fullmatch(text)
        with self._lock:
            line = self._lines.get((student, task))
            if line is None:
                line = self._bars.add_task("", total=None)
                self._lines[student, task] = line
        if counted:
            shown = f"  {student}: {task}: {counted[1]}s"
            done, total = int(counted[2]), int(counted[3])
        else:
            shown, done, total = f"  {student}: {task}: {text}", 0, None
        self._bars.update(line, description=printable(shown), completed=done, total=total)

    def finish(self, student: str, task: str, text: str, seconds: float) -> None:
        """The line of this notebook goes, and the whole moves on."""
        with self._lock:
            line = self._lines.pop((student, task), None)
        if line is not None:
            self._bars.remove_task(line)
        if text != "done":
            self._bars.console.print(printable(f"{student}: {task}: {text}"), markup=False)
        if self._whole is not None:
            self._bars.advance(self._whole)


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
