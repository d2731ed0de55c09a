"""Finds a student's written answer and puts it before a person, beside the model answer.

Trusted side, pure.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import ClassVar

from pydantic import Field

from grader.checks.base import Check, failed, review
from grader.core.model import Case, Cell, Notebook, Outcome
from grader.core.notebook import CUT, PICTURE, solution

MIN_LETTERS = 3
MAX_CELL, MAX_NOTEBOOK, MAX_GIVEN = 50_000, 1_000_000, 20_000
"""Characters searched in a cell and in all, and shown: a person reads no more, nor need we."""

LIKE, SAME, LONG, MAX_WORDS = 0.6, 0.7, 6, 400
"""How alike two texts are, as a share of their words: the same question; the same paragraph, if it
has so many words. What is longer than any question is like none."""

MAX_COMPARED = 500
"""Paragraphs of a notebook that are nearly the handout's, perhaps; any more count as its own."""


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
        code = [handout.own(cell, comments=True) for cell in place if cell.kind == "code"]
        given = "\n\n".join(text for text in code if _is_text(text))
        if given:
            told = "The answer stands in a code cell. A person marks it."
            return review(told, given=_cut(given), expected=model)
        elsewhere = _cut("\n\n".join(handout.elsewhere(notebook, comments=self.comments)))
        if elsewhere or not place:
            return review(
                "No answer was found at its place; a person must look for it.",
                given=elsewhere or "No text of the student's own was found.",
                expected=model,
            )
        if any(repair.endswith(CUT) for repair in notebook.repairs):
            return review("Of a long cell only the beginning was read.", expected=model)
        return failed("No answer was given.", expected=model)


class Handout:
    """What students were given: tells their own words from it, and finds the places to answer."""

    def __init__(self, template: Notebook | None, master: Notebook | None) -> None:
        self._cells = template.cells if template else ()
        self._ids = {cell.id for cell in self._cells}
        self._cores = {_core(cell.source) for cell in self._cells} - {""}
        self._paragraphs = {_core(p) for cell in self._cells for p in _paragraphs(cell.source)}
        self._words = [Counter(part.split()) for part in self._paragraphs]
        self._compared = 0
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
        others = {self._asking(cells, other, "") for other in self._answers if other != answer}
        for start in sorted(starts):
            found |= {start, *self._following(cells, start, others - {asking})}
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
        return self._likest(cells, [word for word in words if word])

    def _likest(self, cells: Sequence[Cell], questions: Sequence[str]) -> int | None:
        """The cell that asks the same in other words, as handouts of other years do."""
        best, at = LIKE, None
        for number, cell in enumerate(cells):
            if cell.kind == "code":
                continue
            for paragraph in _paragraphs(cell.source):
                core = _core(paragraph)
                if len(core.split()) > MAX_WORDS:
                    continue
                likeness = max((_likeness(core, asked) for asked in questions), default=0.0)
                if likeness > best:
                    best, at = likeness, number
        return at

    def _following(
        self, cells: Sequence[Cell], start: int, others: Collection[int | None]
    ) -> list[int]:
        """The student's own cells after one, up to the next of the handout's or next question."""
        found = []
        for number in range(start + 1, min(len(cells), start + 8)):
            cell = cells[number]
            if number in others or cell.id in self._ids or _core(cell.source) in self._cores:
                break
            if any(core in _core(cell.source) for core in self._cores if len(core) > 40):
                break
            found.append(number)
        return found

    def beyond(self, text: str) -> str:
        """A text without those paragraphs that the handout has, too, or nearly so."""
        kept = [part for part in _paragraphs(text) if not self._has(_core(part))]
        return "\n\n".join(kept).strip()

    def _has(self, core: str) -> bool:
        """Whether a paragraph is the handout's; a long one may differ in some words."""
        if core in self._paragraphs:
            return True
        if not LONG <= len(core.split()) <= MAX_WORDS or self._compared >= MAX_COMPARED:
            return False
        self._compared += 1
        words = Counter(core.split())
        return any(_shared(words, known) >= SAME for known in self._words)

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
        texts = [self.own(cell, comments=comments) for cell in notebook.cells if cell not in placed]
        return [text for text in texts if _is_text(text)]

    def own(self, cell: Cell, *, comments: bool) -> str:
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
    try:
        tree = ast.parse(cell.source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "\n".join(line.strip().lstrip("# ") for line in cell.source.split("\n"))  # prose
    lines = [line.strip() for line in cell.source.split("\n")]
    spoken = [line.lstrip("# ") for line in lines if line.startswith("#")]
    return "\n".join([*spoken, *_quoted(tree)])


def _quoted(tree: ast.Module) -> list[str]:
    """Texts that a cell holds as such: on a line of their own, printed, or given a name."""
    found: list[str] = []
    for statement in tree.body:
        if not isinstance(statement, (ast.Expr, ast.Assign)):
            continue
        value = statement.value
        printed = isinstance(value, ast.Call) and getattr(value.func, "id", "") == "print"
        parts = value.args if isinstance(value, ast.Call) and printed else [value]
        for part in parts:
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                found.append(part.value.strip())
    return found


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


def _likeness(one: str, other: str) -> float:
    """The share of words that two texts have in common."""
    return _shared(Counter(one.split()), Counter(other.split()))


def _shared(a: Counter[str], b: Counter[str]) -> float:
    """Dice's coefficient of words."""
    return 2 * (a & b).total() / max(1, a.total() + b.total())


def _core(text: str) -> str:
    """A text without marks and spaces, to compare it with the handout's."""
    return re.sub(r"\W+", " ", text).strip().casefold()
