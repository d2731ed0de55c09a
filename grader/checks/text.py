"""Finds a student's written answer and puts it before a person, beside the model answer.

Trusted side, pure.
"""

from __future__ import annotations

import re
from typing import ClassVar

from grader.checks.base import Case, Check, failed, review
from grader.model import Cell, Notebook, Outcome
from grader.notebook import solution

MIN_LETTERS = 3


class TextAnswer(Check):
    """An answer in words: REVIEW if there is one, FAILED if the place was left as it was.

    The answer's cell is found by its id or tag, else as what follows the cell that asks
    (`question`: words of the handout's question, for notebooks without ids).
    """

    observes: ClassVar[bool] = False

    cell: str
    question: str = ""
    comments: bool = False  # whether comments in code cells after the question count, too

    def judge(self, case: Case) -> Outcome:
        """Never full marks: words are for a person."""
        model = self._model(case.master)
        if case.notebook is None:
            return failed("No answer was given.", expected=model)
        untouched = {_core(cell.source) for cell in case.template.cells} if case.template else set()
        given = "\n\n".join(
            text for text in self._texts(case.notebook)
            if _core(text) not in untouched and len(re.findall(r"\w", text)) >= MIN_LETTERS
        )  # fmt: skip
        if not given:
            return failed("No answer was given.", expected=model)
        return review("A person marks this answer.", given=given, expected=model)

    def _model(self, master: Notebook | None) -> str:
        cells = [cell for cell in master.cells if cell.id == self.cell] if master else []
        return solution(cells[0].source) if cells else ""

    def _texts(self, notebook: Notebook) -> list[str]:
        marked = [c for c in notebook.cells if c.id == self.cell or self.cell in c.tags]
        if marked:
            texts = [self._words(cell) for cell in marked]
            position = notebook.cells.index(marked[-1])
            return texts + self._follow(notebook.cells[position + 1 :])
        words = _core(self.question)
        for position, cell in enumerate(notebook.cells):
            if words and words in _core(cell.source):
                inside = cell.source if _core(cell.source) != words else ""
                rest = re.split(re.escape(self.question), inside, maxsplit=1, flags=re.IGNORECASE)
                return [*rest[1:], *self._follow(notebook.cells[position + 1 :])]
        return []

    def _follow(self, cells: tuple[Cell, ...]) -> list[str]:
        """Cells up to the next heading or question: answers are often put below their place."""
        texts = []
        for cell in cells[:4]:
            if cell.kind == "markdown" and (
                cell.source.lstrip().startswith("#") or cell.id.endswith(tuple("0123456789"))
            ):
                break
            if cell.kind == "code" and not self.comments:
                break
            texts.append(self._words(cell))
        return texts

    def _words(self, cell: Cell) -> str:
        if cell.kind != "code":
            return re.sub(r"<!--.*?-->", "", cell.source, flags=re.DOTALL).strip()
        lines = [line.strip() for line in cell.source.split("\n")]
        comments = [line.lstrip("# ") for line in lines if line.startswith("#")]
        quoted = re.findall(r'"""(.*?)"""' + r"|'''(.*?)'''", cell.source, flags=re.DOTALL)
        return "\n".join([*comments, *("".join(pair).strip() for pair in quoted)])


def _core(text: str) -> str:
    """A text without marks and spaces, to compare it with the handout's."""
    return re.sub(r"\W+", " ", text).strip().casefold()
