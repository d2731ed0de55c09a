"""`grader new` as its user meets it: what is refused leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli.main import main


def test_each_file_and_the_next_command_are_told(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["new", "mine", "--home", str(tmp_path)])
    *files, last = done.stdout.splitlines()
    assert last == "Next: grader selftest mine"
    assert all(Path(file).is_file() for file in files)
    assert {Path(file).relative_to(tmp_path).parts[:2] for file in files} == {
        ("rubrics", "mine"),
        ("reference", "mine"),
    }


def test_a_copy_of_what_is_nowhere_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["new", "mine", "--from", "gone", "--home", str(tmp_path)])
    assert done.exit_code == 2
    assert "assignment gone was not found" in done.output
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "rubrics").write_text("a file")
    done = CliRunner().invoke(main, ["new", "mine", "--home", str(tmp_path)])
    assert done.exit_code == 2
    assert "cannot be written (" in done.output


def test_a_name_that_is_taken_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "rubrics" / "mine").mkdir(parents=True)
    done = CliRunner().invoke(main, ["new", "mine", "--home", str(tmp_path)])
    assert done.exit_code == 2
    assert "is there already; choose another name" in done.output
    assert not (tmp_path / "reference").exists()


@pytest.mark.parametrize("name", ["../away", "Großes", "", "schema", "a b"])
def test_a_name_that_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    done = CliRunner().invoke(main, ["new", name, "--home", str(tmp_path)])
    assert done.exit_code == 2
    assert "can't be an assignment's name" in done.output
    assert list(tmp_path.iterdir()) == []
