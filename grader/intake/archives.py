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
from typing import IO, Any, cast

from grader.core.errors import UsageError
from grader.core.untrusted_text import encodable

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
        except Exception as bad:  # of a disk, or of an archive that is another one now
            why = getattr(bad, "strerror", None) or f"{type(bad).__name__}: {bad}"[:120]
            raise UsageError(f"{path} cannot be read any more ({why})") from None

    def __contains__(self, path: object) -> bool:
        return path in self._readers

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
            size = sum(map(len, _chunks(archive, entry)))
        except Exception as bad:  # damaged, or packed in a way that is not known here
            told = f"{type(bad).__name__}: {bad}"[:120]
            problems.append(f"{shown} in {where} could not be unpacked ({told}).")
            continue
        if size > MAX_FILE:
            problems.append(f"{shown} in {where} is larger than it says and was left out.")
            continue
        files[key] = partial(_content, archive, entry)
    return Files(files)


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
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is packed in an unusual way (pack it again, as an ordinary zip)"
    if entry.file_size > MAX_FILE:
        return f"is larger than {MAX_FILE >> 20} MiB"
    if entry.file_size > 1 << 20 and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        return "is compressed beyond belief"
    return ""
