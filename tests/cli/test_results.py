"""`grader regrade`, `mark` and `report` as their user meets them. No kernel is started."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader import reports
from grader.cli.main import main
from grader.core.model import Assignment, Grade
from grader.reports.summary import Chunks
from grader.store import migrations
from grader.store.store import Store
from tests.course import assignment, graded


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two graded students, 3 points each, of an assignment that a test may change."""
    found = [graded(tmp_path, 2, start=10)]
    monkeypatch.setattr("grader.assignment.rubric.find", lambda name: found[-1])
    monkeypatch.setattr("tests.cli.test_results.rubrics", found)
    assert run("report", tmp_path).exit_code == 0
    return tmp_path


rubrics: list[object] = []


def run(*words: object, answer: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], input=answer)


def refused(result: Result) -> str:
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    return line.removeprefix("grader: ")


def points(results: Path) -> list[str]:
    document = json.loads((results / "results.json").read_text())
    return [entry["points"] for entry in document["submissions"]]


def change(results: Path) -> None:
    """Its first item is now worth 4 points."""
    rubrics.append(assignment(results / "reference", points="4", digest="new"))


def test_changed_marks_are_shown_and_written_after_a_yes(results: Path) -> None:
    change(results)
    result = run("regrade", results, answer="y\n")
    assert result.exit_code == 0
    assert "Student 10" in result.stdout
    assert "2.00 passed" in result.stdout
    assert "4.00 passed" in result.stdout
    assert "2 students marked again: 2 marks of 2 students change" in result.stdout
    assert points(results) == ["5.00", "5.00"]


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_without_a_yes_nothing_changes(results: Path, answer: str) -> None:
    change(results)
    result = run("regrade", results, answer=answer)
    assert result.exit_code == 1
    assert result.stderr.endswith("Nothing was changed.\n")
    assert points(results) == ["3.00", "3.00"]
    assert "2 marks of 2 students change" in run("regrade", results, "--yes").stdout


def test_a_question_that_is_new_offers_the_command(results: Path) -> None:
    rubrics.append(assignment(results / "reference", variant="new", digest="new"))
    result = run("regrade", results)
    assert result.stderr.splitlines() == [
        "These items keep their marks until they are observed anew:",
        "  sums/number: its check asks something new (2 students)",
        f"  grader grade submissions --out {results} --assignment {results / 'reference'}",
    ]
    assert "no mark changes" in result.stdout


@pytest.mark.parametrize("words", [["report"], ["mark", "--export", "w.csv"]])
def test_with_a_changed_rubric_nothing_is_shown_before_it_is_marked_again(
    results: Path, words: list[str]
) -> None:
    change(results)
    assert refused(run(words[0], results, *words[1:])) == (
        f"the rubric or reference of course was changed since {results} was graded; "
        f"`grader regrade {results}` shows which marks that changes"
    )


def test_a_table_goes_out_and_comes_back_and_the_reports_follow(results: Path) -> None:
    table = results / "waiting.csv"
    assert run("mark", results, "--export", table).stdout == f"{table}: 2 items wait for a person\n"
    text = table.read_text(encoding="utf-8-sig")
    lines = text.splitlines()
    lines[1] = lines[1].removesuffix(";;") + ";1,5;kurz"
    table.write_text("\n".join(lines), encoding="utf-8")
    result = run("mark", results, "--import", table, "--by", "Jo")
    assert (result.exit_code, result.stdout) == (0, "1 marks written\n")
    assert points(results) == ["4.50", "3.00"]
    page = (results / "students" / "s0010.html").read_text()
    assert "<b>Jo</b> gave 1.5 points: kurz" in page
    assert "1 were there already" in run("mark", results, "--import", table, "--by", "Jo").stdout


