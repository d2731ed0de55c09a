"""The formats that continuous integration reads: complete, valid, and harmless."""

from __future__ import annotations

import json
import re

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from grader.core.model import Grade, Status
from grader.core.untrusted_text import code, for_log, for_markdown
from grader.reports import badge, codequality, github, junit, markdown, text
from grader.reports.notebook_lines import Place
from tests.reports import grades
from tests.reports.grades import item, task

EVIL = (
    "::error::x\n::set-output name=points::9\r##[warning]y %0A::z "
    "\x1b[31m<script>|[a](http://b) @org"
)
PLACE = Place(path="work/a,b:c.ipynb", line=12, cell=3)


def graded(message: str = EVIL) -> Grade:
    """One item of each status; the failed one says `message`."""
    statuses = [s for s in Status if s is not Status.FAILED]
    items = [item(status, id=status.value) for status in statuses]
    wrong = item(
        Status.FAILED,
        id="wrong",
        message=message,
        hint="Think: 5 %, again.",
        details={"given": [message, message]},
    )
    return grades.grade(task(*items, wrong))


def lines(content: bytes) -> list[str]:
    return content.decode().splitlines()


# --- text -------------------------------------------------------------------------------------


def test_a_log_gets_one_line_without_commands() -> None:
    line = for_log(EVIL)
    assert "::" not in line
    assert "##[" not in line
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line


@pytest.mark.parametrize("colons", range(2, 7))
def test_no_run_of_colons_is_left(colons: int) -> None:
    assert "::" not in for_log(":" * colons + "error" + ":" * colons)


def test_markdown_shows_text_and_nothing_else() -> None:
    shown = for_markdown("<img src=x> [a](http://b) ![c](d) | `e` *f* @team #12 www.g.h")
    assert not re.search(r"<|(?<!\\)[|`*\[\]!]|(?<![\\&])#|@|://|www\.", shown)
    assert code("a`b``c|d\ne") == "``` a`b``c\\|d e ```"


def test_the_terminal_text_has_own_values_and_the_hint() -> None:
    (content,) = text.render([graded("bad")], grades.assignment()).values()
    shown = content.decode()
    assert "failed   wrong              0.00 of 1.50" in shown
    assert "yours: bad" in shown
    assert "hint: Think: 5 %, again." in shown
    assert "To look at: partial, blocked, review, error, wrong." in shown


# --- Markdown and GitHub ----------------------------------------------------------------------


def test_the_summary_has_a_row_for_each_item() -> None:
    rows = [
        r
        for r in lines(markdown.render([graded()], grades.assignment())["results.md"])
        if r.startswith("| ") and "---" not in r and "item |" not in r
    ]
    assert [row.split("|")[1].split()[1] for row in rows] == [
        "passed",
        "partial",
        "blocked",
        "review",
        "error",
        "failed",
    ]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows)
    assert not [row for row in rows if "<script" in re.sub(r"` .*? `", "", row)]


def test_a_summary_that_is_too_long_is_cut_at_a_character_and_says_so() -> None:
    grade = grades.grade(
        task(*[item(Status.FAILED, id=f"i{n}", message="ü" * 2000) for n in range(400)])
    )
    content = markdown.render([grade], grades.assignment())["results.md"]
    assert len(content) <= markdown.LIMIT
    assert content.decode().endswith("this summary is too long.*\n")


def test_annotations_stand_at_file_and_line_and_are_escaped() -> None:
    files = github.render([graded()], grades.assignment(), {"activation/wrong": PLACE})
    found = lines(files["annotations.txt"])
    assert len(found) == 5
    (wrong,) = [line for line in found if "wrong" in line]
    head, message = re.fullmatch(r"::error (.*?)::(.*)", wrong).groups()  # type: ignore[union-attr]
    assert head.startswith("file=work/a%2Cb%3Ac.ipynb,line=12,title=Item wrong (0.00 of 1.50)")
    assert message.startswith("Cell 4: ")
    assert "Think: 5 %25, again." in message
    assert "%250A" in message
    assert "::" not in message


