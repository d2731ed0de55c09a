"""What `grader check` tells while it works."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from grader.cli import runner_log

if TYPE_CHECKING:
    from grader.core.model import ItemGrade, Task
    from grader.student.selfcheck import Checked


class Screen:
    """Tells each item as soon as it is settled, then the sums. On a runner no line is a command."""

    def __init__(self, *, on: bool) -> None:
        from rich.console import Console

        terminal = sys.stdout.isatty()
        self._on, self._task = on, ""
        self.missing: Mapping[str, str] = {}  # why a task has no notebook, by its id
        self._console = Console(
            markup=False,
            highlight=False,
            emoji=False,
            force_terminal=terminal,
            no_color=not terminal,
            width=None if terminal else 120,
            soft_wrap=True,
        )
        self._runner = os.environ.get("GITHUB_ACTIONS") == "true"
        self._token = secrets.token_hex(16)
        self._status: Any = None

    def __enter__(self) -> Screen:
        if self._on and self._runner:
            runner_log.command(f"::stop-commands::{self._token}\n")
        if self._on and sys.stderr.isatty():
            from rich.console import Console

            # On one terminal, one console: two would write into each other's lines.
            console = self._console if sys.stdout.isatty() else Console(stderr=True)
            self._status = console.status("starting")
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status:
            self._status.stop()
        if self._on and self._runner:
            runner_log.command(f"::{self._token}::\n")

    def progress(self, kind: str, number: int, of: int, printed: str) -> None:
        """A cell or a question is next, or the cell printed something."""
        from rich.text import Text

        from grader.core.untrusted_text import printable

        if self._status:
            told = f": {printable(printed)}" if printed else ""
            self._status.update(Text(f"{kind} {number + 1} of {of}{told}"))

    def item(self, task: Task, item: ItemGrade) -> None:
        """An item's verdict is known."""
        from grader.reports import terminal_lines

        if task.id != self._task:
            self._task = task.id
            self._print(*terminal_lines.heading(task))
            if task.id in self.missing:
                self._print(
                    f"  {self.missing[task.id]} ({len(task.items)} items, {task.points} points)",
                    "red",
                )
        if task.id in self.missing:
            return
        for line in terminal_lines.item_lines(item):
            self._print(*line)

    def passed_over(self, task: Task, reason: str) -> None:
        """A task can't be checked on this machine."""
        from grader.reports import terminal_lines

        self._task = task.id
        self._print(*terminal_lines.heading(task))
        self._print(f"  skipped: {reason} ({len(task.items)} items, {task.points} points)", "cyan")

    def summary(self, checked: Checked) -> None:
        """The sums, and the estimates."""
        from grader.reports import terminal_lines

        for estimate in checked.estimates:
            for line in terminal_lines.estimate_lines(
                estimate.task, estimate.cutoff, estimate.outcome, was_cut=estimate.was_cut
            ):
                self._print(*line)
        for line in terminal_lines.summary(checked.grade):
            self._print(*line)
        self._task = ""

    def _print(self, line: str, style: str) -> None:
        from grader.core.untrusted_text import for_log, printable

        if self._on:
            line = printable(line)
            harmless = line[: len(line) - len(line.lstrip())] + for_log(line)
            self._console.print(harmless if self._runner else line, style=style)
