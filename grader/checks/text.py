"""Finds a student's written answer and puts it before a person, beside the model answer.

Trusted side, pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from pydantic import Field

from grader.checks.base import Check, failed, review
from grader.core.model import Case, Cell, Notebook, Outcome
from grader.core.notebook import solution

MIN_LETTERS = 3
MAX_CELL, MAX_NOTEBOOK, MAX_GIVEN = 50_000, 1_000_000, 20_000
"""Characters searched in a cell and in all, and shown: a person reads no more, nor need we."""

PICTURE = re.compile(r"data:[\w/+.-]+;base64,[\w+/=]+")


class TextAnswer(Check):
    """An answer in words: REVIEW if there is one, FAILED if its place was left as it was.

    The place is the cell with the answer's id or tag, and what follows the cell that asks, which is
    known by its id, by the handout's text, or by `question` (words of the question, for
    notebooks that are no copies of the handout).
    """

    observes: ClassVar[bool] = False
    automatic: ClassVar[bool] = False

    cell: str = Field(min_length=1, examples=["meaning-answer"])
    """The id of the master's cell where the answer goes."""
    question: str = Field(default="", examples=["What does the spread tell?"])
    """Words of the question, for notebooks that are no copies of the handout."""
    comments: bool = False
    """Whether comments in code cells at the place count, too."""

    def judge(self, case: Case) -> Outcome:
        """Never full marks: words are for a person."""
        model = _model(case.master, self.cell)
        if case.notebook is None:
            return failed("No answer was given.", expected=model)
        handout = Handout(case.template, case.master)
        notebook = _readable(case.notebook)
        place = handout.place(notebook, self.cell, self.question)
        texts = [_words(cell, comments=self.comments) for cell in place]
        given = "\n\n".join(text for text in map(handout.beyond, texts) if _is_text(text))
        if given:
            return review("A person marks this answer.", given=_cut(given), expected=model)
        elsewhere = _cut("\n\n".join(handout.elsewhere(notebook, comments=self.comments)))
        if elsewhere or not place:
            return review(
                "No answer was found at its place; a person must look for it.",
                given=elsewhere or "No text of the student's own was found.",
                expected=model,
            )
        return failed("No answer was given.", expected=model)


class Handout:
    """What students were given: tells their own words from it, and finds the places to answer."""

    def __init__(self, template: Notebook | None, master: Notebook | None) -> None:
        self._cells = template.cells if template else ()
        self._ids = {cell.id for cell in self._cells}
        self._cores = {_core(cell.source) for cell in self._cells} - {""}
        self._lines = {_core(line) for cell in self._cells for line in cell.source.split("\n")}
        self._answers = [
            cell.id
            for cell in (master.cells if master else ())
            if cell.kind == "markdown" and solution(cell.source)
        ]

    def place(self, notebook: Notebook, answer: str, question: str = "") -> list[Cell]:
        """The student's cells at an answer's place, the question first; empty if not found."""
        cells = notebook.cells
        found = {n for n, c in enumerate(cells) if c.id == answer or answer in c.tags}
        asking = self._asking(cells, answer, question)
        starts = found if asking is None else found | {asking}
        for start in sorted(starts):
            found |= {start, *self._following(cells, start)}
        return [cells[n] for n in sorted(found)]

    def _asking(self, cells: Sequence[Cell], answer: str, question: str) -> int | None:
        """The number of the cell that asks."""
        before = next(
            (a for a, b in zip(self._cells, self._cells[1:], strict=False) if b.id == answer), None
        )
        words = [_core(before.source) if before else "", _core(question)]
        for number, cell in enumerate(cells):
            core = _core(cell.source)
            if before and (cell.id == before.id or (words[0] and words[0] in core)):
                return number
        for number, cell in enumerate(cells):
            if words[1] and cell.kind == "markdown" and words[1] in _core(cell.source):
                return number
        return None

    def _following(self, cells: Sequence[Cell], start: int) -> list[int]:
        """The student's own cells after one, up to the next of the handout's."""
        found = []
        for number in range(start + 1, min(len(cells), start + 8)):
            cell = cells[number]
            if cell.id in self._ids or _core(cell.source) in self._cores:
                break
            if any(core in _core(cell.source) for core in self._cores if len(core) > 40):
                break
            found.append(number)
        return found

    def beyond(self, text: str) -> str:
        """A text without those paragraphs that the handout has, too."""
        given = {_core(p) for cell in self._cells for p in _paragraphs(cell.source)}
        return "\n\n".join(p for p in _paragraphs(text) if _core(p) not in given).strip()

    def elsewhere(self, notebook: Notebook, *, comments: bool) -> list[str]:
        """The student's own words outside of the answers' places.

        One answer to all questions is often put at the end: what follows the last place, left as it
        was, is no answer to the last question alone.
        """
        placed = []
        for answer in self._answers:
            place = self.place(notebook, answer)
            untouched = any(_core(cell.source) in self._cores for cell in place[1:])
            if not (answer == self._answers[-1] and len(self._answers) > 1 and untouched):
                placed += place
        texts = [self._own(cell, comments) for cell in notebook.cells if cell not in placed]
        return [text for text in texts if _is_text(text)]

    def _own(self, cell: Cell, comments: bool) -> str:
        """A cell's words that are not the handout's; of code line by line."""
        words = _words(cell, comments=comments)
        if cell.kind != "code":
            return self.beyond(words)
        return "\n".join(line for line in words.split("\n") if _core(line) not in self._lines)


def _readable(notebook: Notebook) -> Notebook:
    """The notebook as far as a person reads: no pasted pictures, no megabytes."""
    cells, left = [], MAX_NOTEBOOK
    for cell in notebook.cells:
        source = PICTURE.sub("", cell.source)[: min(MAX_CELL, left)]
        left -= len(source)
        cells.append(replace(cell, source=source))
    return replace(notebook, cells=tuple(cells))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_GIVEN else f"{text[:MAX_GIVEN]}\n… (the notebook has more)"


def _model(master: Notebook | None, cell: str) -> str:
    cells = [c for c in master.cells if c.id == cell] if master else []
    return solution(cells[0].source) if cells else ""


def _words(cell: Cell, *, comments: bool) -> str:
    """A cell's words: Markdown as it is, of code the comments and bare strings, if they count."""
    if cell.kind != "code":
        return _without_comments(cell.source).strip()
    if not comments:
        return ""
    lines = [line.strip() for line in cell.source.split("\n")]
    spoken = [line.lstrip("# ") for line in lines if line.startswith("#")]
    quoted = re.findall(r'"""(.*?)"""' + r"|'''(.*?)'''", cell.source, flags=re.DOTALL)
    return "\n".join([*spoken, *("".join(pair).strip() for pair in quoted)])


def _without_comments(text: str) -> str:
    """Without HTML comments. A pattern would search to the end for each of a million openings."""
    kept, place = [], 0
    while (begin := text.find("<!--", place)) >= 0 and (end := text.find("-->", begin + 4)) >= 0:
        kept.append(text[place:begin])
        place = end + 3
    return "".join([*kept, text[place:]])


def _paragraphs(text: str) -> list[str]:
    return [part for part in re.split(r"\n\s*\n", text) if part.strip()]


def _is_text(text: str) -> bool:
    return len(re.findall(r"\w", text)) >= MIN_LETTERS


def _core(text: str) -> str:
    """A text without marks and spaces, to compare it with the handout's."""
    return re.sub(r"\W+", " ", text).strip().casefold()
