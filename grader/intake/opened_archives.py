"""Archives among a student's files, opened: zips and tars, also within each other. Trusted side.

Of other kinds a program of the machine's makes tars, where there is one and walls to put around it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from grader.core.errors import UsageError
from grader.intake import archives, tarballs
from grader.intake.files import Files

DEPTH = 3
"""Archives within archives that are opened."""


Convert = Callable[[bytes, str], bytes]
"""Makes the bytes of a tar of those of an archive of this name; its UsageError says why not."""

OTHERS = (".7z", ".rar")


def is_packed(path: str, convert: Convert | None = None) -> bool:
    """Whether a file is an archive that can be opened."""
    return path.lower().endswith((".zip", *tarballs.ENDINGS, *(OTHERS if convert else ())))


def unpacked(
    files: Files, problems: list[str], convert: Convert | None = None, depth: int = DEPTH
) -> tuple[Files, list[str]]:
    """The files with what lies in archives in place of these, and remarks.

    What lies in the only archive stands as if there were none; of several, each is a folder. One
    that can't be opened stays as it is.
    """
    packed = [path for path in files if is_packed(path, convert) and files.is_read(path)]
    rest = files.renamed({path: path for path in files if path not in packed})
    told = list(problems)
    for path in packed:
        try:
            inner = _read(files[path], path, told, convert)
        except UsageError as bad:
            told.append(f"{bad}.")
            rest = rest | files.renamed({path: path})
            continue
        inner = _without_wrapper(inner)
        if depth > 1:
            inner, told = unpacked(inner, told, convert, depth - 1)
        if len(packed) > 1 or {*inner} & {*rest}:
            stem = PurePosixPath(path).name.split(".")[0]
            inner = inner.renamed({name: f"{stem}/{name}" for name in inner})
        rest = inner | rest
    return rest, told


def _read(content: bytes, path: str, problems: list[str], convert: Convert | None) -> Files:
    if convert and path.lower().endswith(OTHERS):
        return tarballs.read(convert(content, path), path, problems)
    if path.lower().endswith(".zip"):
        return archives.read_inner(content, path, problems)
    return tarballs.read(content, path, problems)


def _without_wrapper(files: Files) -> Files:
    names = {name.partition("/")[0] for name in files if "/" in name}
    if len(names) == 1 and all("/" in name for name in files):
        return files.renamed({name: name.partition("/")[2] for name in files})
    return files
