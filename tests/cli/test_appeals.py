"""`grader appeals` as its user meets it."""

from __future__ import annotations

from pathlib import Path

from grader.marking import codes
from grader.store.store import Store
from tests.cli.graded_folder import refused, run


def code(results: Path) -> str:
    """Of the first student's answer in words."""
    with Store(results / "grader.sqlite") as store:
        return codes.of(store.secret(codes.SECRET), "s0010", "sums/words")


def test_requests_come_into_the_queue_once_and_strange_ones_are_told(results: Path) -> None:
    table = results / "requests.csv"
    table.write_text(f"code,text\n{code(results)},why?\nABCD-EFGH,and this?\n")
    first = run("appeals", results, "--import", table)
    assert first.stdout == "1 request waits for `grader review`\n"
    assert first.stderr == "ABCD-EFGH is no code of this batch; the request was left out\n"
    again = run("appeals", results, "--import", table)
    assert again.stdout == "0 requests wait for `grader review`, 1 was there already\n"
    with Store(results / "grader.sqlite") as store:
        (appeal,) = store.decisions.appeals()
    assert (appeal.student, appeal.item, appeal.text) == ("s0010", "sums/words", "why?")
    assert appeal.source == "requests.csv, row 2"


def test_a_file_that_is_not_there_or_holds_no_code_is_refused(results: Path) -> None:
    assert refused(run("appeals", results, "--import", "none.csv")) == (
        "none.csv cannot be read (No such file or directory)"
    )
    mail = results / "mail.txt"
    mail.write_text("Please look again.")
    assert refused(run("appeals", results, "--import", mail)).startswith(
        "mail.txt holds no code of an item, such as ABCD-EFGH on the student's page"
    )
