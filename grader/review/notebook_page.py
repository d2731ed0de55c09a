"""A student's notebook as harmless HTML: words, code and pictures. All of it is hostile.

Markdown is rendered with HTML, links and pictures switched off, and cleaned once more by an
allow-list. Pictures are those that our own run recorded, and are shown only if they decode.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from PIL import Image
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from grader.core.model import Evidence, Notebook
from grader.core.untrusted_text import printable

MAX_SOURCE, MAX_OUTPUT = 40_000, 8_000
"""Characters of a cell that are shown; the file itself can be had whole."""
MAX_FORMED = 20_000
"""Characters of a cell that are coloured, or read as Markdown; more stay plain text."""
MAX_PAGE = 400_000
"""Likewise of a whole notebook. Its page is made while other markers wait."""
MAX_LINE, MAX_TABLE = 300, 20_000
"""Characters of a line of code, as colouring takes the cube of some; cells of a Markdown table."""
MAX_PIXELS = 40_000_000

TAGS = {
    *("p", "br", "em", "strong", "code", "pre", "blockquote", "hr", "s"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"),
    *("h3", "h4", "h5", "h6"),
}
_markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": 12}).enable("table")
_markdown.disable(["link", "image", "autolink", "reference", "html_inline", "html_block", "entity"])
_python, _html = PythonLexer(stripnl=False), HtmlFormatter(nowrap=True, classprefix="c-")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCell:
    """One cell, ready to be shown."""

    number: int  # from 1, over all cells
    kind: str
    body: Markup
    output: str
    error: str
    pictures: tuple[int, ...]  # numbers of those that decode


def cells(
    notebook: Notebook, evidence: Evidence | None, mask: Callable[[str], str]
) -> list[ShownCell]:
    """All cells, each with what our run of it gave, or else what was saved in the file.

    `mask` hides names in its texts.
    """
    runs = {run.index: run for run in evidence.cells} if evidence else {}
    found, left = [], MAX_PAGE
    for index, cell in enumerate(notebook.cells):
        run = runs.get(index)
        images = run.images if run else ()
        source = mask(cell.source)
        output = run.text if run else "\n".join(cell.outputs)
        form = code if cell.kind == "code" else rendered
        left -= len(source)
        found.append(
            ShownCell(
                number=index + 1,
                kind=cell.kind,
                body=form(source) if left >= 0 else escape(cut(source, MAX_SOURCE)),
                output=cut(mask(output), MAX_OUTPUT),
                error=cut(mask(run.error), MAX_OUTPUT) if run else "",
                pictures=tuple(n for n, image in enumerate(images) if picture(image)),
            )
        )
    return found


def above(
    notebook: Notebook, evidence: Evidence | None, cell: str, mask: Callable[[str], str]
) -> str:
    """What the code cell before a cell of this id printed; "" if nothing or there is no such cell.

    An answer is often about that.
    """
    ids = [one.id for one in notebook.cells]
    if cell not in ids:
        return ""
    code_cells = [n for n in range(ids.index(cell)) if notebook.cells[n].kind == "code"]
    if not code_cells:
        return ""
    runs = {run.index: run.text for run in evidence.cells} if evidence else {}
    saved = "\n".join(notebook.cells[code_cells[-1]].outputs)
    return cut(mask(runs.get(code_cells[-1], saved)), MAX_OUTPUT).strip("\n")


def cut(text: str, most: int) -> str:
    """A text as people may see it, and not more of it than they read."""
    shown = printable(text[:most], keep="\n\t")
    return shown if len(text) <= most else f"{shown}\n… ({len(text) - most} more characters)"


@lru_cache(maxsize=4096)
def code(source: str) -> Markup:
    """Python with its words in colour."""
    text = cut(source, MAX_SOURCE)
    if len(text) > MAX_FORMED or max(map(len, text.split("\n"))) > MAX_LINE:
        return escape(text)
    return Markup(highlight(text, _python, _html))  # noqa: S704  # escapes all of it


@lru_cache(maxsize=4096)
def rendered(text: str) -> Markup:
    """Markdown as HTML that holds nothing but text and its form; headings begin at level 3."""
    shown = cut(text, MAX_SOURCE)
    lines = shown.split("\n")  # a row gets as many cells as the first has, whatever it holds
    if len(shown) > MAX_FORMED or len(lines) * max(row.count("|") for row in lines) > MAX_TABLE:
        return escape(shown)
    tokens = _markdown.parse(shown)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    return Markup(nh3.clean(html, tags=TAGS, attributes={}, link_rel=None))  # noqa: S704


def picture(data: bytes) -> str | None:
    """The media type of a PNG or JPEG that decodes; None for anything else."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
                if image.width * image.height > MAX_PIXELS:
                    return None
                image.verify()
                return Image.MIME[image.format or ""]
    except Exception:  # whatever a decoder says of hostile bytes
        return None
