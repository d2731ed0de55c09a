"""Shows a batch's progress: a live table of bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Mapping
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
)

from grader.core.untrusted_text import printable

COUNT = re.compile(r"((?:run \d+, |audit, )?(?:cell|question)) (\d+)/(\d+)(?:: (.*))?", re.DOTALL)
"""Steps that are counted, and what was printed; anything else is worth a line of its own."""

EVERY = 30
"""Seconds between two lines of a notebook about what it prints."""

WIDEST = 60
"""Characters of such a line that a bar has room for."""


class TimeLeft:
    """How long the rest will take, from what each task's notebooks took so far."""

    def __init__(self, jobs: Mapping[str, int]) -> None:
        self._waiting = dict(jobs)
        self._took: dict[str, list[float]] = {task: [] for task in jobs}
        self._began = time.monotonic()

    def done(self, task: str, seconds: float) -> None:
        """A notebook is done."""
        self._waiting[task] = max(0, self._waiting.get(task, 0) - 1)
        self._took.setdefault(task, []).append(seconds)

    def left(self) -> float | None:
        """Seconds; None as long as nothing is known of some task's notebooks."""
        if any(count and not self._took[task] for task, count in self._waiting.items()):
            return None
        worked = sum(sum(took) for took in self._took.values())
        work = sum(
            count * sum(self._took[task]) / len(self._took[task])
            for task, count in self._waiting.items()
            if count
        )
        return work * (time.monotonic() - self._began) / worked if worked else 0.0


class Lines:
    """One line for each notebook that is done, with the time the rest will take."""

    def __init__(self, stream: TextIO, quiet: bool = False) -> None:
        self._stream, self._quiet = stream, quiet
        self._jobs = self._done = 0
        self._estimate = TimeLeft({})
        self._told: dict[tuple[str, str], float] = {}  # when each notebook was last told of
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

    def start(self, jobs: Mapping[str, int], stored: int = 0) -> None:
        """So many notebooks of each task are to be run; the others' results are stored."""
        self._jobs, self._estimate = sum(jobs.values()), TimeLeft(jobs)
        self._say(to_run(self._jobs, stored))

    def step(self, student: str, task: str, text: str) -> None:
        """A mere count of cells is worth no line, and what a cell prints one now and then."""
        counted, now = COUNT.fullmatch(text), time.monotonic()
        with self._lock:
            last = self._told.setdefault((student, task), now)
            if counted is None or (counted[4] and now - last >= EVERY):
                self._told[student, task] = now
                with contextlib.suppress(OSError):  # a full disk is no fault of the notebook
                    self._say(f"{student}: {task}: {text}")

    def finish(self, student: str, task: str, text: str, seconds: float) -> None:
        """A notebook is done."""
        with self._lock:
            self._done += 1
            self._told.pop((student, task), None)
            self._estimate.done(task, seconds)
            left = self._estimate.left()
            told = "" if left is None else f", about {_minutes(left)} left"
            self._say(
                f"[{self._done}/{self._jobs}] {student}: {task}: {text} ({seconds:.0f} s){told}"
            )

    def _say(self, text: str) -> None:
        if not self._quiet:
            print(printable(text), file=self._stream, flush=True)


class Bars:
    """A bar for the whole batch, and a line for each notebook that runs now."""

    def __init__(self, console: Console) -> None:
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self._whole: TaskID | None = None
        self._estimate = TimeLeft({})
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

    def start(self, jobs: Mapping[str, int], stored: int = 0) -> None:
        """So many notebooks of each task are to be run; the others' results are stored."""
        count, self._estimate = sum(jobs.values()), TimeLeft(jobs)
        self._bars.console.print(to_run(count, stored), markup=False)
        self._whole = self._bars.add_task("notebooks", total=count)

    def step(self, student: str, task: str, text: str) -> None:
        """The line of this notebook moves on."""
        counted = COUNT.fullmatch(text)
        with self._lock:
            line = self._lines.get((student, task))
            if line is None:
                line = self._bars.add_task("", total=None)
                self._lines[student, task] = line
        if counted:
            printed = f": {counted[4][:WIDEST]}" if counted[4] else ""
            shown = f"  {student}: {task}: {counted[1]}s{printed}"
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
        self._bars.console.print(printable(f"{student}: {task}: {text}"), markup=False)
        with self._lock:
            self._estimate.done(task, seconds)
            left = self._estimate.left()
        if self._whole is not None:
            told = "" if left is None else f", about {_minutes(left)} left"
            self._bars.update(self._whole, advance=1, description=f"notebooks{told}")


def to_run(jobs: int, stored: int) -> str:
    """The first words: what there is to do, and what is there already."""
    told = f"{jobs} notebook{'' if jobs == 1 else 's'} to run"
    return f"{told}; {stored} taken from the store (`--fresh` runs them again)" if stored else told


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
