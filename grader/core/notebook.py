"""Reads hostile notebook files into plain cells, and makes students' versions. Trusted side.

A notebook is only text here: nothing in it is run, and nothing in it can raise anything but
`NotebookProblem`.
"""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from grader.core.model import Cell, Notebook

MAX_BYTES = 50 << 20
MAX_CELLS = 2_000
MAX_SOURCE = 1 << 20
CUT = "was cut after 1 MiB"
"""What is told of a cell of which nobody reads the rest."""

PICTURE = re.compile(r"data:[\w/+.-]+;base64,[\w+/=]+")
"""A picture within a text."""

MAX_VALUES = 4_000_000
"""Of the file's JSON, counted before it is parsed: each takes some hundred bytes of memory."""

MAX_OUTPUT = 64 << 10
SAYS_LANGUAGE = (("language_info", "name"), ("kernelspec", "language"))

PHRASES = ("BEGIN SOLUTION", "END SOLUTION", "BEGIN STUB", "END STUB")
CODE_MARKERS = {f"### {phrase}": phrase for phrase in PHRASES}
MARKDOWN_MARKERS = {
    "<!-- ### BEGIN SOLUTION -->": "BEGIN SOLUTION",
    "<!-- ### END SOLUTION -->": "END SOLUTION",
    "<!-- ### BEGIN STUB": "BEGIN STUB",
    "### END STUB -->": "END STUB",
}


SPECIAL = re.compile(r"^([ \t]*)[%!?].*$", re.MULTILINE)
"""Lines that IPython alone understands."""

FOREIGN = re.compile(r"\s*%%(?!(?:time|timeit|capture|prun)\b)")
"""How a cell begins that is for another program, or for a file: nothing in it runs here."""


class NotebookProblem(Exception):
    """Why a file is no notebook that can be graded: one sentence, for the report."""


def parsed(source: str) -> ast.Module:
    """The statements of a code cell. What IPython alone understands is a statement that does
    nothing, and so is a cell of another language.

    Raises:
        SyntaxError: it is no Python; as `ast.parse`, also ValueError, RecursionError, MemoryError.
    """
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.parse("pass" if FOREIGN.match(source) else SPECIAL.sub(r"\1pass", source))


# --- reading ----------------------------------------------------------------------------------


def read(content: bytes, name: str) -> Notebook:
    """The cells of a notebook file.

    Raises:
        NotebookProblem: it cannot be read; the sentence names the file and what is wrong.
    """
    repairs: list[str] = []
    data = _parse(content, name, repairs)
    raw = data.get("cells")
    if raw is None and isinstance(data.get("worksheets"), list):
        repairs.append("old notebook format 3 was read")
        sheets = [sheet.get("cells") for sheet in data["worksheets"] if isinstance(sheet, dict)]
        raw = [c for cells in sheets if isinstance(cells, list) for c in cells]
    if not isinstance(raw, list):
        raise NotebookProblem(f"{name} is JSON, but not a notebook: it has no list of cells.")
    if len(raw) > MAX_CELLS:
        raise NotebookProblem(f"{name} has {len(raw)} cells; more than {MAX_CELLS} are not graded.")
    cells, seen = [], set()
    for number, entry in enumerate(raw):
        if not isinstance(entry, dict):
            repairs.append(f"cell {number + 1} was not a cell and was left out")
            continue
        cell = _cell(entry, number, repairs)
        if cell.id in seen:
            repairs.append(f"cell {number + 1} had the id of an earlier cell ({cell.id[:40]})")
            cell = Cell(
                id=f"{cell.id}~{number}",
                kind=cell.kind,
                source=cell.source,
                tags=cell.tags,
                outputs=cell.outputs,
            )
        seen.add(cell.id)
        cells.append(cell)
    return Notebook(name=name, cells=tuple(cells), repairs=tuple(repairs), language=_language(data))


def _language(data: dict[str, Any]) -> str:
    """The language that the file says it is written in; empty for Python, or if it says none."""
    metadata = data.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    said = [(metadata.get(part), key) for part, key in SAYS_LANGUAGE]
    found = [_joined(part.get(key)).strip() for part, key in said if isinstance(part, dict)]
    named = [_clean(text)[:40] for text in found if text]
    return named[0] if named and "python" not in named[0].lower() else ""


def _parse(content: bytes, name: str, repairs: list[str]) -> dict[str, Any]:
    if len(content) > MAX_BYTES:
        raise NotebookProblem(f"{name} is larger than {MAX_BYTES >> 20} MiB.")
    if not content.strip():
        raise NotebookProblem(f"{name} is empty.")
    text = _decode(content, name, repairs)
    if sum(text.count(sign) for sign in ",[{") > MAX_VALUES:
        raise NotebookProblem(f"{name} holds more than any notebook: over {MAX_VALUES} values.")
    try:
        data = json.loads(text)
    except RecursionError:
        raise NotebookProblem(f"{name} is nested too deeply to be a notebook.") from None
    except json.JSONDecodeError as bad:
        where = f"line {bad.lineno}"
        truncated = bad.pos >= len(bad.doc.rstrip()) - 1 or "Unterminated" in bad.msg
        what = "breaks off" if truncated else "is damaged"
        raise NotebookProblem(
            f"{name} is not a readable notebook: the file {what} at {where}."
        ) from None
    except ValueError:
        raise NotebookProblem(
            f"{name} is not a readable notebook: it holds an impossible number."
        ) from None
    if not isinstance(data, dict):
        raise NotebookProblem(f"{name} is JSON, but not a notebook.")
    return data


