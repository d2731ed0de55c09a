"""Notebooks that were handed in as something else: scripts and pages. Trusted side, pure."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from grader.core.model import Cell, Notebook
from grader.core.notebook import MAX_CELLS, MAX_SOURCE, NotebookProblem

ENDINGS = (".py", ".html", ".htm")
PERCENT = re.compile(r"^# ?%%(?P<rest>.*)$", re.M)
IN = re.compile(r"^# In ?\[[\d ]*\]:[ \t]*$", re.M)


def read(content: bytes, name: str) -> Notebook:
    """The cells of a script (percent format, nbconvert's or plain), or of a page made by nbconvert.

    Raises:
        NotebookProblem: no code is found in it.
    """
    text = content.decode("utf-8-sig", "replace")
    if len(text) > MAX_SOURCE:
        raise NotebookProblem(f"{name} is larger than any notebook's code.")
    is_script = name.lower().endswith(".py")
    try:
        pairs = _script(text) if is_script else _page(text)
    except Exception as bad:  # the library asserts on some pages, on others by its version
        told = f"{name} can't be read as a notebook ({type(bad).__name__})."
        raise NotebookProblem(told) from None
    kept = [(kind, source.strip("\n")) for kind, source in pairs if source.strip()]
    if not any(kind == "code" for kind, _ in kept) or len(kept) > MAX_CELLS:
        raise NotebookProblem(f"{name} holds no notebook.")
    cells = tuple(
        Cell(id=f"cell-{number}", kind=kind, source=source)
        for number, (kind, source) in enumerate(kept)
    )
    what = "a script" if is_script else "a page"
    return Notebook(name=name, cells=cells, repairs=(f"{what} was read as a notebook",))


def _script(text: str) -> list[tuple[str, str]]:
    if PERCENT.search(text):
        ahead, *parts = re.split(r"^(?=# ?%%)", text, flags=re.M)
        return [("code", ahead), *(_percent(part) for part in parts)]
    if IN.search(text):
        return [("code", part) for part in IN.split(text)]
    return [("code", text)]


def _percent(part: str) -> tuple[str, str]:
    first, _, rest = part.partition("\n")
    if "[markdown]" in first or "[md]" in first:
        return "markdown", re.sub(r"^# ?", "", rest, flags=re.M)
    return "code", rest


class _Cells(HTMLParser):
    """What lies in the boxes that nbconvert makes for code and for rendered Markdown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self._kind, self._depth, self._text = "", 0, list[str]()
        self._tag = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A box opens, or something within one."""
        words = set((dict(attrs).get("class") or "").split())
        if not self._kind:
            code = tag == "div" and "highlight" in words
            prose = bool(words & {"jp-MarkdownOutput", "text_cell_render"})
            if code or prose:
                self._kind, self._tag, self._depth = "code" if code else "markdown", tag, 1
        elif tag == self._tag:
            self._depth += 1

    def handle_endtag(self, tag: str) -> None:
        """The box closes when all within it did."""
        if self._kind and tag == self._tag:
            self._depth -= 1
            if self._depth == 0:
                self.found.append((self._kind, "".join(self._text)))
                self._kind, self._text = "", []

    def handle_data(self, data: str) -> None:
        """Text counts within a box."""
        if self._kind:
            self._text.append(data)


def _page(text: str) -> list[tuple[str, str]]:
    parser = _Cells()
    parser.feed(text)
    return parser.found
