"""Searches what students get for what they must not: solutions, outputs, answers, settings.

Trusted side, pure. It does not ask how the bundle was made: every text in every file is compared
with everything that the reference and the rubric keep secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from grader.core import notebook
from grader.core.model import Assignment, Notebook, Visibility

ANSWER, HINT = 8, 12
"""So many words in a row of a model answer, or of a hidden hint, are no coincidence."""

LINE, PAIR, WHOLE = 24, 40, 12
"""Letters, without spaces, that make code telling: of a line, two in a row, a one-line solution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """Something that must not leave, and where it comes from."""

    text: str
    origin: str
    words: int = 0  # of prose: the length of a telling run; 0: code, compared without spaces


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleText:
    """A text in the bundle, and where it stands."""

    text: str
    where: str


def find(
    files: Mapping[str, bytes], assignment: Assignment, masters: Mapping[str, bytes]
) -> list[str]:
    """Sentences on what was found, each naming file and cell; empty if nothing was.

    `files` is the bundle, `masters` the reference's files, both by name.
    """
    places = [place for name, content in sorted(files.items()) for place in _places(name, content)]
    found = [
        f"{place.where} holds {secret.origin}"
        for secret in _secrets(assignment, masters)
        for place in places
        if _holds(place, secret)
    ]
    found += [text for name, content in sorted(files.items()) for text in _outputs(name, content)]
    return list(dict.fromkeys(found))


# --- what is secret ---------------------------------------------------------------------------


def _secrets(assignment: Assignment, masters: Mapping[str, bytes]) -> Iterator[Secret]:
    notebooks = [
        notebook.read(content, name)
        for name, content in sorted(masters.items())
        if name.endswith(".ipynb")
    ]
    given = {_squeezed(line) for master in notebooks for line in _given(master)}
    for master in notebooks:
        yield from _of_master(master)
    for name, content in sorted(masters.items()):
        if name.endswith((".toml", ".json", ".py")):
            yield from _of_file(name, content.decode("utf-8", "replace"), given)
    for task in assignment.tasks:
        for item in task.items:
            if item.visibility is not Visibility.PUBLIC:
                origin = f"the hint of the hidden item {item.id}"
                yield Secret(text=item.hint, origin=origin, words=HINT)


def _of_master(master: Notebook) -> Iterator[Secret]:
    for cell in master.cells:
        origin = f"the solution of {master.name}, cell {cell.id}"
        text = notebook.solution(cell.source)
        if text and cell.kind == "code":
            given = {_squeezed(line) for line in stub(cell.source).split("\n")}
            lines = [line for line in text.split("\n") if _squeezed(line) not in given]
            yield from (Secret(text=part, origin=origin) for part in _telling(lines))
        elif text:
            yield Secret(text=text, origin=origin, words=ANSWER)
        for output in cell.outputs:
            origin = f"an output of {master.name}, cell {cell.id}"
            yield from (Secret(text=t, origin=origin) for t in _telling(output.split("\n")))


def _of_file(name: str, text: str, given: set[str]) -> Iterator[Secret]:
    lines = [line for line in text.split("\n") if not line.strip().startswith("#")]
    lines = [line for line in lines if _squeezed(line) not in given]
    return (Secret(text=t, origin=f"a line of {name}") for t in _telling(lines))


def _given(master: Notebook) -> Iterator[str]:
    """The lines of code that a master gives to students."""
    for cell in master.cells:
        if cell.kind == "code":
            source = notebook.release_source(
                cell.source, f"{master.name}, cell {cell.id}", is_code=True
            )
            yield from source.split("\n")


def stub(source: str) -> str:
    """What stands between the stub markers of a code cell: meant for students."""
    lines, inside = [], False
    for line in source.split("\n"):
        marker = notebook.CODE_MARKERS.get(line.strip())
        if marker:
            inside = marker == "BEGIN STUB"
        elif inside:
            lines.append(re.sub(r"^(\s*)# ?", r"\1", line))
    return "\n".join(lines)


def _telling(lines: list[str]) -> Iterator[str]:
    """Long lines, two lines in a row that are long together, a whole of one; without spaces."""
    squeezed = [s for line in lines if (s := _squeezed(line))]
    least = WHOLE if len(squeezed) == 1 else LINE
    yield from (line for line in squeezed if len(line) >= least)
    for first, second in pairwise(squeezed):
        if len(first) + len(second) >= PAIR:
            yield f"{first}\n{second}"


# --- where it is looked for -------------------------------------------------------------------


def _places(name: str, content: bytes) -> Iterator[BundleText]:
    """Every text in a file; of JSON every string, however deep."""
    text = content.decode("utf-8", "replace")
    if not name.endswith((".ipynb", ".json")):
        yield BundleText(text=text, where=name)
        return
    document = json.loads(text)
    cells = document.get("cells") if name.endswith(".ipynb") else None
    for cell in cells or []:
        for found in _strings(cell):
            yield BundleText(text=found, where=f"{name}, cell {cell.get('id', '?')},")
    rest = {key: value for key, value in document.items() if cells is None or key != "cells"}
    yield from (BundleText(text=found, where=name) for found in _strings(rest))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _strings(inner)
    elif isinstance(value, list):
        if value and all(isinstance(part, str) for part in value):
            yield "".join(value)
        else:
            for inner in value:
                yield from _strings(inner)


def _outputs(name: str, content: bytes) -> Iterator[str]:
    if name.endswith(".ipynb"):
        for cell in json.loads(content).get("cells", []):
            if cell.get("outputs") or cell.get("execution_count") is not None:
                yield f"{name}, cell {cell.get('id', '?')}, holds outputs"


def _holds(place: BundleText, secret: Secret) -> bool:
    if secret.words:
        return bool(_runs(secret.text, secret.words) & _runs(place.text, secret.words))
    return secret.text in _compact(place.text)


def _squeezed(line: str) -> str:
    return re.sub(r"\s+", "", line)


@lru_cache(4096)
def _compact(text: str) -> str:
    return "\n".join(s for line in text.split("\n") if (s := _squeezed(line)))


@lru_cache(4096)
def _runs(text: str, size: int) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return frozenset(tuple(words[n : n + size]) for n in range(len(words) - size + 1))
