"""What a person reads of a check in a terminal: plain lines with a style each. Trusted, pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from grader.core.model import Grade, ItemGrade, Outcome, Status, Task
from grader.core.untrusted_text import printable
from grader.reports import item_words

STYLES = {
    Status.PASSED: "green",
    Status.PARTIAL: "yellow",
    Status.FAILED: "red",
    Status.BLOCKED: "red",
    Status.REVIEW: "cyan",
    Status.ERROR: "magenta",
}
WIDTH = 88

Line = tuple[str, str]
"""A text without line ends or control characters, and its style."""


def heading(task: Task) -> Line:
    """The task's line."""
    return printable(f"{task.title} ({task.notebook})" if task.notebook else task.title), "bold"


def item_lines(item: ItemGrade) -> Iterator[Line]:
    """An item's line; of one that did not pass or that a person marked, also why."""
    status = item_words.standing(item)
    points = f"{item.points:.2f} of {item.item.points:.2f}"
    yield f"  {status.value:<8} {printable(item.item.id):<18} {points}", STYLES[status]
    if status is Status.PASSED and item.mark is None:
        return
    yield from _indented("", item_words.why(item))
    for text in item_words.values(item):
        yield from _indented("yours: ", text)
    if hint := item_words.hint(item):
        yield from _indented("hint: ", hint)


def _indented(head: str, text: str) -> Iterator[Line]:
    clean = printable(" ".join(text.split()))
    for line in textwrap.wrap(head + clean, WIDTH, break_on_hyphens=False) or [head]:
        yield f"           {line}", ""


def summary(grade: Grade) -> Iterator[Line]:
    """How much was reached, what to look at, and what is judged later."""
    items = [item for task in grade.tasks for item in task.items]
    passed = [item for item in items if item_words.standing(item) is Status.PASSED]
    style = "bold green" if len(passed) == len(items) else "bold"
    yield "", ""
    yield (
        f"{len(passed)} of {len(items)} items passed, {grade.points:.2f} of "
        f"{grade.max_points:.2f} points",
        style,
    )
    others = [printable(item.item.id) for item in items if item not in passed]
    if others:
        yield from _wrapped(f"To look at: {', '.join(others)}.")
    for note in grade.notes:
        yield from _wrapped(note)


def estimate_lines(task: str, cutoff: float, outcome: Outcome, *, was_cut: bool) -> Iterator[Line]:
    """Whether the network will be good enough, as far as one training tells."""
    words = {Status.PASSED: "It should reach", Status.REVIEW: "It is uncertain that it reaches"}
    status = outcome.status
    told = words.get(status, "It will hardly reach")
    yield "", ""
    yield f"Estimate ({task}): {told} {cutoff:g} %.", STYLES[status]
    yield from _indented("", outcome.message)
    if was_cut:
        yield from _indented("", "The training was cut short here; with more it may do better.")


def _wrapped(text: str) -> Iterator[Line]:
    for line in textwrap.wrap(printable(text), WIDTH + 11, subsequent_indent="  "):
        yield line, ""
