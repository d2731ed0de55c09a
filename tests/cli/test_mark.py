"""`grader mark` as its user meets it. No kernel is started."""

from __future__ import annotations

from pathlib import Path

from tests.cli.graded_folder import points, refused, run


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
