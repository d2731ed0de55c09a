"""`grader new`: what it writes can be read, is complete, and never replaces anything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.assignment import options_page, rubric, scaffold
from grader.cli.main import main
from grader.marking.masters import read_all, read_masters

ROOT = Path(__file__).parents[2]


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
    page = (tmp_path / "rubrics/README.md").read_text(encoding="utf-8")
    assert page == options_page.page()


def test_a_page_of_the_courses_own_is_left_alone_and_an_old_one_of_ours_is_not(
    tmp_path: Path,
) -> None:
    page = tmp_path / "rubrics" / "README.md"
    page.parent.mkdir()
    for before, after in (
        ("# Ours", "# Ours"),
        (f"{options_page.TITLE}\nold", options_page.page()),
    ):
        page.write_text(before, encoding="utf-8")
        name = f"a{len(before)}"
        assert CliRunner().invoke(main, ["new", name, "--home", str(tmp_path)]).exit_code == 0
        assert page.read_text(encoding="utf-8") == after


@pytest.mark.parametrize("source", ["kmeans-example", "dais2021-a4"])
def test_a_copy_has_both_trees_and_its_own_name(tmp_path: Path, source: str) -> None:
    words = ["new", "mine", "--from", source, "--home", str(tmp_path)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == "Next: grader selftest mine"
    for kind in ("rubrics", "reference"):
        old, new = ROOT / kind / source, tmp_path / kind / "mine"
        assert content(new) == content(old)
    found = rubric.load(tmp_path / "rubrics/mine", tmp_path / "reference/mine")
    assert (found.name, found.tasks) == ("mine", rubric.find(source).tasks)
    read_all(found)


def content(folder: Path) -> dict[str, str]:
    """The texts below a folder, without the assignment's name."""
    return {
        path.relative_to(folder).as_posix(): re.sub(
            r'^name = ".*"', "", path.read_text(encoding="utf-8"), flags=re.MULTILINE
        )
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_a_name_that_stands_elsewhere_than_in_a_line_of_its_own_is_told(tmp_path: Path) -> None:
    CliRunner().invoke(main, ["new", "first", "--home", str(tmp_path)])
    head = tmp_path / "rubrics" / "first" / "assignment.toml"
    head.write_text(head.read_text().replace('name = "first"', '"name" = "first"'))
    words = ["new", "second", "--from", str(head.parent), "--home", str(tmp_path)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2
    assert 'has no line name = "first"' in done.output


def test_the_notebook_depends_on_the_name_alone() -> None:
    assert scaffold.notebook("a") == scaffold.notebook("a")
    assert scaffold.notebook("a") != scaffold.notebook("b")
