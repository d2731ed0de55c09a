"""`grader schema` as its user meets it."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from grader.assignment import json_schema, options_page
from grader.checks import CHECKS
from grader.cli.main import main


def test_every_check_type_is_listed_with_what_it_does(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["schema", str(tmp_path / "schema"), "--list"])
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == sorted(CHECKS)
    assert all(len(line.split()) > 2 for line in lines)
    assert not (tmp_path / "schema").exists()


def test_the_schemas_are_written_and_replace_older_ones(tmp_path: Path) -> None:
    for _ in range(2):
        done = CliRunner().invoke(main, ["schema", str(tmp_path / "a" / "schema")])
        assert done.exit_code == 0, done.output
        written = {path.name: path.read_text() for path in (tmp_path / "a" / "schema").iterdir()}
        assert written == json_schema.files()
        assert all(json.loads(text) for text in written.values())
        (tmp_path / "a" / "schema" / "task.json").write_text("older")


def test_the_page_of_all_keys_is_written_where_it_is_wanted(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    words = ["schema", str(tmp_path / "schema"), "--page", str(page)]
    assert CliRunner().invoke(main, words).exit_code == 0
    assert page.read_text().startswith(options_page.TITLE)


def test_where_nothing_can_be_written_it_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "task.json").mkdir()
    done = CliRunner().invoke(main, ["schema", str(tmp_path / "schema")])
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("grader: ")
    assert "cannot be written" in line
