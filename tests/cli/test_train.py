"""`grader train`, and the options that it shares with `grade`."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli.main import main
from grader.retraining import options
from grader.sandbox.walls import choose


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


@pytest.mark.parametrize("command", ["train", "grade"])
def test_both_commands_take_the_options_of_trainings(command: str) -> None:
    told = CliRunner().invoke(main, [command, "--help"]).output
    assert all(option in told for option in ("--audit", "--no-acceleration", "--device"))
