"""`%check` in a notebook: judges the functions that are defined there, and shows a small table.

Runs in the student's kernel. Nothing raised in here reaches the student's work.
"""

from __future__ import annotations

import ast
import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from IPython.display import display

from grader.core import codec, notebook_patch
from grader.core.errors import GraderError, UsageError
from grader.core.model import (
    Answer,
    Ending,
    Evidence,
    Item,
    ItemGrade,
    Notebook,
    Status,
    Submission,
    Task,
)
from grader.core.untrusted_text import printable
from grader.marking import scoring
from grader.reports import item_words, terminal_lines
from grader.student import ask_in_kernel, public_checks, public_file, selfcheck
from grader.student.public_checks import Public
from grader.student.waiting_line import WaitingLine

COLOURS = {
    Status.PASSED: "#1a9850",
    Status.PARTIAL: "#c77700",
    Status.FAILED: "#d64541",
    Status.BLOCKED: "#d64541",
    Status.REVIEW: "#2b8cbe",
    Status.ERROR: "#8e5bb5",
}
"""Readable on white and on black."""

Tell = Callable[[str], None]


def _nobody(text: str) -> None:
    """Hears nothing."""


def _unheard(*_: object, **__: object) -> None:
    """Publishes nothing, where a shell has no displays."""


_read: dict[tuple[Path, int], Public] = {}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What `%check` shows: as HTML in a notebook, as text elsewhere."""

    items: tuple[ItemGrade, ...] = ()
    notes: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        rows = "".join(_row(item) for item in self.items)
        table = f'<table style="border-collapse:collapse">{rows}</table>' if rows else ""
        notes = "".join(f'<div style="opacity:.75">{_safe(note)}</div>' for note in self.notes)
        return f'<div style="font-size:90%;line-height:1.45">{table}{notes}</div>'

    def __repr__(self) -> str:
        shown = [line for item in self.items for line, _ in terminal_lines.item_lines(item)]
        return "\n".join([*shown, *map(printable, self.notes)])


def check(line: str, shell: Any, cell: str | None = None) -> None:
    """Judges what `line` names (functions, items or tasks; nothing: all that is defined).

    With a cell, it is run first, and what it defines is judged.
    """
    if cell is not None and not shell.run_cell(cell).success:
        return  # the shell has shown why
    waiting = WaitingLine(getattr(getattr(shell, "display_pub", None), "publish", _unheard))

    def tell(text: str) -> None:
        waiting.now = text

    try:
        names = line.replace(",", " ").split()
        with waiting:
            if cell is None:
                result = judged(names, shell.user_ns, Path.cwd(), tell)
            else:
                source = shell.transform_cell(cell)  # magics and shell commands become Python
                result = judged_cell(source, names, shell.user_ns, Path.cwd(), tell)
    except KeyboardInterrupt:
        result = CheckResult(notes=("Stopped.",))
    except GraderError as known:
        result = CheckResult(notes=(str(known),))
    except BaseException as bug:
        told = f"This could not be checked ({type(bug).__name__}: {bug}); your work is untouched."
        result = CheckResult(notes=(told,))
    try:
        display(result, display_id=waiting.id, update=waiting.is_shown)  # type: ignore[no-untyped-call]
    except BaseException:
        return


def judged(
    names: Sequence[str], namespace: ask_in_kernel.Names, folder: Path, tell: Tell = _nobody
) -> CheckResult:
    """The verdicts on what the namespace defines; `tell` hears what is asked now.

    Raises:
        UsageError: there are no public checks near the folder, or none of these names.
    """
    known = _public(folder)
    found: list[ItemGrade] = []
    elsewhere: list[str] = []
    for task in public_checks.select(known, names):
        ready = [item for item in task.items if _is_live(known, task, item)]
        elsewhere += [item.id for item in task.items if item not in ready]
        if not names:
            ready = [item for item in ready if _is_defined(item, namespace)]
        if ready:
            found += _task(known, public_checks.only(task, tuple(ready)), namespace, tell)
    notes = [_sum(found)] if found else []
    if not found and not (names and elsewhere):
        notes.append("Nothing of the assignment is defined yet: run the cells of your functions.")
        notes += _askable(known)
    if names and elsewhere:
        notes.append(
            f"{', '.join(elsewhere)}: needs a run of the whole notebook; save it, and "
            "run grader check in a terminal."
        )
    return CheckResult(tuple(found), tuple(notes))


def judged_cell(
    cell: str,
    names: Sequence[str],
    namespace: ask_in_kernel.Names,
    folder: Path,
    tell: Tell = _nobody,
) -> CheckResult:
    """The verdicts on what a cell defines, and on what is named beside.

    Raises:
        UsageError: as `judged`.
    """
    known = _public(folder)
    items = [item for task in known.assignment.tasks for item in task.items]
    subjects = {item.check.subject.lower() for item in items} - {""}
    statements = ast.parse(cell).body
    defined = [n for s in statements for n in notebook_patch.defined(s) if n.lower() in subjects]
    if defined or names:
        return judged([*defined, *names], namespace, folder, tell)
    note = "This cell defines nothing that can be checked."
    return CheckResult(notes=(note, *_askable(known)))


def _askable(known: Public) -> list[str]:
    """What can be asked here, a line for each task."""
    lines = []
    for task in known.assignment.tasks:
        live = [item for item in task.items if _is_live(known, task, item) and known.asked[task.id]]
        names = dict.fromkeys(item.check.subject or item.id for item in live)
        if names:
            lines.append(f"{task.title}: %check {', '.join(names)}")
    return lines


def _public(folder: Path) -> Public:
    file = public_file.find(folder)
    if file is None:
        raise UsageError(
            f"{public_file.FILE} is neither beside this notebook nor in a folder above it; take it "
            "from the course's bundle"
        )
    key = (file, file.stat().st_mtime_ns)
    if key not in _read:
        _read[key] = public_file.read(file)
    return _read[key]


def _is_live(known: Public, task: Task, item: Item) -> bool:
    return all(ask_in_kernel.is_possible(question) for question in known.asked[task.id][item.id])


def _is_defined(item: Item, namespace: ask_in_kernel.Names) -> bool:
    """Whether its function is there, whatever the capitals."""
    wanted = item.check.subject.lower()
    return any(name.lower() == wanted and callable(namespace[name]) for name in list(namespace))


def _task(known: Public, task: Task, namespace: ask_in_kernel.Names, tell: Tell) -> list[ItemGrade]:
    asked = known.asked[task.id]
    answers: dict[str, Answer] = {}
    for number, item in enumerate(task.items, 1):
        tell(f"checking {item.id} ({number} of {len(task.items)}) …")
        for question in asked[item.id]:
            digest = codec.digest(question)
            if digest not in answers:
                answers[digest] = ask_in_kernel.ask(
                    namespace, question, task.limits.question_seconds
                )
    notebook = Notebook(name=str(task.notebook), cells=())
    submission = Submission(student="", name="", notebooks={task.id: notebook}, missing={})
    evidence = Evidence(task=task.id, ending=Ending.COMPLETED, answers=answers)
    outcomes = selfcheck.judged(known, task, submission, asked, evidence)
    return [scoring.item_grade(item, outcomes[item.id]) for item in task.items]


def _sum(items: Sequence[ItemGrade]) -> str:
    passed = sum(item.outcome.status is Status.PASSED for item in items)
    return f"{passed} of {len(items)} passed; the grading asks with other inputs."


def _row(item: ItemGrade) -> str:
    outcome = item.outcome
    colour = COLOURS[outcome.status]
    cell = '<td style="text-align:left;vertical-align:top;padding:.15em .8em .15em 0">'
    told = "" if outcome.status is Status.PASSED else _told(item)
    return (
        f'<tr style="background:none">{cell}<b style="color:{colour}">{outcome.status.value}</b>'
        f"</td>{cell}<code>{_safe(item.item.id)}</code></td>"
        f"{cell}{item.points:.2f}&nbsp;/&nbsp;{item.item.points:.2f}</td>{cell}{told}</td></tr>"
    )


def _told(item: ItemGrade) -> str:
    told = [_safe(item.outcome.message)]
    told += [f"yours: <code>{_safe(value)}</code>" for value in item_words.values(item)]
    if item.item.hint:
        told.append(f"<details><summary>Hint</summary>{_safe(item.item.hint)}</details>")
    return "<br>".join(told).replace("<br><details>", "<details>")


def _safe(value: str) -> str:
    return html.escape(printable(" ".join(value.split()))[:1000])
