"""What a check shows while it works: on a terminal one console, that keeps its lines apart."""

from __future__ import annotations

import io
import re
import sys
from decimal import Decimal

import pytest

from grader.cli.check_screen import Screen
from tests.reports.grades import item, task

ERASE = "\x1b[2K"


class Terminal(io.StringIO):
    """Takes what is written to standard output and error alike."""

    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """The one that standard output and error are from now on."""
    shown = Terminal()
    monkeypatch.setattr(sys, "stdout", shown)
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return shown


def test_no_line_is_glued_to_the_spinner(monkeypatch: pytest.MonkeyPatch) -> None:
    of, to = task(item(), item(id="tanh")), terminal(monkeypatch)
    with Screen(on=True) as screen:
        screen.progress("cell", 1, 5, "epoch 3")
        for one in of.items:
            screen.item(of.task, one)
    shown = to.getvalue()
    for line in ("Task activation", "passed   logistic", "passed   tanh"):
        before = shown[: shown.index(line)]
        _, spinner, after = before.rpartition("cell 2 of 5")
        assert not spinner or ERASE in after, f"{line} is glued to {spinner + after!r}"
    assert "cell 2 of 5" in shown


def test_without_a_terminal_there_is_no_spinner(capsys: pytest.CaptureFixture[str]) -> None:
    of = task(item())
    with Screen(on=True) as screen:
        screen.item(of.task, of.items[0])
    said = capsys.readouterr()
    assert said.err == ""
    assert "\x1b" not in said.out
    assert re.search(r"passed +logistic", said.out)


def test_a_task_without_its_notebook_is_one_line_for_all_its_items(
    capsys: pytest.CaptureFixture[str],
) -> None:
    of = task(item(), item(id="tanh"))
    with Screen(on=True) as screen:
        screen.missing = {"activation": "It was not handed in."}
        for one in of.items:
            screen.item(of.task, one)
    said = capsys.readouterr().out.splitlines()
    assert said[1:] == [f"  It was not handed in. (2 items, {Decimal('3.00')} points)"]


def test_a_screen_that_is_off_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    of, to = task(item()), terminal(monkeypatch)
    with Screen(on=False) as screen:
        screen.progress("cell", 1, 5, "")
        screen.item(of.task, of.items[0])
    assert to.getvalue() == ""
