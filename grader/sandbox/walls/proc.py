"""What the system tells of processes and of itself, in files of /proc. Trusted side.

Names in there are anybody's: of any bytes, with whatever Python takes for the end of a line.
"""

from __future__ import annotations

import os
from pathlib import Path


def text(path: str | Path) -> str:
    """A file of /proc; what is no UTF-8 becomes lone surrogates, as in names of files.

    Raises:
        OSError: it is not there any more.
    """
    return os.fsdecode(Path(path).read_bytes())


def lines(path: str | Path) -> list[str]:
    """Its lines, which end where the kernel says so.

    Raises:
        OSError: as `text`.
    """
    return text(path).removesuffix("\n").split("\n")
