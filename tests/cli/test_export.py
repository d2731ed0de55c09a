"""`grader export` as its user meets it: what is sent, what stays back, what a second one holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.cli.main import main
from tests.course import graded

SHEET = (
    'Identifier,"Full name",Status,Grade,"Maximum grade","Grade can be changed",'
    '"Last modified (grade)","Feedback comments"\n'
    '"Participant 7","Student 10",x,,5.00,Yes,-,\n'
    '"Participant 8","Student 11",x,,5.00,Yes,-,\n'
)


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two students, of whom a person must still mark an item each."""
    found = graded(tmp_path, 2, start=10)
    monkeypatch.setattr("grader.assignment.rubric.find", lambda name, **_: found)
    (tmp_path / "sheet.csv").write_text(SHEET, encoding="utf-8-sig")
    return tmp_path


def run(results: Path, *words: object) -> Result:
    out = results / "export"
    said = ["export", results, "--out", out, *words]
    return CliRunner().invoke(main, [str(word) for word in said])


def moodle(results: Path, *words: object) -> Result:
    return run(results, "--to", "moodle", "--worksheet", results / "sheet.csv", *words)


def sent(results: Path) -> list[str]:
    text = (results / "export" / "1-grading-worksheet.csv").read_text(encoding="utf-8-sig")
    return [line.split(",")[0] for line in text.splitlines()[1:]]


def test_provisional_grades_stay_back_and_are_named(results: Path) -> None:
    done = moodle(results)
    assert done.exit_code == 0, done.output
    assert sent(results) == []
    assert "0 marks will arrive." in done.stdout
    assert "2 stay back" in done.stdout
    assert "Student 10, Student 11" in done.stdout


def test_a_second_export_holds_what_changed_alone(results: Path) -> None:
    assert "2 marks will arrive." in moodle(results, "--provisional").stdout
    assert sent(results) == ["Participant 7", "Participant 8"]
    words = ["mark", results, "--student", "s0010", "--item", "number", "--points", "0.5"]
    marked = CliRunner().invoke(main, [str(word) for word in words])
    assert marked.exit_code == 0, marked.output
    done = moodle(results, "--provisional")
    assert sent(results) == ["Participant 7"]
    assert "1 are as in an earlier export" in done.stdout
    moodle(results, "--provisional", "--all")
    assert sent(results) == ["Participant 7", "Participant 8"]


def test_a_worksheet_from_before_the_last_export_is_told(results: Path) -> None:
    """Moodle would pass over its rows, for it holds newer marks."""
    assert "download the worksheet anew" not in moodle(results, "--provisional").stdout
    assert "download the worksheet anew" in moodle(results, "--provisional", "--all").stdout
    dated = SHEET.replace(",Yes,-,", ',Yes,"Saturday, 28 November 2026, 12:07 PM",')
    (results / "sheet.csv").write_text(dated, encoding="utf-8-sig")
    assert "download the worksheet anew" not in moodle(results, "--provisional", "--all").stdout


def test_what_does_not_arrive_is_sent_again_and_told_again(results: Path) -> None:
    locked = SHEET.replace('"Student 11",x,,5.00,Yes', '"Student 11",x,,5.00,No')
    (results / "sheet.csv").write_text(locked, encoding="utf-8-sig")
    for _ in range(2):
        assert "locked or overridden" in moodle(results, "--provisional").stdout


@pytest.mark.parametrize(
    ("target", "file"), [("csv", "marks.csv"), ("gradescope", "s0010/results.json")]
)
def test_other_targets_need_no_worksheet(results: Path, target: str, file: str) -> None:
    assert run(results, "--to", target, "--provisional").exit_code == 0
    assert (results / "export" / file).stat().st_size


def test_without_a_worksheet_the_way_to_it_is_told(results: Path) -> None:
    done = run(results, "--to", "moodle")
    assert done.exit_code == 2
    assert "Download grading worksheet" in done.stderr
    assert not (results / "export").exists()
