"""What `grader check` tells while it works."""

from __future__ import annotations

import pytest

from grader.cli.check_screen import Screen
from grader.core.model import Status
from tests.reports.grades import item, task

PASSED, FAILED = item(), item(Status.FAILED, id="tanh", message="::error::forged", points="2")
TASK = task(PASSED, FAILED)


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No runner, unless a test says so."""
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)


def test_a_task_has_its_heading_once_and_each_item_its_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Screen(on=True) as screen:
        screen.item(TASK.task, PASSED)
        screen.item(TASK.task, FAILED)
    told = lines(capsys)
    assert told[0] == "Task activation (ActivationFunctions.ipynb)"
    assert told[1].split() == ["passed", "logistic", "1.50", "of", "1.50"]
    assert told[2].split() == ["failed", "tanh", "0.00", "of", "2.00"]
    assert [line for line in told if line.startswith("Task")] == told[:1]


def test_a_task_without_a_notebook_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with Screen(on=True) as screen:
        screen.missing = {"activation": "ActivationFunctions.ipynb is not here"}
        screen.item(TASK.task, PASSED)
        screen.item(TASK.task, FAILED)
    assert lines(capsys)[1:] == ["  ActivationFunctions.ipynb is not here (2 items, 3.50 points)"]


def test_one_that_is_off_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Screen(on=False) as screen:
        screen.item(TASK.task, FAILED)
        screen.progress("cell", 0, 3, "printed")
    assert capsys.readouterr() == ("", "")


def test_no_text_of_others_has_power_over_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Screen(on=True) as screen:
        screen.missing = {TASK.task.id: "\x1b]0;pwned\x1b\\Second.ipynb\udcff was not handed in."}
        screen.item(TASK.task, FAILED)
        screen.passed_over(TASK.task, "it says \x1b[2J\x07")
    told = "".join(lines(capsys))
    assert "Second.ipynb" in told
    assert told.isprintable()


def test_on_a_runner_no_line_of_a_student_is_a_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with Screen(on=True) as screen:
        screen.item(TASK.task, FAILED)
    first, *within, last = lines(capsys)
    token = first.removeprefix("::stop-commands::")
    assert len(token) == 32
    assert last == f"::{token}::"
    assert "forged" in "".join(within)
    assert not [line for line in within if line.lstrip().startswith("::")]


def test_each_run_has_a_word_of_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    for _ in range(2):
        with Screen(on=True):
            pass
    first, _, second, _ = lines(capsys)
    assert first != second