def _decode(content: bytes, name: str, repairs: list[str]) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        repairs.append("the file was UTF-16")
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        pass
    if b"\0" in content:
        raise NotebookProblem(f"{name} is not a text file.")
    repairs.append("the file was not UTF-8; odd characters may show")
    return content.decode("cp1252", "replace")


def _cell(entry: dict[str, Any], number: int, repairs: list[str]) -> Cell:
    kind = entry.get("cell_type")
    metadata = entry.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    tags = metadata.get("tags")
    cell_id = entry.get("id")
    source = _joined(entry.get("source", entry.get("input", "")))
    if len(source) > MAX_SOURCE and kind != "code":
        source = PICTURE.sub("", source)  # pasted into the text, as some editors do
    if len(source) > MAX_SOURCE:
        repairs.append(f"cell {number + 1} {CUT}")
    return Cell(
        id=_clean(cell_id)[:64] if isinstance(cell_id, str) and cell_id else f"cell-{number + 1}",
        kind=kind if kind in ("code", "markdown", "raw") else "markdown",
        source=_clean(source[:MAX_SOURCE]),
        tags=tuple(_clean(t) for t in tags if isinstance(t, str)) if isinstance(tags, list) else (),
        outputs=_outputs(entry.get("outputs")),
    )


def _outputs(raw: Any) -> tuple[str, ...]:
    """Saved outputs as text: streams and plain results; pictures and widgets are left out."""
    texts = []
    for output in raw if isinstance(raw, list) else []:
        if not isinstance(output, dict):
            continue
        data = output.get("data")
        text = output.get("text", data.get("text/plain") if isinstance(data, dict) else None)
        joined = _joined(text)
        if joined:
            texts.append(_clean(joined[:MAX_OUTPUT]))
    return tuple(texts)


def _joined(value: Any) -> str:
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _clean(text: str) -> str:
    """Text that every encoder takes: lone surrogates replaced, line ends unified, no NUL."""
    text = text.encode("utf-8", "replace").decode()
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


# --- the students' version --------------------------------------------------------------------


def release(content: bytes, name: str) -> bytes:
    """A master notebook as students get it: solutions gone, stubs in place, outputs cleared.

    The markers are described in the reference folder's README. The result's bytes depend on the
    master's content alone.

    Raises:
        NotebookProblem: a marker without its partner, or one that is not alone on its line.
    """
    data = _parse(content, name, [])
    for cell in data.get("cells", []):
        place = f"{name}, cell {cell.get('id', '?')}"
        is_code = cell.get("cell_type") == "code"
        cell["source"] = release_source(_joined(cell.get("source")), place, is_code=is_code)
        if is_code:
            cell["outputs"], cell["execution_count"] = [], None
    return (json.dumps(data, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def release_source(source: str, place: str, *, is_code: bool) -> str:
    """One cell's source without its solution regions, its stub regions put in place."""
    markers = CODE_MARKERS if is_code else MARKDOWN_MARKERS
    kept: list[str] = []
    region, touched = "", False
    for number, line in enumerate(source.split("\n"), 1):
        marker = markers.get(line.strip())
        if marker is None and any(phrase in line for phrase in PHRASES):
            raise NotebookProblem(f"{place}, line {number}: a marker must stand alone on its line.")
        if marker is None:
            if region == "STUB" and is_code:
                kept.append(_uncommented(line, f"{place}, line {number}"))
            elif region != "SOLUTION":
                kept.append(line)
            continue
        touched = True
        edge, _, kind = marker.partition(" ")
        if (edge == "BEGIN") == bool(region) or (edge == "END" and region != kind):
            raise NotebookProblem(f"{place}, line {number}: {marker} has no partner.")
        region = kind if edge == "BEGIN" else ""
    if region:
        raise NotebookProblem(f"{place}: BEGIN {region} has no END {region}.")
    return "\n".join(kept).strip("\n") if touched else source


def _uncommented(line: str, place: str) -> str:
    match = re.match(r"^(\s*)# ?(.*)$", line)
    if match is None:
        if line.strip():
            raise NotebookProblem(f"{place}: a line of a stub must begin with '#'.")
        return ""
    return (match[1] + match[2]).rstrip()


def solution(source: str) -> str:
    """What stands between the solution markers of a Markdown cell: the model answer."""
    lines, inside = [], False
    for line in source.split("\n"):
        marker = MARKDOWN_MARKERS.get(line.strip()) or CODE_MARKERS.get(line.strip())
        if marker:
            inside = marker == "BEGIN SOLUTION"
        elif inside:
            lines.append(line)
    return "\n".join(lines).strip()