def test_a_table_that_is_there_is_not_lost_to_an_export(results: Path) -> None:
    table = results / "waiting.csv"
    table.write_text("filled in for hours")
    told = refused(run("mark", results, "--export", table))
    assert told == (
        f"{table} is there already, and may hold marks; import it first, choose another file, or "
        "replace it with --force"
    )
    assert table.read_text() == "filled in for hours"
    assert run("mark", results, "--export", table, "--force").exit_code == 0
    assert table.read_text(encoding="utf-8-sig").startswith("student;name;")


def test_one_mark_is_given_and_a_wrong_one_refused(results: Path) -> None:
    one = ("mark", results, "--student", "s0010", "--item", "words", "--reason", "good")
    assert refused(run(*one, "--points", "3")) == (
        "3 points for sums/words are out of range; it is worth 0 to 2"
    )
    assert points(results) == ["3.00", "3.00"]
    assert run(*one, "--points", "2").exit_code == 0
    assert points(results) == ["5.00", "3.00"]


def test_a_report_is_rendered_elsewhere_in_one_format(results: Path) -> None:
    out = results / "again"
    result = run("report", results, "--format", "csv", "--out", out)
    assert result.stdout == f"{out / 'grades.csv'}\n"
    assert (out / "grades.csv").read_bytes() == (results / "grades.csv").read_bytes()


def test_a_format_that_is_asked_for_twice_is_written_once(results: Path) -> None:
    before = (results / "students" / "s0010.html").read_bytes()
    assert run("report", results, "--format", "html", "--format", "html").exit_code == 0
    assert (results / "students" / "s0010.html").read_bytes() == before


@pytest.mark.parametrize("bad", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_reports_that_are_not_finished_replace_nothing(
    bad: BaseException, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(grades: Iterable[Grade], of: Assignment) -> Chunks:
        for name in ("results.json", "students/s0010.html", "more/new.html"):
            yield name, b"half"
        raise bad

    before = {path: path.read_bytes() for path in results.rglob("*") if path.is_file()}
    assert {path.name for path in before} >= {"results.json", "grades.csv", "s0010.html"}
    whole = reports.FORMATS["json"].render
    monkeypatch.setitem(reports.FORMATS, "json", reports.Format(whole, broken))
    assert run("report", results, "--format", "json").exit_code != 0
    after = {path: path.read_bytes() for path in results.rglob("*") if path.is_file()}
    assert after == before


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    for command in ("regrade", "report"):
        assert refused(run(command, tmp_path)) == (
            f"{tmp_path} holds no grader.sqlite; name the --out folder of a batch"
        )


def test_a_folder_of_an_older_grader_is_told_and_keeps_its_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "grader.sqlite"
    with monkeypatch.context() as old:
        old.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:1])
        Store(path).__exit__(None, None, None)
    with closing(sqlite3.connect(path)) as db:
        db.execute("INSERT INTO evidence (key, body) VALUES ('key', '{}')")
        db.commit()
    assert refused(run("regrade", tmp_path)) == (
        f"{tmp_path} was made by an older grader, which kept less; run the same `grader grade` "
        "again"
    )
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT key FROM evidence").fetchall() == [("key",)]


def test_pages_of_students_who_left_do_not_stay(results: Path) -> None:
    left = results / "students" / "anna-schmidt.html"
    left.write_text("somebody else's by now")
    assert run("report", results).exit_code == 0
    assert not left.exists()
    assert (results / "students" / "s0010.html").exists()


def test_what_concerns_the_batch_stands_on_the_course_page_and_in_the_document(
    results: Path,
) -> None:
    told = "Otto <b>Fremd</b> (r.csv, row 9) fits no submission; the answers were not used"
    with Store(results / "grader.sqlite") as store:
        store.note(remarks=json.dumps([told]))
    assert run("report", results).exit_code == 0
    assert json.loads((results / "results.json").read_text())["remarks"] == [told]
    assert "Otto &lt;b&gt;Fremd&lt;/b&gt; (r.csv, row 9)" in (results / "index.html").read_text()
