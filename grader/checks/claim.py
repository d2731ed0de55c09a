"""Reads which test accuracy a notebook itself states. Trusted side, pure."""

from __future__ import annotations

import re

from grader.model import Cell, Evidence, Notebook


def claim(notebook: Notebook | None) -> float | None:
    """The test accuracy, in percent, that the notebook's saved outputs state; the last counts."""
    found = None
    for cell in notebook.cells if notebook else ():
        for value in _claims(cell, cell.outputs):
            found = value
    return found


def claim_again(notebook: Notebook | None, evidence: Evidence | None) -> float | None:
    """The same of the outputs that the notebook gave when it was run here."""
    runs = {run.index: run for run in evidence.cells} if evidence else {}
    found = None
    for index, cell in enumerate(notebook.cells if notebook else ()):
        for value in _claims(cell, (runs[index].text,)) if index in runs else ():
            found = value
    return found


def _claims(cell: Cell, outputs: tuple[str, ...]) -> list[float]:
    if cell.kind != "code" or "test" not in cell.source.lower():
        return []
    return [
        value for output in outputs for line in output.splitlines()
        if (value := claimed(line)) is not None
    ]  # fmt: skip


def claimed(line: str) -> float | None:
    """The accuracy, in percent, that a line of output states: the number with a % before others."""
    words = line.lower()
    if "acc" not in words and ("test" not in words or "loss" in words):
        return None
    numbers = re.findall(r"(?<![\d.])(\d{1,3}(?:\.\d+)?)(?![\d.])\s*(%?)", line)
    marked = [number for number, percent in numbers if percent]
    after = re.split(r"acc\w*", line, flags=re.IGNORECASE)[-1]
    plain = re.findall(r"(?<![\d.])(\d{1,3}(?:\.\d+)?)(?![\d.])", after)
    chosen = marked or plain[:1] or [number for number, _ in numbers[-1:]]
    if not chosen:
        return None
    value = float(chosen[-1])
    value = value if marked or value > 1 else value * 100
    return round(value, 2) if 1 < value <= 100 else None
