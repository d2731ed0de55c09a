"""`grader train`, and the options that it shares with `grade`."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli.main import main
from grader.core.model import Grade, Status
from grader.retraining import options
from grader.sandbox.walls import choose
from tests.reports import grades
from tests.reports.grades import item, task


@pytest.mark.parametrize("command", [["train", "n.ipynb"], ["grade", "."]])
def test_a_device_that_is_not_there_is_a_wrong_use(
    monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setattr(options, "devices", lambda: ())
    monkeypatch.setattr(choose, "best", lambda minimum: "bubblewrap")
    done = CliRunner().invoke(main, [*command, "--device", "cuda"])
    assert done.exit_code == 2
    assert "leave out --device cuda" in done.stderr


def test_a_notebook_that_is_not_there_is_a_wrong_use() -> None:
    done = CliRunner().invoke(main, ["train", "nowhere.ipynb"])
    assert done.exit_code == 2
    assert "nowhere.ipynb cannot be read" in done.stderr


def test_a_file_that_is_no_notebook_is_a_wrong_use(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(choose, "best", lambda minimum: "bubblewrap")
    (tmp_path / "notes.ipynb").write_text("no JSON")
    done = CliRunner().invoke(main, ["train", str(tmp_path / "notes.ipynb")])
    assert done.exit_code == 2
    assert "notes.ipynb" in done.stderr


def test_a_network_that_is_no_perceptron_is_told_though_it_reaches_the_cutoff(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def judged(self: object, submissions: object) -> list[Grade]:
        (of,) = self._assignment.tasks  # type: ignore[attr-defined]
        asked.extend(item.id for item in of.items)
        reached = item(id="test_accuracy", points="20", message="It reached 90 %.")
        wrong = item(Status.FAILED, id="mlp", message="The network has Conv2d.")
        return [grades.grade(task(reached, wrong))]

    monkeypatch.setattr(choose, "best", lambda minimum: "bubblewrap")
    monkeypatch.setattr("grader.batch.batch.Batch.run", judged)
    (tmp_path / "n.ipynb").write_text(
        '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    )
    done = CliRunner().invoke(main, ["train", str(tmp_path / "n.ipynb")])
    assert done.exit_code == 0, done.output
    assert asked == ["test_accuracy", "mlp"]
    assert done.stdout.splitlines() == [
        "It reached 90 %.",
        "mlp (failed): The network has Conv2d.",
        "Points: 20 of 20 (passed)",
    ]


@pytest.mark.parametrize("command", ["train", "grade"])
def test_both_commands_take_the_options_of_trainings(command: str) -> None:
    told = CliRunner().invoke(main, [command, "--help"]).output
    assert all(option in told for option in ("--audit", "--no-acceleration", "--device"))
