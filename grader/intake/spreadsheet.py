"""Reads one spreadsheet in a process of its own (`python -m grader.intake.spreadsheet`). Trusted.

The library that reads XLSX and ODS is compiled: a file that breaks off can keep it busy for ever,
and one that names a far cell makes it end its process. Here that is this process, and no batch.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import Any

from grader.core import extras, own_process

SECONDS, MEMORY = 30, 1 << 30
MAX_CELLS = 2_000_000


class SheetError(ValueError):
    """The file is no spreadsheet that can be read; the text says why."""


def read(content: bytes) -> list[list[str]]:
    """The cells of the first sheet as text.

    Raises:
        SheetError: it can't be read, or not within the limits.
        MissingLibraryError: the extra for tables is not installed.
    """
    extras.require("reading XLSX and ODS", "python_calamine")
    command = [sys.executable, "-P", "-m", "grader.intake.spreadsheet"]
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise SheetError(f"it took more than {SECONDS} s") from None
    if done.returncode != 0 or not done.stdout:
        raise SheetError("it is damaged, or too large")
    told: dict[str, Any] = json.loads(done.stdout)
    if told["problem"]:
        raise SheetError(told["problem"])
    rows: list[list[str]] = told["rows"]
    return rows


def main() -> None:
    """In the process of its own: the file on standard input, JSON on standard output."""
    own_process.limit_memory(MEMORY)
    told: dict[str, Any] = {"problem": "", "rows": []}
    try:
        from python_calamine import CalamineWorkbook  # noqa: PLC0415 (only this process reads)

        book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
        rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
        if sum(map(len, rows)) > MAX_CELLS:
            raise SheetError(f"it has more than {MAX_CELLS} cells")
        told["rows"] = [[text(cell) for cell in row] for row in rows]
    except Exception as bad:  # the library has many kinds, all of which mean this
        told["problem"] = str(bad)[:200] or type(bad).__name__
    sys.stdout.write(json.dumps(told))


def text(cell: object) -> str:
    """A cell's value as a person reads it."""
    if cell is None:
        return ""
    if isinstance(cell, float):  # 0,5 + 0,2 + 0,1 is 0,8 as in the program, which shows 15 digits
        return str(int(cell)) if cell.is_integer() else f"{cell:.15g}"
    return str(cell)


if __name__ == "__main__":
    main()
