"""How much data a notebook's cells hold that is neither code nor prose. Trusted side, pure.

A network of 82 % fits into 1.6 KB. Whoever brings one along writes it down somewhere: in letters
without a blank, or in numbers one after the other. Both count by what is left of them when they are
compressed, so that neither tables of zeros nor long names are taken for data.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from grader.core.model import Notebook

MUCH = 1024
"""Bytes of compressed data from where on a person should look."""

LETTERS = re.compile(r"[^\s]{120,}")
NUMBERS = re.compile(r"(?:[-+]?(?:0[xob])?\d[\w.+-]*[\s,;:()\[\]{}]+){40,}")


def size(notebook: Notebook | None, template: Notebook | None) -> int:
    """Bytes of compressed data in the code cells that the template does not have."""
    given = set(_data(template))
    found = "\n".join(part for part in _data(notebook) if part not in given)
    return len(zlib.compress(found.encode("utf-8", "replace"), 9)) if found else 0


def _data(notebook: Notebook | None) -> Iterator[str]:
    for cell in notebook.cells if notebook else ():
        if cell.kind != "code":
            continue
        letters = [part for part in LETTERS.findall(cell.source) if "://" not in part]
        yield from letters
        yield from NUMBERS.findall(LETTERS.sub(" ", cell.source))