def test_there_are_never_more_annotations_than_the_runner_shows() -> None:
    grade = grades.grade(task(*[item(Status.FAILED, id=f"i{n}") for n in range(30)]))
    found = lines(github.render([grade], grades.assignment())["annotations.txt"])
    assert len(found) == 10
    assert "21 more items did not pass" in found[-1]


def test_outputs_are_points_and_a_verdict() -> None:
    files = github.render([graded()], grades.assignment())
    *numbers, last = lines(files["outputs.txt"])
    assert numbers == ["points=2.25", "max_points=9.00", "passed=false"]
    assert last == f"badge={badge.line([graded()])}"
    fine = grades.grade(task(item()))
    assert "passed=true" in lines(github.render([fine], grades.assignment())["outputs.txt"])


# --- JUnit and code quality -------------------------------------------------------------------


def test_junitparser_reads_every_status() -> None:
    content = junit.render([graded()], grades.assignment(), {"activation/wrong": PLACE})[
        "junit.xml"
    ]
    xml = JUnitXml.fromstring(content)
    (suite,) = xml
    kinds = {case.name: [type(result) for result in case.result] for case in suite}
    assert kinds == {
        "passed": [],
        "partial": [Failure],
        "blocked": [Failure],
        "wrong": [Failure],
        "review": [Skipped],
        "error": [Error],
    }
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (6, 3, 1, 1)
    (wrong,) = [case for case in suite if case.name == "wrong"]
    (own,) = re.findall(r'<testcase [^>]*name="wrong".*?</testcase>', content.decode(), re.DOTALL)
    properties = dict(re.findall(r'<property name="(\w+)" value="([^"]*)"', own))
    assert properties == {"points": "0.00", "max_points": "1.50", "status": "failed"}
    assert "hint: Think: 5 %, again." in wrong.result[0].text
    assert b'file="work/a,b:c.ipynb" line="12"' in content
    assert "\x1b" not in content.decode()


def test_many_grades_do_not_share_names() -> None:
    both = [grades.grade(student="ada"), grades.grade(student="eve")]
    xml = JUnitXml.fromstring(junit.render(both, grades.assignment())["junit.xml"])
    assert [suite.name for suite in xml] == ["ada.activation", "eve.activation"]


def test_code_quality_has_what_gitlab_asks_for() -> None:
    render = codequality.render([graded()], grades.assignment(), {"activation/wrong": PLACE})
    entries = json.loads(render["gl-code-quality-report.json"])
    assert len({entry["fingerprint"] for entry in entries}) == len(entries) == 5
    wrong = entries[-1]
    assert wrong["check_name"] == "grader/activation/wrong"
    assert wrong["severity"] == "major"
    assert wrong["location"] == {"path": "work/a,b:c.ipynb", "lines": {"begin": 12}}
    assert "\x1b" not in wrong["description"]


# --- what was not checked -----------------------------------------------------------------------


def half() -> Grade:
    """One item that passed, and a task that the machine lacks something for."""
    left = item(Status.REVIEW, message="Not checked here: no data.", details={"skipped": True})
    return grades.grade(task(item(Status.PASSED)), task(left, left))


def test_a_badge_is_one_line_of_numbers() -> None:
    told = badge.render([half()], grades.assignment())["badge.txt"].decode()
    assert re.fullmatch(
        r"public checks: 1 of 3 items, \d+\.\d\d of \d+\.\d\d points, 2 not checked\n", told
    )
    assert "not checked" not in badge.line([graded()])


def test_a_task_that_was_not_checked_is_one_notice_and_no_fault() -> None:
    files = github.render([half()], grades.assignment())
    (told,) = lines(files["annotations.txt"])
    assert told.startswith("::notice title=")
    assert told.endswith("::Not checked here: no data.")
    found = codequality.render([half()], grades.assignment())
    assert json.loads(found["gl-code-quality-report.json"]) == []
