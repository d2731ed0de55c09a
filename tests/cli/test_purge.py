"""`grader purge`: nobody is left in a result folder, and what is not ours stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.cli.main import main
from grader.reports import FORMATS
from tests.course import graded


def run(*words: object, answer: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], input=answer)


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    found = graded(folder, 6, start=8)
    monkeypatch.setattr("grader.assignment.rubric.find", lambda name, **_: found)
    formats = [word for name in FORMATS for word in ("--format", name)]
    assert run("report", folder, *formats).exit_code == 0
    for name in ("notes.txt", "students.csv"):
        (folder / name).write_text("mine")
    return folder


def test_nobody_is_left_and_means_stay(results: Path) -> None:
    done = run("purge", results, answer="y\n")
    assert done.exit_code == 0, done.output
    assert "6 people removed" in done.stdout
    assert "not removed: notes.txt, reference, students.csv" in done.stdout
    left = {path.name for path in results.iterdir()}
    assert left == {"statistics.json", "notes.txt", "students.csv", "reference"}
    told = json.loads((results / "statistics.json").read_text())
    assert (told["people"], told["passed"], told["mean"]) == (6, 4, "2.00")
    assert told["items"]["sums/number"] == "1.33 of 2.00"
    for path in results.rglob("*"):
        assert path.is_dir() or b"Student" not in path.read_bytes()


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_without_a_yes_all_is_there(results: Path, answer: str) -> None:
    before = {path.name for path in results.iterdir()}
    assert run("purge", results, answer=answer).exit_code == 1
    assert {path.name for path in results.iterdir()} == before


def test_of_a_few_people_no_mean_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = graded(tmp_path, 3, start=10)
    monkeypatch.setattr("grader.assignment.rubric.find", lambda name, **_: found)
    assert run("purge", tmp_path, "--yes").exit_code == 0
    told = json.loads((tmp_path / "statistics.json").read_text())
    assert told == {"assignment": "course", "people": 3}
