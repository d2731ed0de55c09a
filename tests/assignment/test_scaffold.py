"""`grader new`: what it writes can be read, is complete, and never replaces anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.assignment import rubric, scaffold
from grader.cli.main import main
from grader.marking.masters import read_masters


def test_the_new_assignment_is_read_without_a_word(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["new", "clustering", "--home", str(tmp_path)])
    assert done.exit_code == 0
    assert done.output.splitlines()[-1] == "Next: grader selftest clustering"
    found = rubric.load(tmp_path / "rubrics/clustering", tmp_path / "reference/clustering")
    (task,) = found.tasks
    assert [(item.id, str(item.points)) for item in task.items] == [
        ("spread", "6"),
        ("meaning", "4"),
    ]
    masters = read_masters(found, task)
    sources = {cell.id: cell.source for cell in masters.template.cells}
    assert "values.max()" not in sources["spread"]
    assert "# TODO: compute the spread" in sources["spread"]
    assert (tmp_path / "rubrics/schema/task.json").is_file()


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


def test_the_notebook_depends_on_the_name_alone() -> None:
    assert scaffold.notebook("a") == scaffold.notebook("a")
    assert scaffold.notebook("a") != scaffold.notebook("b")
