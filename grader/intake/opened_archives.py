"""Archives among a student's files, opened: zips and tars, also within each other. Trusted side.

Of other kinds a program of the machine's makes tars, where there is one and walls to put around it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from grader.core.errors import UsageError
from grader.intake import archives, tarballs
from grader.intake.files import Files

DEPTH = 3
"""Archives within archives that are opened."""

MAX_OPEN = 1 << 30
"""Bytes that all archives among a submission's files may take while they are open."""

OF_EACH, OF_ENTRY = 1 << 16, 1 << 10
"""Bytes that an open archive takes at least, and for each of its entries."""

Convert = Callable[[bytes, str], bytes]
"""Makes the bytes of a tar of those of an archive of this name; its UsageError says why not."""

OTHERS = (".7z", ".rar")


def is_packed(path: str, convert: Convert | None = None) -> bool:
    """Whether a file is an archive that can be opened."""
    return path.lower().endswith((".zip", *tarballs.ENDINGS, *(OTHERS if convert else ())))


@dataclass(slots=True)
class _Room:
    """What is left for archives to take: each lies in memory while its files are known."""

    left: int

    def take(self, path: str, size: int) -> None:
        """Takes so many bytes.

        Raises:
            UsageError: there are no more.
        """
        if size > self.left:
            most = f"more than {MAX_OPEN >> 20} MiB"
            raise UsageError(f"{path} was not opened: with it, archives here would take {most}")
        self.left -= size


def unpacked(
    files: Files, problems: list[str], convert: Convert | None = None
) -> tuple[Files, list[str]]:
    """The files with what lies in archives in place of these, and remarks.

    What lies in the only archive stands as if there were none; of several, each is a folder. One
    that can't be opened stays as it is.
    """
    return _unpacked(files, problems, convert, DEPTH, _Room(MAX_OPEN))


def _unpacked(
    files: Files, problems: list[str], convert: Convert | None, depth: int, room: _Room
) -> tuple[Files, list[str]]:
    packed = [path for path in files if is_packed(path, convert) and files.is_read(path)]
    rest = files.renamed({path: path for path in files if path not in packed})
    told = list(problems)
    for path in packed:
        try:
            inner = _read(files[path], path, told, convert, room)
        except UsageError as bad:
            told.append(f"{bad}.")
            rest = rest | files.renamed({path: path})
            continue
        inner = _without_wrapper(inner)
        if depth > 1:
            inner, told = _unpacked(inner, told, convert, depth - 1, room)
        if len(packed) > 1 or {*inner} & {*rest}:
            stem = PurePosixPath(path).name.split(".")[0]
            inner = inner.renamed({name: f"{stem}/{name}" for name in inner})
        rest = inner | rest
    return rest, told


def _read(
    content: bytes, path: str, problems: list[str], convert: Convert | None, room: _Room
) -> Files:
    if path.lower().endswith(".zip"):
        entries = content.count(archives.ENTRY_MARK)
        room.take(path, OF_EACH + len(content) + OF_ENTRY * entries)
        return archives.read_inner(content, path, problems)
    room.take(path, OF_EACH)
    if convert and path.lower().endswith(OTHERS):
        content = convert(content, path)
    files = tarballs.read(content, path, problems)
    room.take(path, sum(len(files[name]) + OF_ENTRY for name in files))
    return files


def _without_wrapper(files: Files) -> Files:
    """The files without the only folder that all lie in, unless that is all there is of one."""
    within = {name: name.partition("/")[2] for name in files}
    is_one = len({name.partition("/")[0] for name in files}) == 1
    if is_one and all(inner and not inner.startswith(" (") for inner in within.values()):
        return files.renamed(within)
    return files
