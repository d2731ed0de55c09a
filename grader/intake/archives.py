"""Reads zip archives of submissions, safely. Trusted side.

Nothing is unpacked to disk: a name in an archive is only ever a key of a mapping.
"""

from __future__ import annotations

import io
import re
import stat
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from grader.core.errors import UsageError
from grader.core.untrusted_text import encodable
from grader.intake import files as limits
from grader.intake.files import (
    MAX_FILE,
    Files,
    Read,
    ignored_folder,
    is_ignored,
    nothing,
    stand_in,
)

MAX_ARCHIVE, MAX_INNER = 4 << 30, 512 << 20
"""Unpacked: of an archive that is named on the command line, and of one that lies in another."""

ENTRY_MARK = b"PK\x01\x02"
"""What the description of each entry of a zip archive begins with."""

MAX_ENTRIES = 1_000_000
MAX_RATIO = 200
MAX_PARTS, MAX_NAME = 32, 1000
DRIVE = re.compile(r"[A-Za-z]:")
"""Not any colon: that stands for a slash in a folder's name on a Mac."""

CHUNK = 1 << 20
"""Bytes that are read at once to see whether an entry can be unpacked."""


def read_zip(path: Path, problems: list[str]) -> Files:
    """All files of a zip archive.

    Raises:
        UsageError: it is no zip archive, or a bomb.
    """
    try:
        return _read(_Reopened(path), str(path), problems, MAX_ARCHIVE)
    except OSError as bad:
        raise UsageError(f"{path} cannot be read ({bad.strerror})") from None


class _Reopened(io.RawIOBase):
    """A file that is open while it is read alone, so that there may be any number of them."""

    def __init__(self, path: Path) -> None:
        self._path, self._at = path, 0
        with path.open("rb") as file:
            self._size = file.seek(0, io.SEEK_END)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As of any file."""
        starts = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}
        if (place := starts[whence] + offset) < 0:
            raise OSError(22, "Invalid argument")
        self._at = place
        return place

    def readinto(self, buffer: Any) -> int:
        """As of any file."""
        with self._path.open("rb") as file:
            file.seek(self._at)
            count = file.readinto(buffer)
        self._at += count
        return count


def read_inner(content: bytes, name: str, problems: list[str]) -> Files:
    """All files of a zip archive that was itself a file in an archive or folder.

    Raises:
        UsageError: it is no zip archive, or a bomb.
    """
    return _read(io.BytesIO(content), name, problems, MAX_INNER)


def _read(stream: IO[bytes] | _Reopened, name: str, problems: list[str], most: int) -> Files:
    try:
        archive = zipfile.ZipFile(cast(IO[bytes], stream))
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
    times: dict[str, datetime] = {}
    folded: set[str] = set()
    counts: Counter[str] = Counter()
    where = PurePosixPath(name).name
    for entry in entries:
        relative = PurePosixPath(_name(entry).replace("\\", "/"))
        if entry.is_dir() or is_ignored(relative):
            if stands := ignored_folder(relative):
                files[stands] = nothing
            continue
        key = unicodedata.normalize("NFC", encodable(str(relative)))
        counts[relative.parts[0] if relative.parts else ""] += 1
        if counts[relative.parts[0] if relative.parts else ""] > limits.MAX_EACH:
            files[stand_in(f"{relative.parts[0]}/…", "too many files")] = nothing
            continue
        if why := _why_not(archive, entry, relative, key.casefold() in folded):
            problems.append(f"{_name(entry)[:80]!a} in {where} {why}.")
            if key.casefold() not in folded and not _is_hostile(relative):
                files[stand_in(key, why.removesuffix(" and was left out"))] = nothing
            continue
        folded.add(key.casefold())
        files[key] = partial(_content, archive, entry)
        if entry.date_time >= (1980, 1, 1, 0, 0, 1):
            with suppress(ValueError):
                times[key] = datetime(*entry.date_time)
    return Files(files, times)


def _name(entry: zipfile.ZipInfo) -> str:
    """An entry's name. Some programs write UTF-8 and do not say so."""
    if entry.flag_bits & 0x800 or entry.filename.isascii():
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _why_not(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, relative: PurePosixPath, is_second: bool
) -> str:
    """Why an entry is not used; empty if it is."""
    if reason := _refusal(entry, relative):
        return f"{reason} and was left out"
    if is_second:
        return "occurs twice; the first was taken"
    try:
        size = sum(map(len, _chunks(archive, entry)))
    except Exception as bad:  # damaged, or packed in a way that is not known here
        told = f"{type(bad).__name__}: {bad}"[:120]
        return f"could not be unpacked ({told})"
    return "is larger than it says and was left out" if size > MAX_FILE else ""


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    return b"".join(_chunks(archive, entry))


def _chunks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """What an entry holds, in parts of a size that does not depend on what it says of itself.

    Of an entry that is too large, a little more than is allowed.
    """
    size = 0
    with archive.open(entry) as stream:
        while size <= MAX_FILE and (chunk := stream.read(CHUNK)):
            size += len(chunk)
            yield chunk


def _is_hostile(relative: PurePosixPath) -> str:
    """Why nobody means such a path; empty if it is one that people use."""
    if not relative.parts or relative.is_absolute() or ".." in relative.parts:
        return "points outside the archive"
    if DRIVE.match(relative.parts[0]):
        return "names a drive"
    if len(relative.parts) > MAX_PARTS or len(str(relative)) > MAX_NAME:
        return "has a name beyond belief"
    return ""


def _refusal(entry: zipfile.ZipInfo, relative: PurePosixPath) -> str:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if hostile := _is_hostile(relative):
        return hostile
    if kind not in (0, stat.S_IFREG):
        return "is a link or a device"
    if entry.flag_bits & 1:
        return "is encrypted"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is packed in an unusual way (pack it again, as an ordinary zip)"
    if entry.file_size > MAX_FILE:
        return f"is larger than {MAX_FILE >> 20} MiB"
    if entry.file_size > 1 << 20 and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        return "is compressed beyond belief"
    return ""
