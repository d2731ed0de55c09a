"""`grader report` as its user meets it. No kernel is started."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from grader.core.model import Assignment, Grade
from grader.reports import json_report
from grader.reports.summary import Chunks
from grader.store.store import Store
from tests.cli.graded_folder import run


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
    monkeypatch.setattr(json_report, "stream", broken)
    assert run("report", results, "--format", "json").exit_code != 0
    after = {path: path.read_bytes() for path in results.rglob("*") if path.is_file()}
    assert after == before


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
