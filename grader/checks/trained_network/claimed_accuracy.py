"""Reads which test accuracy a notebook itself states. Trusted side, pure."""

from __future__ import annotations

import re

from grader.checks.trained_network.network_facts import Network
from grader.core.model import Cell, Evidence, Notebook

CLOSE = 1.5
"""Percentage points between two numbers that may well be of the same network."""
NUMBER = r"(?<![\d.])(\d{1,3}(?:\.\d+)?)(?!\.?\d)"
"""Up to 100, with dots after it or not; none of a version or of a larger number."""

OF_A_CLASS = re.compile(
    r"\b(class|klasse|label|category|digit)\b|t-?shirt|trouser|pullover|dress|coat|sandal|\bshirt"
    r"|sneaker|\bbags?\b|boot"
)
"""In a line that tells of one class alone."""

EPOCH = re.compile(r"epochs?\W{0,3}(\d{1,4})", re.IGNORECASE)


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


def disagreement(
    notebook: Notebook | None, evidence: Evidence | None, network: Network | None, measured: float
) -> str:
    """A sentence on why the notebook's own number may be another than the measured one."""
    said, says = claim(notebook), claim_again(notebook, evidence)
    if said is None or abs(said - measured) <= CLOSE:
        return ""
    if says is not None and abs(says - said) > CLOSE:
        text = f" The saved output says {said:.2f} %, but run again it says {says:.2f} %: "
        then, now = _epochs(_saved(notebook)), _epochs(_shown(evidence))
        if then > now > 0:
            return f"{text}it was saved after {then} epochs, and here it trained for {now}."
        return f"{text}it is from another run."
    if network is not None and network.stopped and said > measured:
        return f" The notebook says {said:.2f} %, perhaps after the whole of its training."
    if network is not None and not network.evaluated:
        return (
            f" The notebook says {said:.2f} %, but it was not seen to evaluate test images: that "
            "may be measured on images that it was trained on."
        )
    return f" The notebook says {said:.2f} %, perhaps measured on images that it was trained on."


def _saved(notebook: Notebook | None) -> str:
    cells = notebook.cells if notebook else ()
    return "\n".join(output for cell in cells for output in cell.outputs)


def _shown(evidence: Evidence | None) -> str:
    return "\n".join(run.text for run in evidence.cells) if evidence else ""


def _epochs(text: str) -> int:
    """The largest number of an epoch that an output tells of."""
    return max((int(number) for number in EPOCH.findall(text)), default=0)


def _claims(cell: Cell, outputs: tuple[str, ...]) -> list[float]:
    if cell.kind != "code" or "test" not in cell.source.lower():
        return []
    return [
        value
        for output in outputs
        for line in output.splitlines()
        if (value := claimed(line)) is not None
    ]


def claimed(line: str) -> float | None:
    """The accuracy, in percent, that a line of output states: the number with a % before others."""
    words = line.lower()
    if "acc" not in words and ("test" not in words or "loss" in words):
        return None
    if OF_A_CLASS.search(words):
        return None
    numbers = re.findall(rf"{NUMBER}\s*(%?)", line)
    marked = [number for number, percent in numbers if percent]
    after = re.split(r"acc\w*", line, flags=re.IGNORECASE)[-1]
    plain = re.findall(NUMBER, after)
    chosen = marked or plain[:1] or [number for number, _ in numbers[-1:]]
    if not chosen:
        return None
    value = float(chosen[-1])
    value = value if marked or value > 1 else value * 100
    return round(value, 2) if 1 < value <= 100 else None
