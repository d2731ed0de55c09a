"""Reads folders and zip archives of submissions, safely. Trusted side.

Nothing is unpacked to disk: a name in an archive is only ever a key of a mapping. What is there is
found at once, and its content is read when it is asked for, so that a course needs no more memory
than a submission.
"""

from __future__ import annotations

import io
import stat
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from grader.errors import UsageError
from grader.printable import encodable

MAX_FILE = 50 << 20
MAX_ARCHIVE, MAX_INNER = 4 << 30, 512 << 20
"""Unpacked: of an archive that is named on the command line, and of one that lies in another."""

MAX_ENTRIES = 50_000
MAX_RATIO = 200
MAX_PARTS, MAX_NAME = 32, 1000
IGNORED = {"__MACOSX", ".ipynb_checkpoints", ".git", "__pycache__", ".venv", "data"}

CHUNK = 1 << 20
"""Bytes that are read at once to see whether an entry can be unpacked."""

Read = Callable[[], bytes]


class Files(Mapping[str, bytes]):
    """File contents by relative path with `/`, each read anew whenever it is asked for."""

    def __init__(self, readers: Mapping[str, Read] | None = None) -> None:
        self._readers = dict(readers or {})

    def __getitem__(self, path: str) -> bytes:
        """The content.

        Raises:
            UsageError: it could be read when it was found, and cannot any more.
        """
        reader = self._readers[path]
        try:
            return reader()
        except OSError as bad:
            raise UsageError(f"{path} cannot be read any more ({bad.strerror})") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._readers)

    def __len__(self) -> int:
        return len(self._readers)

    def __or__(self, others: Files) -> Files:
        """These and those; of equal paths, those."""
        return Files(self._readers | others._readers)

    def renamed(self, names: Mapping[str, str]) -> Files:
        """The files of these old names under these new ones."""
        return Files({new: self._readers[old] for old, new in names.items()})


def is_ignored(path: PurePosixPath) -> bool:
    """Whether a file is none of the student's work: hidden, a checkpoint, a cache."""
    hidden = (part.startswith(".") and part != ".." for part in path.parts[:-1])
    return (
        any(hidden)
        or any(part in IGNORED for part in path.parts[:-1])
        or (path.name.startswith(".") or path.name in ("Thumbs.db", "desktop.ini"))
    )


def read_folder(folder: Path, problems: list[str]) -> Files:
    """All files below a folder; links are not followed, what can't be read is a problem.

    Raises:
        UsageError: there are more files than any course has.
    """
    files: dict[str, Read] = {}
    for number, path in enumerate(sorted(folder.rglob("*"))):
        if number >= MAX_ENTRIES:
            raise UsageError(f"{folder} has more than {MAX_ENTRIES} files; name a folder of fewer")
        # A name that is not UTF-8 is shown as far as it is.
        relative = PurePosixPath(encodable(path.relative_to(folder).as_posix()))
        if is_ignored(relative):
            continue
        if path.is_symlink():
            problems.append(f"{relative} is a link and was left out.")
        elif path.is_file():
            try:
                if path.stat().st_size > MAX_FILE:
                    problems.append(
                        f"{relative} is larger than {MAX_FILE >> 20} MiB and was left out."
                    )
                else:
                    path.open("rb").close()
                    files[str(relative)] = path.read_bytes
            except OSError as bad:
                problems.append(f"{relative} could not be read ({bad.strerror}).")
        elif not path.is_dir():
            problems.append(f"{relative} is no ordinary file and was left out.")
    return Files(files)


def read_zip(path: Path, problems: list[str]) -> Files:
    """All files of a zip archive.

    Raises:
        UsageError: it is no zip archive, or a bomb.
    """
    try:
        return _read(path.open("rb"), str(path), problems, MAX_ARCHIVE)
    except OSError as bad:
        raise UsageError(f"{path} cannot be read ({bad.strerror})") from None


def read_inner(content: bytes, name: str, problems: list[str]) -> Files:
    """All files of a zip archive that was itself a file in an archive or folder.

    Raises:
        UsageError: it is no zip archive, or a bomb.
    """
    return _read(io.BytesIO(content), name, problems, MAX_INNER)


def _read(stream: IO[bytes], name: str, problems: list[str], most: int) -> Files:
    try:
        archive = zipfile.ZipFile(stream)
    except Exception as bad:  # zipfile has many kinds, all of which mean this
        stream.close()
        raise UsageError(
            f"{name} is not a readable zip archive ({bad}); download it again"
        ) from None
    return _read_entries(archive, name, problems, most)


def _read_entries(archive: zipfile.ZipFile, name: str, problems: list[str], most: int) -> Files:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise UsageError(f"{name} has {len(entries)} entries; more than {MAX_ENTRIES} are not read")
    if sum(entry.file_size for entry in entries) > most:
        raise UsageError(f"{name} unpacks to more than {most >> 20} MiB and was not read")
    files: dict[str, Read] = {}
    folded: set[str] = set()
    where = PurePosixPath(name).name
    for entry in entries:
        if entry.is_dir():
            continue
        relative = PurePosixPath(entry.filename.replace("\\", "/"))
        if is_ignored(relative):
            continue
        shown = ascii(entry.filename[:80])
        if reason := _refusal(entry, relative):
            problems.append(f"{shown} in {where} {reason} and was left out.")
            continue
        key = unicodedata.normalize("NFC", encodable(str(relative)))
        if key.casefold() in folded:
            problems.append(f"{shown} occurs twice in {where}; the first was taken.")
            continue
        folded.add(key.casefold())
        try:
            size = _unpacked_size(archive, entry)
        except Exception as bad:  # damaged, or packed in a way that is not known here
            told = f"{type(bad).__name__}: {bad}"[:120]
            problems.append(f"{shown} in {where} could not be unpacked ({told}).")
            continue
        if size > MAX_FILE:
            problems.append(f"{shown} in {where} is larger than it says and was left out.")
            continue
        files[key] = partial(archive.read, entry)
    return Files(files)


def _unpacked_size(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    """Bytes of an entry that could be unpacked; of one that is too large, more than allowed."""
    size = 0
    with archive.open(entry) as stream:
        while size <= MAX_FILE and (chunk := stream.read(CHUNK)):
            size += len(chunk)
    return size


def _refusal(entry: zipfile.ZipInfo, relative: PurePosixPath) -> str:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if not relative.parts or relative.is_absolute() or ".." in relative.parts:
        return "points outside the archive"
    if ":" in relative.parts[0]:
        return "names a drive"
    if len(relative.parts) > MAX_PARTS or len(str(relative)) > MAX_NAME:
        return "has a name beyond belief"
    if kind not in (0, stat.S_IFREG):
        return "is a link or a device"
    if entry.flag_bits & 1:
        return "is encrypted"
    if entry.file_size > MAX_FILE:
        return f"is larger than {MAX_FILE >> 20} MiB"
    if entry.file_size > 1 << 20 and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        return "is compressed beyond belief"
    return ""
