"""Notebooks as HTML: whatever is in them, it is text, form and pictures that decode."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from grader.core.model import Cell, CellRun, Ending, Evidence, Notebook
from grader.review import notebook_page
from grader.review.notebook_page import picture, rendered
from tests.review.conftest import WHY, Room
from tests.review.evening import Work, png

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "![x](http://evil.example/x.png)",
        "<http://evil.example>",
        "[a]: http://evil.example\n\n[a]",
        "<style>*{display:none}</style>",
        "&lt;script&gt;",
        "| <b onclick=x> |\n|---|\n| <iframe src=x> |",
        "```html\n<script>\n```",
    ],
)
def test_nothing_in_markdown_is_markup_or_leads_elsewhere(text: str) -> None:
    html = str(rendered(text))
    for forbidden in ("<script", "<img", "<a", "href", "src=x>", "<style", "<iframe", "<b "):
        assert forbidden not in html.replace("&lt;", "‹"), html


def test_markdown_keeps_its_form_below_our_own_headings() -> None:
    html = str(rendered("# Title\n\n**bold** and `code`\n\n- one\n"))
    assert html.splitlines() == [
        "<h3>Title</h3>",
        "<p><strong>bold</strong> and <code>code</code></p>",
        "<ul>",
        "<li>one</li>",
        "</ul>",
    ]


def test_control_and_direction_characters_are_visible() -> None:
    assert "\u202e" not in str(rendered("a\u202eb"))
    assert "\u202e" not in str(notebook_page.code("x = 1 # \u202e"))


def test_depth_and_size_are_bounded() -> None:
    assert len(rendered("> " * 5000 + "x")) < 200_000
    assert len(notebook_page.code("(" * 1_000_000)) < 60_000


@pytest.mark.parametrize(
    "data", [SVG, b"", b"GIF89a" + b"x" * 50, png()[:40], b"\x89PNG\r\n\x1a\n", b"<html>"]
)
def test_what_does_not_decode_is_no_picture(data: bytes) -> None:
    assert picture(data) is None


def test_a_picture_is_one() -> None:
    assert picture(png()) == "image/png"


def test_each_cell_shows_what_our_run_gave_else_what_was_saved() -> None:
    cells = (
        Cell(id="a", kind="code", source="1", outputs=("saved",)),
        Cell(id="b", kind="code", source="2", outputs=("old",)),
    )
    run = CellRun(index=1, id="b", status="ok", text="new Ada", images=(SVG, png()))
    evidence = Evidence(task="t", ending=Ending.COMPLETED, cells=(run,))

    def mask(text: str) -> str:
        return text.replace("Ada", "[name]")

    found = notebook_page.cells(Notebook(name="N", cells=cells), evidence, mask)
    told = [(c.number, c.output, c.pictures) for c in found]
    assert told == [(1, "saved", ()), (2, "new [name]", (1,))]


def test_code_whose_colours_would_take_long_stays_plain() -> None:
    """Patterns of a lexer go back again and again over a long run of digits."""
    assert "<span" in notebook_page.code("x = '%d'\n" * 1000)
    assert "<span" not in notebook_page.code("x = 1\n'%" + "0" * 400)


def test_a_table_of_more_cells_than_it_has_words_stays_plain() -> None:
    wide = "|a" * 100 + "\n" + "|-" * 100 + "\n" + "x\n" * 9000
    assert "<table" not in rendered(wide)
    assert len(rendered(wide)) < 2 * len(wide)
    assert "<table" in rendered("|a|b|\n|-|-|\n" + "|1|2|\n" * 500)


def test_of_a_notebook_so_much_is_formed_and_the_rest_is_plain() -> None:
    cells = tuple(
        Cell(id=str(number), kind=kind, source=source)
        for number in range(20)
        for kind, source in (("code", "x = 1\n" * 3000), ("markdown", "*word*\n" * 2500))
    )
    found = notebook_page.cells(Notebook(name="N", cells=cells), None, str)
    formed = [cell.number for cell in found if "<span" in cell.body or "<em" in cell.body]
    assert formed == list(range(1, 23))
    assert "*word*" in found[-1].body


def test_above_an_answer_stands_what_the_code_before_it_printed() -> None:
    cells = (
        Cell(id="one", kind="code", source="1", outputs=("of the first",)),
        Cell(id="two", kind="code", source="2", outputs=("saved",)),
        Cell(id="words", kind="markdown", source="?"),
        Cell(id="answer", kind="markdown", source="!"),
        Cell(id="three", kind="code", source="3", outputs=("after it",)),
    )
    notebook = Notebook(name="n.ipynb", cells=cells)
    run = CellRun(index=1, id="two", status="ok", text="\nby Ada\u202e\n")
    evidence = Evidence(task="t", ending=Ending.COMPLETED, cells=(run,))

    def above(cell: str, evidence: Evidence | None = evidence) -> str:
        return notebook_page.above(notebook, evidence, cell, lambda text: text.replace("Ada", "x"))

    assert above("answer") == "by x\ufffd"
    assert above("answer", None) == "saved"
    assert (above("one"), above("none")) == ("", "")


def test_it_is_shown_with_the_answer_and_without_a_name(make: Callable[..., Room]) -> None:
    room = make(works=[Work(why="It saturates.", text="ada lovelace got 55 of 57")])
    page = room.browser().get(f"/item/{WHY}?at={room.code('s0000')}").text
    shown = page.split("What the code above it printed", 1)[1].split("</details>", 1)[0]
    assert "[name] got 55 of 57" in shown
